"""The header of a WFDB record, header(5) of https://wfdb.io/spec/header-files.

What follows the number of samples in the first line, the start time, is kept as it is: data sets
write it in forms of their own, such as `A00001 1 300 9000 2014-05-08 05:05:15`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecglab.readers.wfdb_samples import FORMATS
from ecglab.utils.errors import RecordError

DEFAULT_FS = 250.0
DEFAULT_GAIN = 200.0

_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_GAIN = re.compile(r"([-+.\deE]+)(?:\((-?\d+)\))?(?:/(\S+))?")
_LONGEST_FIELD = 100
_MOST_DIGITS = 15
_MOST_PER_FRAME = 100_000


@dataclass(frozen=True)
class SignalHeader:
    """One lead: where its samples are and what they mean.

    file: name of the file beside the header; format: WFDB's number, "16" for int16
    offset: bytes, in FLAC samples, before the first sample
    gain: ADC units per physical unit; baseline: ADC units at 0 physical units
    units: physical unit; lead: description, empty where there is none
    per_frame: samples per frame; skew: frames by which the samples are late
    initial: ADC units before the first difference of format 8
    """

    file: str
    format: str
    offset: int
    gain: float
    baseline: int
    units: str
    lead: str
    per_frame: int = 1
    skew: int = 0
    initial: int = 0


@dataclass(frozen=True)
class Segment:
    """A part of a record: the name of its own record, ~ for a gap, and its number of frames."""

    record: str
    n_frames: int


@dataclass(frozen=True)
class Header:
    """A record: frames per second; its number of frames, None where the header leaves it open.

    A frame is one sample of each lead, or more of leads with a higher rate. A record has signals,
    or else segments. start: the rest of the first line, where it has a time
    """

    record: str
    fs: float
    n_samples: int | None
    signals: tuple[SignalHeader, ...]
    segments: tuple[Segment, ...] = ()
    start: str = ""


def parse_header(text: str, where: str = "header") -> Header:
    """A record's header from the text of its `.hea` file.

    where: name of the file, for messages
    Raises RecordError for what is no header.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise RecordError(f"{where}: empty, a WFDB header is needed")
    fields = lines[0].split()
    try:
        name, slash, claimed = fields[0].partition("/")
        n_segments = _integer(claimed) if slash else 0
        n_signals = _integer(fields[1])
        fs = _rate(fields[2]) if len(fields) > 2 else DEFAULT_FS
        n_samples = _integer(fields[3]) if len(fields) > 3 else 0
        if n_signals < 1 or n_samples < 0 or n_segments < 0 or (slash and not n_segments):
            raise ValueError
    except (IndexError, ValueError):
        raise RecordError(
            f"{where}: {lines[0][:60]!r} is not a WFDB record line (name, number of signals, "
            "sampling rate, number of samples)"
        ) from None
    start = " ".join(fields[4:6])[:_LONGEST_FIELD]
    n, what = (n_segments, "segments") if n_segments else (n_signals, "signals")
    if len(lines) <= n:
        raise RecordError(
            f"{where}: it describes {len(lines) - 1} {what} where its first line says {n}"
        )
    if n_segments:
        segments = tuple(_parse_segment(line, where) for line in lines[1 : n + 1])
        return Header(name, fs, n_samples or None, (), segments, start)
    signals = tuple(_parse_signal(line, where) for line in lines[1 : n + 1])
    return Header(name, fs, n_samples or None, signals, (), start)


def _rate(text: str) -> float:
    """The frames per second of a field such as 360, 360.5 or 360/720(5); ValueError."""
    fs = float(text.partition("/")[0].partition("(")[0])
    if not 0 < fs < math.inf or len(text) > _LONGEST_FIELD:
        raise ValueError
    return fs


def _integer(text: str) -> int:
    """A whole number of at most 15 digits; ValueError."""
    if len(text.lstrip("+-")) > _MOST_DIGITS:
        raise ValueError
    return int(text)


def _parse_segment(line: str, where: str) -> Segment:
    """One segment line: RECORD N_FRAMES."""
    fields = line.split()
    try:
        n_frames = _integer(fields[1])
        if n_frames < 0 or "/" in fields[0]:
            raise ValueError
    except (IndexError, ValueError):
        raise RecordError(f"{where}: {line[:60]!r} is not the line of a WFDB segment") from None
    return Segment(fields[0], n_frames)


def _parse_signal(line: str, where: str) -> SignalHeader:
    """One signal line: FILE FORMAT[xN][:SKEW][+OFFSET] [GAIN[(BASELINE)][/UNITS] [...]]."""
    fields = line.split(maxsplit=8)
    try:
        if any(len(field) > _LONGEST_FIELD for field in fields[:8]):
            raise ValueError
        form, gain = _FORMAT.fullmatch(fields[1]), _GAIN.fullmatch(_field(fields, 2, "0"))
        if not (form and gain):
            raise ValueError
        value = float(gain[1])
        baseline = _integer(gain[2] or _field(fields, 4, "0"))
        initial = _integer(_field(fields, 5, "0"))
        number, per_frame, skew, offset = (_integer(x) for x in form.groups(default="0"))
        if not math.isfinite(value) or per_frame > _MOST_PER_FRAME:
            raise ValueError
    except (IndexError, TypeError, ValueError):
        raise RecordError(f"{where}: {line[:60]!r} is not a WFDB signal line") from None
    if re.search(r"[/\\]|^\.*$", fields[0]):
        raise RecordError(f"{where}: {fields[0]!r} is not the name of a file beside the header")
    if str(number) not in FORMATS:
        raise RecordError(f"{where}: {fields[0]} is in format {number}, which WFDB does not have")
    return SignalHeader(
        fields[0],
        str(number),
        offset,
        value or DEFAULT_GAIN,
        baseline,
        gain[3] or "mV",
        fields[8] if len(fields) > 8 else "",
        per_frame or 1,
        skew,
        initial,
    )


def _field(fields: Sequence[str], place: int, default: str) -> str:
    return fields[place] if len(fields) > place else default
