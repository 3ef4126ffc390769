"""How well probabilities match frequencies: calibration errors and what a reliability plot shows.

Probabilities are (n_records, n_classes) in the order of the classes. The bins have equal width.
"""

from dataclasses import dataclass

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.utils.types import Labels

BINS = 15


@dataclass(frozen=True)
class Bins:
    """The records of each bin of probability.

    counts: (bins,) records; probability, frequency: (bins,) mean predicted probability and share
    of the records that are of the class, NaN in an empty bin
    """

    counts: np.ndarray
    probability: np.ndarray
    frequency: np.ndarray

    @property
    def error(self) -> float:
        """Mean difference of probability and frequency, weighted by the records of the bins."""
        gaps = np.abs(self.frequency - self.probability)
        return float(np.nansum(gaps * self.counts) / max(self.counts.sum(), 1))


def binned(truth: np.ndarray, probability: np.ndarray, bins: int = BINS) -> Bins:
    """The records in bins of their probability.

    truth: (n,) bool, whether the event happened; probability: (n,) of it
    """
    probability = np.asarray(probability, float)
    at = np.minimum((probability * bins).astype(int), bins - 1)
    counts = np.bincount(at, minlength=bins)
    filled = np.where(counts > 0, counts, np.nan)
    sums = (np.bincount(at, weights, minlength=bins) for weights in (probability, truth))
    mean, frequency = (total / filled for total in sums)
    return Bins(counts, mean, frequency)


def ece(labels: Labels, probabilities: np.ndarray, classes: Classes, bins: int = BINS) -> float:
    """Expected calibration error of the predicted class.

    Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599.
    """
    probabilities = np.asarray(probabilities)
    right = classes.predicted(probabilities) == np.asarray(labels)
    return binned(right, probabilities.max(axis=1), bins).error


def class_eces(
    labels: Labels, probabilities: np.ndarray, classes: Classes, bins: int = BINS
) -> dict[str, float]:
    """{class: expected calibration error of its probability, against all other classes}.

    Their mean is the classwise error of Kull et al. 2019, arXiv:1910.12656.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    return {
        code: binned(labels == code, probabilities[:, i], bins).error
        for i, code in enumerate(classes)
    }
