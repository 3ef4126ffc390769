"""Metrics of every class with bootstrap intervals, for records that may lack some classes.

A metric of a class that no record has is None, not 0: the records do not measure it.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.evaluation.calibration import BINS
from ecglab.utils.types import Labels

OF_CLASS = (
    "precision",
    "recall",
    "specificity",
    "f1",
    "auroc",
    "average_precision",
    "ece",
)
"""The metrics of each class against all others; recall is the sensitivity."""

OVERALL = ("challenge_f1", "mean_f1", "accuracy", "ece")
"""The metrics over all classes. The means are over the classes that records have."""

RESAMPLES = 1000
"""Bootstrap resamples behind each interval."""

_CELLS = 4_000_000
"""Weights that are held at once."""


def name_of(measure: str, code: str, classes: Classes) -> str:
    """The name of a metric of a class, such as "recall/A"; `Classes.metric` is that of the F1."""
    return measure + classes.metric(code).removeprefix("f1")


def present(labels: Labels, classes: Classes) -> list[str]:
    """The classes that at least one record has, in the order of the classes."""
    there = set(labels)
    return [code for code in classes if code in there]


def scores(
    labels: Labels,
    probabilities: np.ndarray,
    classes: Classes,
    n: int = RESAMPLES,
    seed: int = 0,
    groups: Labels | None = None,
) -> dict[str, dict]:
    """Metrics of the classes and over all of them, with 95 % percentile bootstrap intervals.

    The order of the records does not matter.

    labels: (n_records,) class codes; probabilities: (n_records, n_classes)
    n: resamples; groups: as in `metrics.resampled`
    Returns {"values": {name: value}, "intervals": {name: (low, high)}}, None where a metric is not
    defined. An interval is None too with fewer than two independent records or groups.
    """
    index, probabilities = classes.index(labels), np.asarray(probabilities, float)
    groups = np.full(index.size, "") if groups is None else np.asarray(groups)
    order = np.lexsort((*probabilities.T, index, groups))
    index, probabilities, groups = index[order], probabilities[order], groups[order]
    measured = _Measured(index, probabilities, classes)
    values = {name: x[0] for name, x in measured(np.ones((1, index.size))).items()}
    draws: dict[str, list] = {name: [] for name in values}
    if n_units(index.size, groups) > 1:
        for weights in _resamples(index.size, n, seed, groups):
            for name, x in measured(weights).items():
                draws[name].append(x)
    return {
        "values": {name: None if np.isnan(x) else float(x) for name, x in values.items()},
        "intervals": {name: _interval(values[name], draws[name]) for name in values},
    }


def n_units(n_records: int, groups: Labels | None = None) -> int:
    """How many independent units there are: known groups, and records whose group is unknown."""
    if groups is None:
        return n_records
    known = [group for group in groups if group]
    return len(set(known)) + n_records - len(known)


def _interval(value: float, draws: list[np.ndarray]) -> tuple[float, float] | None:
    if np.isnan(value) or not draws:
        return None
    low, high = np.nanpercentile(np.concatenate(draws), [2.5, 97.5])
    return float(low), float(high)


def _resamples(n_records: int, n: int, seed: int, groups: Labels | None) -> Iterator[np.ndarray]:
    """The n resamples in parts (part, n_records) that fit into memory."""
    rng = np.random.default_rng(seed)
    size = max(_CELLS // n_records, 1)
    for start in range(0, n, size):
        yield metrics.resampled(n_records, min(size, n - start), rng, groups).astype(float)


class _Measured:
    """All metrics of weighted records: what depends on no weight is computed once."""

    def __init__(self, index: np.ndarray, probabilities: np.ndarray, classes: Classes):
        k = len(classes)
        self.classes = classes
        self.there = np.bincount(index, minlength=k) > 0
        best = probabilities.argmax(axis=1)
        self.cells = np.eye(k * k)[index * k + best]
        self.gaps = _gaps(best == index, probabilities.max(axis=1))
        self.class_gaps = [_gaps(index == i, probabilities[:, i]) for i in range(k)]
        self.ranks = [_Ranks(index == i, probabilities[:, i]) for i in range(k)]

    def __call__(self, weights: np.ndarray) -> Mapping[str, np.ndarray]:
        """{name: (n,)} for weights (n, n_records); NaN where a metric is not defined."""
        k, total = len(self.classes), weights.sum(axis=1)
        matrix = (weights @ self.cells).reshape(-1, k, k)
        right = np.diagonal(matrix, axis1=1, axis2=2)
        of_class, predicted = matrix.sum(axis=2), matrix.sum(axis=1)
        rest = total[:, None] - of_class
        with np.errstate(divide="ignore", invalid="ignore"):
            found = {
                "precision": right / predicted,
                "recall": right / of_class,
                "specificity": (rest - predicted + right) / rest,
                "f1": 2 * right / (of_class + predicted),
            }
            accuracy = right.sum(axis=1) / total
        areas = [ranks(weights) for ranks in self.ranks]
        found["auroc"], found["average_precision"] = np.transpose(areas, (1, 2, 0))
        found["ece"] = np.transpose([_ece(weights, gaps) for gaps in self.class_gaps])
        for x in found.values():
            x[:, ~self.there] = np.nan
        ranked = np.zeros(k, bool)
        ranked[self.classes.index(self.classes.ranked)] = True
        f1 = np.nan_to_num(found["f1"])  # of a class that a resample lacks
        overall = {
            "challenge_f1": _mean(f1[:, self.there & ranked]),
            "mean_f1": _mean(f1[:, self.there]),
            "accuracy": accuracy,
            "ece": _ece(weights, self.gaps),
        }
        of_classes = {
            name_of(measure, code, self.classes): found[measure][:, i]
            for measure in OF_CLASS
            for i, code in enumerate(self.classes)
        }
        return overall | of_classes


class _Ranks:
    """AUROC and average precision of weighted records, with ties."""

    def __init__(self, truth: np.ndarray, probability: np.ndarray):
        self.order = np.argsort(-probability, kind="stable")
        ordered = probability[self.order]
        self.starts = np.append(0, np.flatnonzero(np.diff(ordered)) + 1)  # of equal probabilities
        self.truth = truth[self.order]

    def __call__(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(AUROC, average precision), (n,) each, NaN where one side has no record."""
        weights = weights[:, self.order]
        positive = np.add.reduceat(weights * self.truth, self.starts, axis=1)
        negative = np.add.reduceat(weights, self.starts, axis=1) - positive
        above, false = positive.cumsum(axis=1), negative.cumsum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = positive / above[:, -1:]
            below = false[:, -1:] - false + negative / 2
            auroc = (share * below).sum(axis=1) / false[:, -1]
            precision = np.nan_to_num(above / (above + false))
        return auroc, (share * precision).sum(axis=1)


def _gaps(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(n_records, bins): truth minus probability, in the column of the record's bin."""
    at = np.minimum((probability * BINS).astype(int), BINS - 1)
    return np.eye(BINS)[at] * (truth - probability)[:, None]


def _ece(weights: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """(n,) expected calibration error of weighted records."""
    return np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)


def _mean(f1: np.ndarray) -> np.ndarray:
    return f1.mean(axis=1) if f1.shape[1] else np.full(len(f1), np.nan)
