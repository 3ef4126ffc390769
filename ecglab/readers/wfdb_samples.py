"""Samples of WFDB signal files in the formats that need NumPy only.

The formats are those of signal(5) of the WFDB Applications Guide,
https://wfdb.io/spec/signal-files.
"""

import numpy as np

_BITS = {"16": 16, "61": 16, "160": 16, "80": 8, "212": 12, "24": 24, "32": 32}
_DTYPES = {"16": "<i2", "61": ">i2", "160": "<u2", "80": "u1", "32": "<i4"}

FORMATS = tuple(_BITS)
"""The formats that `decode` reads."""


def missing(form: str) -> int:
    """The ADC value that marks a missing sample in a format: its lowest."""
    return -(2 ** (_BITS[form] - 1))


def capacity(form: str, n_bytes: int) -> int:
    """How many whole samples `n_bytes` bytes hold."""
    return n_bytes * 2 // 3 if form == "212" else n_bytes * 8 // _BITS[form]


def decode(form: str, content: bytes, offset: int, n_samples: int) -> np.ndarray:
    """The first samples of a signal file, in ADC units: (n_samples,) int16 or int32.

    offset: bytes before the first sample
    `content` must hold that many samples (`capacity`); in format 16 the result is a view of it.
    """
    if form == "212":
        return _decode_212(np.frombuffer(content, "u1", -(-n_samples * 3 // 2), offset), n_samples)
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
