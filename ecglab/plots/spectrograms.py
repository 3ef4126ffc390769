"""Figures of a record with its power over time and frequency, and with what a model predicts."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record, as_records
from ecglab.plots import spectrum
from ecglab.plots.ecg import (
    MM_PER_SECOND,
    PULSE_MM,
    SCALE,
    SQUARE_MM,
    Range,
    paper,
    part_of,
    row,
    time_labels,
)
from ecglab.plots.spectrum import LEAST, Spectrogram
from ecglab.plots.style import EDGE_MM, MM, WIDE, Style, looks, page, percent, tidy

MAP = "cividis"
"""Colours of power: even steps of lightness, the same for colour-blind people."""

RANGE_DB = 50
"""Range of the colours below the highest power."""

GREY = "0.85"
"""Colour of times at which there is no complete window, such as the first half window."""

NO_WINDOW = "grey: no complete window"

_BAR_MM = 25
"""Width beside the spectrograms, for the colour bars."""


def spectrogram(
    record: Record,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple[float, float] = (0, 50),
    *,
    simulated: bool = False,
) -> Figure:
    """The whole signal, and under it its power in dB over time and frequency.

    window, hop: length and distance of the Hann windows in s; band: lowest and highest Hz
    Grey: no complete window, at the ends and where a sample is missing. Raises
    EcglabError for a band above fs / 2.
    """
    [record] = as_records(record)
    seen = spectrum.spectrogram(record, window, min(hop, window), band, padding=4)
    title = f"Spectrogram of record {record.id}"
    figure = page(WIDE, 5.2, title, simulated, NO_WINDOW)
    (above, beside), (below, bar) = figure.subplots(
        2, 2, sharex="col", width_ratios=[70, 1], height_ratios=[2, 3]
    )
    beside.axis("off")
    time = np.arange(record.n_samples) / record.fs
    above.plot(time, record.signal, "k-", lw=0.7, gid="signal")
    above.set(ylabel="signal (mV)")
    tidy(above)
    power = seen.decibel
    loudest = 0.0 if np.isnan(power).all() else float(np.nanpercentile(power, 99.5))
    image = _image(below, seen, power, (loudest - RANGE_DB, loudest))
    below.set(xlabel="time (s)", ylabel="frequency (Hz)")
    below.set(xlim=(0, record.seconds), ylim=(band[0], image.get_extent()[3]))
    colors = figure.colorbar(image, cax=bar, extend="both")
    colors.set_label("power (dB of 1 mV²/Hz)", size=11)
    return figure


def spectrograms(
    record: Record,
    settings: Mapping[str, Mapping],
    title: str | None = None,
    start: float = 0.0,
    seconds: float = 10.0,
    *,
    simulated: bool = False,
) -> Figure:
    """A part of the record on ECG paper at true scale, with spectrograms on the same time axis.

    settings: {title of a panel: keywords of `spectrum.spectrogram`}; with `linear=True` among
    them, the panel shows the power itself and not its logarithm
    """
    part = part_of(record, start, seconds)[0], seconds
    panels = [_power(words, 28.0, record, *part, **given) for words, given in settings.items()]
    return _under_strip(record, panels, title, start, seconds, simulated)


def prediction(
    record: Record,
    probabilities: Mapping[str, float] | None,
    classes: Classes,
    reference: str = "",
    start: float = 0.0,
    seconds: float = 10.0,
    *,
    title: str | None = None,
    simulated: bool = False,
) -> Figure:
    """A part of the record on ECG paper, its spectrogram, and the predicted probabilities.

    probabilities: {class: probability}, of the whole record; None where there is no prediction
    reference: the label of the record, if it is known
    """
    begins, _ = part_of(record, start, seconds)
    smooth: dict[str, Any] = {"window": 0.32, "hop": 0.02, "padding": 4}
    panels = [_power("power over time and frequency", 34.0, record, begins, seconds, **smooth)]
    if probabilities is not None:
        words = "predicted probability of each class, for the whole record"
        if reference:
            words += f"; reference label {classes.full_name(reference, '{}, {}')}"
        height = 6.0 * len(classes)
        panels.append(_Panel(words, height, _probabilities(probabilities, classes, reference)))
    return _under_strip(record, panels, title, start, seconds, simulated)


Draw = Callable[[Axes, Axes], None]


@dataclass(frozen=True)
class _Panel:
    """What stands under a strip: draw(axes, bar) draws it, on a height in mm.

    gaps: whether it has times without a complete window
    """

    words: str
    mm: float
    draw: Draw
    gaps: bool = False


def _under_strip(
    record: Record,
    panels: list[_Panel],
    title: str | None,
    start: float,
    seconds: float,
    simulated: bool,
) -> Figure:
    """A strip at true scale, and panels under it on its time axis."""
    begins, part = part_of(record, start, seconds)
    span = Range.of(part)
    gap = 2 * SQUARE_MM
    x_strip = seconds * MM_PER_SECOND
    paper_mm = span.mm + 2 * SQUARE_MM
    width = EDGE_MM + PULSE_MM + x_strip + _BAR_MM
    height = paper_mm + sum(panel.mm + gap for panel in panels) + 1.5 * SQUARE_MM
    beyond = span.share_beyond(part)
    notes = [
        *([f"record {record.id}"] if title else []),
        f"lead {record.lead}" if record.lead else "lead not known",
        f"{begins:g} to {begins + seconds:g} s of {record.seconds:.1f} s at {record.fs:g} Hz",
        SCALE,
        *([f"CLIPPED: {percent(beyond)} lies beyond {span.words}"] if beyond else []),
        *([NO_WINDOW] if any(panel.gaps for panel in panels) else []),
    ]
    words = title or f"Record {record.id}"
    figure = page(width * MM, height * MM, words, simulated, ", ".join(notes))
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM

    def add(left: float, bottom: float, wide: float, high: float) -> Axes:
        return figure.add_axes((left / width, bottom / page_mm, wide / width, high / page_mm))

    bottom = height - paper_mm
    axes = add(EDGE_MM, bottom, PULSE_MM + x_strip, paper_mm)
    paper(axes, PULSE_MM + x_strip, paper_mm)
    row(axes, SQUARE_MM, span, part, record.fs)
    time_labels(axes, SQUARE_MM, begins, seconds)
    for panel in panels:
        bottom -= panel.mm + gap
        axes = add(EDGE_MM + PULSE_MM, bottom, x_strip, panel.mm)
        bar = add(EDGE_MM + PULSE_MM + x_strip + 2, bottom, 4, panel.mm)
        panel.draw(axes, bar)
        axes.set_title(panel.words, size=9, loc="left", weight="bold", pad=3, parse_math=False)
    return figure


def _power(
    words: str,
    mm: float,
    record: Record,
    begins: float,
    seconds: float,
    linear: bool = False,
    **given: Any,
) -> _Panel:
    """The spectrogram of the seconds that the strip shows."""
    seen = spectrum.spectrogram(record, **given)
    shown = (seen.time >= begins - 1) & (seen.time <= begins + seconds + 1)
    part = Spectrogram(seen.time[shown], seen.frequency, seen.power[:, shown])
    half = (seen.time[1] - seen.time[0]) / 2 if seen.time.size > 1 else 0.5
    whole = part.time[0] - half <= begins and part.time[-1] + half >= begins + seconds

    def draw(axes: Axes, bar: Axes) -> None:
        values = part.power if linear else part.decibel
        seen_here = values[:, (part.time >= begins) & (part.time <= begins + seconds)]
        loudest = np.nanpercentile(seen_here, 99.8) if np.isfinite(seen_here).any() else 0.0
        if linear:
            values, limits = values / max(loudest, LEAST), (0.0, 1.0)
        else:
            values, limits = values - loudest, (-RANGE_DB, 0.0)
        image = _image(axes, part, values, limits)
        axes.set(xlim=(begins, begins + seconds), ylim=(0, image.get_extent()[3]))
        axes.set_ylabel("Hz", size=9, labelpad=4)
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.tick_params(labelsize=9)
        axes.set_xticks(np.arange(np.ceil(begins), begins + seconds + 0.01), labels=[])
        colors = axes.figure.colorbar(image, cax=bar, extend="both")
        colors.set_ticks([0, 0.5, 1] if linear else [-40, -20, 0])
        colors.ax.tick_params(labelsize=10)
        colors.ax.set_title("of highest" if linear else "dB of highest", size=9, loc="left", pad=6)

    return _Panel(words, mm, draw, not whole or bool(np.isnan(part.power).any()))


def _image(
    axes: Axes, seen: Spectrogram, values: np.ndarray, limits: tuple[float, float]
) -> AxesImage:
    """Draw values (bins, frames) as an image, each at its time and frequency."""
    time, frequency = seen.time, seen.frequency
    hop = time[1] - time[0] if time.size > 1 else 1.0
    axes.set_facecolor(GREY)
    bin_hz = frequency[1] - frequency[0]
    return axes.imshow(
        values,
        cmap=MAP,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        vmin=limits[0],
        vmax=limits[1],
        extent=(
            time[0] - hop / 2,
            time[-1] + hop / 2,
            frequency[0] - bin_hz / 2,
            frequency[-1] + bin_hz / 2,
        ),
    )


def _probabilities(probabilities: Mapping[str, float], classes: Classes, reference: str) -> Draw:
    """Draws the probability of each class as a bar, with a mark at the reference label."""

    def draw(axes: Axes, bar: Axes) -> None:
        bar.axis("off")
        for i, (code, look) in enumerate(looks(classes).items()):
            share = float(probabilities[code])
            axes.barh(i, share, 0.7, color=look.color, gid="probability")
            inside = share > 0.9  # no space is left beside the bar
            style: Style = {"color": look.ink, "ha": "right"} if inside else {}
            at = share + (-0.008 if inside else 0.008)
            axes.text(at, i, f"{share:.3f}", va="center", size=8, **style)
            words = textwrap.fill(classes.meanings[code], 18)
            axes.text(1.01, i, words, va="center", size=8, color="0.3", parse_math=False)
        mark = {reference: "\N{BLACK RIGHT-POINTING TRIANGLE} "}
        names = [f"{mark.get(code, '')}{code}" for code in classes]
        axes.set_yticks(range(len(names)), names, size=8, weight="bold", parse_math=False)
        axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
        axes.tick_params(axis="x", labelsize=9)
        tidy(axes)
        axes.grid(axis="y", visible=False)

    return draw
