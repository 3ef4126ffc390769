"""Which parts of a record a prediction rests on, by hiding parts and predicting again.

Both methods give, for each part, the fall of the log odds of a class when the part is hidden: above
0 where the part supports the class. Models treat a missing sample as missing, so a part is hidden
and not replaced by something else. They need no gradients, which a packaged model does not have.
"""

import itertools
from collections.abc import Callable

import numpy as np

Odds = Callable[[list[np.ndarray]], np.ndarray]
"""Prepared signals to the log odds (n,) of a class."""

GROUPS = 4
"""Random masking hides one of so many groups of parts at a time."""

ROUNDS = 16
"""How often random masking deals the parts into groups."""


def log_odds(p: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)) of probabilities (n,), which are kept 1e-4 away from 0 and 1."""
    p = np.clip(np.asarray(p, float), 1e-4, 1 - 1e-4)
    return np.log(p) - np.log1p(-p)


def edges_of(signal: np.ndarray, fs: float, seconds: float) -> np.ndarray:
    """Edges (n + 1,) in s of at least two parts of about `seconds`."""
    whole = signal.size / fs
    return np.linspace(0, whole, max(round(whole / seconds), 2) + 1)


def occlusion(odds: Odds, signal: np.ndarray, fs: float, edges: np.ndarray) -> np.ndarray:
    """Falls (n,) when each part (n + 1 edges in s) is hidden alone.

    Source: Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53.
    """
    found = odds([signal, *_without(signal, fs, edges, np.eye(edges.size - 1, dtype=bool))])
    return found[0] - found[1:]


def random_masking(
    odds: Odds, signal: np.ndarray, fs: float, edges: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Falls (n,) of each part (n + 1 edges in s), of a linear model of what random masks do.

    In every round the parts are dealt into groups at random, and each group is hidden once. A part
    thus counts together with others as well, where occlusion hides it alone: of two beats that
    support a class, either of which is enough, occlusion finds neither.
    Source: a linear model as in Ribeiro, Singh and Guestrin 2016, doi:10.1145/2939672.2939778.
    """
    n = edges.size - 1
    rng = np.random.default_rng(seed)
    groups = min(GROUPS, n)
    hidden = np.zeros((ROUNDS * groups, n), bool)
    for i in range(ROUNDS):
        for j, parts in enumerate(np.array_split(rng.permutation(n), groups)):
            hidden[i * groups + j, parts] = True
    found = odds([signal, *_without(signal, fs, edges, hidden)])
    return np.linalg.lstsq(hidden.astype(float), found[0] - found[1:], rcond=None)[0]


def _without(
    signal: np.ndarray, fs: float, edges: np.ndarray, hidden: np.ndarray
) -> list[np.ndarray]:
    """For each row of `hidden` (m, n) bool the signal with those parts missing."""
    bounds = [(round(a * fs), round(b * fs)) for a, b in itertools.pairwise(edges)]
    signals = []
    for row in hidden:
        masked = signal.copy()
        for (start, end), is_hidden in zip(bounds, row, strict=True):
            if is_hidden:
                masked[start:end] = np.nan
        signals.append(masked)
    return signals


METHODS = {"occlusion": occlusion, "random_masking": random_masking}
