"""Answers only where a model is certain: the risk-coverage curve, its area, and the rule for it.

The certainty of a record is its highest probability. Geifman Y, El-Yaniv R. "Selective
classification for deep neural networks", NeurIPS 2017, arXiv:1705.08500.
"""

from collections.abc import Sequence

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation.metrics import resampled, risk
from ecglab.inference.parameters import Abstention
from ecglab.utils.types import Labels

COVERAGES = np.round(np.arange(0.1, 1.005, 0.01), 2)
"""Shares of the records for which `fitted` keeps the rule."""

PARTS = 5
"""Parts of the records of which `parts` makes a table of one fold."""


def fitted(labels: Labels, probabilities: np.ndarray, classes: Classes) -> Abstention:
    """The rule of the records (n,) with their labels and probabilities (n, n_classes)."""
    certainty = np.sort(np.asarray(probabilities).max(axis=1))[::-1]
    last = np.maximum(np.ceil(COVERAGES * certainty.size - 1e-9).astype(int), 1) - 1
    return Abstention(COVERAGES, certainty[last], risk(labels, probabilities, COVERAGES, classes))


def aurc(wrong: np.ndarray, certainty: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the risk-coverage curve: 0 is best, the error at random order.

    wrong: (n,) bool; certainty: (n,); weights: (..., n) how often each record counts, by default
        once
    Returns (...,): the share of wrong records among those at least as certain as a record, mean
    over the records (Geifman Y, Uziel G, El-Yaniv R, ICLR 2019, arXiv:1805.08206).

    >>> float(aurc(np.array([False, True]), np.array([0.9, 0.6])))
    0.25
    """
    order = np.argsort(-certainty, kind="stable")
    weights = np.ones(certainty.size) if weights is None else np.asarray(weights, float)
    weights = weights[..., order]
    # Records of equal certainty come in together.
    last = np.searchsorted(-certainty[order], -certainty[order], side="right") - 1
    count = np.cumsum(weights, axis=-1)[..., last]
    errors = np.cumsum(weights * wrong[order], axis=-1)[..., last]
    risks = errors / np.maximum(count, 1)
    return (weights * risks).sum(axis=-1) / weights.sum(axis=-1)


def aurc_interval(
    wrong: np.ndarray,
    certainty: np.ndarray,
    n: int = 1000,
    seed: int = 0,
    groups: Labels | None = None,
) -> tuple[float, float]:
    """95 % interval (low, high) of the AURC: percentiles over n bootstrap resamples of records.

    groups: as in `metrics.resampled`
    """
    rng = np.random.default_rng(seed)
    steps = [min(50, n - start) for start in range(0, n, 50)]
    draws = [aurc(wrong, certainty, resampled(wrong.size, k, rng, groups)) for k in steps]
    low, high = np.percentile(np.concatenate(draws), [2.5, 97.5])
    return float(low), float(high)


def checked(
    labels: Labels,
    probabilities: np.ndarray,
    parts: np.ndarray,
    coverages: Sequence[float],
    classes: Classes,
) -> list[dict[str, float]]:
    """What the rule of all parts but one does on that part, over all parts, for each coverage.

    parts: (n,) int, as of `parts`
    Returns [{"coverage": asked for, "kept": share of the records that get an answer, "error":
    share of these that is wrong}].
    """
    labels, certainty = np.asarray(labels), np.asarray(probabilities).max(axis=1)
    wrong = classes.predicted(probabilities) != labels
    rules = {k: fitted(labels[parts != k], probabilities[parts != k], classes) for k in set(parts)}
    found = []
    for coverage in coverages:
        least = np.array([rules[k].least(coverage) for k in parts])
        kept = certainty >= least
        error = wrong[kept].mean() if kept.any() else 0.0
        found.append({"coverage": coverage, "kept": float(kept.mean()), "error": float(error)})
    return found


def parts(folds: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) int: the part of each record, its fold; where there is one fold, parts at random."""
    if len(set(folds)) > 1:
        return np.asarray(folds)
    return np.random.default_rng(seed).permutation(np.arange(len(folds)) % PARTS)
