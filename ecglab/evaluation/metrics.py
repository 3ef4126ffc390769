"""Scores of predictions, pooled over records, with bootstrap intervals.

Labels and predictions are (n_records,) class codes; probabilities are (n_records, n_classes) in
the order of the classes. F1 = 2 TP / (records of the class + records predicted as it), as the
challenge of 2017 scored (doi:10.22489/CinC.2017.065-469); it is 0 for a class that neither occurs
nor is predicted. `challenge_f1` is the mean F1 of the classes that rank models: N, A and O there.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ecglab.ecg.classes import Classes
from ecglab.evaluation.calibration import class_eces, ece
from ecglab.utils.types import Labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "bootstrap",
    "class_eces",
    "confusion",
    "coverage",
    "ece",
    "f1_of",
    "f1_scores",
    "groups_of",
    "paired_difference",
    "precision_recall",
    "predicted",
    "resampled",
    "risk",
    "scores",
]


def confusion(labels: Labels, predicted: Labels, classes: Classes) -> np.ndarray:
    """(n_classes, n_classes) int: records of class i (row) that were predicted as j (column)."""
    n = len(classes)
    return np.bincount(_cells(classes, labels, predicted), minlength=n * n).reshape(n, n)


def f1_scores(labels: Labels, predicted: Labels, classes: Classes) -> dict[str, float]:
    """F1 of each class and their means, by the names that they have everywhere.

    Returns {"f1/CLASS": F1 of each class, "challenge_f1": mean of the ranked classes, "mean_f1":
    mean of all}.
    """
    return f1_of(confusion(labels, predicted, classes), classes)


def f1_of(matrix: np.ndarray, classes: Classes) -> dict[str, float]:
    """`f1_scores` of a confusion matrix (n_classes, n_classes), whose counts may be estimates."""
    found = _with_means(_f1(matrix), classes)
    return dict(zip(_names(classes), found.tolist(), strict=True))


def bootstrap(
    labels: Labels,
    predicted: Labels,
    classes: Classes,
    n: int = 1000,
    seed: int = 0,
    groups: Labels | None = None,
) -> dict[str, tuple[float, float]]:
    """95 % interval (low, high) of each score of `f1_scores`: percentiles over resamples.

    n: resamples; groups: as in `resampled`
    """
    k = len(classes)
    cells = _cells(classes, labels, predicted)
    draws = _resampled_counts(cells, k * k, n, seed, groups).reshape(n, k, k)
    ends = np.percentile(_with_means(_f1(draws), classes), [2.5, 97.5], axis=0).T.tolist()
    return {name: tuple(pair) for name, pair in zip(_names(classes), ends, strict=True)}


def paired_difference(
    labels: Labels,
    a: Labels,
    b: Labels,
    classes: Classes,
    n: int = 1000,
    seed: int = 0,
    groups: Labels | None = None,
) -> tuple[float, float, float]:
    """Challenge F1 of predictions a minus that of b, with its 95 % interval: (value, low, high).

    labels, a, b: (n_records,) class codes of the same records in the same order
    Both are scored on the same resamples, so what is hard for both cancels out.

    >>> rhythm = Classes({"N": "normal", "A": "atrial fibrillation"})
    >>> labels = ["N", "A"] * 50
    >>> worse = ["N", "A"] * 40 + ["A", "N"] * 10
    >>> value, low, high = paired_difference(labels, labels, worse, rhythm)
    >>> round(value, 2), low > 0
    (0.2, True)
    """
    k = len(classes)
    cells = _cells(classes, labels, a, b)
    counts = np.bincount(cells, minlength=k**3)
    draws = _resampled_counts(cells, k**3, n, seed, groups)
    joint = np.concatenate([counts[None], draws]).reshape(-1, k, k, k)
    f1_a, f1_b = _f1(joint.sum(axis=3)), _f1(joint.sum(axis=2))
    difference = (f1_a - f1_b)[:, _ranked(classes)].mean(axis=1)
    low, high = np.percentile(difference[1:], [2.5, 97.5])
    return float(difference[0]), float(low), float(high)


def coverage(
    labels: Labels, probabilities: np.ndarray, shares: ArrayLike, classes: Classes
) -> np.ndarray:
    """Challenge F1 (n_shares,) of the most certain share of the records, the others withheld.

    shares: above 0 and at most 1. The certainty of a record is its highest probability. Records
    as certain as the last one of a share belong to it, so the order of the records does not
    matter. A class of which every record is withheld has F1 0.
    """
    labels, codes = np.asarray(labels), classes.predicted(probabilities)
    found = [
        f1_scores(labels[rows], codes[rows], classes)["challenge_f1"]
        for rows in _most_certain(probabilities, shares)
    ]
    return np.array(found)


def risk(
    labels: Labels, probabilities: np.ndarray, shares: ArrayLike, classes: Classes
) -> np.ndarray:
    """Share of wrong predictions (n_shares,) among the most certain share of the records.

    With `shares` it is the risk-coverage curve; the arguments are those of `coverage`.
    """
    wrong = classes.predicted(probabilities) != np.asarray(labels)
    return np.array([wrong[rows].mean() for rows in _most_certain(probabilities, shares)])


def _most_certain(probabilities: np.ndarray, shares: ArrayLike) -> list[np.ndarray]:
    """For each share, which records belong to it: (n_records,) bool."""
    shares = np.asarray(shares, float)
    if not ((shares > 0) & (shares <= 1)).all():
        raise ValueError("a share of records must be above 0 and at most 1")
    certainty = np.asarray(probabilities).max(axis=1)
    least = np.sort(certainty)[::-1]
    # A share of a count may lie a rounding error above the whole number that is meant.
    last = np.maximum(np.ceil(shares * certainty.size - 1e-9).astype(int), 1) - 1
    return [certainty >= least[i] for i in last]


def precision_recall(
    truth: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Precision and recall at each threshold that occurs, and the average precision.

    truth: (n,) bool, whether a record is of the class, at least one; probability: (n,) of it
    The curve runs from the highest threshold down and starts at precision 1, recall 0. Equals
    scikit-learn's, without its import of 3 s.
    """
    order = np.argsort(-np.asarray(probability), kind="stable")
    sorted_probability = np.asarray(probability)[order]
    last = np.append(np.flatnonzero(np.diff(sorted_probability)), sorted_probability.size - 1)
    right = np.cumsum(np.asarray(truth)[order])[last]
    precision = np.append(1.0, right / (last + 1))
    recall = np.append(0.0, right / right[-1])
    return precision, recall, float(np.sum(np.diff(recall) * precision[1:]))


def predicted(table: "pd.DataFrame", classes: Classes) -> np.ndarray:
    """(n,) class codes with the highest probability in each row of a table with their columns."""
    return classes.predicted(table[list(classes)].to_numpy())


def groups_of(table: "pd.DataFrame") -> np.ndarray | None:
    """(n,) str: the group of each row of a table of predictions, None where none is known."""
    return table["group"].to_numpy() if "group" in table else None


def scores(table: "pd.DataFrame", classes: Classes) -> dict[str, dict]:
    """Scores of a table of predictions and the 95 % intervals of those of `f1_scores`.

    table: column `label`, a column of probabilities for each class and, where groups are known,
    `group`: the intervals are then over resamples of groups, as `resampled` draws them
    Returns {"values": {name: value}, "intervals": {name: (low, high)}}; `ece` is a value too.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": ["N", "N", "A", "A"], "N": [0.9, 0.2, 0.3, 0.4]})
    >>> table["A"] = 1 - table["N"]
    >>> found = scores(table, Classes({"N": "normal", "A": "atrial fibrillation"}))
    >>> round(found["values"]["f1/A"], 2)
    0.8
    >>> sorted(found["intervals"])
    ['challenge_f1', 'f1/A', 'f1/N', 'mean_f1']
    """
    labels, codes = table["label"].to_numpy(), predicted(table, classes)
    error = ece(labels, table[list(classes)].to_numpy(), classes)
    return {
        "values": {**f1_scores(labels, codes, classes), "ece": error},
        "intervals": bootstrap(labels, codes, classes, groups=groups_of(table)),
    }


def resampled(
    n_records: int, n: int, seed: int | np.random.Generator = 0, groups: Labels | None = None
) -> np.ndarray:
    """(n, n_records) int: how often each record is in each of n bootstrap resamples.

    seed: a number or a numpy Generator
    groups: (n_records,) str; whole groups are drawn where they are known, such as all records of a
    patient, since those are not independent. A record whose group is "" is one of its own.
    """
    group = _group_index(n_records, groups)
    n_groups = int(group.max()) + 1
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n)[:, group]


def _group_index(n_records: int, groups: Labels | None) -> np.ndarray:
    """(n_records,) int: the number of the group of each record."""
    if groups is None:
        return np.arange(n_records)
    keys = [(str(group), -1) if group else ("", i) for i, group in enumerate(groups)]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys], int)


def _resampled_counts(
    cells: np.ndarray, n_cells: int, n: int, seed: int, groups: Labels | None
) -> np.ndarray:
    """(n, n_cells): records in each cell, in n resamples of the records or of their groups."""
    counts = np.bincount(cells, minlength=n_cells)
    if groups is None or not any(groups):
        # Drawing records and counting them is a multinomial draw of the cells.
        return np.random.default_rng(seed).multinomial(cells.size, counts / cells.size, size=n)
    group = _group_index(cells.size, groups)
    of_group = np.zeros((int(group.max()) + 1, n_cells))
    np.add.at(of_group, (group, cells), 1)
    of_group = of_group[np.lexsort(of_group.T)]  # the order of the records must not matter
    return resampled(len(of_group), n, seed) @ of_group


def _cells(classes: Classes, *columns: Labels) -> np.ndarray:
    """(n,) int: each record's cell in a table with one axis for each column of class codes."""
    if len({len(column) for column in columns}) > 1:
        sizes = ", ".join(str(len(column)) for column in columns)
        raise ValueError(f"labels and predictions of different lengths: {sizes}")
    places = [classes.index(column) for column in columns]
    return np.ravel_multi_index(places, (len(classes),) * len(columns))


def _f1(matrix: np.ndarray) -> np.ndarray:
    """F1 of the classes (..., k) from confusion matrices (..., k, k); 0 where there is nothing."""
    total = matrix.sum(axis=-2) + matrix.sum(axis=-1)
    return 2 * np.diagonal(matrix, axis1=-2, axis2=-1) / np.maximum(total, 1)


def _with_means(f1: np.ndarray, classes: Classes) -> np.ndarray:
    """F1 of the classes (..., k), then the mean of the ranked ones, then the mean of all."""
    means = [f1[..., _ranked(classes)].mean(axis=-1), f1.mean(axis=-1)]
    return np.concatenate([f1, np.stack(means, axis=-1)], axis=-1)


def _names(classes: Classes) -> list[str]:
    return [*map(classes.metric, classes), "challenge_f1", "mean_f1"]


def _ranked(classes: Classes) -> np.ndarray:
    return classes.index(classes.ranked)
