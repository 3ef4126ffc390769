"""Features of what the atria do: P waves before the QRS, fibrillatory waves between the beats.

The P wave is looked for in the average before R, where noise and fibrillatory waves cancel;
fibrillatory waves in what is left when the average beat is taken off, after Slocum J, Sahakian A,
Swiryn S. "Diagnosis of atrial fibrillation from surface electrocardiograms based on
computer-detected atrial activity", J Electrocardiol 1992;25(1):1-8,
doi:10.1016/0022-0736(92)90123-H, who look at the power from 4 to 9 Hz.
"""

import numpy as np

from .bands import Bands, correlations, log_ratio, power_spectrum, share
from .beats import Beats, coherence
from .qrs import outside
from .series import fraction, median, percentile

EARLY, LATE = -0.26, -0.06
"""Seconds after R between which the P wave is looked for."""

FEATURES = {
    "p_amplitude": "P wave amplitude, as a share of R (below 0: inverted against R)",
    "p_at": "time from the peak of P to R (s)",
    "p_prominence": "height of P above the signal on both its sides, as a share of R",
    "p_coherence": "share of the energy from 0.26 to 0.06 s before R (P wave) that repeats in "
    "every beat (0 to 1)",
    "p_coherence_early": "share of the energy from 0.28 to 0.17 s before R that repeats in every "
    "beat (0 to 1)",
    "p_coherence_late": "share of the energy from 0.17 to 0.06 s before R that repeats in every "
    "beat (0 to 1)",
    "p_correlation": "correlation of a beat's P wave with that of the median beat (-1 to 1), "
    "median",
    "p_correlation_p10": "correlation of a beat's P wave with that of the median beat (-1 to 1), "
    "10th percentile",
    "p_present": "share of beats whose P wave correlates above 0.6 with that of the median beat",
    "p_energy": "energy of P over that of the QRS in the median beat, log10",
    "p_noise": "energy of the difference of a beat's P wave from the median beat's, over the "
    "energy of the latter, median, log10",
    "p_snr": "P wave amplitude of the median beat, as a multiple of the SD of single beats about "
    "it",
    "f_power": "power from 4 to 9 Hz between the QRS complexes without the median beat "
    "(fibrillatory waves), over R squared, log10",
    "f_slow": "power from 1 to 4 Hz over that from 4 to 9 Hz between the QRS complexes without "
    "the median beat, log10",
    "f_fast": "power from 9 to 20 Hz over that from 4 to 9 Hz between the QRS complexes without "
    "the median beat, log10",
    "f_peak": "strongest frequency from 3.5 to 12 Hz between the QRS complexes (Hz; the rate of "
    "fibrillatory or flutter waves)",
    "f_concentration": "share of the power from 3.5 to 12 Hz within 0.75 Hz of the strongest "
    "frequency (high: flutter)",
    "f_entropy": "entropy of the spectrum from 3.5 to 12 Hz (0 one frequency, 1 all alike)",
    "f_tq_power": "mean energy of the signal between T and P (TQ interval) over R squared, log10",
    "f_tq_share": "share of the record that is between T and P (TQ intervals)",
    "f_tq_turns": "turning points of the signal between T and P (per s)",
}


def features(bands: Bands, beats: Beats) -> dict[str, float]:
    """The features of atrial activity."""
    if not beats.comparable:
        return {}
    return _p_wave(beats) | _f_waves(bands, beats)


def _p_wave(beats: Beats) -> dict[str, float]:
    window = beats.part(EARLY, LATE)
    rows, template = beats.cut[:, window], beats.template[window]
    n = template.size
    line = np.linspace(0, 1, n)
    # Against a straight line from end to end: the P wave stands out whatever the level.
    wave = template - (template[:3].mean() * (1 - line) + template[-3:].mean() * line)
    at = int(np.abs(wave[2:-2]).argmax()) + 2
    peak = wave[at]
    turned = template * np.sign(peak) if peak else template
    prominence = turned[at] - max(turned[:at].min(), turned[at:].min())
    c = correlations(rows, template)
    residual = rows - template
    residual = residual - residual.sum(axis=1, keepdims=True) / n
    noise = np.einsum("ij,ij->i", residual, residual) / n
    centred = template - template.mean()
    qrs = beats.template[beats.part(-0.08, 0.1)]
    return {
        "p_amplitude": peak / beats.height,
        "p_at": (beats.before - window.start - at) / beats.fs,
        "p_prominence": prominence / beats.height,
        "p_coherence": coherence(rows),
        "p_coherence_early": coherence(beats.cut[:, beats.part(-0.28, -0.17)]),
        "p_coherence_late": coherence(beats.cut[:, beats.part(-0.17, -0.06)]),
        "p_correlation": median(c),
        "p_correlation_p10": percentile(c, 10),
        "p_present": fraction(c > 0.6),
        "p_energy": log_ratio((centred**2).sum(), (qrs**2).sum()),
        "p_noise": log_ratio(median(noise), (centred**2).mean()),
        "p_snr": np.abs(wave).max() / max(float(median(np.sqrt(noise))), 1e-12),
    }


def _f_waves(bands: Bands, beats: Beats) -> dict[str, float]:
    rest = bands.wide * beats.sign
    # Scaled to each beat's own size, so that breathing leaves no remainder.
    scale = beats.cut @ beats.template / (beats.template @ beats.template)
    average = beats.template * _taper(beats)
    for r, size in zip(beats.r[beats.inside].tolist(), np.clip(scale, 0.5, 1.5), strict=True):
        rest[r - beats.before : r + beats.after] -= size * average
    # What a QRS leaves behind is not atrial.
    quiet = outside(beats.r, 0.07, 0.1, bands)
    hz, power = power_spectrum(rest * quiet, bands.fs)
    inner = (hz >= 3.5) & (hz < 12)
    f = power[inner]
    whole = max(float(f.sum()), 1e-30)
    peak = float(hz[inner][f.argmax()])
    weight = f[f > 0] / whole
    middle = share(hz, power, 4, 9)
    size = fraction(quiet) * beats.height**2 * power.size**2
    return {
        "f_power": log_ratio(middle, size),
        "f_slow": log_ratio(share(hz, power, 1, 4), middle),
        "f_fast": log_ratio(share(hz, power, 9, 20), middle),
        "f_peak": peak,
        "f_concentration": share(hz, power, peak - 0.75, peak + 0.75) / whole,
        "f_entropy": float(-(weight * np.log(weight)).sum() / np.log(f.size)),
        **_tq(bands, beats),
    }


def _taper(beats: Beats) -> np.ndarray:
    """1 in the middle of a beat, falling to 0 at both ends over 0.05 s."""
    n, edge = beats.before + beats.after, beats.fs * 0.05
    at = np.arange(n)
    return np.clip(np.minimum(at, n - 1 - at) / edge, 0, 1)


def _tq(bands: Bands, beats: Beats) -> dict[str, float]:
    """What the signal itself does between the end of T and the start of P."""
    rr = np.diff(beats.r)
    start = beats.r[:-1] + np.minimum(0.55 * rr, 0.45 * bands.fs).astype(int)
    end = beats.r[1:] - round(0.24 * bands.fs)
    length = end - start
    enough = (length >= 0.1 * bands.fs) & (bands.missing(start, np.maximum(start, end)) == 0)
    start, length = start[enough], length[enough]
    if not length.size:
        return {"f_tq_share": 0.0}
    # All pieces in a row: `piece` says of which one a sample is, `first` where each begins.
    total, first = length.sum(), np.cumsum(length) - length
    piece = np.repeat(np.arange(length.size), length)
    y = bands.slow[np.arange(total) + (start - first)[piece]]
    y = y - (np.add.reduceat(y, first) / length)[piece]
    energy = np.add.reduceat(y**2, first) / length
    step = y[1:] - y[:-1]
    turns = ((step[1:] * step[:-1] < 0) & (piece[2:] == piece[:-2])).sum()
    return {
        "f_tq_power": log_ratio(float(median(energy)), beats.height**2),
        "f_tq_share": total / bands.n,
        "f_tq_turns": turns / total * bands.fs,
    }
