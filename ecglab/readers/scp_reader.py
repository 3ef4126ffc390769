"""SCP-ECG (EN 1064, ISO/IEEE 11073-91064): sections behind a table of pointers.

Section 2 holds the Huffman tables, 3 the leads, 4 the places of the QRS complexes, 5 the reference
beat and 6 the rhythm. The rhythm may be what is left after the reference beat was subtracted, and
between the QRS complexes at a lower rate (bimodal compression).
"""

import binascii
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.readers import scp_codes
from ecglab.readers.leads import NUMBERED, Lead, with_limb_leads
from ecglab.readers.plain_file import content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "SCP-ECG"
SUFFIXES = (".scp",)
LIBRARY = "NumPy"
RATE, UNIT = "sample interval of section 6", "amplitude value multiplier, in nV"
SAMPLE = "scp/Example.scp"

_HEADER = 16
_READ = (2, 3, 4, 5, 6)
_MOST_DECIMATED = 16
_MOST_MISSING = 0.02


def matches(path: Path, head: bytes) -> bool:
    if head[16:22] == b"SCPECG":
        return True
    own, first = head[8:14], head[22:28]  # number and length of section 0, there and in its pointer
    return own == first and head[8:10] == b"\0\0" and head[28:32] == b"\7\0\0\0"


def read(path: Path) -> Recording:
    """All leads of the rhythm in nV; III, aVR, aVL and aVF follow from I and II.

    Raises RecordError for a file that is cut, sections that do not match their checksum, and files
    without a rhythm. A checksum of zero is none: some electrocardiographs write it.
    """
    sections = _sections(path, content_of(path))
    if 3 not in sections or 6 not in sections:
        raise RecordError(f"{path}: holds no rhythm, its sections 3 or 6 are missing")
    try:
        leads = _Rhythm.of(sections).leads()
    except (ValueError, struct.error, OverflowError) as error:
        raise RecordError(
            f"{path}: damaged, its rhythm cannot be decoded ({error!s:.80}): copy it again"
        ) from None
    return Recording(path, FORMAT, with_limb_leads(leads), _start(sections.get(1, b"")))


def _sections(path: Path, content: bytes) -> dict[int, bytes]:
    """{number: content after the header} of the sections that are there."""
    if len(content) < 32 or int.from_bytes(content[2:6], "little") > len(content):
        raise RecordError(f"{path}: cut, it is shorter than it names: copy it again")
    whole = int.from_bytes(content[2:6], "little")
    intact = _matches(content[: whole or len(content)])
    found: dict[int, bytes] = {}
    end = 6 + int.from_bytes(content[10:14], "little")
    for at in range(22, min(end, len(content)) - 9, 10):
        number, length, place = struct.unpack_from("<HII", content, at)
        if length <= _HEADER or number == 0:
            continue
        section = content[place - 1 : place - 1 + length] if place else b""
        if number in _READ and len(section) < length:
            raise RecordError(f"{path}: cut, section {number} is not whole: copy it again")
        if number in _READ and not intact and not _matches(section):
            raise RecordError(
                f"{path}: section {number} does not match its checksum: it is damaged, "
                "copy it again"
            )
        found.setdefault(number, section[_HEADER:])
    return found


def _matches(block: bytes) -> bool:
    """Whether a block begins with the CRC-CCITT of the rest, or with none."""
    checksum = int.from_bytes(block[:2], "little")
    return checksum in (0, binascii.crc_hqx(block[2:], 0xFFFF))


def _start(section: bytes) -> str:
    """Date and time of section 1, tags 25 and 26."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(section) and section[at] != 255:
        length = int.from_bytes(section[at + 1 : at + 3], "little")
        found[section[at]] = section[at + 3 : at + 3 + length]
        at += 3 + length
    date, time = found.get(25, b""), found.get(26, b"")
    if len(date) != 4 or len(time) != 3:
        return ""
    year = int.from_bytes(date[:2], "little")
    return f"{year:04d}-{date[2]:02d}-{date[3]:02d} " + ":".join(f"{part:02d}" for part in time)


@dataclass(frozen=True)
class _Block:
    """Section 5 or 6: the coded samples of every lead.

    step: nV of one unit; interval: µs from sample to sample; flag: whether the rhythm is bimodal
    """

    step: int
    interval: int
    difference: int
    flag: int
    coded: list[bytes]

    @classmethod
    def of(cls, section: bytes, n_leads: int) -> "_Block":
        step, interval, difference, flag = struct.unpack_from("<HHBB", section)
        sizes = struct.unpack_from(f"<{n_leads}H", section, 6)
        ends = np.cumsum((6 + 2 * n_leads, *sizes))
        if ends[-1] > len(section):
            raise ValueError(f"its leads need {ends[-1]} of {len(section)} bytes")
        coded = [section[ends[i] : ends[i + 1]] for i in range(n_leads)]
        return cls(step, interval, difference, flag, coded)


@dataclass(frozen=True)
class _Rhythm:
    """What section 6 is decoded with.

    spans: (first, last, number) of each lead, in samples from 1
    beats: (kind, first, fiducial, last) of each QRS; zones: (first, last) that keep the full rate
    reference, fiducial: section 5 where it was subtracted, and the place of the fiducial in it
    ratio: number of samples that one stored between the zones stands for
    """

    tables: list[scp_codes.Table]
    spans: list[tuple[int, int, int]]
    beats: list[tuple[int, int, int, int]]
    zones: list[tuple[int, int]]
    block: _Block
    reference: _Block | None
    reference_length: int
    fiducial: int
    ratio: int

    @classmethod
    def of(cls, sections: dict[int, bytes]) -> "_Rhythm":
        n_leads, flags = sections[3][:2]
        spans = [struct.unpack_from("<IIB", sections[3], 2 + 9 * i) for i in range(n_leads)]
        block = _Block.of(sections[6], n_leads)
        if not n_leads or not block.step or not block.interval:
            raise ValueError("no leads, no amplitude or no sample interval")
        milliseconds, fiducial, beats, zones = _places(sections.get(4, b""))
        reference, ratio, length = None, 1, 0
        if (flags & 1 or block.flag == 1) and 5 in sections:
            reference = _Block.of(sections[5], n_leads)
            if not reference.interval:
                raise ValueError("no sample interval of the reference beat")
            ratio = round(block.interval / reference.interval)
            if not 1 <= ratio <= _MOST_DECIMATED:
                raise ValueError(f"one sample of the rhythm stands for {ratio}")
            length = 1000 * milliseconds // reference.interval
        return cls(
            scp_codes.tables(sections.get(2, b"")),
            spans,
            beats,
            zones if block.flag == 1 else [],
            block,
            reference if flags & 1 else None,
            length,
            fiducial,
            ratio,
        )

    def leads(self) -> list[Lead]:
        fs = 1e6 * self.ratio / self.block.interval
        found = []
        for i, (_, _, number) in enumerate(self.spans):
            name = NUMBERED.get(number, "" if number == 0 else f"lead {number}")
            found.append(Lead(name, "nV", fs, self._signal(i)))
        return found

    def _signal(self, i: int) -> np.ndarray:
        """(n_samples,) in nV of a lead."""
        first, last, _ = self.spans[i]
        coded = self.block.coded[i]
        n = last - first + 1
        if not 0 < n <= self.ratio * (8 * len(coded) + 1):
            raise ValueError(f"lead {i} claims {n} samples in {len(coded)} bytes")
        runs = _runs(n, self.ratio, [(a - first, b - first + 1) for a, b in self.zones])
        stored = sum(m if full else -(-m // self.ratio) for m, full in runs)
        values = scp_codes.decode(coded, stored, self.tables, self.block.difference)
        if values.size < (1 - _MOST_MISSING) * stored:
            raise ValueError(f"lead {i} has {values.size} of {stored} samples")
        signal = _expanded(values * float(self.block.step), runs, self.ratio)
        if self.reference:
            self._add_reference(signal, i, first)
        return signal

    def _add_reference(self, signal: np.ndarray, i: int, first: int) -> None:
        """Add the reference beat where it was subtracted, in place."""
        block = self.reference
        if block is None:
            return
        length = min(self.reference_length, 8 * len(block.coded[i]) + 1)
        values = scp_codes.decode(block.coded[i], length, self.tables, block.difference)
        beat = values * float(block.step)
        for kind, start, fiducial, end in self.beats:
            if kind != 0:  # only beats of type 0 have it subtracted
                continue
            shift = self.fiducial - fiducial - 1  # place in the beat, of a sample from 1
            low = max(start, first, -shift)
            high = min(end, first + signal.size - 1, beat.size - 1 - shift)
            if low <= high:
                signal[low - first : high - first + 1] += beat[low + shift : high + shift + 1]


def _places(
    section: bytes,
) -> tuple[int, int, list[tuple[int, int, int, int]], list[tuple[int, int]]]:
    """Section 4: ms and fiducial of the reference beat, beats, and protected zones."""
    if len(section) < 6:
        return 0, 0, [], []
    milliseconds, fiducial, n = struct.unpack_from("<HHH", section)
    beats = [struct.unpack_from("<HIII", section, 6 + 14 * k) for k in range(n)]
    zones = []
    if len(section) >= 6 + 22 * n:
        zones = [struct.unpack_from("<II", section, 6 + 14 * n + 8 * k) for k in range(n)]
    return milliseconds, fiducial, beats, sorted((a, b) for a, b in zones if 0 < a <= b)


def _runs(n: int, ratio: int, zones: list[tuple[int, int]]) -> list[tuple[int, bool]]:
    """(number of samples, whether all are stored) of the parts of a lead of n samples."""
    runs, at = [], 0
    for start, end in zones:
        start, end = max(start, at), min(end, n)
        if start < end:
            runs += [(start - at, ratio == 1), (end - start, True)]
            at = end
    return [(m, full) for m, full in [*runs, (n - at, ratio == 1)] if m]


def _expanded(values: np.ndarray, runs: list[tuple[int, bool]], ratio: int) -> np.ndarray:
    """The samples at the full rate: a line between the middles of what a stored one stands for."""
    parts, at = [], 0
    for n, full in runs:
        taken = n if full else -(-n // ratio)
        part = values[at : at + taken]
        at += taken
        if full or not part.size:
            parts.append(part)
            continue
        middles = np.arange(part.size) * ratio + (ratio - 1) / 2
        parts.append(np.interp(np.arange(min(n, part.size * ratio)), middles, part))
    return np.concatenate(parts) if parts else values
