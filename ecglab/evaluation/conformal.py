"""Class-conditional (Mondrian) conformal prediction sets, fitted on out-of-fold probabilities.

Vovk V, Gammerman A, Shafer G. "Algorithmic Learning in a Random World", 2005,
doi:10.1007/b106715, and the paper of `inference.parameters.Conformal`. The coverage of a class
holds for records that are exchangeable with those of the fit: of the same source, patients and
device. It says nothing of others.
"""

from collections.abc import Sequence

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.inference.parameters import Conformal
from ecglab.utils.types import Labels

COVERAGES = np.round(np.arange(0.5, 0.995, 0.01), 2)
"""Coverages for which `fitted` keeps the least probabilities."""


def fitted(labels: Labels, probabilities: np.ndarray, classes: Classes) -> Conformal:
    """The sets that cover each class, from records (n,) and their probabilities (n, n_classes).

    Of n records of a class, the least probability at coverage c is the one of rank
    floor((n + 1) (1 - c)) from below; with rank 0, the class is in every set.

    >>> p = np.linspace(0.05, 0.95, 19)[:, None] * [1, 0] + [0, 0.5]
    >>> rhythm = Classes({"N": "normal", "A": "atrial fibrillation"})
    >>> sets = fitted(["N"] * 19, p, rhythm)
    >>> float(sets.least["N"][sets.coverage == 0.9][0])
    0.1
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, float)
    least = {}
    for i, code in enumerate(classes):
        p = np.sort(probabilities[labels == code, i])
        rank = np.floor((p.size + 1) * (1 - COVERAGES) + 1e-9).astype(int)
        least[code] = np.where(rank > 0, np.append(p, 0)[rank - 1], 0)
    # The list of the file increases with the coverage, and the probabilities fall.
    return Conformal(COVERAGES, least)


def checked(
    labels: Labels,
    probabilities: np.ndarray,
    parts: np.ndarray,
    coverages: Sequence[float],
    classes: Classes,
) -> list[dict]:
    """What the sets of all parts but one cover of that part, over all parts, for each coverage.

    parts: (n,) int, as of `selective.parts`
    Returns [{"coverage": asked for, "classes": {class: share of its records whose set has it},
    "size": mean number of classes in a set}]; a class without records is left out.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    rules = {k: fitted(labels[parts != k], probabilities[parts != k], classes) for k in set(parts)}
    right = classes.one_hot(labels) > 0
    found = []
    for coverage in coverages:
        sets = np.zeros(probabilities.shape, bool)
        for k, rule in rules.items():
            sets[parts == k] = rule.sets(probabilities[parts == k], coverage)
        covered = sets[right]
        shares = {code: float(covered[labels == code].mean()) for code in classes if code in labels}
        found.append(
            {"coverage": coverage, "classes": shares, "size": float(sets.sum(axis=1).mean())}
        )
    return found
