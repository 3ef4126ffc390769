"""Features of signal quality: can the signal be read at all.

The indices of Clifford GD, Behar J, Li Q, Rezek I. "Signal quality indices and data fusion for
determining clinical acceptability of electrocardiograms", Physiol Meas 2012;33(9):1419-1433,
doi:10.1088/0967-3334/33/9/1419 (band powers, kurtosis, flat lines, baseline, agreement of two
detectors), and how far the beats stand out from what is between them.
"""

import numpy as np

from . import candidates, qrs
from .bands import Bands, fast_length, log_ratio, moving_mean, power_of, power_spectrum, share
from .series import fraction, median

BANDS = ((0.25, 0.7), (0.7, 2), (2, 5), (5, 9), (9, 15), (15, 25), (25, 40))
"""Hz between which the power of the whole record is taken: up to what every device records."""

CLIPPED = 0.02
"""Share of the height of a record within which samples at its ends count as clipped. Equal values
would not do: they are no longer equal at another rate."""

FEATURES = {
    **{
        f"quality_power_{a:g}_{b:g}": f"power from {a:g} to {b:g} Hz over that from 0.7 to 40 Hz, "
        "log10"
        for a, b in BANDS
    },
    "quality_qrs_power": "power from 5 to 15 Hz (QRS) over that from 5 to 40 Hz (low: muscle "
    "noise)",
    "quality_spectral_entropy": "entropy of the spectrum from 0.7 to 40 Hz (0 one frequency, 1 "
    "white noise)",
    "quality_kurtosis": "kurtosis of the signal from 0.7 to 40 Hz, log10 (noise 0.5; high: sharp "
    "QRS on a quiet baseline)",
    "quality_qrs_kurtosis": "kurtosis of the QRS band, log10 (noise 0.5; high: sharp QRS)",
    "quality_flat": "share of samples that are constant for 50 ms or more (lead off)",
    "quality_clipped": "share of samples within 2 % of the height of the record from its ends "
    "(clipping)",
    "quality_missing": "share of samples that are missing",
    "quality_jumps": "steepest slope from 0.7 to 40 Hz over the median slope, log10",
    "quality_noise_level": "QRS band between the beats, as a share of its level at the beats, "
    "median",
    "quality_noise_top": "highest level of the QRS band between two beats, as a share of its "
    "level at the beats, median",
    "quality_noise_fast": "power from 25 to 40 Hz between the beats (muscle noise) over R "
    "squared, log10",
    "quality_uneven": "SD of the noisiest 2 s over the median SD of 2 s, log10",
    "quality_beat_uneven": "SD of the logarithm of the height of the QRS band at the beats",
    "quality_agreement": "agreement of two QRS detectors in different bands (F1, 0 to 1)",
    "quality_period": "highest autocorrelation of the QRS band at lags from 0.3 to 1.7 s (1: "
    "perfectly regular)",
    "quality_period_at": "lag from 0.3 to 1.7 s of the highest autocorrelation of the QRS band (s)",
    "quality_no_beats": "longest time without a beat, as a share of the record",
}


def features(bands: Bands, r: np.ndarray) -> dict[str, float]:
    """The features of quality of a signal with beats at sample numbers r (n_beats,)."""
    if not np.ptp(bands.x) > 0:
        return {"quality_flat": 1.0, "quality_missing": 1 - fraction(bands.known)}
    return _spectrum(bands) | _amplitudes(bands) | _between(bands, r) | _detection(bands, r)


def _spectrum(bands: Bands) -> dict[str, float]:
    hz, power = power_spectrum(bands.x, bands.fs)
    whole = share(hz, power, 0.7, 40)
    inner = (hz >= 0.7) & (hz < 40)
    weight = power[inner] / max(float(power[inner].sum()), 1e-30)
    entropy = -(weight[weight > 0] * np.log(weight[weight > 0])).sum() / np.log(inner.sum())
    wide = share(hz, power, 5, 40)
    return {
        **{
            f"quality_power_{a:g}_{b:g}": log_ratio(share(hz, power, a, b), whole) for a, b in BANDS
        },
        "quality_qrs_power": share(hz, power, 5, 15) / wide if wide > 0 else np.nan,
        "quality_spectral_entropy": float(entropy),
    }


def _amplitudes(bands: Bands) -> dict[str, float]:
    x, y = bands.x, bands.wide
    square = (y - y.mean()) ** 2
    variance = square.mean()
    square = square / variance if variance > 0 else np.full(y.size, np.nan)
    step, slope = np.abs(x[1:] - x[:-1]), np.abs(y[1:] - y[:-1])
    top = fraction(np.minimum(x.max() - x, x - x.min()) < CLIPPED * np.ptp(x))
    still = moving_mean((step == 0).astype(float), round(0.05 * bands.fs)) > 0.999
    width = min(round(2 * bands.fs), y.size)
    pieces = y[: y.size // width * width].reshape(-1, width).std(axis=1)
    middle = float(median(pieces))
    beat = bands.qrs * bands.qrs / max(bands.qrs.var(), 1e-30)
    return {
        "quality_kurtosis": np.log10((square * square).mean()),
        "quality_qrs_kurtosis": np.log10((beat * beat).mean() + 1e-9),
        "quality_flat": fraction(still & bands.known[1:]),
        "quality_clipped": top,
        "quality_missing": 1 - fraction(bands.known),
        "quality_jumps": log_ratio(float(slope.max()), float(median(slope))),
        "quality_uneven": log_ratio(float(pieces.max()), middle),
    }


def _between(bands: Bands, r: np.ndarray) -> dict[str, float]:
    """How far the beats stand out."""
    if r.size < 3:
        return {}
    envelope = bands.envelope
    at_beats = envelope[r]
    usual = float(median(at_beats))
    away = qrs.outside(r, 0.1, 0.1, bands)
    if not usual > 0 or not away.any():
        return {}
    outside = np.where(away, envelope, 0)
    tops = np.maximum.reduceat(outside, r)[:-1]
    fast = bands.band(25, 40)
    return {
        "quality_noise_level": median(envelope[away]) / usual,
        "quality_noise_top": median(tops) / usual,
        "quality_noise_fast": log_ratio(float((fast[away] ** 2).mean()), usual**2),
        "quality_beat_uneven": np.log(np.maximum(at_beats, 1e-6 * usual)).std(),
    }


def _detection(bands: Bands, r: np.ndarray) -> dict[str, float]:
    envelope = bands.envelope
    lag, height = _period(envelope, bands.fs)
    # A beat may have been in a gap: its ends count as beats, and the gap itself does not count.
    gaps = np.flatnonzero(bands.known[1:] != bands.known[:-1]) + 1
    edges = np.sort(np.concatenate([[0], r, gaps, [bands.n - 1]]))
    seen = np.diff(edges) - bands.missing(edges[:-1], edges[1:])
    found = {
        "quality_period": height,
        "quality_period_at": lag,
        "quality_no_beats": seen.max() / bands.n,
    }
    if r.size:
        other = candidates.high_maxima(bands.steep_envelope * bands.known, bands.fs)
        found["quality_agreement"] = agreement(r, other, round(0.1 * bands.fs))
    return found


def agreement(a: np.ndarray, b: np.ndarray, tolerance: float) -> float:
    """F1 of two lists of beats, matched where they are within `tolerance` samples."""
    if not a.size or not b.size:
        return 0.0
    return 2 * _near(a, b, tolerance) / (a.size + b.size)


def _near(a: np.ndarray, b: np.ndarray, tolerance: float) -> int:
    """How many of a have one of b within the tolerance."""
    at = np.searchsorted(b, a)
    gap = np.minimum(
        np.abs(a - b[np.maximum(at - 1, 0)]), np.abs(a - b[np.minimum(at, b.size - 1)])
    )
    return int((gap <= tolerance).sum())


def _period(envelope: np.ndarray, fs: float) -> tuple[float, float]:
    """Lag in s and height of the highest autocorrelation, at 50 Hz."""
    step = max(int(fs // 50), 1)
    few = envelope[: envelope.size // step * step].reshape(-1, step) @ np.full(step, 1 / step)
    few = np.minimum(few, 3 * median(few) + few.mean())  # a burst is not to decide alone
    few = few - few.mean()
    auto = np.fft.irfft(power_of(np.fft.rfft(few, fast_length(2 * few.size))))[: few.size]
    if not auto[0] > 0:
        return np.nan, np.nan
    rate = fs / step
    low, high = round(0.3 * rate), min(round(1.7 * rate), few.size // 2)
    at = low + int(auto[low:high].argmax())
    return at / rate, float(auto[at] / auto[0])
