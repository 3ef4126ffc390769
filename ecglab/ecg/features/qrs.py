"""Where the QRS complexes are.

An envelope of the band of the QRS, a threshold that follows its height, a refractory period and a
second look where a beat is missing: the parts of Pan J, Tompkins WJ. "A real-time QRS detection
algorithm", IEEE Trans Biomed Eng 1985;32(3):230-236, doi:10.1109/TBME.1985.325532, put together
for short records that are there as a whole.

Compared with wfdb 4.3's `xqrs_detect` on 38 records of each class of CinC 2017, this detector finds
99.2 % (N), 98.8 % (A), 97.9 % (O) and 82 % (noise) of its beats within 100 ms, and `xqrs_detect`
finds 98.7, 98.2, 96.7 and 69 % of those found by this one. It takes 3 ms for a record of 30 s,
`xqrs_detect` 43 ms. On simulated beats with mild noise both find 97 % or more, except for
ventricular beats: 99 % against 79 %.
"""

from collections.abc import Callable

import numpy as np

from .bands import Bands, correlations, envelope_of
from .series import local_median, median

REFRACTORY = 0.25
"""Seconds after a beat in which there is no other."""

THRESHOLD = 0.4
"""Of the local height of beats, what a beat has to reach."""

SECOND_LOOK = 0.22
"""What it has to reach where a beat is missing."""

MISSING = 1.6
"""RR intervals, in medians of their neighbours, after which a beat is missing."""

STRANGE = 0.6
"""Correlation with the median beat below which a beat may be a jerk of the electrode."""


def detect(bands: Bands, filtered: np.ndarray | None = None) -> np.ndarray:
    """Sample numbers (n_beats,) of the R peaks, increasing, for QRS complexes of either polarity.

    filtered: the signal in another band than that of the QRS
    """
    height = bands.envelope if filtered is None else envelope_of(filtered, bands.fs)
    filtered = bands.qrs if filtered is None else filtered
    envelope = np.where(bands.known, height, 0)
    level = _level(envelope, bands.fs)
    if level is None:
        return np.empty(0, int)
    candidates = _candidates(envelope, level, bands.fs)
    heights = envelope[candidates] / level(candidates)
    beats = _without_t_waves(candidates[heights >= THRESHOLD], envelope, bands.fs)
    beats = _second_look(beats, candidates, heights, bands.fs)
    return _without_bumps(_peaks(beats, bands, filtered), filtered, bands.fs)


def intervals(bands: Bands, r: np.ndarray) -> np.ndarray:
    """RR intervals (at most n_beats - 1,) in s, without those that reach over missing samples."""
    return (np.diff(r) / bands.fs)[whole(r, bands)]


def whole(r: np.ndarray, bands: Bands) -> np.ndarray:
    """(n_beats - 1,) whether next to nothing is missing between a beat and the next."""
    return bands.missing(r[:-1], r[1:]) < 0.1 * bands.fs


def outside(r: np.ndarray, before: float, after: float, bands: Bands) -> np.ndarray:
    """(n,) whether a sample is not from `before` s ahead of any beat of r to `after` s past it."""
    before, after = round(before * bands.fs), round(after * bands.fs)
    away = np.ones(bands.n, bool)
    for beat in r.tolist():
        away[max(beat - before, 0) : beat + after] = False
    return away


def _level(envelope: np.ndarray, fs: float) -> Callable[[np.ndarray], np.ndarray] | None:
    """Sample numbers to the height of beats around them; None for a signal that has no height."""
    width = min(round(2 * fs), envelope.size)
    starts = np.arange(0, envelope.size - width + 1, max(width // 2, 1))
    tops = np.maximum.reduceat(envelope, starts)
    tops = np.maximum(tops, np.append(tops[1:], 0)) if tops.size > 1 else tops
    usual = median(tops)
    if not usual > 0:
        return None
    # The median of 9 s: a burst of noise, or a pause, is shorter and does not move it.
    local = np.clip(local_median(tops), 0.25 * usual, 4 * usual)
    return lambda at: np.interp(at, starts + width // 2, local)


def _candidates(envelope: np.ndarray, level: Callable, fs: float) -> np.ndarray:
    """Local maxima high enough for a second look, the highest in each refractory period."""
    inner = envelope[1:-1]
    tops = 1 + np.flatnonzero((inner > envelope[:-2]) & (inner >= envelope[2:]))
    tops = tops[envelope[tops] >= SECOND_LOOK * level(tops)]
    refractory = round(REFRACTORY * fs)
    free = np.ones(envelope.size, bool)
    kept = []
    for top in tops[np.argsort(-envelope[tops], kind="stable")].tolist():
        if free[top]:
            kept.append(top)
            free[max(top - refractory, 0) : top + refractory] = False
    return np.sort(np.array(kept, int))


def _without_t_waves(beats: np.ndarray, envelope: np.ndarray, fs: float) -> np.ndarray:
    """The beats without those that follow within 0.36 s at half the height."""
    kept: list[int] = []
    for beat in beats.tolist():
        near = kept and beat - kept[-1] < 0.36 * fs
        if not (near and envelope[beat] < 0.5 * envelope[kept[-1]]):
            kept.append(beat)
    return np.array(kept, int)


def _second_look(
    beats: np.ndarray, candidates: np.ndarray, heights: np.ndarray, fs: float
) -> np.ndarray:
    """The beats with the highest candidate in every interval that is too long."""
    if beats.size < 4:
        return beats
    rr = np.diff(beats)
    refractory = max(REFRACTORY, 0.36) * fs
    found = []
    for i in np.flatnonzero(rr > MISSING * local_median(rr)):
        inside = (candidates > beats[i] + refractory) & (candidates < beats[i + 1] - refractory)
        if inside.any():
            found.append(candidates[inside][heights[inside].argmax()])
    return np.sort(np.append(beats, np.array(found, int)))


def _peaks(beats: np.ndarray, bands: Bands, filtered: np.ndarray) -> np.ndarray:
    """The extremum of each beat: of the polarity of most, unless the other is much larger."""
    if not beats.size:
        return beats
    reach = round(0.08 * bands.fs)
    window = np.clip(beats[:, None] + np.arange(-reach, reach + 1), 0, bands.n - 1)
    around = filtered[window]
    up, down = around.max(axis=1), -around.min(axis=1)
    main, other = (1, -1) if median(up - down) >= 0 else (-1, 1)
    turned = np.where(main > 0, down > 1.5 * up, up > 1.5 * down)
    sign = np.where(turned, other, main)
    peak = window[np.arange(beats.size), (sign[:, None] * around).argmax(axis=1)]
    # Beats are further apart than these windows reach: the peaks are in order, each there once.
    peak = peak[np.append(True, np.diff(peak) >= 0.5 * REFRACTORY * bands.fs)]
    edge = 0.05 * bands.fs  # half a QRS is no QRS
    return peak[(peak >= edge) & (peak < bands.n - edge)]


def _without_bumps(beats: np.ndarray, filtered: np.ndarray, fs: float) -> np.ndarray:
    """The beats without those that look like no other and leave a usual interval when they go.

    A jerk of the electrode between two beats; a premature beat would delay the next one.
    """
    if beats.size < 6:
        return beats
    reach = round(0.08 * fs)
    around = filtered[np.clip(beats[:, None] + np.arange(-reach, reach + 1), 0, filtered.size - 1)]
    strange = correlations(around, median(around.T)) < STRANGE
    usual = median(np.diff(beats))
    kept = np.ones(beats.size, bool)
    for i in 1 + np.flatnonzero(strange[1:-1]):
        last = beats[:i][kept[:i]][-1]
        kept[i] = beats[i + 1] - last >= 1.3 * usual
    return beats[kept]
