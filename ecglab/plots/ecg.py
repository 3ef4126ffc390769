"""Figures of records on ECG paper at true scale: one record in rows, or several on one sheet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ecglab.ecg.record import Record, as_records
from ecglab.plots.style import EDGE_MM, MM, Style, page, percent
from ecglab.utils.errors import EcglabError

MM_PER_SECOND, MM_PER_MV = 25, 10

SQUARE_MM = 5
"""Side of a major square of ECG paper: 0.2 s wide, 0.5 mV high."""

MIN_SPAN_MV, MAX_SPAN_MV = 2.0, 5.0
"""Least and greatest height of a row in mV."""

MAX_SECONDS = 300
"""Longest part of a record that a strip shows, in s."""

PULSE_MM = 3 * SQUARE_MM
"""Width of the calibration pulse of 1 mV at the beginning of a row."""

SCALE = f"{MM_PER_SECOND} mm/s, {MM_PER_MV} mm/mV"

SHADES = "PuOr"
"""Colours of a shade: orange below 0, violet above; colour-blind people can tell them apart."""

_SCALE_MM = 10
"""Height of the scale of a shade under a strip."""

_RULING = {"minor": (1, 0.25, "#F6D9D4"), "major": (SQUARE_MM, 0.6, "#E0A097")}


@dataclass(frozen=True)
class Shade:
    """Colours behind a signal, with an absolute scale: 0 is white in every figure.

    edges: (n + 1,) in s; values: (n,); limit: the value, up or down, of the darkest colours
    words: what the values are, beside the scale
    """

    edges: np.ndarray
    values: np.ndarray
    limit: float
    words: str

    def color(self, value: float) -> tuple:
        """The colour of a value. Darker ones would hide the signal."""
        share = float(np.clip(value / self.limit, -1, 1))
        red, green, blue, _ = colormaps[SHADES](0.5 + 0.3 * share)
        return red, green, blue, 0.75


@dataclass(frozen=True)
class Range:
    """Lowest and highest mV of a row, in whole major squares."""

    low: float
    high: float

    @classmethod
    def of(cls, signal: np.ndarray) -> "Range":
        """The 2 to 5 mV that show the most of a signal (n_samples,)."""
        known = np.sort(signal[~np.isnan(signal)]).astype(float)
        return cls(*_amplitude_range(known))

    @property
    def mm(self) -> float:
        return (self.high - self.low) * MM_PER_MV

    @property
    def words(self) -> str:
        return f"{self.low:g} to {self.high:g} mV".replace("-", "\N{MINUS SIGN}")

    def share_beyond(self, signal: np.ndarray) -> float:
        """Share of the known samples that a row does not show."""
        known = signal[~np.isnan(signal)]
        return float(((known < self.low) | (known > self.high)).mean()) if known.size else 0.0


def strip(
    record: Record,
    seconds_per_row: float = 10.0,
    title: str | None = None,
    *,
    shade: Shade | None = None,
    simulated: bool = False,
) -> Figure:
    """The record on ECG paper at true scale: printed at its size, 25 mm/s and 10 mm/mV.

    The one Axes is in mm of paper. Missing samples are left blank. A row is as high as the signal
    needs, in whole major squares; of a signal that needs more than 5 mV, the 5 mV in which most
    of it lies are drawn, and the figure says so, as it does when only the first 300 s are drawn.
    shade: colours behind the signal, whose scale is drawn under it
    Raises EcglabError for rows that are not 5 to 60 s long.

    >>> import ecglab
    >>> figure = strip(ecglab.Record(np.sin(np.arange(9000) / 20), fs=300, lead="I"))
    >>> figure.savefig("strip.png")
    """
    [record] = as_records(record)
    if not 5 <= seconds_per_row <= 60:
        raise EcglabError(f"a row of {seconds_per_row:g} s cannot be drawn: give 5 to 60 s")
    drawn = record.signal[: round(MAX_SECONDS * record.fs)]
    span = Range.of(drawn)
    beyond = span.share_beyond(drawn)
    notes = [
        *([f"record {record.id}"] if title else []),
        f"lead {record.lead}" if record.lead else "lead not known",
        f"{record.seconds:.1f} s at {record.fs:g} Hz",
        SCALE,
        f"rows from {span.words}",
        *([f"CLIPPED: {percent(beyond)} of it lies beyond"] if beyond else []),
        *([f"ONLY THE FIRST {MAX_SECONDS} s"] if drawn.size < record.n_samples else []),
    ]
    n_row = round(seconds_per_row * record.fs)
    starts = range(0, drawn.size, n_row)
    pitch = span.mm + SQUARE_MM  # a square under each row holds its time labels
    x_end, y_end = PULSE_MM + seconds_per_row * MM_PER_SECOND, pitch * len(starts)
    foot = EDGE_MM + (_SCALE_MM if shade else 0)
    width, height = x_end + 2 * EDGE_MM, y_end + foot
    title = title or f"Record {record.id}"
    figure = page(width * MM, height * MM, title, simulated, ", ".join(notes))
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM
    axes = figure.add_axes((EDGE_MM / width, foot / page_mm, x_end / width, y_end / page_mm))
    paper(axes, x_end, y_end)
    if shade is not None:
        beside = (EDGE_MM + PULSE_MM) / width
        _scale(figure.add_axes((beside, 8 / page_mm, 80 / width, 3 / page_mm)), shade)
    for i, start in enumerate(starts):
        bottom = y_end - (i + 1) * pitch + SQUARE_MM
        begins = start / record.fs
        if shade is not None:
            _shaded(axes, bottom, span, begins, seconds_per_row, shade)
        row(axes, bottom, span, drawn[start : start + n_row], record.fs)
        time_labels(axes, bottom, begins, seconds_per_row)
    return figure


def strips(
    records: Mapping[str, Record] | Sequence[tuple[str, Record]],
    title: str,
    start: float = 0.0,
    seconds: float = 10.0,
    *,
    simulated: bool = False,
) -> Figure:
    """The same number of seconds of several records on one sheet of ECG paper, one row each.

    records: {caption: record}; start: of the part that is drawn, in s, earlier in a short record
    """
    records = list(records.items() if isinstance(records, Mapping) else records)
    parts = [part_of(record, start, seconds) for _, record in records]
    spans = [Range.of(part) for _, part in parts]
    head = 2 * SQUARE_MM  # for the caption above each row
    heights = [head + span.mm + SQUARE_MM for span in spans]
    x_end, y_end = PULSE_MM + seconds * MM_PER_SECOND, sum(heights)
    width, height = x_end + 2 * EDGE_MM, y_end + EDGE_MM
    figure = page(width * MM, height * MM, title, simulated, f"{seconds:g} s of each, {SCALE}")
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM
    axes = figure.add_axes((EDGE_MM / width, EDGE_MM / page_mm, x_end / width, y_end / page_mm))
    paper(axes, x_end, y_end)
    bottom = y_end
    for (words, record), (begins, part), span, mm in zip(
        records, parts, spans, heights, strict=True
    ):
        bottom -= mm
        row(axes, bottom + SQUARE_MM, span, part, record.fs)
        time_labels(axes, bottom + SQUARE_MM, begins, seconds)
        beyond = span.share_beyond(part)
        clipped = f" (CLIPPED: {percent(beyond)} lies beyond {span.words})" if beyond else ""
        caption(axes, bottom + mm - 1.5 * SQUARE_MM, words + clipped)
    return figure


def caption(axes: Axes, y: float, words: str) -> None:
    """A caption above a row, on white so that the ruling does not cross it."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.text(1, y, words, size=9, weight="bold", va="center", bbox=box, parse_math=False)


def paper(axes: Axes, x_end: float, y_end: float) -> None:
    """Draw the ruling of 1 and 5 mm; the data coordinates of the Axes are mm afterwards."""
    axes.set(xlim=(0, x_end), ylim=(0, y_end))
    axes.axis("off")
    for name, (step, lw, color) in _RULING.items():
        style: Style = {"lw": lw, "color": color, "gid": name, "clip_on": False}
        axes.vlines(np.arange(0, x_end + 0.5, step), 0, y_end, **style)
        axes.hlines(np.arange(0, y_end + 0.5, step), 0, x_end, **style)


def row(axes: Axes, bottom: float, span: Range, signal: np.ndarray, fs: float) -> None:
    """Draw the pulse of 1 mV and a signal (n_samples,) in mV at true scale, from `bottom` mm on."""
    known = signal[~np.isnan(signal)]
    # The pulse stands on the major line nearest to the signal's middle.
    foot = round(2 * float(np.median(known))) / 2 if known.size else 0.0
    foot = min(max(foot, span.low), span.high - 1)
    x_pulse = np.array([0.5, 1, 1, 2, 2, 2.5]) * SQUARE_MM
    y_pulse = (foot - span.low + np.array([0, 0, 1, 1, 0, 0])) * MM_PER_MV
    axes.plot(x_pulse, bottom + y_pulse, "k-", lw=0.9, clip_on=False, gid="pulse")
    y = bottom + (signal - span.low) * MM_PER_MV
    x = PULSE_MM + np.arange(y.size) / fs * MM_PER_SECOND
    (trace,) = axes.plot(x, y, "k-", lw=0.8, gid="signal")
    inside = Rectangle((0, bottom), axes.get_xlim()[1], span.mm, transform=axes.transData)
    trace.set_clip_path(inside)


def time_labels(axes: Axes, bottom: float, begins: float, seconds: float) -> None:
    """Draw a tick and a label at every full second under a row."""
    # A row may begin a fraction of a sample beside the full second.
    first, last = math.ceil(begins - 0.01), math.floor(begins + seconds + 0.01)
    marks = PULSE_MM + (np.arange(first, last + 1) - begins) * MM_PER_SECOND
    axes.vlines(marks, bottom - 1.2, bottom, color="black", lw=0.8)
    for mark, second in zip(marks, range(first, last + 1), strict=True):
        ha = "right" if mark > axes.get_xlim()[1] - 3 else "center"
        axes.text(mark, bottom - 1.5, f"{second} s", fontsize=7, ha=ha, va="top")


def part_of(record: Record, start: float, seconds: float) -> tuple[float, np.ndarray]:
    """(start in s, samples) of a part of a record, moved forward where the record ends before."""
    begins = max(min(start, record.seconds - seconds), 0.0)
    first = round(begins * record.fs)
    return begins, record.signal[first : first + round(seconds * record.fs)]


def _scale(axes: Axes, shade: Shade) -> None:
    """Draw the colours of a shade from its lowest to its highest value."""
    values = np.linspace(-shade.limit, shade.limit, 101)
    colors = np.array([[shade.color(value) for value in values]])
    axes.imshow(colors, aspect="auto", extent=(-shade.limit, shade.limit, 0, 1), gid="scale")
    ticks = np.linspace(-shade.limit, shade.limit, 5)
    names = [f"{tick:+g}".replace("-", "\N{MINUS SIGN}") if tick else "0" for tick in ticks]
    names[0] = f"\N{LESS-THAN OR EQUAL TO} {names[0]}"
    names[-1] = f"\N{GREATER-THAN OR EQUAL TO} {names[-1]}"
    axes.set_xticks(ticks, names, size=9)
    axes.set_yticks([])
    style: Style = {"va": "center", "size": 9, "parse_math": False}
    axes.text(1.06, 0.5, shade.words, transform=axes.transAxes, **style)


def _shaded(
    axes: Axes, bottom: float, span: Range, begins: float, seconds: float, shade: Shade
) -> None:
    """Draw the colours of a shade behind a row."""
    for left, right, value in zip(shade.edges[:-1], shade.edges[1:], shade.values, strict=True):
        left, right = max(left - begins, 0), min(right - begins, seconds)
        if right > left:
            axes.add_patch(
                Rectangle(
                    (PULSE_MM + left * MM_PER_SECOND, bottom),
                    (right - left) * MM_PER_SECOND,
                    span.mm,
                    facecolor=shade.color(value),
                    lw=0,
                    gid="shade",
                )
            )


def _amplitude_range(known: np.ndarray) -> tuple[float, float]:
    """Lowest and highest mV of a row: 2 to 5 mV in whole major squares that show the most.

    known: sorted samples in mV, none missing
    """
    if not known.size:
        return -MIN_SPAN_MV / 2, MIN_SPAN_MV / 2
    square = SQUARE_MM / MM_PER_MV
    lines = np.unique(np.floor(known / square)) * square
    low, high = float(lines[0]), float(lines[-1]) + square
    if high - low > MAX_SPAN_MV:
        shown = np.searchsorted(known, lines + MAX_SPAN_MV) - np.searchsorted(known, lines)
        low = float(lines[shown.argmax()])
        return low, low + MAX_SPAN_MV
    while high - low < MIN_SPAN_MV:
        if high - known[-1] < known[0] - low:
            high += square
        else:
            low -= square
    return low, high
