"""WFDB records: a header (.hea) and the files of samples that it names."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers import plain_wfdb
from ecglab.readers.common import checked_rate, chosen_lead, in_millivolts, text_of
from ecglab.utils.errors import RecordError

SUFFIXES = (".hea", ".dat")


@dataclass(frozen=True)
class _Leads:
    """Every lead of a record: name, unit, rate in Hz, and signal (n_samples,) in that unit."""

    names: list[str]
    units: list[str]
    rates: list[float]
    signals: list[np.ndarray]


def header_of(path: Path) -> Path | None:
    """The header beside `path`, which names a record or one of its files; None without one."""
    if not path.name:
        return None
    if path.suffix.lower() in (*SUFFIXES, ".mat"):
        header = path.with_suffix(".hea")
    else:
        header = path.with_name(path.name + ".hea")
    return header if header.is_file() else None


def read(path: Path, lead: str | None = None, fs: float | None = None) -> Record:
    """Read one lead of a WFDB record, named by its header, a file of samples, or no suffix.

    lead: name or number (from 0); by default the first that is an ECG lead in mV, µV or V
    fs: the rate in Hz that the header is expected to say
    Missing samples are NaN. The format is that of https://wfdb.io/spec. One lead in format 16 is
    read at once; all else by the `wfdb` package, whose import takes a second, and headers that
    it does not parse by `plain_wfdb` again.

    Raises RecordError for a missing, cut or damaged file and a lead that is no voltage.
    """
    header_path = header_of(path)
    if not header_path:
        raise RecordError(
            f"{path}: {path.stem}.hea is missing beside it: a WFDB record is both files"
        )
    header = refusal = None
    try:
        header = plain_wfdb.parse_header(text_of(header_path), str(header_path))
    except RecordError as error:
        refusal = error  # it may be of a kind that only the package reads
    try:
        if header and [signal.format for signal in header.signals] == ["16"]:
            leads = _plain(path, header_path, header)
        else:
            leads = _by_package(path, header_path, header, refusal)
    except FileNotFoundError as error:
        raise RecordError(
            f"{path}: {Path(error.filename or path).name} is missing beside {header_path.name}: "
            "copy all files of the record"
        ) from None
    chosen = chosen_lead(path, leads.names, lead, leads.units)
    name = leads.names[chosen]
    signal = in_millivolts(path, leads.signals[chosen], name, leads.units[chosen])
    return Record(signal, checked_rate(path, leads.rates[chosen], fs), header_path.stem, name)


def _plain(path: Path, header_path: Path, header: plain_wfdb.Header) -> _Leads:
    """The leads of a record in format 16."""
    samples = plain_wfdb.read_samples(
        header, lambda file: (header_path.parent / file).read_bytes(), str(path)
    )
    signals = plain_wfdb.physical(header, samples)
    return _Leads(
        [signal.lead for signal in header.signals],
        [signal.units for signal in header.signals],
        [header.fs] * len(header.signals),
        list(signals.T),
    )


def _by_package(
    path: Path, header_path: Path, header: plain_wfdb.Header | None, refusal: RecordError | None
) -> _Leads:
    """The leads of a record of any kind, each at its own rate where a frame has several samples."""
    import wfdb

    name = str(header_path.with_suffix(""))
    try:
        found = wfdb.rdheader(name)
    except Exception:  # the package raises all kinds of error on what it does not parse
        if header is None:
            raise refusal from None
        return _plain(path, header_path, header)
    if header is None:
        whole = isinstance(found, wfdb.Record)
        if not found.n_sig or (whole and len(found.file_name or ()) != found.n_sig):
            raise refusal  # the package goes on where lines of signals are missing
        if not _ascii(header_path):
            # The package drops other characters, and µV would be V.
            raise RecordError(f"{header_path}: has characters other than ASCII: write µV as uV")
    try:
        record = wfdb.rdrecord(name, smooth_frames=False)
    except FileNotFoundError:
        raise
    except Exception as error:
        if isinstance(error, ImportError) or "sndfile" in str(error):
            raise RecordError(
                f"{path}: its samples are FLAC, for which the package soundfile is needed: "
                "pip install soundfile"
            ) from None
        raise RecordError(
            f"{path}: its samples cannot be read ({' '.join(str(error).split())}): "
            "is a file of the record cut? copy it again"
        ) from None
    if header:
        names, units = zip(*((signal.lead, signal.units) for signal in header.signals), strict=True)
    else:
        names = [name or "" for name in record.sig_name]
        # Segments that differ in their units leave none.
        units = [unit or "unknown" for unit in record.units or [""] * len(names)]
    return _Leads(
        list(names),
        list(units),
        [record.fs * n for n in record.samps_per_frame],
        record.e_p_signal,
    )


def _ascii(header_path: Path) -> bool:
    """Whether a header is in ASCII, but for its comments."""
    lines = text_of(header_path).splitlines()
    return all(line.isascii() for line in lines if not line.lstrip().startswith("#"))
