"""Where the QRS complexes are.

Candidates are the maxima of an envelope in which two bands of the QRS agree (`candidates`). Which
of them are beats is decided for 30 s at a time: by how each stands out; where that leaves doubt, by
its shape; and where that leaves doubt, by the rhythm (`sequence`).

The parts are those of Pan J, Tompkins WJ. "A real-time QRS detection algorithm", IEEE Trans Biomed
Eng 1985;32(3):230-236, doi:10.1109/TBME.1985.325532 (band, envelope, adaptive threshold, refractory
period, search back), weighed against each other for records that are there as a whole.
`python -m benchmarks.beats` compares it with other detectors.
"""

import itertools

import numpy as np

from . import candidates
from .bands import Bands
from .candidates import Candidates, Shapes
from .sequence import best_sequence, usual_intervals
from .series import around, local_median, median

BLOCK, MARGIN = 30, 5
"""Seconds that are decided on together, and of what is looked at on both sides."""

MISSING = 1.6
"""Of the short intervals around, what an interval with a missing beat has at least."""

BROAD, SMOOTH, SWING = 0.3, 0.5, 0.6
"""A broad beat over the usual one: least height of the envelope, greatest share of it in the upper
part of the band, least swing of the signal."""

LATEST_T, NEXT = 0.45, 0.3
"""Seconds after a beat in which a T wave ends, and from a broad beat to the next beat."""

CLEAR, NO_BEAT = 3.0, -1.0
"""Evidence above which a candidate is a beat beyond doubt, and below which it is none."""

SHORT, LONG = 0.65, 1.5
"""Usual intervals between which one is in no doubt."""


def detect(bands: Bands) -> np.ndarray:
    """Sample numbers (n_beats,) of the R peaks, of either polarity, increasing."""
    found = candidates.find(bands)
    if found is None:
        return np.empty(0, int)
    shapes, seconds = Shapes(bands), bands.n / bands.fs
    n_blocks = max(int(np.ceil((seconds - MARGIN) / BLOCK)), 1)
    edges = np.linspace(0, bands.n, n_blocks + 1).astype(int).tolist()
    margin, beats = round(MARGIN * bands.fs), []
    for start, end in itertools.pairwise(edges):
        part = _beats(found.part(start - margin, end + margin), shapes, bands.fs)
        beats.append(part[(part >= start) & (part < end)])
    return _peaks(_with_broad(np.concatenate(beats), bands), bands)


def _with_broad(beats: np.ndarray, bands: Bands) -> np.ndarray:
    """The beats with those that are broad and smooth, in intervals in which a beat is missing.

    A broad ventricular beat has little in the upper part of the band of the QRS. The lower part
    alone would take T waves for beats, which do not come so late after the beat before.
    """
    if beats.size < 4:
        return beats
    fs, envelope = bands.fs, bands.envelope * bands.known
    rr = np.diff(beats)
    short = np.sort(around(rr), axis=1)[:, 2]  # where every third beat is broad, the median is long
    lowest = BROAD * float(median(envelope[beats]))
    starts = np.concatenate([[0], beats + LATEST_T * fs])
    ends = np.append(beats - NEXT * fs, bands.n)
    short = np.concatenate([short[:1], short, short[-1:]])
    gaps = np.concatenate([[beats[0]], rr, [bands.n - beats[-1]]]) > MISSING * short
    broad = [np.empty(0, int)]
    for start, end in zip(starts[gaps].astype(int), ends[gaps].astype(int), strict=True):
        piece = envelope[start : max(end, start)]
        if piece.size > 2 and piece.max() > lowest:
            broad.append(start + candidates.maxima(piece, lambda at: lowest, 1, NEXT, fs))
    found = np.concatenate(broad)
    if found.size:
        steep = bands.steep_envelope
        smooth = steep[found] / envelope[found] < SMOOTH * median(steep[beats] / envelope[beats])
        found = found[smooth & (_swing(found, bands) > SWING * median(_swing(beats, bands)))]
    return np.sort(np.append(beats, found))


def _swing(at: np.ndarray, bands: Bands) -> np.ndarray:
    """(n,) the highest less the lowest sample within 0.1 s of sample numbers (n,)."""
    reach = round(0.1 * bands.fs)
    near = bands.wide[np.clip(at[:, None] + np.arange(-reach, reach + 1), 0, bands.n - 1)]
    return near.max(axis=1) - near.min(axis=1)


def _beats(found: Candidates, shapes: Shapes, fs: float) -> np.ndarray:
    """Sample numbers of the candidates that are beats.

    By itself first; in doubt, by its shape as well; in doubt still, by the rhythm as well.
    """
    time, at = found.at / fs, found.at
    height = found.height - found.level
    chosen = np.flatnonzero(height >= np.log(candidates.THRESHOLD))
    if chosen.size < 3:
        return at[chosen]
    evidence = found.evidence(height)
    if _clear(time, evidence, likely := np.flatnonzero(evidence > 0)):
        return at[likely]
    models = found.outstanding(chosen)
    for rhythm_known in (False, True):
        qrs, beat, shift = shapes.likeness(found.at, at[found.without_neighbour(models)])
        at = found.at + shift
        evidence = found.evidence(height, qrs, beat)
        if rhythm_known:
            rhythm = usual_intervals(time[chosen], evidence[chosen] > CLEAR, time)
            chosen = best_sequence(time, evidence, *rhythm)
        else:
            chosen = models = best_sequence(time, evidence)
        if chosen.size < 3 or _clear(time, evidence, chosen):
            break
        usual = np.interp(time, time[chosen], local_median(found.height[chosen]))
        height = found.height - usual
    return found.at[chosen]


def _clear(time: np.ndarray, evidence: np.ndarray, chosen: np.ndarray) -> bool:
    """Whether evidence and rhythm leave no doubt which candidates are beats, as in most records."""
    if chosen.size < 3:
        return False
    in_doubt = np.count_nonzero((evidence >= NO_BEAT) & (evidence <= CLEAR))
    if in_doubt or np.count_nonzero(evidence > CLEAR) != chosen.size:
        return False
    intervals = np.diff(time[chosen])
    usual = median(intervals)
    return bool(intervals.min() > SHORT * usual and intervals.max() < LONG * usual)


def _peaks(beats: np.ndarray, bands: Bands) -> np.ndarray:
    """The extremum of each beat: of the polarity of most, unless the other is much larger."""
    if not beats.size:
        return beats
    reach = round(0.08 * bands.fs)
    window = np.clip(beats[:, None] + np.arange(-reach, reach + 1), 0, bands.n - 1)
    near = bands.qrs[window]
    up, down = near.max(axis=1), -near.min(axis=1)
    main, other = (1, -1) if median(up - down) >= 0 else (-1, 1)
    turned = np.where(main > 0, down > 1.5 * up, up > 1.5 * down)
    sign = np.where(turned, other, main)
    peak = window[np.arange(beats.size), (sign[:, None] * near).argmax(axis=1)]
    # Beats are further apart than these windows reach: the peaks are in order, each there once.
    peak = peak[np.append(True, np.diff(peak) >= 0.12 * bands.fs)]
    edge = 0.01 * bands.fs  # where the signal ends in a slope, there is no peak
    return peak[(peak >= edge) & (peak < bands.n - edge)]


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
