"""The strip of a record as data of an SVG drawing in mm: ECG paper, signal, beats and shades."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecglab.ecg.record import Record
from ecglab.plots.ecg import MAX_SECONDS, MM_PER_MV, MM_PER_SECOND, SQUARE_MM, Range

SECONDS_PER_ROW = 10

PULSE_MM = 2 * SQUARE_MM
"""Width of the calibration pulse, so that a row fits the width of A4 and of US letter."""

HEAD_MM, FOOT_MM = 5.0, 5.0
"""Above a row for the marks of the beats, and under it for the times."""

_POINTS_PER_MM = 20
"""More samples than this are drawn as the lowest and the highest of each step."""


@dataclass(frozen=True)
class Mark:
    """A beat: x in mm, and its kind as in `BeatSummary.kinds`."""

    x: float
    kind: str


@dataclass(frozen=True)
class ShadeMm:
    """A shade behind the signal: x and width in mm, and its strength from -1 to 1."""

    x: float
    width: float
    strength: float


@dataclass(frozen=True)
class Row:
    """One row: an SVG drawing whose coordinates are mm of paper.

    start, end: in s
    width, height: of the ruled paper in mm, which ends with the last second
    minor, major, pulse, trace: the paths of the ruling, of the pulse of 1 mV and of the signal
    ticks: (x, text) of the full seconds
    """

    start: float
    end: float
    width: float
    height: float
    minor: str
    major: str
    pulse: str
    trace: str
    ticks: Sequence[tuple[float, str]]
    marks: Sequence[Mark]
    shades: Sequence[ShadeMm]


@dataclass(frozen=True)
class Strip:
    """The rows of a record, at 25 mm/s and 10 mm/mV, and what of it they do not show."""

    rows: Sequence[Row]
    span: str
    beyond: float
    seconds: float


def strip(
    record: Record,
    beats: Sequence[tuple[float, str]] = (),
    shades: Sequence[tuple[float, float, float]] = (),
) -> Strip:
    """The rows of a record, of its first 300 s where it is longer.

    beats: (time in s, kind); shades: (start in s, end in s, strength from -1 to 1)
    """
    drawn = record.signal[: round(MAX_SECONDS * record.fs)]
    span = Range.of(drawn)
    n_row = round(SECONDS_PER_ROW * record.fs)
    rows = [
        _row(drawn[first : first + n_row], first / record.fs, record.fs, span, beats, shades)
        for first in range(0, drawn.size, n_row)
    ]
    return Strip(rows, span.words, span.share_beyond(drawn), drawn.size / record.fs)


def _row(
    signal: np.ndarray,
    start: float,
    fs: float,
    span: Range,
    beats: Sequence[tuple[float, str]],
    shades: Sequence[tuple[float, float, float]],
) -> Row:
    end = start + signal.size / fs
    width = PULSE_MM + math.ceil(round(end - start, 3)) * MM_PER_SECOND

    def x_of(seconds: float) -> float:
        return round(PULSE_MM + (seconds - start) * MM_PER_SECOND, 2)

    return Row(
        start,
        end,
        width,
        span.mm,
        _ruling(width, span.mm, 1),
        _ruling(width, span.mm, SQUARE_MM),
        _pulse(signal, span),
        _trace(signal, fs, span),
        [
            (x_of(second), f"{second} s")
            for second in range(math.ceil(start - 0.01), math.floor(end + 0.01) + 1)
        ],
        [Mark(x_of(time), kind) for time, kind in beats if start <= time < end],
        [
            ShadeMm(x_of(max(a, start)), round((min(b, end) - max(a, start)) * MM_PER_SECOND, 2), s)
            for a, b, s in shades
            if min(b, end) > max(a, start)
        ],
    )


def _ruling(width: float, height: float, step: int) -> str:
    """The lines of the paper every `step` mm."""
    across = "".join(f"M{x} 0V{height:g}" for x in range(0, round(width) + 1, step))
    return across + "".join(f"M0 {y}H{width:g}" for y in range(0, round(height) + 1, step))


def _pulse(signal: np.ndarray, span: Range) -> str:
    """1 mV for 0.2 s, on the major line nearest to the middle of the signal."""
    known = signal[~np.isnan(signal)]
    foot = round(2 * float(np.median(known))) / 2 if known.size else 0.0
    foot = min(max(foot, span.low), span.high - 1)
    y = (span.high - foot) * MM_PER_MV
    return f"M0 {y:g}H2.5V{y - MM_PER_MV:g}h5V{y:g}h2.5"


def _trace(signal: np.ndarray, fs: float, span: Range) -> str:
    """The path of a signal; missing samples leave a gap."""
    at = np.arange(signal.size)
    step = int(fs // (MM_PER_SECOND * _POINTS_PER_MM / 2))
    if step > 1:
        # The lowest and the highest sample of each step, in their order.
        pieces = [slice(i, i + step) for i in range(0, signal.size, step)]
        known = [i for i in pieces if not np.isnan(signal[i]).all()]
        ends = [
            (i.start + np.nanargmin(signal[i]), i.start + np.nanargmax(signal[i])) for i in known
        ]
        gaps = [i.start for i in pieces if np.isnan(signal[i]).any()]
        at = np.unique(np.concatenate([np.ravel(ends).astype(int), np.array(gaps, int)]))
    x = PULSE_MM + at / fs * MM_PER_SECOND
    y = (span.high - signal[at]) * MM_PER_MV
    parts, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if math.isnan(b):
            pen = "M"
            continue
        parts.append(f"{pen}{a:.2f} {b:.2f}")
        pen = "L"
    return "".join(parts)
