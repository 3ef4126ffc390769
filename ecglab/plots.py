"""Pictures of records and results: ECG paper, spectrograms, confusions, curves and intervals.

Each function returns a matplotlib Figure of its own. pyplot is never touched, so that pictures
can be drawn in any thread and without a display.
"""

import math
import textwrap
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from ecglab import metrics
from ecglab.errors import EcglabError
from ecglab.files import replacing
from ecglab.record import LABEL_NAMES, LABELS, Record

# Paul Tol's high-contrast scheme: told apart by colour-blind people and on a greyscale print.
# The line styles and markers tell the classes apart without any colour.
COLORS = {"N": "#004488", "A": "#BB5566", "O": "#DDAA33", "~": "#000000"}
STYLES = {"N": "-", "A": "--", "O": "-.", "~": ":"}
MARKERS = {"N": "o", "A": "s", "O": "^", "~": "D"}

MM = 1 / 25.4
"""A millimetre in inches, matplotlib's unit of a figure."""

MM_PER_SECOND, MM_PER_MV = 25, 10

SQUARE_MM = 5
"""Side of a major square of ECG paper: 0.2 s wide, 0.5 mV high."""

MIN_SPAN_MV, MAX_SPAN_MV = 2.0, 5.0
"""A row of a strip is at least and at most so high."""

MAX_SECONDS = 300
"""A strip shows so much of a record; one picture cannot hold a day."""

_EDGE_MM = 6
_PULSE_MM = 3 * SQUARE_MM
_RULING = {"minor": (1, 0.25, "#F6D9D4"), "major": (SQUARE_MM, 0.6, "#E0A097")}
_NARROW, _WIDE = 6.4, 11.0


def strip(
    record: Record,
    seconds_per_row: float = 10.0,
    title: str | None = None,
    *,
    synthetic: bool = False,
) -> Figure:
    """The record on ECG paper at true scale: printed at its size, 25 mm/s and 10 mm/mV.

    The one Axes is in mm of paper. Missing samples are left blank. A row is as high as the signal
    needs, in whole major squares; of a signal that needs more than 5 mV, the 5 mV in which most
    of it lies are drawn, and the picture says so, as it does when only the first 300 s are drawn.
    Raises EcglabError for rows that are not 5 to 60 s long.
    """
    if not 5 <= seconds_per_row <= 60:
        raise EcglabError(f"a row of {seconds_per_row:g} s cannot be drawn: give 5 to 60 s")
    drawn = record.signal[: round(MAX_SECONDS * record.fs)]
    known = np.sort(drawn[~np.isnan(drawn)]).astype(float)
    low, high = _amplitude_range(known)
    beyond = int(((known < low) | (known > high)).sum())
    notes = [
        *([f"record {record.id}"] if title else []),
        f"lead {record.lead}" if record.lead else "lead not known",
        f"{record.seconds:.1f} s at {record.fs:g} Hz",
        "25 mm/s, 10 mm/mV",
        f"rows from {low:g} to {high:g} mV".replace("-", "\N{MINUS SIGN}"),
        *([f"CLIPPED: {_percent(beyond / known.size)} of it lies beyond"] if beyond else []),
        *([f"ONLY THE FIRST {MAX_SECONDS} s"] if drawn.size < record.n_samples else []),
    ]

    n_row = round(seconds_per_row * record.fs)
    starts = range(0, drawn.size, n_row)
    row_mm = (high - low) * MM_PER_MV
    pitch = row_mm + SQUARE_MM  # a square under each row holds its time labels
    x_end, y_end = _PULSE_MM + seconds_per_row * MM_PER_SECOND, pitch * len(starts)
    width, height = x_end + 2 * _EDGE_MM, y_end + _EDGE_MM
    title = title or f"Record {record.id}"
    figure = _page(width * MM, height * MM, title, synthetic, ", ".join(notes))
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM
    axes = figure.add_axes((_EDGE_MM / width, _EDGE_MM / page_mm, x_end / width, y_end / page_mm))
    axes.set(xlim=(0, x_end), ylim=(0, y_end))
    axes.axis("off")
    for name, (step, lw, color) in _RULING.items():
        style = {"lw": lw, "color": color, "gid": name, "clip_on": False}
        axes.vlines(np.arange(0, x_end + 0.5, step), 0, y_end, **style)
        axes.hlines(np.arange(0, y_end + 0.5, step), 0, x_end, **style)

    # The pulse stands on the major line nearest to the signal's middle.
    foot = np.clip(round(2 * np.median(known)) / 2 if known.size else 0, low, high - 1)
    x_pulse = np.array([0.5, 1, 1, 2, 2, 2.5]) * SQUARE_MM
    y_pulse = (foot - low + np.array([0, 0, 1, 1, 0, 0])) * MM_PER_MV
    for i, start in enumerate(starts):
        bottom = y_end - (i + 1) * pitch + SQUARE_MM
        axes.plot(x_pulse, bottom + y_pulse, "k-", lw=0.9, clip_on=False, gid="pulse")
        y = bottom + (drawn[start : start + n_row] - low) * MM_PER_MV
        x = _PULSE_MM + np.arange(y.size) / record.fs * MM_PER_SECOND
        (trace,) = axes.plot(x, y, "k-", lw=0.8, gid="signal")
        trace.set_clip_path(Rectangle((0, bottom), x_end, row_mm, transform=axes.transData))
        begins = start / record.fs
        # A row may begin a fraction of a sample beside the full second.
        first, last = math.ceil(begins - 0.01), math.floor(begins + seconds_per_row + 0.01)
        seconds = np.arange(first, last + 1)
        marks = _PULSE_MM + (seconds - begins) * MM_PER_SECOND
        axes.vlines(marks, bottom - 1.2, bottom, color="black", lw=0.8)
        for mark, second in zip(marks, seconds, strict=True):
            ha = "right" if mark > x_end - 3 else "center"
            axes.text(mark, bottom - 1.5, f"{second} s", fontsize=7, ha=ha, va="top")
    return figure


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


def spectrogram(
    record: Record,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple[float, float] = (0, 50),
    *,
    synthetic: bool = False,
) -> Figure:
    """The signal, and under it its power in dB over time and frequency.

    window, hop: length and distance of the Hann windows in s; band: lowest and highest Hz
    A window with a missing sample is left blank. Raises EcglabError for a band above fs / 2.
    """
    from scipy import signal as scipy_signal

    n_window = min(max(round(window * record.fs), 2), record.n_samples)
    n_hop = min(max(round(hop * record.fs), 1), n_window)
    missing = np.isnan(record.signal)
    index = np.arange(record.n_samples)
    whole = np.interp(index, index[~missing], record.signal[~missing])
    frequency, time, power = scipy_signal.spectrogram(
        whole,
        record.fs,
        "hann",
        nperseg=n_window,
        noverlap=n_window - n_hop,
        # Padding adds no resolution; it only makes the picture smooth.
        nfft=4 * 2 ** math.ceil(math.log2(n_window)),
    )
    # Each window is drawn about its mean, so that nothing is left at 0 Hz.
    inside = (frequency > 0) & (frequency >= band[0]) & (frequency <= band[1])
    if inside.sum() < 2:
        raise EcglabError(f"{record.id}: {record.fs:g} Hz has no power at {band[0]:g} Hz and above")
    frequency, decibel = frequency[inside], 10 * np.log10(np.maximum(power[inside], 1e-12))
    gap = np.lib.stride_tricks.sliding_window_view(missing, n_window)[::n_hop].any(axis=1)
    decibel[:, gap] = np.nan
    loudest = 0.0 if gap.all() else float(np.nanpercentile(decibel, 99.5))

    figure = _page(_WIDE, 5.2, f"Spectrogram of record {record.id}", synthetic)
    (above, beside), (below, bar) = figure.subplots(
        2, 2, sharex="col", width_ratios=[70, 1], height_ratios=[2, 3]
    )
    beside.axis("off")
    above.plot(index / record.fs, record.signal, "k-", lw=0.7, gid="signal")
    above.set(ylabel="signal (mV)")
    _tidy(above)
    half, half_bin = n_hop / record.fs / 2, (frequency[1] - frequency[0]) / 2
    image = below.imshow(
        decibel,
        cmap="cividis",
        aspect="auto",
        origin="lower",
        vmin=loudest - 50,
        vmax=loudest,
        extent=(time[0] - half, time[-1] + half, frequency[0] - half_bin, frequency[-1] + half_bin),
    )
    below.set(xlabel="time (s)", ylabel="frequency (Hz)")
    below.set(xlim=(0, record.seconds), ylim=(band[0], frequency[-1] + half_bin))
    figure.colorbar(image, cax=bar, extend="both", label="power (dB of 1 mV²/Hz)")
    return figure


def confusion(labels, chosen, title: str | None = None, *, synthetic: bool = False) -> Figure:
    """Counts of reference labels (rows) against said labels (columns), with the rows' shares.

    labels, chosen: (n,) of LABELS
    """
    matrix = metrics.confusion(labels, chosen)
    total = matrix.sum(axis=1)
    share = matrix / np.maximum(total, 1)[:, None]
    title = title or f"Confusion of {matrix.sum():,} records"
    details = "number of records, and their share of the reference label"
    figure = _page(_NARROW, 5.8, title, synthetic, details)
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(matrix):
        style = {"weight": "bold" if i == j else "normal"}
        style["color"] = "white" if share[i, j] > 0.5 else "black"
        text = f"{count:,}\n{_percent(share[i, j])}"
        axes.text(j, i, text, ha="center", va="center", size=12, **style)
    names = [f"{label}\n{LABEL_NAMES[label]}".replace("atrial ", "atrial\n") for label in LABELS]
    axes.set_xticks(range(4), names)
    axes.set_yticks(range(4), [f"{a}\n{n:,}" for a, n in zip(names, total, strict=True)])
    axes.tick_params(length=0)
    axes.set_xlabel("said", size=12)
    axes.set_ylabel("reference label", size=12)
    return figure


def precision_recall(labels, probabilities, *, synthetic: bool = False) -> Figure:
    """Precision against recall of each class against the others, with its average precision.

    labels: (n,) of LABELS; probabilities: (n, 4). A class without records has no curve.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    title = f"Precision and recall of {labels.size:,} records"
    figure = _page(_NARROW, 5.2, title, synthetic)
    axes = figure.subplots()
    for i, label in enumerate(LABELS):
        truth = labels == label
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, probabilities[:, i])
        average = average_precision_score(truth, probabilities[:, i])
        axes.plot(
            recall,
            precision,
            color=COLORS[label],
            ls=STYLES[label],
            lw=2,
            drawstyle="steps-post",
            label=f"{label}  {LABEL_NAMES[label]}: {average:.3f}",
        )
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    axes.legend(title="average precision", loc="lower left", handlelength=4)
    _tidy(axes)
    return figure


def reliability(labels, probabilities, bins: int = 10, *, synthetic: bool = False) -> Figure:
    """How often each class is right at a probability, with 95 % intervals, and how many records.

    labels: (n,) of LABELS; probabilities: (n, 4); bins: number of equal bins from 0 to 1
    A point stands at its bin's mean probability, with Jeffreys' interval. The error in the title is
    `metrics.calibration_error` of the said label, in its own bins, as it is reported elsewhere.
    """
    from scipy.stats import beta

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    error = metrics.calibration_error(labels, probabilities)
    title = f"Reliability of {labels.size:,} records: expected calibration error {error:.3f}"
    figure = _page(_WIDE, 4.4, title, synthetic)
    axes = figure.subplots(2, 4, sharex=True, sharey="row", height_ratios=[5, 2])
    for label, probability, (above, below) in zip(LABELS, probabilities.T, axes.T, strict=True):
        at = np.minimum((probability * bins).astype(int), bins - 1)
        n = np.bincount(at, minlength=bins)
        right = np.bincount(at, labels == label, bins)
        low, high = beta.ppf([[0.025], [0.975]], right + 0.5, n - right + 0.5)
        filled = n > 0
        x = np.bincount(at, probability, bins)[filled] / n[filled]
        y = right[filled] / n[filled]
        above.plot([0, 1], [0, 1], color="0.6", lw=1)
        above.vlines(x, low[filled], high[filled], color=COLORS[label], lw=1.5)
        style = {"color": COLORS[label], "ls": STYLES[label], "marker": MARKERS[label]}
        above.plot(x, y, lw=1, ms=5, clip_on=False, zorder=3, **style)
        above.set_title(f"{label}  {LABEL_NAMES[label]}", size=11)
        left = np.arange(bins) / bins
        below.bar(left, n, 1 / bins, align="edge", color="0.8", edgecolor="0.3", lw=0.8)
        below.set(xlabel="probability", yscale="log", xticks=[0, 0.25, 0.5, 0.75, 1])
        _tidy(above)
        _tidy(below)
    axes[0, 0].set(ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
    axes[1, 0].set(ylabel="records", ylim=(0.7, None))
    axes[1, 0].yaxis.set_major_formatter("{x:,.0f}")
    return figure


def learning_curves(histories: dict[int, list[dict]], *, synthetic: bool = False) -> Figure:
    """Training loss, inner loss and inner F1_NAO of each fold against the epochs.

    histories: {fold: its epochs as `ecglab.training.train` tells them}; an epoch without inner
    scores is fine. The training loss may be weighted and smoothed, the inner loss never is.
    A star stands at the last epoch with the highest inner F1_NAO.
    """
    figure = _page(_WIDE, 4.0, "Learning curves", synthetic)
    all_axes = figure.subplots(1, 3, sharex=True)
    all_axes[1].sharey(all_axes[0])
    shades = colormaps["viridis"](np.linspace(0, 0.9, max(len(histories), 1)))
    names = {
        "loss": "training loss",
        "inner_loss": "inner loss",
        "inner_F1_NAO": "inner F1_NAO (star: highest)",
    }
    for axes, name in zip(all_axes, names, strict=True):
        for i, (fold, history) in enumerate(sorted(histories.items())):
            points = [(entry["epoch"], entry[name]) for entry in history if name in entry]
            if not points:
                continue
            x, y = zip(*points, strict=True)
            style = {"marker": "os^Dv"[i % 5], "ms": 5, "markevery": max(len(x) // 8, 1)}
            axes.plot(x, y, color=shades[i], lw=1.5, label=f"fold {fold}", **style)
            if name == "inner_F1_NAO":
                best = max(points, key=lambda point: point[::-1])
                axes.plot(*best, "*", ms=12, color=shades[i], mec="black", gid="best")
        if not axes.lines:
            axes.text(0.5, 0.5, "no scores", transform=axes.transAxes, ha="center", color="0.4")
        axes.set_title(names[name], size=11)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        _tidy(axes)
    if all_axes[0].lines:
        all_axes[0].legend()
    return figure


def intervals(scores, score: str = "F1_NAO", *, synthetic: bool = False) -> Figure:
    """A ladder of experiments with the 95 % intervals of their score, best first.

    scores: a table or list of dicts with name, value, low, high; NaN where there is no interval
    """
    import pandas as pd

    table = pd.DataFrame(scores).sort_values("value", ascending=False, ignore_index=True)
    title = f"{score} of each experiment with its 95 % interval"
    figure = _page(8.5, 0.9 + 0.38 * max(len(table), 1), title, synthetic)
    axes = figure.subplots()
    axes.hlines(table.index, table["low"], table["high"], color=COLORS["N"], lw=2.5)
    axes.plot(table["value"], table.index, "o", color=COLORS["N"], ms=8, mec="white")
    for y, row in table.iterrows():
        text = f"{row['value']:.3f}"
        if pd.notna(row["low"]):
            text += f"  [{row['low']:.3f}, {row['high']:.3f}]"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    names = [textwrap.fill(str(name), 40) for name in table["name"]]
    axes.set_yticks(table.index, names, parse_math=False)
    axes.set(xlabel=score, ylim=(len(table) - 0.5, -0.5))
    _tidy(axes)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a PNG at 150 dpi, whole or not at all; EcglabError where that cannot be done."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=150)


def _page(
    width: float, height: float, title: str, synthetic: bool = False, details: str = ""
) -> Figure:
    """A Figure of `width` inches with `height` inches free under its title."""
    head = textwrap.wrap(title, int(8 * width))
    small = textwrap.wrap(details, int(14 * width))
    top = 0.32 * synthetic + 0.1
    full = height + top + 0.23 * len(head) + 0.17 * len(small) + 0.08
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, rect=(0, 0, 1, height / full))
    figure = Figure((width, full), layout=layout)
    if synthetic:
        y = 1 - 0.32 / full
        figure.add_artist(Rectangle((0, y), 1, 1 - y, color="black"))
        style = {"color": "white", "weight": "bold", "size": 12, "ha": "center"}
        figure.text(0.5, 1 - 0.16 / full, "SYNTHETIC DATA", va="center_baseline", **style)
    x = _EDGE_MM * MM / width
    for lines, down, size in (head, top, 12), (small, top + 0.23 * len(head), 9):
        style = {"size": size, "weight": "bold" if lines is head else "normal"}
        figure.text(x, 1 - down / full, "\n".join(lines), va="top", parse_math=False, **style)
    return figure


def _tidy(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.9", lw=0.7)
    axes.set_axisbelow(True)


def _percent(share: float) -> str:
    """A share as "12 %", or "<1 %" where that would round to nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
