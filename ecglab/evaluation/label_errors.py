"""Confident learning: how many labels are likely wrong, and the score that such labels allow.

Northcutt CG, Jiang L, Chuang IL. Confident learning: estimating uncertainty in dataset labels.
J Artif Intell Res 2021;70, doi:10.1613/jair.1.12125. A record counts as of the latent class j if
its probability of j is at least the mean probability of j over the records labelled j. The
probabilities must be out of fold.

What it assumes: whether a label is wrong depends on the latent class only, not on the record, and
a model is confident only where it is right. Where it is confident and wrong, its error counts as
one of the label: a weaker model finds more wrong labels. Wrong labels from which the model has
learned the same mistake are not found.
"""

from dataclasses import dataclass

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.utils.types import Labels


@dataclass(frozen=True)
class LabelErrors:
    """Estimated errors of labels.

    joint: (n_classes, n_classes) estimated number of records with given label i (row) and latent
        label j; a row sums to the number of records with that given label
    flagged: (n_records,) bool, records that are confidently of another class than their label
    scores: `metrics.f1_of` of a classifier that finds each latent label, against the given labels
    interval: 95 % bootstrap interval of its challenge F1
    """

    joint: np.ndarray
    flagged: np.ndarray
    scores: dict[str, float]
    interval: tuple[float, float]

    @property
    def wrong(self) -> np.ndarray:
        """(n_classes,) estimated number of wrong labels among the records with each label."""
        return self.joint.sum(axis=1) - np.diagonal(self.joint)


def estimate(
    labels: Labels,
    probabilities: np.ndarray,
    classes: Classes,
    n: int = 1000,
    seed: int = 0,
    groups: Labels | None = None,
) -> LabelErrors:
    """The errors of labels (n_records,) that out-of-fold probabilities (n_records, k) point to.

    n: bootstrap resamples of the records; groups: as in `metrics.resampled`. Thresholds and joint
    are estimated again in each resample.
    """
    given, probabilities = classes.index(labels), np.asarray(probabilities, float)
    latent = _latent(probabilities, thresholds(labels, probabilities, classes))
    joint = _joint(given, latent, np.ones(given.size), len(classes))
    draws = []
    for weights in metrics.resampled(given.size, n, seed, groups):
        again = _latent(probabilities, _thresholds(given, probabilities, weights))
        drawn = _joint(given, again, weights, len(classes))
        draws.append(metrics.f1_of(drawn, classes)["challenge_f1"])
    low, high = np.percentile(draws, [2.5, 97.5]) if draws else (np.nan, np.nan)
    return LabelErrors(
        joint,
        (latent >= 0) & (latent != given),
        metrics.f1_of(joint, classes),
        (float(low), float(high)),
    )


def thresholds(labels: Labels, probabilities: np.ndarray, classes: Classes) -> np.ndarray:
    """(n_classes,) mean probability of each class over the records labelled as it.

    Infinite for a class without records, which is no latent class then.
    """
    given = classes.index(labels)
    return _thresholds(given, np.asarray(probabilities, float), np.ones(given.size))


def _thresholds(given: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    k = probabilities.shape[1]
    of_label = probabilities[np.arange(given.size), given]
    counts = np.bincount(given, weights, k)
    sums = np.bincount(given, weights * of_label, k)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def _latent(probabilities: np.ndarray, least: np.ndarray) -> np.ndarray:
    """(n,) int: the class that each record is confidently of, -1 where there is none.

    Among several it is the one with the highest probability.
    """
    # Not >= alone: the mean of equal probabilities may lie a rounding error above them.
    confident = np.where(probabilities >= least - 1e-12, probabilities, -1.0)
    return np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), -1)


def _joint(given: np.ndarray, latent: np.ndarray, weights: np.ndarray, k: int) -> np.ndarray:
    """The confident joint, with its rows scaled to the number of records with each label."""
    sure = latent >= 0
    cells = np.bincount(given[sure] * k + latent[sure], weights[sure], k * k).reshape(k, k)
    # A label without a confident record is taken to be right.
    cells += np.diag(cells.sum(axis=1) == 0)
    rows = np.bincount(given, weights, k)
    return cells * (rows / cells.sum(axis=1))[:, None]
