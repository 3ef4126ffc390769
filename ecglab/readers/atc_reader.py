"""Recordings of Kardia devices (.atc), by the ATC File Format Specification 1.7 of AliveCor.

https://github.com/alivecor/ATCpy, docs/ATC Spec 1.7.md. Its table of the format block has the
captions of another table; the example file in it and the code beside it show the fields. It calls
the checksum both a sum and a CRC32; the code beside it sums the bytes. Both are accepted.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecglab.readers.leads import Lead
from ecglab.readers.plain_file import content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "Kardia ATC"
SUFFIXES = (".atc",)
LIBRARY = "NumPy"
RATE, UNIT = "format block", "format block, nV"
SAMPLE = "tests/readers/test_other_readers.py"

_SIGNATURE = b"ALIVE\0\0\0"
_LEADS = {
    **{b"ecg ": "I", b"ecg2": "II", b"ecg3": "III", b"ecg4": "aVR", b"ecg5": "aVL"},
    **{b"ecg6": "aVF", b"ecg7": "V1", b"ecg8": "V2", b"ecg9": "V3"},
    **{b"ecga": "V4", b"ecgb": "V5", b"ecgc": "V6"},
}


def matches(path: Path, head: bytes) -> bool:
    return head.startswith(_SIGNATURE)


def read(path: Path) -> Recording:
    """Read all leads in nV.

    Raises RecordError for a file that is cut, whose checksums do not match, or without a format
    block or samples.
    """
    fs, resolution, start = 0, 0, ""
    signals: dict[str, np.ndarray] = {}
    for kind, data in _blocks(path, content_of(path)):
        if kind == b"fmt ":
            if len(data) < 6:
                raise RecordError(f"{path}: its format block is cut: copy it again")
            form, fs, resolution, _ = struct.unpack_from("<BHHB", data)
            if form != 1:
                raise RecordError(f"{path}: holds samples of format {form}, not 1 (int16)")
        elif kind == b"info":
            start = data[:32].partition(b"\0")[0].decode("latin-1")
        elif kind in _LEADS:
            signals[_LEADS[kind]] = np.frombuffer(data, "<i2", len(data) // 2)
    if not fs or not resolution or not signals:
        raise RecordError(f"{path}: has no block of its format or of samples: copy it again")
    leads = [
        Lead(name, "nV", float(fs), resolution * samples.astype(float))
        for name, samples in signals.items()
    ]
    return Recording(path, FORMAT, leads, start)


def _blocks(path: Path, content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(identifier, data) of each block, with its checksum compared."""
    at = len(_SIGNATURE) + 4  # after the version
    while at + 12 <= len(content):
        kind = content[at : at + 4]
        end = at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        if end + 4 > len(content):
            raise RecordError(f"{path}: cut in its block {kind!r}: copy it again")
        stated = int.from_bytes(content[end : end + 4], "little")
        total = int(np.frombuffer(content, "u1", end - at, at).sum(dtype="u8")) % (1 << 32)
        if stated not in (total, zlib.crc32(content[at:end])):
            raise RecordError(f"{path}: damaged, the checksum of its block {kind!r} differs")
        yield kind, content[at + 8 : end]
        at = end + 4
