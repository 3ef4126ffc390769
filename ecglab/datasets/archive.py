"""Import of the CinC 2017 archive: checks every record and label, then packs them.

Nothing is unpacked to disk, and the packed data set that was there stays until the new one is
whole. An excerpt of the archive is taken as it is: `ecglab data info` shows what is missing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ecglab.datasets import cinc2017, dataset
from ecglab.datasets.dataset import Dataset
from ecglab.datasets.members import Members, open_members, read_text
from ecglab.datasets.spec import Example
from ecglab.ecg.record import Record
from ecglab.readers.wfdb_header import parse_header
from ecglab.readers.wfdb_signals import physical, read_samples
from ecglab.utils.errors import EcglabError, RecordError

REFERENCE = "REFERENCE.csv"
_FOLDER = "training2017"
_AGAIN = "get the archive again"
_UNPUBLISHED = f"is not a record of cinc2017: take it out, or {_AGAIN}"


def is_archive(path: Path) -> bool:
    """Whether a path is a zip, or a folder with the labels of the archive in it."""
    path = Path(path)
    if path.is_dir():
        return any((folder / REFERENCE).is_file() for folder in (path, path / _FOLDER))
    return path.suffix.lower() == ".zip"


def import_archive(path: Path) -> Dataset:
    """Import training2017.zip, or the folder it unpacks to, as the data set `cinc2017`.

    path: the zip, a folder of records, or a folder that holds them in `training2017/`
    The archive's REFERENCE.csv gives the labels; files `REFERENCE-v1.csv`, `-v2` and `-v3` in it
    or beside it add the versions they name.
    Raises EcglabError, with what was imported before untouched, for an archive that is damaged,
    incomplete or not the published one, and while another import runs.
    """
    with open_members(path, REFERENCE, _FOLDER) as members:
        own = _parse_labels(members.text(REFERENCE), f"{members.where}: {REFERENCE}")
        ids = _record_ids(members, own)
        labels = _label_versions(members, own, ids)
        examples = (
            Example(_record(members, i), {version: of[i] for version, of in labels.items()})
            for i in ids
        )
        dataset.write(replace(cinc2017.SPEC, label_versions=tuple(labels)), examples, len(ids))
    return dataset.open(cinc2017.SPEC.name)


def _parse_labels(text: str, where: str) -> dict[str, str]:
    """{record: label} from the lines `A00001,N` of a REFERENCE file."""
    labels = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        record, _, label = (part.strip() for part in line.partition(","))
        if label not in cinc2017.SPEC.classes.codes:
            raise EcglabError(
                f"{where}, line {number}: {record!r:.40} has the unknown label {label!r:.40}; "
                f"known are {', '.join(cinc2017.SPEC.classes)}"
            )
        if record in labels:
            raise EcglabError(f"{where}, line {number}: two labels for {record!r:.40}; keep one")
        labels[record] = label
    return labels


def _record_ids(members: Members, own: dict[str, str]) -> list[str]:
    """The records of the archive, sorted; each is a published one, has its files and a label."""
    mat = {name.removesuffix(".mat") for name in members.names if name.endswith(".mat")}
    hea = {name.removesuffix(".hea") for name in members.names if name.endswith(".hea")}
    listed = set(members.text("RECORDS").split()) if "RECORDS" in members.names else set()
    where = members.where
    _refuse(where, (mat | hea | listed) - set(cinc2017.digests()), _UNPUBLISHED)
    _refuse(where, (hea | listed) - mat, f"has no .mat file: {_AGAIN}")
    _refuse(where, mat - hea, f"has no .hea file: {_AGAIN}")
    _refuse(f"{where}: {REFERENCE}", set(own) - mat, "has a label, but there is no such record")
    _refuse(f"{where}: {REFERENCE}", mat - set(own), "has no label")
    if not mat:
        raise EcglabError(f"{where} holds no records (files such as A00001.mat and A00001.hea)")
    return sorted(mat)


def _refuse(where: str, records: set[str], fault: str) -> None:
    """EcglabError when there are such records, naming the first."""
    if records:
        more = f" (and {len(records) - 1:,} more)" if len(records) > 1 else ""
        raise EcglabError(f"{where}: {min(records)!r:.40} {fault}{more}")


def _label_versions(
    members: Members, own: dict[str, str], ids: list[str]
) -> dict[str, dict[str, str]]:
    """{version: {record: label}} from REFERENCE.csv and the files that name a version."""
    given = {version: _find_labels(members, version) for version in cinc2017.LABEL_FILES}
    found = {version: labels for version, labels in given.items() if labels is not None}
    # A complete archive may hold older labels in its REFERENCE.csv, known by their counts.
    counts = _counts(own.values())
    published = cinc2017.SPEC.class_counts.items()
    own_version = next((v for v, c in published if c == counts), cinc2017.SPEC.default_labels)
    versioned = found.setdefault(own_version, own)
    for record in ids:
        if versioned.get(record, own[record]) != own[record]:
            raise EcglabError(
                f"{members.where}: {record} is labelled {own[record]} in {REFERENCE} and "
                f"{versioned[record]} in {cinc2017.LABEL_FILES[own_version]}; "
                "remove the one that is wrong"
            )
    for version, labels in found.items():
        where = f"labels {version} of {members.where}"
        _refuse(where, set(labels) - set(cinc2017.digests()), _UNPUBLISHED)
        _refuse(where, set(ids) - set(labels), "has no label")
        _check_counts(where, version, _counts(labels[record] for record in ids))
    return dict(sorted(found.items()))


def _find_labels(members: Members, version: str) -> dict[str, str] | None:
    """The labels that REFERENCE-VERSION.csv gives, in the archive or beside it."""
    name = cinc2017.LABEL_FILES[version]
    if name in members.names:
        return _parse_labels(members.text(name), f"{members.where}: {name}")
    beside = members.beside / name
    return _parse_labels(read_text(beside), str(beside)) if beside.is_file() else None


def _counts(labels: Iterable[str]) -> dict[str, int]:
    labels = list(labels)
    return {label: labels.count(label) for label in cinc2017.SPEC.classes}


def _check_counts(where: str, version: str, counts: dict[str, int]) -> None:
    """A whole import has the published number of records of each class, an excerpt no more."""
    whole = sum(counts.values()) == cinc2017.SPEC.n_records
    for label, published in cinc2017.SPEC.class_counts[version].items():
        if counts[label] > published or (whole and counts[label] != published):
            raise EcglabError(
                f"{where}: {counts[label]:,} records are labelled {label} where {published:,} "
                "were published; get the label file again"
            )


def _record(members: Members, record: str) -> Record:
    """A record, whose samples are the published ones."""
    hea, mat = f"{record}.hea", f"{record}.mat"
    try:
        header = parse_header(members.text(hea), hea)
        lead = header.signals[0]
        facts = (header.record, len(header.signals), lead.file, lead.offset, lead.format)
        if facts != (record, 1, mat, 24, "16"):
            raise RecordError(f"{hea} does not describe one lead in {mat} in format 16+24")
        if (header.fs, lead.gain, lead.baseline) != (cinc2017.SPEC.fs, cinc2017.UNITS_PER_MV, 0):
            raise RecordError(
                f"{hea} says {header.fs:g} Hz and {lead.gain:g} units per mV around "
                f"{lead.baseline} where {cinc2017.SPEC.fs:g} Hz and {cinc2017.UNITS_PER_MV} "
                "around 0 were published"
            )
        content = members.read(mat)
        [samples] = read_samples(header, lambda _: content, record)
        if len(content) != lead.offset + samples.nbytes:
            raise RecordError(f"{mat} is longer than the {samples.size} samples that {hea} names")
        sha256 = hashlib.sha256(samples.data).hexdigest()
        if (samples.size, sha256) != cinc2017.digests()[record]:
            raise RecordError(f"the samples of {record} are not the published ones")
        signal = physical(lead, samples)
        return Record(signal, header.fs, id=record, lead=lead.lead)
    except RecordError as error:
        raise EcglabError(f"{members.where}: {error}; {_AGAIN}") from None
