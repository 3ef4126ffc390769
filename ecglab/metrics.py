"""The challenge's scores, pooled over records, with intervals."""

import numpy as np

from ecglab.record import LABELS

F1_NAMES = {"N": "F1_N", "A": "F1_A", "O": "F1_O", "~": "F1_noise"}
"""The name of each class's F1 everywhere; MLflow allows no "~" in a name."""


def confusion(labels, chosen) -> np.ndarray:
    """Records of class i (row) that were called j (column), (4, 4), in the order of LABELS."""
    index = {label: i for i, label in enumerate(LABELS)}
    cell = np.array([index[a] * 4 + index[b] for a, b in zip(labels, chosen, strict=True)], int)
    return np.bincount(cell, minlength=16).reshape(4, 4)


def f1_of(matrix: np.ndarray) -> dict[str, float]:
    """F1 per class, `F1_NAO` and `F1_mean` from a confusion matrix (4, 4).

    F1 = 2 TP / (records of the class + records called it), as the challenge scored
    (doi:10.22489/CinC.2017.065-469); a class neither there nor called has F1 0.
    F1_NAO is the mean over N, A and O, by which the challenge ranked; F1_mean is over all four.
    """
    total = matrix.sum(axis=0) + matrix.sum(axis=1)
    f1 = 2 * np.diag(matrix) / np.maximum(total, 1)
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
    scores = [f1_of(draw.reshape(4, 4)) for draw in draws]
    return {
        name: tuple(float(q) for q in np.percentile([s[name] for s in scores], [2.5, 97.5]))
        for name in scores[0]
    }


def calibration_error(labels, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the chosen label, over bins of equal width.

    probabilities: (n, 4). Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599.
    """
    confidence = probabilities.max(axis=1)
    right = np.array(LABELS)[probabilities.argmax(axis=1)] == np.asarray(labels)
    at = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(at, minlength=bins)
    gap = np.abs(
        np.bincount(at, right, minlength=bins) - np.bincount(at, confidence, minlength=bins)
    )
    return float(gap.sum() / max(count.sum(), 1))


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
