"""Pictures of a record's power over time and frequency, under the record itself."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglab.analysis import spectrum
from ecglab.analysis.spectrum import Spectrogram
from ecglab.ecg.record import LABEL_NAMES, LABELS, Record
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
from ecglab.plots.style import COLORS, EDGE_MM, MM, WIDE, page, percent, tidy

MAP = "cividis"
"""Colours of power: even steps of lightness, alike for colour-blind people."""

RANGE_DB = 50
"""So far below the loudest a colour still changes."""

_BAR_MM = 24
"""Beside the spectrograms, for the colours' meaning."""


def spectrogram(
    record: Record,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple[float, float] = (0, 50),
    *,
    synthetic: bool = False,
) -> Figure:
    """The whole signal, and under it its power in dB over time and frequency.

    window, hop: length and distance of the Hann windows in s; band: lowest and highest Hz
    A window with a missing sample is left blank. Raises EcglabError for a band above fs / 2.
    """
    seen = spectrum.spectrogram(record, window, min(hop, window), band, padding=4)
    figure = page(WIDE, 5.2, f"Spectrogram of record {record.id}", synthetic)
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
    figure.colorbar(image, cax=bar, extend="both", label="power (dB of 1 mV²/Hz)")
    return figure


def spectrograms(
    record: Record,
    settings: Mapping[str, Mapping],
    title: str | None = None,
    start: float = 0.0,
    seconds: float = 10.0,
    *,
    synthetic: bool = False,
) -> Figure:
    """A part of the record on ECG paper at true scale, and spectrograms under it on its time axis.

    settings: {words: keywords of `ecglab.analysis.spectrum.spectrogram`, and `linear=True` for
        power that is no logarithm}, a spectrogram each
    """

    def panel(given):
        given = dict(given)
        linear = given.pop("linear", False)
        return lambda axes, bar, begins: _panel(
            axes, bar, spectrum.spectrogram(record, **given), begins, seconds, linear
        )

    panels = [(words, 28.0, panel(given)) for words, given in settings.items()]
    return _under_strip(record, panels, title, start, seconds, synthetic)


def judged(
    record: Record,
    probabilities: Mapping[str, float] | None,
    reference: str = "",
    start: float = 0.0,
    seconds: float = 10.0,
    *,
    title: str | None = None,
    synthetic: bool = False,
) -> Figure:
    """A part of the record on ECG paper, its spectrogram, and what a model says of the record.

    probabilities: {"N": ..., "A": ..., "O": ..., "~": ...}, or None before anyone was asked
    reference: the label that the record has, if it has one
    """
    smooth = {"window": 0.32, "hop": 0.02, "padding": 4}
    panels = [
        (
            "power over time and frequency",
            34.0,
            lambda axes, bar, begins: _panel(
                axes, bar, spectrum.spectrogram(record, **smooth), begins, seconds, linear=False
            ),
        )
    ]
    if probabilities is not None:
        words = "probability of each class for the whole record"
        if reference:
            words += f"; reference label {reference} ({LABEL_NAMES[reference]})"
        panels.append(
            (words, 24.0, lambda axes, bar, begins: _opinion(axes, bar, probabilities, reference))
        )
    return _under_strip(record, panels, title, start, seconds, synthetic)


Draw = Callable[[object, object, float], None]


def _under_strip(record, panels: list[tuple[str, float, Draw]], title, start, seconds, synthetic):
    """A strip at true scale, and panels of so many mm under it that share its time axis."""
    begins, part = part_of(record, start, seconds)
    span = Range.of(part)
    gap = 2 * SQUARE_MM
    x_strip = seconds * MM_PER_SECOND
    paper_mm = span.mm + 2 * SQUARE_MM
    width = EDGE_MM + PULSE_MM + x_strip + _BAR_MM
    height = paper_mm + sum(mm + gap for _, mm, _ in panels) + 1.5 * SQUARE_MM
    beyond = span.share_beyond(part)
    notes = [
        *([f"record {record.id}"] if title else []),
        f"lead {record.lead}" if record.lead else "lead not known",
        f"{begins:g} to {begins + seconds:g} s of {record.seconds:.1f} s at {record.fs:g} Hz",
        SCALE,
        *([f"CLIPPED: {percent(beyond)} lies beyond {span.words}"] if beyond else []),
    ]
    words = title or f"Record {record.id}"
    figure = page(width * MM, height * MM, words, synthetic, ", ".join(notes))
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM

    def add(left, bottom, wide, high):
        return figure.add_axes((left / width, bottom / page_mm, wide / width, high / page_mm))

    bottom = height - paper_mm
    axes = add(EDGE_MM, bottom, PULSE_MM + x_strip, paper_mm)
    paper(axes, PULSE_MM + x_strip, paper_mm)
    row(axes, SQUARE_MM, span, part, record.fs)
    time_labels(axes, SQUARE_MM, begins, seconds)
    for words, mm, draw in panels:
        bottom -= mm + gap
        axes = add(EDGE_MM + PULSE_MM, bottom, x_strip, mm)
        bar = add(EDGE_MM + PULSE_MM + x_strip + 2, bottom, 3, mm)
        draw(axes, bar, begins)
        axes.set_title(words, size=9, loc="left", weight="bold", pad=3, parse_math=False)
    return figure


def _panel(axes, bar, seen: Spectrogram, begins, seconds, linear: bool) -> None:
    """A spectrogram of the seconds that the strip shows."""
    shown = (seen.time >= begins - 1) & (seen.time <= begins + seconds + 1)
    seen = Spectrogram(seen.time[shown], seen.frequency, seen.power[:, shown])
    values = seen.power if linear else seen.decibel
    loudest = np.nanpercentile(values, 99.8) if np.isfinite(values).any() else 0.0
    if linear:
        values, limits = values / max(loudest, 1e-12), (0.0, 1.0)
    else:
        values, limits = values - loudest, (-RANGE_DB, 0.0)
    image = _image(axes, seen, values, limits)
    axes.set(xlim=(begins, begins + seconds), ylim=(0, image.get_extent()[3]))
    axes.set_ylabel("Hz", size=8, labelpad=4)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.tick_params(labelsize=7)
    axes.set_xticks(np.arange(np.ceil(begins), begins + seconds + 0.01), labels=[])
    colors = axes.figure.colorbar(image, cax=bar, extend="both")
    what = "share of\nthe loudest" if linear else "dB of the\nloudest"
    colors.set_label(what, size=7)
    colors.ax.tick_params(labelsize=7)


def _image(axes, seen: Spectrogram, values, limits: tuple[float, float]):
    """The values (bins, frames) as an image, each at its time and frequency."""
    hop = seen.time[1] - seen.time[0] if seen.time.size > 1 else 1.0
    bin_hz = seen.frequency[1] - seen.frequency[0]
    return axes.imshow(
        values,
        cmap=MAP,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        vmin=limits[0],
        vmax=limits[1],
        extent=(
            seen.time[0] - hop / 2,
            seen.time[-1] + hop / 2,
            seen.frequency[0] - bin_hz / 2,
            seen.frequency[-1] + bin_hz / 2,
        ),
    )


def _opinion(axes, bar, probabilities: Mapping[str, float], reference: str) -> None:
    """The probability of each class as a bar, the reference label's with a mark."""
    bar.axis("off")
    for i, label in enumerate(LABELS):
        share = float(probabilities[label])
        axes.barh(i, share, 0.7, color=COLORS[label], gid="probability")
        inside = share > 0.9  # where there is no room beside it
        ink = "black" if label == "O" else "white"
        style = {"color": ink, "ha": "right"} if inside else {}
        at = share + (-0.008 if inside else 0.008)
        axes.text(at, i, f"{share:.3f}", va="center", size=8, **style)
    mark = {label: "\N{BLACK RIGHT-POINTING TRIANGLE} " for label in (reference,) if label}
    names = [f"{mark.get(label, '')}{label}" for label in LABELS]
    axes.set_yticks(range(len(LABELS)), names, size=8, weight="bold")
    for i, label in enumerate(LABELS):
        axes.text(1.01, i, LABEL_NAMES[label], va="center", size=7, color="0.3")
    axes.set(xlim=(0, 1), ylim=(len(LABELS) - 0.5, -0.5))
    axes.tick_params(axis="x", labelsize=7)
    tidy(axes)
    axes.grid(axis="y", visible=False)
