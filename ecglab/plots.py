"""Pictures of records and results: ECG paper, spectrograms, confusions, curves and intervals.

Each function returns a matplotlib Figure of its own. pyplot is never touched, so that pictures
can be drawn in any thread and without a display.
"""

import math
import textwrap
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from ecglab import metrics
from ecglab.errors import EcglabError
from ecglab.files import replacing
from ecglab.record import LABEL_NAMES, LABELS, Record

# Tol's high-contrast scheme (personal.sron.nl/~pault): told apart by colour-blind people and on
# a greyscale print. The line styles and markers tell the classes apart without any colour.
COLORS = {"N": "#004488", "A": "#BB5566", "O": "#DDAA33", "~": "#000000"}
STYLES = {"N": "-", "A": "--", "O": "-.", "~": ":"}
MARKERS = {"N": "o", "A": "s", "O": "^", "~": "D"}
_FOLD_MARKERS = "os^Dv"

MM = 1 / 25.4
"""A millimetre in inches, matplotlib's unit of a figure."""

MM_PER_SECOND = 25.0
MM_PER_MV = 10.0
SQUARE_MM = 5
"""Side of a major square of ECG paper: 0.2 s wide, 0.5 mV high."""

MIN_SPAN_MV = 2.0
MAX_SPAN_MV = 5.0
"""A row of the strip is at least and at most so high."""

MAX_ROWS = 30

_EDGE_MM = 6.0
_PULSE_MM = 3 * SQUARE_MM
_PAPER = {"minor": "#F7DCD7", "major": "#E3A69D"}


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
    of it lies are drawn, and the picture says so. Of a record of more than 30 rows the first 30
    are drawn. Raises EcglabError for rows that are not 5 to 60 s long.
    """
    if not 5 <= seconds_per_row <= 60:
        raise EcglabError(f"a row of {seconds_per_row:g} s cannot be drawn: give 5 to 60 s")
    n_row = round(seconds_per_row * record.fs)
    rows = np.split(record.signal, range(n_row, record.n_samples, n_row))[:MAX_ROWS]
    drawn = np.concatenate(rows)
    low, high = _amplitude_range(drawn)

    pitch = (high - low) * MM_PER_MV + SQUARE_MM  # a square under each row has its time labels
    paper = _PULSE_MM + seconds_per_row * MM_PER_SECOND, pitch * len(rows)
    width, height = paper[0] + 2 * _EDGE_MM, paper[1] + _EDGE_MM
    figure, free = _page(width * MM, height * MM, title or f"Record {record.id}", synthetic)
    axes = figure.add_axes(
        (_EDGE_MM / width, free * _EDGE_MM / height, paper[0] / width, free * paper[1] / height),
        xlim=(0, paper[0]),
        ylim=(0, paper[1]),
    )
    axes.axis("off")
    for name, step in ("minor", 1), ("major", SQUARE_MM):
        line = {"color": _PAPER[name], "lw": 0.3 if step == 1 else 0.7, "gid": name}
        axes.vlines(np.arange(0, paper[0] + 0.5, step), 0, paper[1], **line)
        axes.hlines(np.arange(0, paper[1] + 0.5, step), 0, paper[0], **line)

    # The pulse stands on the whole square nearest to the signal's middle.
    foot = np.clip(_square(np.nanmedian(drawn)) if np.isfinite(drawn).any() else 0, low, high - 1)
    for i, signal in enumerate(rows):
        bottom = paper[1] - (i + 1) * pitch + SQUARE_MM
        begins = i * seconds_per_row
        pulse = bottom + (foot - low + np.array([0, 0, 1, 1, 0, 0])) * MM_PER_MV
        axes.plot([2.5, 5, 5, 10, 10, 12.5], pulse, color="black", lw=0.9, gid="pulse")
        x = _PULSE_MM + np.arange(signal.size) / record.fs * MM_PER_SECOND
        (trace,) = axes.plot(
            x, bottom + (signal - low) * MM_PER_MV, color="black", lw=0.8, gid="signal"
        )
        row = Rectangle((0, bottom), paper[0], (high - low) * MM_PER_MV, transform=axes.transData)
        trace.set_clip_path(row)
        for second in range(math.ceil(begins), math.floor(begins + seconds_per_row) + 1):
            at = _PULSE_MM + (second - begins) * MM_PER_SECOND
            axes.plot([at, at], [bottom - 1, bottom], color="black", lw=0.8)
            ha = "right" if at == paper[0] else "center"
            axes.text(at, bottom - 1.4, f"{second} s", fontsize=7, ha=ha, va="top")

    if record.n_samples == drawn.size and signal.size < n_row:
        axes.plot([x[-1]] * 2, [bottom, bottom + pitch - SQUARE_MM], "k--", lw=0.8, gid="end")
        axes.text(x[-1] + 1, bottom + 1, f"end, {record.seconds:.1f} s", fontsize=7, va="bottom")
    beyond = np.mean((drawn < low) | (drawn > high))
    notes = [
        f"lead {record.lead}" if record.lead else "lead not known",
        f"record {record.id}, {record.seconds:.1f} s at {record.fs:g} Hz",
        f"25 mm/s, 10 mm/mV, rows from {low:g} to {high:g} mV",
    ]
    if beyond:
        notes.append(f"CLIPPED: {_percent(beyond)} of the signal lies beyond")
    if drawn.size < record.n_samples:
        notes.append(f"only the first {drawn.size / record.fs:g} s are drawn")
    figure.text(
        _EDGE_MM / width,
        free * _EDGE_MM / height / 2,
        "  |  ".join(notes),
        fontsize=9,
        va="center",
        parse_math=False,
    )
    return figure


def _square(mv: float) -> float:
    """The line of a major square at or below, in mV."""
    return math.floor(mv * MM_PER_MV / SQUARE_MM) * SQUARE_MM / MM_PER_MV


def _amplitude_range(signal: np.ndarray) -> tuple[float, float]:
    """Lowest and highest mV of a row: whole major squares, 2 to 5 mV, that show the most."""
    known = np.sort(signal[~np.isnan(signal)]).astype(float)
    if not known.size:
        return -1.0, 1.0
    square = SQUARE_MM / MM_PER_MV
    low, high = _square(known[0]), _square(known[-1]) + square
    if high - low > MAX_SPAN_MV:
        lows = np.unique(np.floor(known / square)) * square
        shown = np.searchsorted(known, lows + MAX_SPAN_MV) - np.searchsorted(known, lows)
        low = float(lows[shown.argmax()])
        high = low + MAX_SPAN_MV
    while high - low < MIN_SPAN_MV:
        low, high = (low, high + square) if known[-1] + low > known[0] else (low - square, high)
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

    window, hop: length and distance of the (Tukey) windows in s; band: lowest and highest Hz
    A window with a missing sample is left blank.
    """
    from scipy import signal as scipy_signal

    n_window = max(round(window * record.fs), 2)
    n_hop = min(max(round(hop * record.fs), 1), n_window)
    missing = np.isnan(record.signal)
    at = np.arange(record.n_samples)
    whole = np.interp(at, at[~missing], record.signal[~missing])
    # Padding to a longer transform only draws the frequencies more finely.
    n_transform = 4 * 2 ** math.ceil(math.log2(n_window))
    frequency, time, power = scipy_signal.spectrogram(
        whole, record.fs, nperseg=n_window, noverlap=n_window - n_hop, nfft=n_transform
    )
    inside = (frequency >= band[0]) & (frequency <= band[1])
    decibel = 10 * np.log10(np.maximum(power[inside], 1e-12))
    gap = np.lib.stride_tricks.sliding_window_view(missing, n_window)[::n_hop].any(axis=1)
    decibel[:, gap] = np.nan
    loudest = np.nanpercentile(decibel, 99.5) if not gap.all() else 0.0

    figure, _ = _page(11, 5.4, f"Spectrogram of record {record.id}", synthetic, constrained=True)
    axes = figure.subplots(
        2, 2, sharex="col", width_ratios=[60, 1], height_ratios=[2, 3], squeeze=False
    )
    (above, corner), (below, bar) = axes
    corner.axis("off")
    above.plot(at / record.fs, record.signal, color="black", lw=0.7, gid="signal")
    above.set(ylabel="signal (mV)", xlim=(0, record.seconds))
    half_hop, half_bin = n_hop / record.fs / 2, record.fs / n_transform / 2
    shown = frequency[inside]
    image = below.imshow(
        decibel,
        cmap="cividis",
        aspect="auto",
        origin="lower",
        vmin=loudest - 50,
        vmax=loudest,
        extent=(
            time[0] - half_hop,
            time[-1] + half_hop,
            shown[0] - half_bin,
            shown[-1] + half_bin,
        ),
    )
    below.set(
        xlabel="time (s)",
        ylabel="frequency (Hz)",
        xlim=(0, record.seconds),
        ylim=(band[0], min(band[1], record.fs / 2)),
    )
    figure.colorbar(image, cax=bar, extend="both", label="power (dB of 1 mV²/Hz)")
    _tidy(above)
    return figure


def confusion(labels, chosen, title: str | None = None, *, synthetic: bool = False) -> Figure:
    """Counts of reference labels (rows) against said labels (columns), with the rows' shares.

    labels, chosen: (n,) of LABELS
    """
    matrix = metrics.confusion(labels, chosen)
    total = matrix.sum(axis=1)
    share = matrix / np.maximum(total, 1)[:, None]
    figure, _ = _page(
        6.4, 5.6, title or f"Confusion of {matrix.sum():,} records", synthetic, constrained=True
    )
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(matrix):
        axes.text(
            j,
            i,
            f"{count:,}\n{_percent(share[i, j]) if total[i] else '–'}",
            ha="center",
            va="center",
            fontsize=12,
            fontweight="bold" if i == j else "normal",
            color="white" if share[i, j] > 0.5 else "black",
        )
    names = [f"{label}\n{LABEL_NAMES[label].replace(' ', chr(10))}" for label in LABELS]
    axes.set_xticks(range(4), names)
    axes.set_yticks(
        range(4), [f"{name}\n({n:,})" for name, n in zip(names, total, strict=True)], va="center"
    )
    axes.tick_params(length=0)
    axes.set_xlabel("said", fontsize=12)
    axes.set_ylabel("reference label", fontsize=12)
    bar = figure.colorbar(image, label="share of the reference label", fraction=0.045)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def precision_recall(labels, probabilities, *, synthetic: bool = False) -> Figure:
    """Precision against recall of each class against the others, with its average precision.

    labels: (n,) of LABELS; probabilities: (n, 4)
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    title = f"Precision and recall of {labels.size:,} records"
    figure, _ = _page(6.4, 5.4, title, synthetic, constrained=True)
    axes = figure.subplots()
    for i, label in enumerate(LABELS):
        truth = labels == label
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, probabilities[:, i])
        mean = average_precision_score(truth, probabilities[:, i])
        axes.plot(
            recall,
            precision,
            color=COLORS[label],
            ls=STYLES[label],
            lw=2,
            drawstyle="steps-post",
            label=f"{label}  {LABEL_NAMES[label]}: {mean:.3f}",
        )
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    axes.legend(title="average precision", loc="lower left", handlelength=3.5)
    _tidy(axes)
    return figure


def reliability(labels, probabilities, bins: int = 10, *, synthetic: bool = False) -> Figure:
    """How often each class is right at a probability, with 95 % intervals, over bins of it.

    labels: (n,) of LABELS; probabilities: (n, 4); bins: number of equal bins from 0 to 1
    The intervals are Jeffreys'. Under each class stands the number of records in each bin.
    """
    from scipy.stats import beta

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    error = metrics.calibration_error(labels, probabilities)
    title = f"Reliability of {labels.size:,} records: expected calibration error {error:.3f}"
    figure, _ = _page(11, 4.4, title, synthetic, constrained=True)
    axes = figure.subplots(2, 4, sharex=True, sharey="row", height_ratios=[3, 1])
    edges = np.linspace(0, 1, bins + 1)
    for i, label in enumerate(LABELS):
        above, below = axes[:, i]
        probability = probabilities[:, i]
        at = np.clip((probability * bins).astype(int), 0, bins - 1)
        count = np.bincount(at, minlength=bins)
        filled = count > 0
        mean = np.bincount(at, probability, bins)[filled] / count[filled]
        right, n = np.bincount(at, labels == label, bins)[filled], count[filled]
        interval = beta.ppf([[0.025], [0.975]], right + 0.5, n - right + 0.5)
        above.plot([0, 1], [0, 1], color="0.6", lw=1)
        above.vlines(mean, *interval, color=COLORS[label], lw=1.2)
        above.plot(
            mean, right / n, color=COLORS[label], ls=STYLES[label], marker=MARKERS[label], ms=5
        )
        above.set_title(f"{label}  {LABEL_NAMES[label]}", fontsize=11)
        below.bar(edges[:-1], count, width=1 / bins, align="edge", color="0.75", edgecolor="0.3")
        below.set(xlabel="probability", yscale="log", ylim=(0.7, None))
        _tidy(above)
        _tidy(below)
    axes[0, 0].set(ylabel="share of the class", xlim=(0, 1), ylim=(0, 1.02))
    axes[1, 0].set_ylabel("records")
    return figure


def learning_curves(histories: dict[int, list[dict]], *, synthetic: bool = False) -> Figure:
    """Loss and inner F1_NAO of each fold against the epochs.

    histories: {fold: entries of `ecglab.training.train`}; the inner scores may be missing
    """
    figure, _ = _page(11, 4.4, "Learning curves", synthetic, constrained=True)
    left, right = figure.subplots(1, 2)
    shades = _fold_shades(len(histories))
    for i, (fold, history) in enumerate(sorted(histories.items())):
        every = max(len(history) // 8, 1)
        style = {"color": shades[i], "marker": _FOLD_MARKERS[i % 5], "markevery": every, "ms": 5}
        for axes, name, ls in (left, "loss", "-"), (left, "inner_loss", "--"), (
            right,
            "inner_F1_NAO",
            "-",
        ):
            entries = [entry for entry in history if name in entry]
            label = f"fold {fold}" if name != "inner_loss" else None
            axes.plot(
                [entry["epoch"] for entry in entries],
                [entry[name] for entry in entries],
                ls=ls,
                label=label,
                **style,
            )
    return figure
