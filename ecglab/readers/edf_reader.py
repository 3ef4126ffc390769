"""EDF, EDF+ and BDF (BioSemi), read by edfio.

Kemp B, Olivan J. "European data format 'plus' (EDF+), an EDF alike standard format for the exchange
of physiological data", Clin Neurophysiol 2003;114(9):1755-1761, doi:10.1016/S1388-2457(03)00123-8.
"""

import contextlib
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers.leads import LateLead
from ecglab.readers.library import library
from ecglab.readers.plain_file import checked, content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "EDF, EDF+, BDF"
SUFFIXES = (".edf", ".bdf", ".rec")
LIBRARY = "edfio"
RATE, UNIT = "samples and duration of a data record", "physical dimension of the signal"
SAMPLE = "tests/readers/test_edf_reader.py"

_BDF = b"\xffBIOSEMI"
_MOST_SIGNALS = 4096
_ONSET_LENGTH = 40
_CLOCK_ERROR = 1e-3


def matches(path: Path, head: bytes) -> bool:
    edf = head[:8].rstrip(b" \0") == b"0" and head[184:192].strip(b" \0").isdigit()
    return len(head) >= 192 and (edf or head[:8] == _BDF)


def read(path: Path) -> Recording:
    """All signals but the annotations. A gap in a discontinuous recording (EDF+D) is missing.

    Raises RecordError for a damaged header, a file with fewer data records than it names, and gaps
    that are longer in total than what was recorded.
    """
    head = content_of(path, 256)
    bdf = head[:8] == _BDF
    edfio = library(path, "edfio")
    n_signals, n_records, seconds = _counts(path, head)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a last record that is cut, which is dropped
            file = (
                edfio.read_bdf(checked(path), header_encoding="latin-1")
                if bdf
                else edfio.read_edf(checked(path), header_encoding="latin-1")
            )
            there = file.num_data_records
            signals = [(s, s.sampling_frequency, *_scale(s)) for s in file.signals]
    except MemoryError:
        raise
    except Exception as error:  # of any kind, on a damaged header
        raise RecordError(f"{path}: its header is damaged ({error!s:.60}): copy it again") from None
    if there < n_records:
        raise RecordError(f"{path}: cut, it has {there} of {n_records} data records: copy it again")
    if not signals or not there:
        raise RecordError(f"{path}: holds no signal, only a header or annotations")
    starts = np.arange(there) * seconds
    if head[192:236].strip().upper().startswith((b"EDF+D", b"BDF+D")):
        starts = _onsets(path, n_signals, there, 3 if bdf else 2)
        _check_gaps(path, starts, seconds)
    leads = [
        LateLead(_text(s.label), unit, fs, partial(_samples, s, scale, starts, seconds, fs))
        for s, fs, unit, scale in signals
    ]
    kind = ("BDF" if bdf else "EDF") + ("+" if b"DF+" in head[192:236] else "")
    return Recording(path, kind, leads, _start(head))


def _counts(path: Path, head: bytes) -> tuple[int, int, float]:
    """Number of signals, number of data records (-1: unknown) and seconds of one."""
    try:
        n_signals, n_records = int(head[252:256]), int(head[236:244])
        seconds = float(head[244:252].decode("latin-1").strip().replace(",", "."))
    except ValueError:
        raise RecordError(f"{path}: its header is damaged or cut: copy it again") from None
    if not 0 < n_signals <= _MOST_SIGNALS or not 0 < seconds < np.inf:
        raise RecordError(
            f"{path}: its header names {n_signals} signals in records of {seconds:g} s: "
            "copy it again"
        )
    return n_signals, n_records, seconds


def _scale(signal: Any) -> tuple[str, tuple[float, float]]:
    """Unit of a signal, and (factor, offset) of its integers in that unit."""
    low, high = signal.digital_min, signal.digital_max
    bottom, top = signal.physical_min, signal.physical_max
    if low == high or bottom == top or not np.isfinite([bottom, top]).all():
        return "uncalibrated", (1.0, 0.0)
    factor = (top - bottom) / (high - low)
    return _text(signal.physical_dimension), (factor, bottom - factor * low)


def _text(field: str) -> str:
    """A field that was read as Latin-1, of writers that use UTF-8 as well."""
    with contextlib.suppress(UnicodeError):
        field = field.encode("latin-1").decode("utf-8")
    return field.strip(" \0")


def _start(head: bytes) -> str:
    """Date (dd.mm.yy) and time (hh.mm.ss) as they are in the header."""
    return head[168:184].decode("latin-1").replace("\0", " ").strip()


def _samples(
    signal: Any, scale: tuple[float, float], starts: np.ndarray, seconds: float, fs: float
) -> np.ndarray:
    """The samples of a signal in its unit, float32, with what lies between its records missing."""
    factor, offset = scale
    values = (signal.digital * factor + offset).astype(np.float32)
    at = np.rint((starts - starts[0]) * fs).astype(np.int64)
    n = values.size // starts.size
    if at[-1] + n == values.size:
        return values
    spread = np.full(at[-1] + n, np.nan, np.float32)
    for start, record in zip(at, values.reshape(starts.size, n), strict=True):
        spread[start : start + n] = record
    return spread


def _onsets(path: Path, n_signals: int, n_records: int, width: int) -> np.ndarray:
    """Time in s of each data record: the first text of its annotations (EDF+, 2.2.4).

    width: bytes of a sample
    """
    header = content_of(path, 256 * (n_signals + 1))
    labels = [header[256 + 16 * i : 272 + 16 * i] for i in range(n_signals)]
    counts = header[256 + 216 * n_signals : 256 + 224 * n_signals]
    try:
        sizes = [width * int(counts[8 * i : 8 * i + 8]) for i in range(n_signals)]
        place = next(i for i, label in enumerate(labels) if b"Annotations" in label)
        records = np.memmap(path, np.uint8, "r", len(header), (n_records, sum(sizes)))
        start = sum(sizes[:place])
        texts = records[:, start : start + min(sizes[place], _ONSET_LENGTH)]
        return np.array([float(bytes(text).partition(b"\x14")[0]) for text in texts])
    except (ValueError, StopIteration, OverflowError):
        raise RecordError(
            f"{path}: is discontinuous and does not name the times of its data records"
        ) from None


def _check_gaps(path: Path, starts: np.ndarray, seconds: float) -> None:
    """Refuse records that overlap, and gaps that are longer in total than the records."""
    steps = np.diff(starts)
    if not np.isfinite(starts).all() or (steps < seconds * (1 - _CLOCK_ERROR)).any():
        raise RecordError(f"{path}: its data records overlap in time: export it again")
    gaps, recorded = float(np.sum(steps - seconds)), starts.size * seconds
    if gaps > recorded:
        raise RecordError(
            f"{path}: its gaps are {gaps:.3g} s in total, more than the {recorded:.3g} s that were "
            "recorded: export one part of it"
        )
