"""The challenge's scores, pooled over records, with intervals."""

import numpy as np

from ecglab.ecg.record import LABELS

F1_NAMES = {"N": "F1_N", "A": "F1_A", "O": "F1_O", "~": "F1_noise"}
"""The name of each class's F1 everywhere; MLflow allows no "~" in a name."""


def confusion(labels, chosen) -> np.ndarray:
    """Records of class i (row) that were called j (column), (4, 4), in the order of LABELS."""
    index = {label: i for i, label in enumerate(LABELS)}
    cell = np.array([index[a] * 4 + index[b] for a, b in zip(labels, chosen, strict=True)], int)
    return np.bincount(cell, minlength=16).reshape(4, 4)


def _f1(matrix: np.ndarray) -> np.ndarray:
    """F1 of the classes (..., 4) from confusion matrices (..., 4, 4); 0 where there is nothing."""
    total = matrix.sum(axis=-2) + matrix.sum(axis=-1)
    return 2 * np.diagonal(matrix, axis1=-2, axis2=-1) / np.maximum(total, 1)


def f1_of(matrix: np.ndarray) -> dict[str, float]:
    """F1 per class, `F1_NAO` and `F1_mean` from a confusion matrix (4, 4).

    F1 = 2 TP / (records of the class + records called it), as the challenge scored
    (doi:10.22489/CinC.2017.065-469); a class neither there nor called has F1 0.
    F1_NAO is the mean over N, A and O, by which the challenge ranked; F1_mean is over all four.
    """
    f1 = _f1(matrix)
    named = {F1_NAMES[label]: float(f1[i]) for i, label in enumerate(LABELS)}
    return {**named, "F1_NAO": float(f1[:3].mean()), "F1_mean": float(f1.mean())}


def f1_scores(labels, chosen) -> dict[str, float]:
    """`f1_of` the confusion of two lists of labels."""
    return f1_of(confusion(labels, chosen))


def bootstrap(labels, chosen, n: int = 1000, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % interval (low, high) of each score of `f1_of`: percentiles over resampled records."""
    rng = np.random.default_rng(seed)
    matrix = confusion(labels, chosen)
    # Drawing records with replacement and counting them is a multinomial draw of the cells.
    draws = rng.multinomial(len(labels), matrix.ravel() / matrix.sum(), size=n)
    f1 = _f1(draws.reshape(n, 4, 4))
    found = np.column_stack([f1, f1[:, :3].mean(axis=1), f1.mean(axis=1)])
    ends = np.percentile(found, [2.5, 97.5], axis=0).T.tolist()
    return {name: tuple(pair) for name, pair in zip(f1_of(matrix), ends, strict=True)}


def paired_difference(
    labels, chosen_a, chosen_b, n: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """NAO of a less that of b on the same records, and its 95 % interval: (difference, low, high).

    labels, chosen_a, chosen_b: (n_records,) of LABELS, one line a record in all three
    Both are scored on the same resampled records, so what is hard for both cancels out.
    """
    index = {label: i for i, label in enumerate(LABELS)}
    said = zip(labels, chosen_a, chosen_b, strict=True)
    cell = np.array([16 * index[x] + 4 * index[a] + index[b] for x, a, b in said], int)
    counts = np.bincount(cell, minlength=64)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(cell.size, counts / cell.size, size=n)
    joint = np.concatenate([counts[None], draws]).reshape(-1, 4, 4, 4)
    f1_a, f1_b = _f1(joint.sum(axis=3)), _f1(joint.sum(axis=2))
    difference = (f1_a - f1_b)[:, :3].mean(axis=1)
    low, high = np.percentile(difference[1:], [2.5, 97.5])
    return float(difference[0]), float(low), float(high)


def coverage(labels, probabilities: np.ndarray, shares) -> np.ndarray:
    """NAO of the share of the records that is answered, when the least certain are withheld.

    probabilities: (n, 4); shares: above 0 and up to 1. Certain is what has a great greatest
    probability. Records as certain as the last one that is answered are answered too, so that the
    order of the records does not matter. A class that is withheld altogether has F1 0.
    """
    shares = np.asarray(shares, float)
    if not ((shares > 0) & (shares <= 1)).all():
        raise ValueError("a share of answered records is above 0 and at most 1")
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    certainty = probabilities.max(axis=1)
    least = np.sort(certainty)[::-1]
    said = np.array(LABELS)[probabilities.argmax(axis=1)]
    # A share of a count may lie a rounding error above the whole number that is meant.
    last = np.maximum(np.ceil(shares * labels.size - 1e-9).astype(int), 1) - 1
    answered = [certainty >= least[i] for i in last]
    return np.array([f1_scores(labels[rows], said[rows])["F1_NAO"] for rows in answered])


def precision_recall(truth, probability) -> tuple[np.ndarray, np.ndarray, float]:
    """Precision and recall of calling a class from every probability that occurs, and upwards.

    truth: (n,) whether a record is of the class, at least one; probability: (n,) of it
    Returns precision and recall from the highest probability down, after the point of calling
    none (1, 0), and the average precision: the mean of precision weighted by the gain in recall.
    """
    order = np.argsort(-np.asarray(probability), kind="stable")
    called = np.asarray(probability)[order]
    last = np.append(np.flatnonzero(np.diff(called)), called.size - 1)  # of each probability
    right = np.cumsum(np.asarray(truth)[order])[last]
    precision = np.append(1.0, right / (last + 1))
    recall = np.append(0.0, right / right[-1])
    return precision, recall, float(np.sum(np.diff(recall) * precision[1:]))


def calibration_error(labels, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the chosen label, over bins of equal width.

    probabilities: (n, 4). Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599.
    """
    right = np.array(LABELS)[probabilities.argmax(axis=1)] == np.asarray(labels)
    return _calibration_error(right, probabilities.max(axis=1), bins)


def class_calibration_errors(labels, probabilities: np.ndarray, bins: int = 15) -> dict[str, float]:
    """Expected calibration error of each class's probability against the others, by label.

    Their mean is the classwise error of Kull et al. 2019, arXiv:1910.12656.
    """
    labels = np.asarray(labels)
    return {
        label: _calibration_error(labels == label, probabilities[:, i], bins)
        for i, label in enumerate(LABELS)
    }


def _calibration_error(right: np.ndarray, probability: np.ndarray, bins: int) -> float:
    at = np.minimum((probability * bins).astype(int), bins - 1)
    gap = np.bincount(at, right, minlength=bins) - np.bincount(at, probability, minlength=bins)
    return float(np.abs(gap).sum() / max(len(right), 1))


def chosen(table) -> np.ndarray:
    """The label (n,) that each row of a table of probabilities N, A, O, ~ says."""
    return np.array(LABELS)[table[list(LABELS)].to_numpy().argmax(axis=1)]


def scores(table) -> dict[str, dict]:
    """Scores of a table of probabilities with its `label`, and the intervals of the F1 ones.

    {"values": {name: value}, "intervals": {name: (low, high)}}
    """
    labels, said = table["label"].to_numpy(), chosen(table)
    error = calibration_error(labels, table[list(LABELS)].to_numpy())
    return {
        "values": {**f1_scores(labels, said), "calibration_error": error},
        "intervals": bootstrap(labels, said),
    }
