"""Features of the shape of the beats: their average, and how far single ones differ from it.

Beats that come early and look different are ventricular, early ones that look the same are
supraventricular; a broad QRS is a block. Clifford GD et al. "AF classification from a short
single lead ECG recording: the PhysioNet/Computing in Cardiology Challenge 2017",
doi:10.22489/CinC.2017.065-469, describes the classes.
"""

from functools import cached_property

import numpy as np

from .bands import Bands, correlations
from .qrs import whole
from .series import fraction, median, percentile

BEFORE, AFTER = 0.3, 0.5
"""Seconds of a beat, from the R peak."""

TYPICAL = 0.85
"""Correlation of its QRS with the template from which on a beat looks typical."""

FEATURES = {
    "beat_correlation_mean": "correlation of a QRS complex with that of the median beat "
    "(-1 to 1), mean",
    "beat_correlation_median": "correlation of a QRS complex with that of the median beat "
    "(-1 to 1), median",
    "beat_correlation_min": "correlation of the QRS least like that of the median beat (-1 to 1)",
    "beat_correlation_p10": "correlation of a QRS complex with that of the median beat "
    "(-1 to 1), 10th percentile",
    "beat_atypical": "share of beats whose QRS correlates below 0.85 with that of the median beat",
    "beat_strange": "share of beats whose QRS correlates below 0.5 with that of the median beat",
    "beat_whole_correlation": "correlation of a whole beat (P, QRS, T) with the median beat "
    "(-1 to 1), median",
    "beat_whole_correlation_p10": "correlation of a whole beat (P, QRS, T) with the median beat "
    "(-1 to 1), 10th percentile",
    "beat_t_correlation": "correlation of ST and T (from 0.1 s after R on) with those of the "
    "median beat (-1 to 1), median",
    "beat_early_correlation": "correlation of the QRS of premature beats with that of the median "
    "beat (low: ventricular), mean",
    "beat_early_atypical": "share of beats that are premature and atypical in shape (ventricular)",
    "beat_late_atypical": "share of beats that are atypical in shape but not premature",
    "beat_width": "QRS duration of the median beat (s)",
    "beat_spread": "SD in time of the slope energy of the QRS of the median beat (s; another "
    "measure of its duration)",
    "beat_spread_max": "duration of the broadest QRS, as a multiple of the median over the beats",
    "beat_spread_sd": "SD of the QRS duration over the beats, as a share of its median",
    "beat_r_sd": "SD of the R amplitude, as a share of the median R amplitude",
    "beat_r_min": "smallest R amplitude, as a share of the median R amplitude",
    "beat_q": "lowest point up to 0.06 s before R (Q wave), as a share of R",
    "beat_s": "lowest point up to 0.09 s after R (S wave), as a share of R",
    "beat_st": "ST level 0.08 to 0.12 s after R against the level before the QRS, as a share of R",
    "beat_t": "T wave amplitude, as a share of R (below 0: inverted against R)",
    "beat_t_at": "time from R to the peak of T (s)",
    "beat_t_energy": "energy of ST and T (from 0.12 s after R on) over that of the QRS, log10",
    "beat_qrs_coherence": "share of the QRS energy that repeats in every beat (0 to 1)",
    "beat_t_coherence": "share of the energy from 0.12 to 0.42 s after R (ST and T) that repeats "
    "in every beat (0 to 1)",
    "beat_noise": "energy of the difference of a beat from the median beat over the energy of "
    "the median beat, median, log10",
}


class Beats:
    """The beats of a record, cut out and turned so that R is upright.

    r: (n_beats,) sample numbers; those too near an end to be cut out are no part of `cut`, nor are
    those in which samples are missing
    """

    def __init__(self, bands: Bands, r: np.ndarray):
        self.fs, self.r = bands.fs, r
        self.before, self.after = round(BEFORE * self.fs), round(AFTER * self.fs)
        self.inside = (r >= self.before) & (r + self.after < bands.n)
        self.inside &= bands.missing(r - self.before, r + self.after) == 0
        self.rr = np.diff(r, prepend=0) / self.fs
        self.rr[:1] = np.nan
        self.rr[1:][~whole(r, bands)] = np.nan
        index = r[self.inside][:, None] + np.arange(-self.before, self.after)
        cut = bands.wide[index]
        near = slice(self.before - round(0.08 * self.fs), self.before + round(0.08 * self.fs) + 1)
        extremes = cut[:, near]
        swing = median(extremes.max(axis=1) + extremes.min(axis=1)) if len(cut) else 0.0
        self.sign = -1.0 if swing < 0 else 1.0
        self.cut = cut * self.sign

    def part(self, start: float, end: float) -> slice:
        """From `start` to `end` s after R, as a slice of a beat."""
        return slice(self.before + round(start * self.fs), self.before + round(end * self.fs))

    @cached_property
    def template(self) -> np.ndarray:
        """(samples of a beat,) the median beat, of those that look like it where enough do."""
        first = median(self.cut.T)
        alike = correlations(self.cut[:, self._qrs], first[self._qrs]) > TYPICAL
        return median(self.cut[alike].T) if alike.sum() >= 3 else first

    @property
    def _qrs(self) -> slice:
        return self.part(-0.08, 0.08)

    @cached_property
    def correlation(self) -> np.ndarray:
        """(beats cut out,) correlation of each QRS with the template's."""
        return correlations(self.cut[:, self._qrs], self.template[self._qrs])

    @cached_property
    def height(self) -> float:
        """R of the template over its level before it."""
        level = median(self.template[self.part(-0.12, -0.05)])
        return float(self.template[self.part(-0.04, 0.05)].max() - level)

    @cached_property
    def comparable(self) -> bool:
        """Whether the shapes can be compared: of 3 beats at least, whose median has a height."""
        return len(self.cut) >= 3 and self.height > 0

    @cached_property
    def rr_before(self) -> np.ndarray:
        """(beats cut out,) RR interval that ends with the beat, s; NaN where it is not known."""
        return self.rr[self.inside]

    @cached_property
    def early(self) -> np.ndarray:
        """(beats cut out,) whether a beat comes 15 % earlier than the median RR."""
        known = self.rr[~np.isnan(self.rr)]
        if known.size < 3:
            return np.zeros(len(self.cut), bool)
        return self.rr_before < 0.85 * median(known)

    @cached_property
    def typical_rr(self) -> np.ndarray:
        """RR intervals in s between neighbours that both look typical."""
        good = np.zeros(self.r.size, bool)
        if len(self.cut):
            good[np.flatnonzero(self.inside)[self.correlation > TYPICAL]] = True
        return self.rr[1:][good[1:] & good[:-1] & ~np.isnan(self.rr[1:])]


def coherence(rows: np.ndarray) -> float:
    """Energy of the mean of rows (n, samples) over their mean energy, without what noise adds.

    1 where all rows are alike, about 0 where they have nothing in common.
    """
    n, width = rows.shape
    rows = rows - rows.sum(axis=1, keepdims=True) / width
    energy, total = np.vdot(rows, rows), rows.sum(axis=0)
    if n < 3 or not energy > 0:
        return np.nan
    return float((total @ total / (n * energy) - 1 / n) * n / (n - 1))


def features(beats: Beats) -> dict[str, float]:
    """The features of the shape of beats."""
    if not beats.comparable:
        return {}
    return _likeness(beats) | _qrs(beats) | _waves(beats)


def _likeness(beats: Beats) -> dict[str, float]:
    c = beats.correlation
    whole = correlations(beats.cut, beats.template)
    t = beats.part(0.1, AFTER)
    odd = c < TYPICAL
    qrs = beats.part(-0.05, 0.06)
    residual = ((beats.cut - beats.template) ** 2).mean(axis=1)
    energy = (beats.template**2).mean()
    return {
        "beat_correlation_mean": c.mean(),
        "beat_correlation_median": median(c),
        "beat_correlation_min": c.min(),
        "beat_correlation_p10": percentile(c, 10),
        "beat_atypical": fraction(odd),
        "beat_strange": fraction(c < 0.5),
        "beat_whole_correlation": median(whole),
        "beat_whole_correlation_p10": percentile(whole, 10),
        "beat_t_correlation": median(correlations(beats.cut[:, t], beats.template[t])),
        "beat_early_correlation": c[beats.early].mean() if beats.early.any() else np.nan,
        "beat_early_atypical": fraction(beats.early & odd),
        "beat_late_atypical": fraction(~beats.early & odd),
        "beat_qrs_coherence": coherence(beats.cut[:, qrs]),
        "beat_t_coherence": coherence(beats.cut[:, beats.part(0.12, 0.42)]),
        "beat_noise": np.log10(median(residual) / energy + 1e-9),
    }


def _qrs(beats: Beats) -> dict[str, float]:
    around = beats.part(-0.12, 0.14)
    time = (np.arange(around.stop - around.start) - (beats.before - around.start)) / beats.fs
    each, mean = _spread(beats.cut[:, around], time), _spread(beats.template[None, around], time)
    typical = median(each)
    near = beats.cut[:, beats.part(-0.06, 0.07)]
    level = median(beats.cut[:, beats.part(-0.12, -0.05)])
    up = near.max(axis=1) - level
    middle = median(up) or np.nan
    slope = np.abs(np.diff(beats.template[around])) * beats.fs
    steep = np.flatnonzero(slope > 0.12 * slope.max())
    return {
        "beat_width": (steep[-1] - steep[0]) / beats.fs if steep.size else np.nan,
        "beat_spread": mean[0],
        "beat_spread_max": each.max() / typical,
        "beat_spread_sd": each.std() / typical,
        "beat_r_sd": up.std() / middle,
        "beat_r_min": up.min() / middle,
    }


def _spread(rows: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(n,) root of the second moment in time of the energy of the slope of rows (n, samples)."""
    energy = (rows[:, 1:] - rows[:, :-1]) ** 2
    total = np.maximum(energy.sum(axis=1, keepdims=True), 1e-30)
    middle = (energy * time[1:]).sum(axis=1, keepdims=True) / total
    return np.sqrt((energy * (time[1:] - middle) ** 2).sum(axis=1) / total[:, 0])


def _waves(beats: Beats) -> dict[str, float]:
    template, height = beats.template, beats.height
    level = median(template[beats.part(-0.12, -0.05)])
    from_r = (template - level) / height
    # The T wave ends before the next P wave: at a high rate, sooner after R.
    rr = median(np.diff(beats.r)) / beats.fs if beats.r.size > 1 else 1.0
    t = beats.part(0.13, float(np.clip(0.6 * rr, 0.25, AFTER)))
    wave = template[t] - np.linspace(template[t][0], template[t][-1], t.stop - t.start)
    at = int(np.abs(wave).argmax())
    qrs = template[beats.part(-0.08, 0.1)]
    late = template[beats.part(0.12, AFTER)]
    return {
        "beat_q": from_r[beats.part(-0.06, 0.0)].min(),
        "beat_s": from_r[beats.part(0.0, 0.09)].min(),
        "beat_st": from_r[beats.part(0.08, 0.12)].mean(),
        "beat_t": wave[at] / height,
        "beat_t_at": (t.start + at - beats.before) / beats.fs,
        "beat_t_energy": np.log10((late**2).sum() / (qrs**2).sum() + 1e-9),
    }
