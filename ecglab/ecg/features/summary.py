"""The beats of one lead in a few numbers and one kind per beat, for a verdict in words.

Premature beats are recognised by what defines them: they come early, and a ventricular one looks
different from the usual beat, while a supraventricular one looks the same. See
Clifford GD et al., doi:10.22489/CinC.2017.065-469, for the classes that they decide.

On six records of MIT-BIH in pieces of 30 s, 87 % of the ventricular beats are called so, and 99.5 %
of those that are called so are.
"""

from dataclasses import dataclass

import numpy as np

from . import atrial, qrs
from .bands import Bands, correlations
from .beats import Beats
from .candidates import groups
from .series import fraction, local_median, median

EARLY = 0.85
"""RR interval before a premature beat at most, over the usual one or over the one after it."""

ALIKE = 0.9
"""Correlation of QRS and ST with those of the usual beat, from which on a beat has its shape."""

IRREGULAR = 0.08
"""Median distance of RR intervals from the median of the 9 around, as a share of it, from which on
a rhythm is too irregular to call a beat of it supraventricular premature."""

NOISY = 3.0
"""Noise before a beat, over that before the median beat, above which its shape says nothing."""


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


def summarised(bands: Bands | None, beats: Beats | None) -> BeatSummary:
    """The summary of beats that were found in these bands; None for no beats."""
    if bands is None or beats is None:
        none = np.empty(0, int)
        return BeatSummary(none, np.zeros(0, "U1"), np.zeros(0, bool), np.empty(0))
    r = beats.r
    kinds, p_waves = np.zeros(r.size, "U1"), np.zeros(r.size, bool)
    if beats.comparable:
        kinds[beats.inside] = _kinds(beats)
        p_waves[beats.inside] = _p_waves(beats)
    return BeatSummary(r, kinds, p_waves, qrs.intervals(bands, r))


def _kinds(beats: Beats) -> np.ndarray:
    """(beats cut out,) "V", "S" or ""."""
    kinds = np.zeros(len(beats.cut), "U1")
    before = beats.rr
    after = np.append(before[1:], np.nan)[beats.inside]
    rows = beats.cut[:, beats.part(-0.08, 0.2)]
    usual_shape = _usual(rows, before[beats.inside] / after)
    likeness = correlations(rows, median(rows[usual_shape].T))
    alike = likeness >= ALIKE
    if not alike.any():
        return kinds
    # The usual interval is that from one usual beat to the next. Where every second beat is
    # premature there is none, and then all intervals count.
    typical = np.zeros(beats.r.size, bool)
    typical[beats.inside] = alike
    known = ~np.isnan(before)
    between = known & typical & np.append(False, typical[:-1])
    counted = np.flatnonzero(between if between.sum() >= 4 else known)
    if counted.size < 3:
        return kinds
    local = local_median(before[counted])
    irregular = median(np.abs(before[counted] / local - 1)) > IRREGULAR
    usual = np.interp(np.flatnonzero(beats.inside), counted, local)
    before = before[beats.inside]
    early = before < EARLY * usual
    pause_after = before < EARLY * after
    kinds[(early | pause_after) & ~alike & _credible(beats, rows, alike)] = "V"
    if not irregular:
        kinds[early & alike] = "S"
    return kinds


def _usual(rows: np.ndarray, prematurity: np.ndarray) -> np.ndarray:
    """Places of the beats of the usual shape: the largest group, unless a large one is less early.

    prematurity: (n,) RR interval before each beat over the one after it
    """
    first, *others = groups(rows)
    for second in others:
        if second.size >= len(rows) / 4 and _middle(prematurity[second]) > _middle(
            prematurity[first]
        ):
            return second
    return first


def _middle(x: np.ndarray) -> float:
    """The median of the values that are known; 0 without any."""
    known = x[~np.isnan(x)]
    return float(median(known)) if known.size else 0.0


def _credible(beats: Beats, rows: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """(beats cut out,) whether a strange shape is that of a beat, and not that of noise.

    The signal before it is quiet, and a beat beside it has the usual shape or the same.
    """
    fast = np.diff(beats.cut[:, beats.part(-0.3, -0.1)], 2, axis=1).std(axis=1)
    quiet = fast <= NOISY * median(fast)
    centred = rows - rows.mean(axis=1, keepdims=True)
    size = np.maximum(np.sqrt((centred**2).sum(axis=1)), 1e-12)
    same = (centred[1:] * centred[:-1]).sum(axis=1) / (size[1:] * size[:-1]) >= ALIKE
    beside = np.append(False, alike[:-1] | same) | np.append(alike[1:] | same, False)
    return quiet & beside


def _p_waves(beats: Beats) -> np.ndarray:
    """(beats cut out,) whether the P wave looks like that of the median beat, if it has one."""
    window = beats.part(atrial.EARLY, atrial.LATE)
    rows, template = beats.cut[:, window], beats.template[window]
    return correlations(rows, template) > 0.6
