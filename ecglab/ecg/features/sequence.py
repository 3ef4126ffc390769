"""The most plausible sequence of beats among candidates.

Each candidate has evidence, and each interval between two beats a price: a high one where it is far
from the usual interval. The sequence with the most evidence less prices is found by dynamic
programming (Viterbi 1967, doi:10.1109/TIT.1967.1054010). So a jerk of the electrode between two
regular beats is left out, and a small beat in a long interval is taken, but clear evidence is
never overruled: the price of an odd interval is limited.
"""

import numpy as np

from .series import local_median, median

LOOK_BACK = 9
"""Candidates before a beat among which the beat before it is."""

SHORTEST = 0.2
"""Seconds from one beat to the next, at least."""

SHORT, SHORT_PRICE = 0.5, 25.0
"""Share of the usual interval below which one has a further price, and that price per unit."""

LONG, LONG_PRICE = 1.5, 1.0
"""The same for a long one: the price of each usual interval that it lasts longer."""

ODD_PRICE = 2.0
"""Most that an interval costs for being unusual."""

SPREAD = 0.12
"""Least SD of the logarithm of intervals."""

USUAL = 0.8
"""Seconds of the usual interval while no beat is known."""

EDGE_PRICE = 0.5
"""Price of each usual interval before the first beat and after the last."""


def best_sequence(
    time: np.ndarray,
    evidence: np.ndarray,
    usual: np.ndarray | float = USUAL,
    spread: float = np.inf,
) -> np.ndarray:
    """Places of the candidates that are the best sequence of beats; at least one.

    time: (n,) of the candidates, in s, increasing; evidence: (n,)
    usual: (n,) interval around each candidate, in s; spread: SD of the logarithm of intervals,
    infinite where the rhythm is not known: then no interval is unusual, except a short one
    """
    n = time.size
    before = np.arange(n)[:, None] - 1 - np.arange(LOOK_BACK)
    interval = np.where(before >= 0, time[:, None] - time[np.maximum(before, 0)], np.inf)
    around = np.broadcast_to(usual, time.shape)
    relative = interval / around[:, None]
    price = SHORT_PRICE * np.maximum(SHORT - relative, 0)
    edge = np.zeros(n)
    if np.isfinite(spread):
        unusual = (np.log(relative) / spread) ** 2 / 2
        price += np.minimum(unusual, ODD_PRICE)
        price += LONG_PRICE * np.clip(relative - LONG, 0, 6)
        edge = EDGE_PRICE * np.minimum(time / around, 6)
    price[interval < SHORTEST] = np.inf
    best: list[float] = []
    last: list[int] = []
    # In plain numbers: a step of NumPy for each candidate would take longer.
    given = zip(evidence.tolist(), (-edge).tolist(), price.tolist(), strict=True)
    for i, (own, most, prices) in enumerate(given):
        place = -1
        for j, cost in zip(range(i - 1, -1, -1), prices, strict=False):
            if best[j] - cost > most:
                most, place = best[j] - cost, j
        best.append(most + own)
        last.append(place)
    end = np.array(best)
    if np.isfinite(spread):
        end -= EDGE_PRICE * np.minimum((time[-1] - time) / around, 6)
    place, places = int(end.argmax()), []
    while place >= 0:
        places.append(place)
        place = last[place]
    return np.array(places[::-1])


def usual_intervals(
    beats: np.ndarray, clear: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, float]:
    """The usual interval around each of times (n,), in s, and the spread of intervals.

    beats: (at least 2,) times of beats, in s
    clear: whether the evidence for each is clear; the others do not count, unless few are clear
    """
    intervals, middle = np.diff(beats), (beats[1:] + beats[:-1]) / 2
    known = clear[1:] & clear[:-1]
    if known.sum() >= 4:
        intervals, middle = intervals[known], middle[known]
    local = local_median(intervals)
    spread = 1.48 * float(median(np.abs(np.log(intervals / local))))
    return np.clip(np.interp(time, middle, local), 0.3, 2.0), max(spread, SPREAD)
