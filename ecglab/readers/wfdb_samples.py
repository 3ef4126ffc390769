"""Samples of WFDB signal files, in all formats of signal(5), https://wfdb.io/spec/signal-files.

Formats 508, 516 and 524 are FLAC, which the package soundfile reads.
"""

import io
from typing import Any

import numpy as np

_BITS = {"16": 16, "61": 16, "160": 16, "80": 8, "212": 12, "310": 10, "311": 10, "24": 24}
_BITS |= {"32": 32, "508": 8, "516": 16, "524": 24}
_DTYPES = {"16": "<i2", "61": ">i2", "160": "<u2", "80": "u1", "8": "i1", "32": "<i4"}
_SUBTYPES = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
_CHUNK = 1 << 20

FLAC = ("508", "516", "524")
NULL = "0"
"""A signal without samples, of records in segments."""

FORMATS = (*_BITS, "8", NULL)
"""The formats that are read."""


def missing(form: str) -> int | None:
    """The ADC value that marks a missing sample in a format, its lowest; None for format 8."""
    return -(2 ** (_BITS[form] - 1)) if form in _BITS else None


def capacity(form: str, n_bytes: int) -> int:
    """How many whole samples `n_bytes` bytes hold, in a format that is not FLAC."""
    if form == "212":
        return n_bytes * 2 // 3
    if form in ("310", "311"):
        rest = n_bytes % 4  # 310 has its third sample in both words, 311 its second in three bytes
        return n_bytes // 4 * 3 + (rest >= 2) + (rest >= 3 and form == "311")
    return n_bytes * 8 // _BITS.get(form, 8)


def decode(form: str, content: bytes, offset: int, n_samples: int) -> np.ndarray:
    """The first samples of a signal file, in ADC units: (n_samples,) int8, int16 or int32.

    offset: bytes before the first sample
    `content` must hold that many samples (`capacity`); in format 16 the result is a view of it.
    In format 8 they are differences.
    """
    if form == "212":
        return _decode_212(np.frombuffer(content, "u1", -(-n_samples * 3 // 2), offset), n_samples)
    if form in ("310", "311"):
        n_bytes = min(-(-n_samples // 3) * 4, len(content) - offset)
        return _decode_31x(form, np.frombuffer(content, "u1", n_bytes, offset), n_samples)
    if form == "24":
        low, middle, high = np.frombuffer(content, "u1", 3 * n_samples, offset).reshape(-1, 3).T
        # The high byte at the top of an int32, so that the shift back extends its sign.
        return (low.astype("i4") << 8 | middle.astype("i4") << 16 | high.astype("i4") << 24) >> 8
    samples = np.frombuffer(content, _DTYPES[form], n_samples, offset)
    if form == "80":
        return samples.astype("i2") - np.int16(128)
    if form == "160":
        return (samples ^ np.uint16(0x8000)).view("<i2")
    return samples


def _decode_212(packed: np.ndarray, n_samples: int) -> np.ndarray:
    """(n_samples,) int16 of 12 bits each, two in three bytes."""
    whole = np.zeros(-(-n_samples // 2) * 3, "i2")
    whole[: packed.size] = packed
    first, both, second = whole.reshape(-1, 3).T
    samples = np.empty((first.size, 2), "i2")
    samples[:, 0] = first | (both & 0x0F) << 8
    samples[:, 1] = second | (both & 0xF0) << 4
    samples = samples.ravel()[:n_samples]
    return (samples ^ 0x800) - np.int16(0x800)  # bit 11 is the sign


def _decode_31x(form: str, packed: np.ndarray, n_samples: int) -> np.ndarray:
    """(n_samples,) int16 of 10 bits each, three in four bytes."""
    whole = np.zeros(-(-n_samples // 3) * 4, "u1")
    whole[: packed.size] = packed
    if form == "310":  # each half has a sample behind its lowest bit, and half of the third on top
        first, second = whole.view("<u2").reshape(-1, 2).T
        three = (first >> 1, second >> 1, first >> 11 | second >> 11 << 5)
    else:
        word = whole.view("<u4")
        three = (word, word >> 10, word >> 20)
    samples = (np.stack(three, axis=1) & 0x3FF).astype("i2").ravel()[:n_samples]
    return (samples ^ 0x200) - np.int16(0x200)  # bit 9 is the sign


def decode_flac(
    soundfile: Any, form: str, content: bytes, offset: int, n_samples: int | None, n_signals: int
) -> np.ndarray:
    """The samples (n_samples, n_signals) of a FLAC file; ValueError where it is not as claimed.

    offset: samples before the first; n_samples: at most so many, None for all
    """
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        bits = _SUBTYPES.get(file.subtype, 99)
        if file.format != "FLAC" or bits > _BITS[form] or file.channels != n_signals:
            raise ValueError("not FLAC of as many signals and bits as the header says")
        dtype = "int32" if bits == 24 else "int16"
        file.seek(offset)
        left, parts = n_samples, []
        # In chunks: the claimed length may be wrong, and libsndfile fails on more than 2^24.
        while left is None or left > 0:
            part = file.read(_CHUNK if left is None else min(_CHUNK, left), dtype, always_2d=True)
            if not len(part):
                break
            parts.append(part if bits == 16 else part >> 8)
            left = None if left is None else left - len(part)
    return np.concatenate(parts) if parts else np.empty((0, n_signals), dtype)
