"""Charts of one recording: intervals between beats, power over time, and signal quality."""

import base64
import io

import numpy as np

from ecglab.ecg import features
from ecglab.ecg.quality import quality
from ecglab.ecg.record import Record
from ecglab.plots.chart_svg import Axis, Chart
from ecglab.plots.spectrograms import MAP, RANGE_DB
from ecglab.plots.spectrum import spectrogram as power_of

WINDOW = 5.0
"""Seconds of which the quality over time is that."""

_COLUMNS = 1000
"""Frames of a spectrogram at most."""


def intervals(signal: np.ndarray, fs: float, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(time in s of the later beat, RR interval in s) of beats r; NaN where samples are missing."""
    missing = np.concatenate([[0], np.cumsum(np.isnan(signal))])
    rr = np.diff(r) / fs
    return r[1:] / fs, np.where(missing[r[1:]] - missing[r[:-1]] < 0.1 * fs, rr, np.nan)


def rr_series(time: np.ndarray, rr: np.ndarray, kinds: np.ndarray, seconds: float) -> Chart:
    """RR intervals (n,) in s over time; kinds: (n,) of the later beats."""
    known = rr[~np.isnan(rr)]
    alt = "No two beats were found."
    if known.size:
        alt = (
            f"{known.size} RR intervals of {known.min():.2f} to {known.max():.2f} s, "
            f"median {np.median(known):.2f} s."
        )
    chart = Chart("RR intervals", alt, Axis(0, seconds, "time (s)"), _rr_axis(known, "RR (s)"))
    chart.lines.append(chart.path(time, rr))
    chart.points += _points(chart, time, rr, kinds)
    return chart


def poincare(rr: np.ndarray, kinds: np.ndarray) -> Chart:
    """Each RR interval (n,) in s against the one before; kinds: (n,) of the beats between them."""
    known = rr[~np.isnan(rr)]
    axis = _rr_axis(known, "RR (s)")
    before, after = rr[:-1], rr[1:]
    pairs = ~np.isnan(before + after)
    alt = "There are no two successive RR intervals."
    if pairs.any():
        change = np.abs(after - before)[pairs]
        alt = (
            f"{pairs.sum()} pairs of RR intervals, which differ by {np.median(change):.2f} s in "
            f"the median and by {change.max():.2f} s at most."
        )
    chart = Chart("Poincaré plot", alt, axis, Axis(axis.low, axis.high, "next RR (s)"), 300, 292)
    chart.guides.append(chart.path([axis.low, axis.high], [axis.low, axis.high]))
    chart.points += _points(chart, before, after, kinds[:-1])
    chart.note = "On the diagonal, two successive intervals are equal."
    return chart


def spectrogram(record: Record) -> Chart:
    """Power of the signal over time and frequency."""
    seen = power_of(record, hop=max(0.08, record.seconds / _COLUMNS), padding=4)
    power = seen.decibel
    loudest = float(np.nanpercentile(power, 99.5)) if np.isfinite(power).any() else 0.0
    bin_hz = seen.frequency[1] - seen.frequency[0]
    top = float(seen.frequency[-1] + bin_hz / 2)
    mean = np.nanmean(np.where(np.isnan(power), np.nan, seen.power), axis=1)
    peak = seen.frequency[int(np.nanargmax(mean))] if np.isfinite(mean).any() else np.nan
    alt = f"Power from 0 to {top:.0f} Hz over {record.seconds:.0f} s, highest at {peak:.0f} Hz."
    words = Axis(0, record.seconds, "time (s)"), Axis(0, top, "frequency (Hz)")
    chart = Chart("Spectrogram", alt, *words)
    # The first and the last frame are half a window inside the record.
    left, low = chart.at(seen.time[0], 0)
    right, high = chart.at(seen.time[-1], top)
    chart.image = _address(power, loudest - RANGE_DB, loudest)
    chart.image_at = (left, high, right - left, low - high)
    chart.note = f"Bright: high power. The colours span {RANGE_DB} dB."
    return chart


def quality_over_time(signal: np.ndarray, fs: float) -> Chart:
    """Signal quality of windows of 5 s of a prepared signal."""
    seconds = signal.size / fs
    n = max(round(seconds / max(WINDOW / 2, seconds / 60)) - 1, 1)
    middles = np.linspace(WINDOW / 2, max(seconds - WINDOW / 2, WINDOW / 2), n)
    values = np.array([_quality(signal, fs, middle) for middle in middles])
    alt = (
        f"Quality of windows of {WINDOW:g} s, from 0 (bad) to 1 (good): {values.min():.2f} to "
        f"{values.max():.2f}, lowest at {middles[values.argmin()]:.0f} s."
    )
    words = Axis(0, seconds, "time (s)"), Axis(0, 1, "quality")
    chart = Chart("Signal quality", alt, *words)
    chart.lines.append(chart.path(middles, values))
    chart.points += _points(chart, middles, values, np.full(n, ""))
    return chart


def _quality(signal: np.ndarray, fs: float, middle: float) -> float:
    first = max(round((middle - WINDOW / 2) * fs), 0)
    part = signal[first : first + round(WINDOW * fs)]
    if np.isnan(part).all():
        return 0.0
    return quality(dict(zip(features.names, features.extract(part, fs).tolist(), strict=True)))


def _rr_axis(known: np.ndarray, words: str) -> Axis:
    low, high = (known.min(), known.max()) if known.size else (0.6, 1.2)
    return Axis(max(float(low) - 0.15, 0.0), float(high) + 0.15, words)


def _points(
    chart: Chart, x: np.ndarray, y: np.ndarray, kinds: np.ndarray
) -> list[tuple[float, float, str]]:
    known = ~np.isnan(np.asarray(x) + np.asarray(y))
    return [
        (*chart.at(a, b), str(kind))
        for a, b, kind in zip(x[known], y[known], kinds[known], strict=True)
    ]


def _address(values: np.ndarray, low: float, high: float) -> str:
    """An image of values (rows from the bottom, columns) as an address that holds it."""
    from matplotlib import colormaps
    from matplotlib.image import imsave

    share = np.clip((values - low) / (high - low), 0, 1)
    colors = colormaps[MAP](share)
    colors[np.isnan(values), 3] = 0
    file = io.BytesIO()
    imsave(file, colors[::-1], format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
