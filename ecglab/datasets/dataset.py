"""The packed store of a data set: one Arrow file, memory-mapped, that checks itself.

`NAME.arrow` of the data folder has one row a record: `record` (its id), `group` (its patient,
empty where unknown), `label_VERSION` for each label version, `sha256` (of the signal) and
`signal`, which is what `ecg.prepare.prepare` returns: float32 in mV at the rate of the data set,
NaN where a sample is missing. Its metadata hold the spec. A digest over the spec and all columns
but the signals stands in the metadata of the last, empty batch.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from ecglab.datasets import splits
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.classes import Classes
from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.ecg.record import Record
from ecglab.utils import extras, files, progress
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import data_dir

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_BATCH = 2**22
"""Samples that are written at once: few batches to open, little memory to write."""


class Dataset:
    """Records with their labels, opened from a packed file; no signal is read before it is used.

    `data[0]`, `data[-1]` and `data["A00001"]` are a Record; `data[:100]`, `data[rows]` and
    `data[mask]` are a Dataset over the same file. `for record in data` goes through the Records.

    spec: what the data set is; name, classes, fs (Hz), simulated: taken from it
    ids: (n_records,) str
    labels: (n_records,) str, codes of `classes`, of the version `label_version`
    agreed: (n_records,) bool, whether all `label_versions` give the record the same label
    groups: (n_records,) str, the patient of each record, empty where that is unknown
    sha256: (n_records,) str, `signal_digest` of each signal
    lengths: (n_records,) int, number of samples
    signals: (n_records,) object, each (n_samples,) float32 in mV, NaN where missing: a view of the
        file, from which samples are read when they are used

    Raises EcglabError for a damaged file, one that holds another data set than its name says, and
    an unknown label version.
    """

    def __init__(self, path: Path, labels: str | None = None):
        self.path = Path(path)
        self.spec, columns, self.signals = _read(self.path)
        self.name: str = self.spec.name
        self.classes: Classes = self.spec.classes
        self.fs: float = self.spec.fs
        self.simulated: bool = self.spec.simulated
        self.label_versions: tuple[str, ...] = self.spec.label_versions
        self.label_version: str = labels or self.spec.default_labels
        if self.label_version not in self.label_versions:
            raise EcglabError(
                f"{self.name} has no label version {self.label_version!r}: "
                f"it has {', '.join(self.label_versions)}"
            )
        self.ids, self.groups, self.sha256 = (columns[c] for c in ("record", "group", "sha256"))
        versions = {version: columns[f"label_{version}"] for version in self.label_versions}
        self.labels = versions[self.label_version]
        self.agreed = np.all([column == self.labels for column in versions.values()], axis=0)
        self.lengths = np.array([signal.size for signal in self.signals], int)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Record]:
        return (self.record(i) for i in range(len(self)))

    def __contains__(self, record: object) -> bool:
        """Whether it has the record of this id."""
        return isinstance(record, str) and record in self.ids

    @overload
    def __getitem__(self, key: int | np.integer | str) -> Record: ...

    @overload
    def __getitem__(self, key: slice | Sequence[int] | np.ndarray) -> "Dataset": ...

    def __getitem__(self, key: object) -> "Record | Dataset":
        if isinstance(key, str | int | np.integer) and not isinstance(key, bool):
            return self.record(key)
        if isinstance(key, slice):
            return self.select(np.arange(len(self))[key])
        if isinstance(key, list | tuple | np.ndarray):
            rows = np.asarray(key) if len(key) else np.empty(0, int)
            if rows.dtype.kind in "iub":
                return self.select(rows)
        raise TypeError(
            "a data set is indexed by a row, the id of a record, a slice, or an array of rows or "
            f"of True and False, not by {key!r:.40}"
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{label} {count:,}" for label, count in self.counts().items())
        minutes = self.lengths.sum() / self.fs / 60
        length = f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.1f} min"
        facts = [
            f"Dataset {self.name}",
            f"{len(self):,} records ({counts})",
            f"{length} at {self.fs:g} Hz",
            *(["simulated"] if self.simulated else []),
        ]
        return f"<{' | '.join(facts)}>"

    @property
    def folds(self) -> np.ndarray:
        """(n_records,) int: the fold of each record, from 0, as `splits.folds` finds it."""
        return splits.folds(self)

    def whole(self) -> "Dataset":
        """The data set with all its records, under its default labels."""
        return Dataset(self.path)

    def signal(self, i: int | np.integer) -> np.ndarray:
        """Record i's signal (n_samples,) float32 in mV, NaN where missing: a view of the file."""
        return self.signals[i]

    def record(self, i: int | np.integer | str) -> Record:
        """Record i, or the record of that id, as a Record. Raises EcglabError, IndexError."""
        if isinstance(i, str):
            found = np.flatnonzero(self.ids == i)
            if not found.size:
                raise EcglabError(f"{self.name} has no record {i!r}")
            i = int(found[0])
        if not -len(self) <= i < len(self):
            raise IndexError(f"there is no record {i} in {self.name}: it has {len(self):,}")
        return Record(self.signal(i), self.fs, id=str(self.ids[i]))

    def select(self, rows: Sequence[int] | np.ndarray) -> "Dataset":
        """The records at these rows (indices or a mask), as a Dataset over the same file."""
        part = object.__new__(Dataset)
        part.__dict__.update(self.__dict__)
        part.__dict__.pop("digest", None)
        for name in ("ids", "groups", "sha256", "labels", "agreed", "lengths", "signals"):
            setattr(part, name, getattr(self, name)[rows])
        return part

    def excerpt(self, n_records: int, seed: int = 0) -> "Dataset":
        """`n_records` drawn at random with the classes in their proportions.

        The same seed draws the same records, and a larger excerpt holds a smaller one.
        """
        if not 0 < n_records <= len(self):
            raise EcglabError(
                f"an excerpt of {n_records} records cannot be drawn: {self.name} has {len(self)}"
            )
        order = np.random.default_rng(seed).permutation(len(self))
        # The k-th record of a class of n stands at (k + 1/2) / n: the first ones in that order
        # have every class in its proportion.
        place = np.empty(len(self))
        for label in self.classes:
            of_class = order[self.labels[order] == label]
            place[of_class] = (np.arange(of_class.size) + 0.5) / max(of_class.size, 1)
        return self.select(np.sort(np.argsort(place, kind="stable")[:n_records]))

    def counts(self) -> dict[str, int]:
        """{class: number of records}"""
        return {label: int((self.labels == label).sum()) for label in self.classes}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the ids and signals of these records, whatever file they came from."""
        lines = (f"{i},{sha256}\n" for i, sha256 in zip(self.ids, self.sha256, strict=True))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def label_digest(self) -> str:
        """SHA-256 over the classes, the version of the labels, and the labels of these records."""
        facts = [self.classes.as_dict(), self.label_version, [str(label) for label in self.labels]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def check(self) -> None:
        """Check the signals of these records against their digests. Raises EcglabError.

        Labels, groups and spec were checked when the file was opened.
        """
        for i, sha256 in enumerate(self.sha256):
            if hashlib.sha256(self.signal(i).data).hexdigest() != sha256:
                raise _damaged(self.path, f"the samples of {self.ids[i]} have changed")

    def to_frame(self) -> "pd.DataFrame":
        """A pandas table of the records: record, label, group, n_samples, seconds, sha256."""
        import pandas as pd

        return pd.DataFrame(
            {
                "record": self.ids,
                "label": self.labels,
                "group": self.groups,
                "n_samples": self.lengths,
                "seconds": self.lengths / self.fs,
                "sha256": self.sha256,
            }
        )


def record_weights(labels: np.ndarray, classes: Classes, power: float) -> np.ndarray:
    """(n,) float32: the inverse frequency of each record's class to a power, 1 on average."""
    index = classes.index(labels)
    weight = np.bincount(index, minlength=len(classes)).clip(1)[index] ** -float(power)
    return (weight / weight.mean()).astype(np.float32)


def path_of(name: str) -> Path:
    """Where the packed file of a data set lies. Raises EcglabError for an unsuitable name."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise EcglabError(
            f"{name!r} cannot name a data set: use letters, digits, '_' and '-', a letter first"
        )
    return data_dir() / f"{name}.arrow"


def open(name: str | None = None, labels: str | None = None) -> Dataset:
    """Open a packed data set; by default cinc2017 where it is there, else the synthetic one.

    labels: the label version, by default the data set's own (the last of `spec.label_versions`).
    The synthetic data sets are made on first use. Raises EcglabError.

    >>> data = open("synthetic")
    >>> data
    <Dataset synthetic | 400 records (N 160, A 80, O 100, ~ 60) | 3.5 h at 300 Hz | simulated>
    >>> data[0].fs, str(data.labels[0]), len(data[data.labels == "A"])
    (300.0, 'N', 80)
    """
    from ecglab.datasets import synthetic

    if not isinstance(name, str | None):
        raise TypeError(
            f"a data set is opened by its name, such as 'cinc2017', not by {name!r:.40}"
        )
    name = name or ("cinc2017" if path_of("cinc2017").exists() else synthetic.SPEC.name)
    path = path_of(name)
    if name in synthetic.SPECS and not path.exists():
        make_synthetic(name=name)
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in data_dir().glob("*.arrow"))) or "none"
        raise EcglabError(
            f"there is no data set {name!r} in {data_dir()} (there: {there}): {_remedy(name)}"
        )
    return Dataset(path, labels)


def make_synthetic(n_records: int = 400, seed: int = 1, name: str = "synthetic") -> Path:
    """Make a synthetic data set anew and return its path.

    n_records, seed: see `synthetic.examples`; name: "synthetic" or "synthetic_af"
    """
    from ecglab.datasets import synthetic

    return write(synthetic.spec(name, n_records), synthetic.examples(n_records, seed, name))


def write(spec: Spec, examples: Iterable[Example], n: int | None = None) -> Path:
    """Pack examples into `NAME.arrow` of the data folder and return its path.

    spec: its name, classes and label versions are those of the examples; n: how many examples
    come, for the progress bar (by default `spec.n_records`)
    The file appears only when it is whole; until then an earlier one stays. Raises EcglabError
    for an id that comes twice, a label that is none of the classes, a file that cannot be
    written, and while another process writes the same data set.
    """
    extras.require("train")  # pyarrow alone is in a smaller extra
    import pyarrow as pa

    path = path_of(spec.name)
    facts = json.dumps(spec.as_dict())
    names = ["record", "group", *(f"label_{version}" for version in spec.label_versions), "sha256"]
    columns: dict[str, list[str]] = {name: [] for name in names}
    schema = pa.schema(
        [(name, pa.string()) for name in names] + [("signal", pa.large_list(pa.float32()))],
        metadata={"ecglab": facts},
    )
    doing = f"writing the data set {spec.name}"
    with (
        files.locked(path, doing),
        files.replacing(path) as file,
        pa.ipc.new_file(file, schema) as writer,
        progress.bar(
            examples, spec.name, n or spec.n_records or None, unit=" records", leave=True
        ) as shown,
    ):
        for start, signals in _packed(spec, shown, columns):
            offsets = np.cumsum([0, *(signal.size for signal in signals)])
            arrays = [pa.array(column[start:], pa.string()) for column in columns.values()]
            values = pa.array(np.concatenate([np.empty(0, "<f4"), *signals]))
            arrays.append(pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values))
            writer.write_batch(pa.record_batch(arrays, schema=schema))
        if not columns["record"]:
            raise EcglabError(f"{spec.name} has no records: nothing was written")
        empty = pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)
        writer.write_batch(empty, custom_metadata={"sha256": _table_digest(facts, columns)})
    return path


def _packed(
    spec: Spec, examples: Iterable[Example], columns: dict[str, list[str]]
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """(row of the first, signals) of one batch after another; their rows are added to `columns`."""
    seen: set[str] = set()
    signals: list[np.ndarray] = []
    for example in examples:
        record = example.record
        if record.id in seen:
            raise EcglabError(f"{spec.name}: two records have the id {record.id!r}")
        seen.add(record.id)
        signal = prepare(record, spec.fs).astype("<f4")  # a copy
        signal[np.isnan(signal)] = np.nan  # one NaN for all, as in signal_digest
        labels = [example.labels[version] for version in spec.label_versions]
        spec.classes.index(labels)
        row = (record.id, example.group, *labels, signal_digest(signal))
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
        signals.append(signal)
        if sum(signal.size for signal in signals) >= _BATCH:
            yield len(columns["record"]) - len(signals), signals
            signals = []
    yield len(columns["record"]) - len(signals), signals


def _read(path: Path) -> tuple[Spec, dict[str, np.ndarray], np.ndarray]:
    """The spec of a packed file, its columns (n_records,) and views (n_records,) of its signals."""
    extras.require("train")
    import pyarrow as pa

    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        table = reader.read_all()
        table.validate(full=True)  # a wrong offset would end the process later, without a word
        facts = table.schema.metadata[b"ecglab"].decode()
        last = reader.get_batch_with_custom_metadata(reader.num_record_batches - 1)
        names = [name for name in table.column_names if name != "signal"]
        columns = {name: table.column(name).to_pylist() for name in names}
        if last.custom_metadata["sha256"].decode() != _table_digest(facts, columns):
            raise ValueError("the labels, or other facts of the records, have changed")
        spec = Spec.from_dict(json.loads(facts))
        signals = np.empty(len(table), object)
        for i, signal in enumerate(chain.from_iterable(map(_views, table.column("signal").chunks))):
            signals[i] = signal
        arrays = {name: np.array(column, object) for name, column in columns.items()}
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, EcglabError) as error:
        raise _damaged(path, " ".join(str(error).split())[:200]) from None
    if spec.name != path.stem:
        raise EcglabError(
            f"{path} holds the data set {spec.name!r}, not {path.stem!r}: rename it to "
            f"{spec.name}.arrow, or take it away and {_remedy(path.stem)}"
        )
    return spec, arrays, signals


def _views(chunk: "pa.LargeListArray") -> Iterator[np.ndarray]:
    """The signals (n_samples,) of one batch, without a copy."""
    offsets = chunk.offsets.to_numpy()
    values = chunk.values.to_numpy(zero_copy_only=True)
    return (values[a:b] for a, b in pairwise(offsets))


def _table_digest(facts: str, columns: dict[str, list[str]]) -> str:
    """SHA-256 of the spec and of all columns but the signals, which have digests of their own."""
    return hashlib.sha256(json.dumps([facts, columns]).encode()).hexdigest()


def _damaged(path: Path, reason: str) -> EcglabError:
    return EcglabError(f"{path} is damaged ({reason}): {_remedy(path.stem)}")


def _remedy(name: str) -> str:
    """What brings a data set (back), in words."""
    from ecglab.datasets import synthetic

    if name in synthetic.SPECS:
        return "delete it, and it is made again when it is next used"
    if name == "cinc2017":
        return "run 'ecglab data fetch', or 'ecglab data import PATH/training2017.zip'"
    return f"run 'ecglab data import FOLDER --labels TABLE.csv --name {name}'"
