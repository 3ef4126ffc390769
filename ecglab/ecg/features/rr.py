"""Features of the RR intervals: how fast, how irregular, and irregular in what way.

Normal rhythm varies slowly, atrial fibrillation without memory, premature beats in patterns.
The papers that `FEATURES` names:

Lake DE, Moorman JR. "Accurate estimation of entropy in very short physiological time series: the
problem of atrial fibrillation detection in implanted ventricular devices", Am J Physiol Heart
Circ Physiol 2011;300(1):H319-H325, doi:10.1152/ajpheart.00561.2010 (coefficient of sample
entropy). Sarkar S, Ritscher D, Mehra R. "A detector for a chronic implantable atrial
tachyarrhythmia monitor", IEEE Trans Biomed Eng 2008;55(3):1219-1224,
doi:10.1109/TBME.2007.903707 (the Lorenz plot of changes of RR; the measures here are plain
counts of its cells, not the paper's segments). Dash S, Chon KH, Lu S, Raeder EA. "Automatic real
time detection of atrial fibrillation", Ann Biomed Eng 2009;37(9):1701-1709,
doi:10.1007/s10439-009-9740-z (turning points, Shannon entropy).
"""

import numpy as np

from .beats import Beats
from .series import fraction, local_median, median, percentile, windows

EDGES = (-0.15, -0.05, 0.05, 0.15)
"""Between the bins of the histogram of changes, in mean RR."""

CHANGES = (
    "to one shorter by more than 15 % of the mean RR",
    "to one shorter by 5 to 15 % of the mean RR",
    "within 5 % of the mean RR",
    "to one longer by 5 to 15 % of the mean RR",
    "to one longer by more than 15 % of the mean RR",
)
"""The bins between `EDGES` in words."""

FEATURES = {
    "rr_n": "number of RR intervals",
    "rr_mean": "mean RR interval (s)",
    "rr_median": "median RR interval (s)",
    "rr_cv": "SD of the RR intervals, as a share of the mean RR",
    "rr_mad": "median distance of an RR interval from the median RR, as a share of it",
    "rr_min": "shortest RR interval, as a multiple of the median RR",
    "rr_max": "longest RR interval (longest pause), as a multiple of the median RR",
    "rr_shortest": "shortest RR interval (s)",
    "rr_longest": "longest RR interval (s)",
    "rr_p10": "10th percentile of the RR intervals, as a multiple of the median RR",
    "rr_p90": "90th percentile of the RR intervals, as a multiple of the median RR",
    "rr_skew": "skewness of the RR intervals (above 0: a few long ones; below 0: a few short ones)",
    "rr_rmssd": "RMSSD: root mean square of successive RR changes, as a share of the mean RR",
    "rr_change_median": "median change from one RR interval to the next, as a share of the mean RR",
    "rr_pnn20": "pNN20: share of successive RR changes above 20 ms",
    "rr_pnn50": "pNN50: share of successive RR changes above 50 ms",
    "rr_pnn10_percent": "share of successive RR changes above 10 % of the mean RR",
    "rr_pnn20_percent": "share of successive RR changes above 20 % of the mean RR",
    "rr_sd1": "Poincaré plot: SD1 (beat-to-beat variation), as a share of the mean RR",
    "rr_sd2": "Poincaré plot: SD2 (slow variation), as a share of the mean RR",
    "rr_sd_ratio": "Poincaré plot: SD1 over SD2 (1: as irregular from beat to beat as overall)",
    "rr_cosen": "coefficient of sample entropy of the RR intervals (Lake and Moorman 2011; "
    "higher: less regular)",
    "rr_cosen_typical": "coefficient of sample entropy of the RR intervals between typical beats "
    "(higher: less regular)",
    "rr_shannon": "Shannon entropy of the RR intervals in 16 bins without outliers (Dash 2009; "
    "0 one bin, 1 evenly spread)",
    "rr_turning_points": "share of RR changes of the opposite direction to the one before "
    "(Dash 2009)",
    "rr_lorenz_cells": "Lorenz plot of successive RR changes: occupied cells of 40 ms per point "
    "(Sarkar 2008; 1: no two alike)",
    "rr_lorenz_origin": "Lorenz plot: share of points with both RR changes within 60 ms "
    "(steady rhythm)",
    "rr_lorenz_premature": "Lorenz plot: share of points with two opposite RR changes above "
    "120 ms each (premature beats)",
    "rr_autocorrelation_1": "correlation of an RR interval with the next (-1 to 1)",
    "rr_autocorrelation_2": "correlation of an RR interval with the second next (-1 to 1; "
    "high in bigeminy)",
    "rr_autocorrelation_3": "correlation of an RR interval with the third next (-1 to 1; "
    "high in trigeminy)",
    "rr_change_correlation": "correlation of an RR change with the next (-1 to 1)",
    "rr_premature": "share of RR intervals more than 15 % shorter than the median of the 9 around "
    "(premature beats)",
    "rr_pauses": "share of RR intervals more than 15 % longer than the median of the 9 around "
    "(pauses)",
    "rr_short_long": "share of RR intervals that are premature and followed by one more than 5 % "
    "longer than the median of the 9 around",
    "rr_short_normal": "share of RR intervals that are premature and followed by no longer one",
    "rr_pause_ratio": "premature RR interval plus the longer one after it, over twice the median "
    "of the 9 around, mean (1: compensatory pause)",
    "rr_bigeminy": "share of runs of 4 RR intervals that alternate by more than 20 % (bigeminy)",
    "rr_trigeminy": "share of runs of 6 RR intervals that repeat after 3 and differ by more than "
    "20 % (trigeminy)",
    "rr_best_cv": "SD over mean of the steadiest 6 RR intervals in a row",
    "rr_typical_cv": "SD over mean of 6 RR intervals in a row, median over the record",
    "rr_worst_cv": "SD over mean of the least steady 6 RR intervals in a row",
    "rr_best_rmssd": "median RR change over mean RR in the steadiest 6 RR intervals in a row",
    "rr_trend": "mean RR of the last third minus that of the first, as a share of the mean RR "
    "(above 0: slowing)",
    "rr_typical_n": "number of RR intervals between typical beats (QRS correlation with the "
    "median beat at least 0.85)",
    "rr_typical_cv_all": "SD of the RR intervals between typical beats, as a share of their mean",
    "rr_typical_rmssd": "median change between RR intervals of typical beats, as a share of their "
    "mean",
    **{f"rr_change_bin_{i}": f"share of RR changes {words}" for i, words in enumerate(CHANGES)},
}


def features(rr: np.ndarray, beats: Beats) -> dict[str, float]:
    """The features of RR intervals (n,) in s; `beats` says which beats look typical."""
    found = {"rr_n": float(rr.size)}
    if rr.size < 3:
        return found
    found |= _distribution(rr)
    found |= _changes(rr)
    found |= _patterns(rr)
    found |= _windows(rr)
    typical = beats.typical_rr
    found["rr_typical_n"] = float(typical.size)
    if typical.size >= 3:
        found["rr_typical_cv_all"] = typical.std() / typical.mean()
        found["rr_typical_rmssd"] = median(np.abs(np.diff(typical))) / typical.mean()
        found["rr_cosen_typical"] = cosen(typical)
    return found


def cosen(rr: np.ndarray, block: int = 200) -> float:
    """Coefficient of sample entropy of RR intervals (n,) in s, m = 1.

    The tolerance starts at 30 ms and is widened until 5 pairs match, as in the paper. Longer
    series are compared within blocks of `block` intervals.
    """
    near: list[np.ndarray] = []
    both: list[np.ndarray] = []
    for start in range(0, max(rr.size - 1, 1), block):
        part = rr[start : start + block + 1]
        distance = np.abs(part[:, None] - part[None, :])
        place = np.arange(part.size - 1)
        pairs = place[:, None] < place
        near.append(distance[:-1, :-1][pairs])
        both.append(np.maximum(near[-1], distance[1:, 1:][pairs]))
    single, double = np.concatenate(near), np.concatenate(both)
    if double.size < 5:
        return np.nan
    tolerance = max(0.03, float(np.partition(double, 4)[4]))
    matches = (double <= tolerance).sum() / (single <= tolerance).sum()
    return float(-np.log(matches) + np.log(2 * tolerance) - np.log(rr.mean()))


def _distribution(rr: np.ndarray) -> dict[str, float]:
    usual, mean, sd = median(rr), rr.mean(), rr.std()
    p10, p90 = percentile(rr, [10, 90]) / usual
    score = (rr - mean) / sd if sd > 0 else np.full(rr.size, np.nan)
    return {
        "rr_mean": mean,
        "rr_median": usual,
        "rr_cv": sd / mean,
        "rr_mad": median(np.abs(rr - usual)) / usual,
        "rr_min": rr.min() / usual,
        "rr_max": rr.max() / usual,
        "rr_shortest": rr.min(),
        "rr_longest": rr.max(),
        "rr_p10": p10,
        "rr_p90": p90,
        "rr_skew": (score**3).mean(),
        "rr_cosen": cosen(rr),
        "rr_shannon": _shannon(rr),
    }


def _shannon(rr: np.ndarray) -> float:
    """Entropy over 16 bins from the shortest to the longest, without an eighth of the intervals."""
    cut = rr.size // 16
    kept = np.sort(rr)[cut : rr.size - cut]
    if kept[-1] <= kept[0]:
        return 0.0
    edges = np.linspace(kept[0], kept[-1], 17)[:-1]
    count = np.diff(np.searchsorted(kept, edges), append=kept.size) / kept.size
    count = count[count > 0]
    return float(-(count * np.log(count)).sum() / np.log(16))


def _changes(rr: np.ndarray) -> dict[str, float]:
    change, mean = np.diff(rr), rr.mean()
    size = np.abs(change)
    relative = change / mean
    sd1 = change.std() / np.sqrt(2)
    sd2 = (rr[1:] + rr[:-1]).std() / np.sqrt(2)
    turning = change[1:] * change[:-1] < 0
    now, before = change[1:], change[:-1]
    cell = np.rint(change / 0.04).tolist()
    cells = len(set(zip(cell[1:], cell[:-1], strict=True)))
    far = np.minimum(np.abs(now), np.abs(before)) > 0.12
    bins = np.bincount(np.searchsorted(EDGES, relative), minlength=len(EDGES) + 1) / relative.size
    return {
        "rr_rmssd": np.sqrt((change**2).mean()) / mean,
        "rr_change_median": median(size) / mean,
        "rr_pnn20": fraction(size > 0.02),
        "rr_pnn50": fraction(size > 0.05),
        "rr_pnn10_percent": fraction(size > 0.1 * mean),
        "rr_pnn20_percent": fraction(size > 0.2 * mean),
        "rr_sd1": sd1 / mean,
        "rr_sd2": sd2 / mean,
        "rr_sd_ratio": sd1 / sd2 if sd2 > 0 else np.nan,
        "rr_turning_points": fraction(turning),
        "rr_lorenz_cells": cells / now.size,
        "rr_lorenz_origin": fraction(np.maximum(np.abs(now), np.abs(before)) <= 0.06),
        "rr_lorenz_premature": fraction(far & (now * before < 0)),
        "rr_autocorrelation_1": correlation(rr, 1),
        "rr_autocorrelation_2": correlation(rr, 2),
        "rr_autocorrelation_3": correlation(rr, 3),
        "rr_change_correlation": correlation(change, 1),
        **{f"rr_change_bin_{i}": share for i, share in enumerate(bins)},
    }


def correlation(x: np.ndarray, lag: int) -> float:
    """Autocorrelation of a short series at a lag."""
    deviation = x - x.mean()
    power = (deviation**2).sum()
    if x.size <= lag + 1 or not power > 0:
        return np.nan
    return float((deviation[lag:] * deviation[:-lag]).sum() / power)


def _patterns(rr: np.ndarray) -> dict[str, float]:
    usual = local_median(rr)
    short, long = rr < 0.85 * usual, rr > 1.15 * usual
    pair = short[:-1] & (rr[1:] > 1.05 * usual[1:])
    alone = short[:-1] & ~pair
    sums = (rr[:-1] + rr[1:])[pair] / (2 * usual[:-1][pair])
    gap = rr[1:] / rr[:-1]
    up, down = gap > 1.2, gap < 1 / 1.2
    two = up[:-2] & down[1:-1] & up[2:] | down[:-2] & up[1:-1] & down[2:]
    three = _in_threes(rr)
    return {
        "rr_premature": fraction(short),
        "rr_pauses": fraction(long),
        "rr_short_long": fraction(pair),
        "rr_short_normal": fraction(alone),
        "rr_pause_ratio": sums.mean() if sums.size else np.nan,
        "rr_bigeminy": fraction(two) if two.size else np.nan,
        "rr_trigeminy": three,
        "rr_trend": (rr[-(rr.size // 3) :].mean() - rr[: rr.size // 3].mean()) / rr.mean(),
    }


def _in_threes(rr: np.ndarray) -> float:
    """The share of stretches of 6 intervals that repeat after 3 and are not all alike."""
    if rr.size < 6:
        return np.nan
    pieces = windows(rr, 6)
    repeats = (np.abs(pieces[:, 3:] / pieces[:, :3] - 1) < 0.1).all(axis=1)
    return fraction(repeats & (pieces.max(axis=1) > 1.2 * pieces.min(axis=1)))


def _windows(rr: np.ndarray) -> dict[str, float]:
    if rr.size < 6:
        return {}
    pieces = windows(rr, 6)
    mean = pieces.mean(axis=1)
    cv = pieces.std(axis=1) / mean
    change = median(np.abs(np.diff(pieces, axis=1))) / mean
    return {
        "rr_best_cv": cv.min(),
        "rr_typical_cv": median(cv),
        "rr_worst_cv": cv.max(),
        "rr_best_rmssd": change.min(),
    }
