"""ISHNE Holter files: a header of 522 bytes, a block of any length, and 16-bit samples.

Badilini F, "The ISHNE Holter standard output file format", Ann Noninvasive Electrocardiol
1998;3(3):263-266, doi:10.1111/j.1542-474X.1998.tb00353.x.
"""

import binascii
from functools import partial
from pathlib import Path

import numpy as np

from ecglab.readers.leads import LateLead
from ecglab.readers.plain_file import checked, content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "ISHNE Holter"
SUFFIXES = (".ecg", ".hol")
LIBRARY = "NumPy"
RATE, UNIT = "header", "resolution of the header, in nV"
SAMPLE = "tests/readers/test_ishne_reader.py"

_HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("checksum", "<u2"),
        ("block_size", "<i4"),
        ("n_samples", "<i4"),
        ("block_at", "<i4"),
        ("samples_at", "<i4"),
        ("version", "<i2"),
        ("patient", "V110"),
        ("date", "<i2", 3),
        ("file_date", "<i2", 3),
        ("time", "<i2", 3),
        ("n_leads", "<i2"),
        ("names", "<i2", 12),
        ("quality", "<i2", 12),
        ("resolutions", "<i2", 12),
        ("pacemaker", "<i2"),
        ("recorder", "V40"),
        ("fs", "<i2"),
        ("rest", "V248"),
    ]
)
_NAMES = (
    *("", "bipolar", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF"),
    *("V1", "V2", "V3", "V4", "V5", "V6", "ES", "AS", "AI"),
)
_MISSING = -32768
_FIRST, _BLOCK = 10, 522


def matches(path: Path, head: bytes) -> bool:
    return head[:8] in (b"ISHNE1.0", b"ANN  1.0")


def read(path: Path) -> Recording:
    """All leads in nV. The lowest integer marks a missing sample.

    Raises RecordError for a file of annotations, a header that does not match its checksum, and a
    file that is cut. A checksum of zero is none: some recorders write it.
    """
    content = content_of(path, _BLOCK)
    if content[:3] == b"ANN":
        raise RecordError(f"{path}: holds the annotations of a Holter, not its signal")
    if len(content) < _BLOCK:
        raise RecordError(f"{path}: cut, its header is not whole: copy it again")
    header = np.frombuffer(content, _HEADER)[0]
    start, n_leads, fs = (int(header[name]) for name in ("samples_at", "n_leads", "fs"))
    size = checked(path).stat().st_size
    if not _BLOCK <= start <= size or not 1 <= n_leads <= 12 or fs <= 0:
        raise RecordError(
            f"{path}: its header is damaged ({n_leads} leads, {fs} Hz, samples from byte {start} "
            f"of {size}): copy it again"
        )
    _check(path, content_of(path, start), int(header["checksum"]))
    n = _frames(path, int(header["n_samples"]), (size - start) // (2 * n_leads), n_leads)
    samples = np.memmap(path, "<i2", "r", start, (n, n_leads))
    leads = [
        LateLead(_name(int(name)), *_scale(int(step), fs, samples[:, i]))
        for i, (name, step) in enumerate(zip(header["names"], header["resolutions"], strict=True))
        if i < n_leads
    ]
    day, month, year = (int(value) for value in header["date"])
    time = ":".join(f"{value:02d}" for value in header["time"])
    return Recording(path, FORMAT, leads, f"{year:04d}-{month:02d}-{day:02d} {time}")


def _check(path: Path, head: bytes, checksum: int) -> None:
    """Refuse a header that does not match its CRC-CCITT, in either order of bytes."""
    found = binascii.crc_hqx(head[_FIRST:], 0xFFFF)
    if checksum not in (0, found, (found >> 8) | (found & 0xFF) << 8):
        raise RecordError(
            f"{path}: its header does not match its checksum: it is damaged, or was changed after "
            "it was written; copy or export it again"
        )


def _frames(path: Path, claimed: int, there: int, n_leads: int) -> int:
    """Number of samples of a lead; recorders count those of a lead, or of all leads together."""
    if claimed <= 0:
        return there
    if claimed <= there:
        return claimed
    if claimed // n_leads <= there:
        return claimed // n_leads
    raise RecordError(f"{path}: cut, it has {there} of {claimed} samples: copy it again")


def _name(number: int) -> str:
    return _NAMES[number] if 0 <= number < len(_NAMES) else ""


def _scale(step: int, fs: int, samples: np.ndarray) -> tuple:
    """Unit, rate and the function that converts the samples; no unit without a resolution."""
    unit, factor = ("nV", float(step)) if step > 0 else ("", 1.0)
    return unit, float(fs), partial(_converted, samples, factor)


def _converted(samples: np.ndarray, factor: float) -> np.ndarray:
    values = samples * np.float32(factor)
    values[samples == _MISSING] = np.nan
    return values
