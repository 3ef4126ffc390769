"""XLI, the compression of Philips SierraECG: differences, packed by LZW with codes of ten bits.

The format is not published; it was described by C. Watford, whose package `sierraecg` (MIT) reads
it too, but hangs on a length of zero and does not give the gain.
"""

import numpy as np

_BITS = 10
_LAST_CODE = (1 << _BITS) - 2
_HEADER = 8
_MOST_BYTES = 1 << 24


def decode(content: bytes, n_leads: int, n_samples: int) -> list[np.ndarray]:
    """Up to n_leads signals (n_samples,) int16 of the chunks of a compressed waveform.

    Raises ValueError where a chunk is cut or has less than n_samples.
    """
    signals: list[np.ndarray] = []
    at = 0
    while at + _HEADER <= len(content) and len(signals) < n_leads:
        size = int.from_bytes(content[at : at + 4], "little")
        first = int.from_bytes(content[at + 6 : at + 8], "little", signed=True)
        at += _HEADER
        if not 0 < size <= len(content) - at:
            raise ValueError("a lead is cut")
        # The samples fill the chunk: high bytes first, then as many low bytes.
        packed = _lzw(content[at : at + size])
        at += size
        half = len(packed) // 2
        if half < n_samples:
            raise ValueError(f"a lead has {half} of {n_samples} samples")
        high = np.frombuffer(packed, np.uint8, half).astype(np.int32)
        low = np.frombuffer(packed, np.uint8, half, half)
        signals.append(_integrated(((high << 8) | low).astype(np.int16), first)[:n_samples])
    return signals


def _lzw(content: bytes) -> bytes:
    """What LZW codes stand for; ValueError for more than 16 MB or an impossible code."""
    strings = [bytes([i]) for i in range(256)]
    out: list[bytes] = []
    previous = b""
    buffer = n_bits = n_bytes = 0
    for byte in content:
        buffer = (buffer << 8) | byte
        n_bits += 8
        if n_bits < _BITS:
            continue
        n_bits -= _BITS
        code = buffer >> n_bits
        buffer &= (1 << n_bits) - 1
        if code > _LAST_CODE:
            break
        if code < len(strings):
            found = strings[code]
        elif previous and code == len(strings):
            found = previous + previous[:1]
        else:
            raise ValueError("a code of a lead is not known")
        if previous and len(strings) <= _LAST_CODE:
            strings.append(previous + found[:1])
        out.append(found)
        n_bytes += len(found)
        if n_bytes > _MOST_BYTES:
            raise ValueError("a lead is too long")
        previous = found
    return b"".join(out)


def _integrated(differences: np.ndarray, first: int) -> np.ndarray:
    """The samples of second differences, which are stored with an offset of 64."""
    samples = differences.astype(np.int64)
    values = samples.tolist()
    if len(values) < 3:
        return samples
    before, last, correction = values[0], values[1], first
    for i in range(2, len(values)):
        now = 2 * last - before - correction
        correction = values[i] - 64
        values[i] = now
        before, last = last, now
    return np.array(values, np.int64)
