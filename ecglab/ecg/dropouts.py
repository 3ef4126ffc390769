"""Missing samples that a device does not mark: it writes zeros, holds a value, or shows a rail."""

import numpy as np

LEAST_SECONDS = 0.2
"""A value that is held for longer is no measurement."""

CERTAIN_SECONDS = 1.0
"""The same for a signal that often holds its value, as a coarse converter does between beats."""

OFTEN_RUNS, OFTEN_STEPS = 0.5, 0.5
"""It does so with more runs per second, or where more of the other samples equal the one before.

Of 7,500 records of CinC 2017 one does, which is noise.
"""


def dropouts(signal: np.ndarray, fs: float) -> np.ndarray:
    """(n,) whether a sample was not measured, though it has a value.

    signal: (n,), NaN where missing; fs: in Hz
    Runs of one value for `LEAST_SECONDS` while the rest of the record moves, and samples at a rail:
    one value, twice at least, that is further from all others than these are from each other.

    >>> signal = np.float32(np.sin(np.arange(3000) / 20))
    >>> signal[1000:1300] = 0
    >>> int(dropouts(signal, 300).sum())
    300
    """
    missing = _rails(signal)
    starts, lengths = _runs(np.where(missing, np.nan, signal))
    certain = lengths >= CERTAIN_SECONDS * fs
    perhaps = (lengths >= LEAST_SECONDS * fs) & ~certain
    rest = signal.size - lengths[certain].sum() - np.count_nonzero(missing | np.isnan(signal))
    short = ~certain & ~perhaps
    held = (lengths[short] - 1).sum() / max(rest - lengths[perhaps].sum(), 1)
    often = perhaps.sum() > OFTEN_RUNS * rest / fs or held > OFTEN_STEPS
    dropped = certain | (perhaps & ~often)
    for start, length in zip(starts[dropped], lengths[dropped], strict=True):
        missing[start : start + length] = True
    return missing


def _runs(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first sample and the length of each run of one value, of two samples at least."""
    same = np.concatenate([[False], signal[1:] == signal[:-1], [False]])
    edges = np.flatnonzero(same[1:] != same[:-1])
    return edges[::2], edges[1::2] - edges[::2] + 1


def _rails(signal: np.ndarray) -> np.ndarray:
    """(n,) whether a sample is at a value far from all others."""
    missing = np.zeros(signal.size, bool)
    for sign in (1, -1):
        x = sign * signal
        at = x == np.nanmax(x)
        others = x[~at & ~np.isnan(x) & ~missing]
        if at.sum() > 1 and others.size and x[at][0] - others.max() > np.ptp(others):
            missing |= at
    return missing
