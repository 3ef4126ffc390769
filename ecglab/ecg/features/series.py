"""Medians, percentiles, shares and windows: of short series, NumPy's take several times as long.

None of them looks for NaN: there is none in what the features are made of.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def median(x: np.ndarray) -> Any:
    """(...,) the median of each row of x (..., n)."""
    x = np.array(x, order="C")  # a copy, with each row in one piece: columns sort slowly
    x.sort()
    n = x.shape[-1]
    return (x[..., (n - 1) // 2] + x[..., n // 2]) / 2


def percentile(x: np.ndarray, percent: ArrayLike) -> Any:
    """The percentiles of x (n,), between two of its values on the line from one to the other."""
    at = np.asarray(percent) / 100 * (x.size - 1)
    return np.interp(at, np.arange(x.size), np.sort(x))


def fraction(which: np.ndarray) -> float:
    """Share of true values in `which` (n,)."""
    return np.count_nonzero(which) / which.size


def windows(x: np.ndarray, width: int) -> np.ndarray:
    """(n - width + 1, width) each stretch of x (n,): a view, unless x is not in one piece."""
    x = np.ascontiguousarray(x)
    return np.ndarray((x.size - width + 1, width), x.dtype, x, strides=2 * x.strides)


def local_median(x: np.ndarray) -> np.ndarray:
    """(n,) running median of x (n,) over 9 values; the ends are extended by reflection."""
    return median(around(x))


def around(x: np.ndarray) -> np.ndarray:
    """(n, 9) the 9 values around each of x (n,); the ends are extended by reflection."""
    at, last = np.arange(x.size)[:, None] + np.arange(-4, 5), x.size - 1
    mirrored = last - np.abs(last - np.abs(at)) if last >= 4 else np.clip(at, 0, last)
    return x[mirrored]
