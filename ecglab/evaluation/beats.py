"""Detected beats against reference beats: sensitivity and precision.

As ANSI/AAMI EC57 compares beats: one to one, within a tolerance in time (150 ms there).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class BeatScore:
    """Counts of beats, which add up over records.

    reference: reference beats; found: those of them that are matched
    detected: detected beats; right: those of them that are matched

    >>> BeatScore(reference=4, found=3, detected=3, right=3) + BeatScore(1, 1, 2, 1)
    BeatScore(reference=5, found=4, detected=5, right=4)
    """

    reference: int = 0
    found: int = 0
    detected: int = 0
    right: int = 0

    @property
    def sensitivity(self) -> float:
        """Share of the reference beats that are found; NaN without any."""
        return self.found / self.reference if self.reference else float("nan")

    @property
    def precision(self) -> float:
        """Share of the detected beats that are right; NaN without any."""
        return self.right / self.detected if self.detected else float("nan")

    def __add__(self, other: "BeatScore") -> "BeatScore":
        return BeatScore(
            self.reference + other.reference,
            self.found + other.found,
            self.detected + other.detected,
            self.right + other.right,
        )


def match(
    reference: ArrayLike, detected: ArrayLike, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of reference and detected beats within the tolerance, as many as there can be.

    reference, detected: times of beats, increasing; tolerance: in the same unit
    Returns two arrays (n_pairs,) of places in `reference` and `detected`. No beat is in two pairs.

    >>> match([100, 200, 300], [105, 290, 310], tolerance=20)
    (array([0, 2]), array([0, 1]))
    """
    a, b = np.asarray(reference).tolist(), np.asarray(detected).tolist()
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        # The earliest beat that can be matched is matched with the earliest that it can have:
        # with one tolerance for all, no other order gives more pairs.
        if abs(a[i] - b[j]) <= tolerance:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    found = np.array(pairs, int).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def score(
    reference: ArrayLike,
    detected: ArrayLike,
    tolerance: float,
    start: float = -np.inf,
    end: float = np.inf,
) -> BeatScore:
    """The score of detected beats.

    reference, detected: times of beats, increasing; tolerance, start, end: in the same unit
    Beats before `start` and from `end` on are not counted, but may be the match of one that is.

    >>> score([100, 200, 300], [105, 290, 310], tolerance=20, start=150)
    BeatScore(reference=2, found=1, detected=2, right=1)
    """
    a, b = np.asarray(reference), np.asarray(detected)
    of_a, of_b = match(a, b, tolerance)
    counted_a, counted_b = (a >= start) & (a < end), (b >= start) & (b < end)
    return BeatScore(
        int(counted_a.sum()),
        int(counted_a[of_a].sum()),
        int(counted_b.sum()),
        int(counted_b[of_b].sum()),
    )
