"""Pictures of a record: ECG paper and spectrogram."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ecglab.errors import EcglabError
from ecglab.plots.style import EDGE_MM, MM, WIDE, page, percent, tidy
from ecglab.record import Record

MM_PER_SECOND, MM_PER_MV = 25, 10

SQUARE_MM = 5
"""Side of a major square of ECG paper: 0.2 s wide, 0.5 mV high."""

MIN_SPAN_MV, MAX_SPAN_MV = 2.0, 5.0
"""A row of a strip is at least and at most so high."""

MAX_SECONDS = 300
"""A strip shows so much of a record; one picture cannot hold a day."""

_PULSE_MM = 3 * SQUARE_MM
_RULING = {"minor": (1, 0.25, "#F6D9D4"), "major": (SQUARE_MM, 0.6, "#E0A097")}


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
        *([f"CLIPPED: {percent(beyond / known.size)} of it lies beyond"] if beyond else []),
        *([f"ONLY THE FIRST {MAX_SECONDS} s"] if drawn.size < record.n_samples else []),
    ]

    n_row = round(seconds_per_row * record.fs)
    starts = range(0, drawn.size, n_row)
    row_mm = (high - low) * MM_PER_MV
    pitch = row_mm + SQUARE_MM  # a square under each row holds its time labels
    x_end, y_end = _PULSE_MM + seconds_per_row * MM_PER_SECOND, pitch * len(starts)
    width, height = x_end + 2 * EDGE_MM, y_end + EDGE_MM
    title = title or f"Record {record.id}"
    figure = page(width * MM, height * MM, title, synthetic, ", ".join(notes))
    figure.set_layout_engine("none")
    page_mm = figure.get_figheight() / MM
    axes = figure.add_axes((EDGE_MM / width, EDGE_MM / page_mm, x_end / width, y_end / page_mm))
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

    figure = page(WIDE, 5.2, f"Spectrogram of record {record.id}", synthetic)
    (above, beside), (below, bar) = figure.subplots(
        2, 2, sharex="col", width_ratios=[70, 1], height_ratios=[2, 3]
    )
    beside.axis("off")
    above.plot(index / record.fs, record.signal, "k-", lw=0.7, gid="signal")
    above.set(ylabel="signal (mV)")
    tidy(above)
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
