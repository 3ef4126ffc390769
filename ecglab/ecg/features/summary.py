"""The beats of one lead in a few numbers and one kind per beat, for a verdict in words.

Premature beats are recognised by what defines them: they come early, and a ventricular one looks
different from the usual beat, while a supraventricular one looks the same. See
Clifford GD et al., doi:10.22489/CinC.2017.065-469, for the classes that they decide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import atrial, qrs
from .bands import Bands, correlations
from .beats import TYPICAL, Beats
from .series import fraction, local_median, median

EARLY = 0.85
"""RR interval of a premature beat at most, as a share of the median of the 9 around."""

IRREGULAR = 0.12
"""Median distance of RR intervals from the median of the 9 around, as a share of it, from which on
a rhythm is too irregular to call a beat of it supraventricular premature."""


@dataclass(frozen=True, eq=False)
class BeatSummary:
    """The beats of one lead. A number that is not defined is NaN, as for a signal without beats.

    r: (n_beats,) sample numbers of the R peaks, increasing
    kinds: (n_beats,) str: "V" premature ventricular, "S" premature supraventricular, "" any other
    p_waves: (n_beats,) bool, whether a P wave is seen before the beat
    rr: (at most n_beats - 1,) RR intervals in s, without those that reach over missing samples
    """

    r: np.ndarray
    kinds: np.ndarray
    p_waves: np.ndarray
    rr: np.ndarray

    @property
    def heart_rate(self) -> float:
        """In beats per minute: 60 over the median RR interval."""
        return 60 / float(median(self.rr)) if self.rr.size else float("nan")

    @property
    def rr_cv(self) -> float:
        """SD of the RR intervals as a share of their mean: 0 for a regular rhythm."""
        return float(self.rr.std() / self.rr.mean()) if self.rr.size > 1 else float("nan")

    @property
    def rmssd(self) -> float:
        """Root mean square of the changes from one RR interval to the next, in s."""
        if self.rr.size < 2:
            return float("nan")
        return float(np.sqrt((np.diff(self.rr) ** 2).mean()))

    @property
    def n_ventricular(self) -> int:
        """Number of premature ventricular beats."""
        return int((self.kinds == "V").sum())

    @property
    def n_supraventricular(self) -> int:
        """Number of premature supraventricular beats."""
        return int((self.kinds == "S").sum())

    @property
    def p_wave_share(self) -> float:
        """Share of the beats with a P wave."""
        return fraction(self.p_waves) if self.p_waves.size else float("nan")


def beat_summary(signal_mv: ArrayLike, fs: float) -> BeatSummary:
    """The beats of one lead.

    signal_mv: (n_samples,) in mV, NaN where a sample is missing; fs: sampling rate in Hz

    >>> beat_summary(np.zeros(3000), fs=300).heart_rate
    nan
    """
    x = np.asarray(signal_mv, float)
    none = np.empty(0, int)
    if np.isnan(x).all():
        return _summary(none, none)
    bands = Bands(x, fs)
    r = qrs.detect(bands)
    if not r.size:
        return _summary(none, none)
    beats = Beats(bands, r)
    kinds, p_waves = np.zeros(r.size, "U1"), np.zeros(r.size, bool)
    if len(beats.cut) >= 3 and beats.height > 0:
        kinds[beats.inside] = _kinds(beats)
        p_waves[beats.inside] = _p_waves(beats)
    return BeatSummary(r, kinds, p_waves, qrs.intervals(bands, r))


def _summary(r: np.ndarray, rr: np.ndarray) -> BeatSummary:
    return BeatSummary(r, np.zeros(r.size, "U1"), np.zeros(r.size, bool), rr)


def _kinds(beats: Beats) -> np.ndarray:
    """(beats cut out,) "V", "S" or ""."""
    kinds = np.zeros(beats.r.size, "U1")
    if beats.r.size >= 4:
        rr = np.diff(beats.r) / beats.fs
        usual = local_median(rr)
        early = np.append(False, rr < EARLY * usual)
        steady = median(np.abs(rr / usual - 1)) < IRREGULAR
        odd = np.zeros(beats.r.size, bool)
        odd[beats.inside] = beats.correlation < TYPICAL
        kinds[early & odd] = "V"
        if steady:
            kinds[early & ~odd] = "S"
    return kinds[beats.inside]


def _p_waves(beats: Beats) -> np.ndarray:
    """(beats cut out,) whether the P wave looks like that of the median beat, if it has one."""
    window = beats.part(atrial.EARLY, atrial.LATE)
    rows, template = beats.cut[:, window], beats.template[window]
    return correlations(rows, template) > 0.6
