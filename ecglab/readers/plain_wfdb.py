"""WFDB records in the common formats, read without the `wfdb` package.

The header is that of header(5) of the WFDB Applications Guide, https://wfdb.io/spec/header-files.
Records in segments, with several samples a frame, a skew or a rare format raise NotPlainError:
only the package reads those. What follows the number of samples in the record line, the start
time, is ignored: data sets write it in forms of their own, such as
`A00001 1 300 9000 2014-05-08 05:05:15`.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecglab.readers import wfdb_samples
from ecglab.utils.errors import RecordError

DEFAULT_FS = 250.0
DEFAULT_GAIN = 200.0

_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_GAIN = re.compile(r"([-+.\deE]+)(?:\((-?\d+)\))?(?:/(\S+))?")


class NotPlainError(RecordError):
    """A record of a kind that only the `wfdb` package reads."""


@dataclass(frozen=True)
class SignalHeader:
    """One lead: where its samples are and what they mean.

    file: name of the file beside the header; format: WFDB's number, "16" for int16
    offset: bytes before the first sample
    gain: ADC units per physical unit; baseline: ADC units at 0 physical units
    units: physical unit; lead: description, empty where there is none
    """

    file: str
    format: str
    offset: int
    gain: float
    baseline: int
    units: str
    lead: str


@dataclass(frozen=True)
class Header:
    """A record: fs in Hz; n_samples of each lead, None where the header leaves it open."""

    record: str
    fs: float
    n_samples: int | None
    signals: tuple[SignalHeader, ...]


def parse_header(text: str, where: str = "header") -> Header:
    """A record's header from the text of its `.hea` file.

    where: name of the file, for messages
    Raises RecordError for what is no header, NotPlainError for what only the package reads.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise RecordError(f"{where}: empty, a WFDB header is needed")
    fields = lines[0].split()
    try:
        record, n_signals = fields[0], int(fields[1])
        fs = float(re.split(r"[/(]", fields[2])[0]) if len(fields) > 2 else DEFAULT_FS
        n_samples = int(fields[3]) if len(fields) > 3 else 0
        if n_signals < 1 or n_samples < 0 or not 0 < fs < math.inf:
            raise ValueError
    except (IndexError, ValueError):
        raise RecordError(
            f"{where}: {lines[0][:60]!r} is not a WFDB record line (name, number of signals, "
            "sampling rate, number of samples)"
        ) from None
    if "/" in record:
        raise NotPlainError(f"{where}: the record is in several segments")
    if len(lines) <= n_signals:
        raise RecordError(
            f"{where}: it describes {len(lines) - 1} signals where its first line says {n_signals}"
        )
    signals = tuple(_parse_signal(line, where) for line in lines[1 : n_signals + 1])
    return Header(record, fs, n_samples or None, signals)


def _parse_signal(line: str, where: str) -> SignalHeader:
    """One signal line: FILE FORMAT[+OFFSET] [GAIN[(BASELINE)][/UNITS] [RES [ZERO ... [LEAD]]]]."""
    fields = line.split(maxsplit=8)
    form = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    gain = _GAIN.fullmatch(fields[2] if len(fields) > 2 else "0")
    try:
        if not (form and gain):
            raise ValueError
        value = float(gain[1])
        baseline = int(gain[2] or (fields[4] if len(fields) > 4 else 0))
        number, per_frame, skew, offset = form.groups(default="0")
        if not math.isfinite(value):
            raise ValueError
    except (TypeError, ValueError):
        raise RecordError(f"{where}: {line[:60]!r} is not a WFDB signal line") from None
    if re.search(r"[/\\]|^\.*$", fields[0]):
        raise RecordError(f"{where}: {fields[0]!r} is not the name of a file beside the header")
    if int(per_frame) > 1 or int(skew):
        raise NotPlainError(
            f"{where}: {fields[0]} has several samples a frame or a skew ({fields[1]})"
        )
    if number not in wfdb_samples.FORMATS:
        raise NotPlainError(f"{where}: {fields[0]} is in WFDB format {number}")
    lead = fields[8] if len(fields) > 8 else ""
    return SignalHeader(
        fields[0], number, int(offset), value or DEFAULT_GAIN, baseline, gain[3] or "mV", lead
    )


def read_samples(header: Header, read: Callable[[str], bytes], where: str = "") -> np.ndarray:
    """The samples (n_samples, n_signals) of a record as int16 or int32, in ADC units.

    read: returns the content of a signal file by its name; where: name of the record, for messages
    Raises RecordError when a file is shorter than its header says, or its signals differ in format.
    """
    where = where or header.record
    files = dict.fromkeys(signal.file for signal in header.signals)
    columns = [_read_file(header, file, read(file), where) for file in files]
    if len(columns) == 1:
        return columns[0]
    if len({column.shape[0] for column in columns}) > 1:
        raise RecordError(f"{where}: its signal files are of different lengths")
    # The signals of a file may be apart in the header.
    order = [i for file in files for i, signal in enumerate(header.signals) if signal.file == file]
    return np.concatenate(columns, axis=1)[:, np.argsort(order)]


def _read_file(header: Header, file: str, content: bytes, where: str) -> np.ndarray:
    """The samples (n_samples, n_signals) of the signals of one file."""
    signals = [signal for signal in header.signals if signal.file == file]
    form, offset = signals[0].format, signals[0].offset
    if any(signal.format != form for signal in signals):
        raise RecordError(f"{where}: the header names several formats for {file}")
    n_stored = wfdb_samples.capacity(form, max(len(content) - offset, 0)) // len(signals)
    n_samples = header.n_samples or n_stored
    if n_stored < n_samples:
        raise RecordError(
            f"{where}: {file} is cut, it holds {n_stored} of the {n_samples} samples that the "
            "header names: copy it again"
        )
    if not n_samples:
        raise RecordError(f"{where}: {file} is cut, it holds no samples: copy it again")
    samples = wfdb_samples.decode(form, content, offset, n_samples * len(signals))
    return samples.reshape(n_samples, len(signals))


def physical(header: Header, samples: np.ndarray) -> np.ndarray:
    """Samples (n_samples, n_signals) as float32, each signal in its own units, NaN for missing."""
    gain = np.array([signal.gain for signal in header.signals])
    baseline = np.array([signal.baseline for signal in header.signals])
    missing = np.array([wfdb_samples.missing(signal.format) for signal in header.signals])
    values = ((samples - baseline) / gain).astype(np.float32)
    values[samples == missing] = np.nan
    return values
