"""WFDB records: a header (.hea) and the files of samples that it names."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers import plain_wfdb
from ecglab.readers.common import checked_rate, chosen_lead, in_millivolts, text_of
from ecglab.utils import extras
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
    fs: the rate in Hz that the header is expected to name
    Missing samples are NaN. The format is that of https://wfdb.io/spec. Common records are read
    with NumPy alone; those in segments, with several samples a frame, a skew or a rare format by
    the `wfdb` package.

    Raises RecordError for a missing, cut or damaged file and a lead that is no voltage.
    """
    header_path = header_of(path)
    if not header_path:
        raise RecordError(
            f"{path}: {path.stem}.hea is missing beside it: a WFDB record is both files"
        )
    try:
        try:
            header = plain_wfdb.parse_header(text_of(header_path), str(header_path))
        except plain_wfdb.NotPlainError as reason:
            leads = _by_package(path, header_path, reason)
        else:
            leads = _plain(path, header_path, header)
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
    """The leads of a record in a common format."""
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


def _by_package(path: Path, header_path: Path, reason: RecordError) -> _Leads:
    """The leads of a record of any kind, each at its own rate where a frame has several samples.

    reason: why the package is needed
    """
    try:
        import wfdb
    except ModuleNotFoundError as error:
        raise RecordError(f"{reason}: {extras.missing(error) or error}") from error
    if not _ascii(header_path):
        # The package drops other characters, and µV would be V.
        raise RecordError(f"{header_path}: has characters other than ASCII: write µV as uV")
    try:
        record = wfdb.rdrecord(str(header_path.with_suffix("")), smooth_frames=False)
    except FileNotFoundError:
        raise
    except Exception as error:  # the package raises all kinds of error on damage
        if isinstance(error, ImportError) or "sndfile" in str(error):
            raise RecordError(
                f"{path}: its samples are FLAC, for which the package soundfile is needed: "
                "pip install soundfile"
            ) from None
        raise RecordError(
            f"{path}: its samples cannot be read ({' '.join(str(error).split())}): "
            "is a file of the record cut? copy it again"
        ) from None
    names = [name or "" for name in record.sig_name]
    # Segments that differ in their units leave none.
    units = [unit or "unknown" for unit in record.units or [""] * len(names)]
    rates = [record.fs * n for n in record.samps_per_frame]
    return _Leads(names, units, rates, record.e_p_signal)


def _ascii(header_path: Path) -> bool:
    """Whether a header is in ASCII, but for its comments."""
    lines = text_of(header_path).splitlines()
    return all(line.isascii() for line in lines if not line.lstrip().startswith("#"))
