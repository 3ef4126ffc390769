"""Where a QRS complex may be, and what speaks for it.

A candidate is a local maximum of the QRS envelope. How high it is depends on the lead and on the
noise, so that no threshold on its height alone suits all records. Its evidence is a sum of terms:

    height     over the median height of the beats around (the adaptive threshold of Pan and
               Tompkins 1985, doi:10.1109/TBME.1985.325532)
    floor      height over the level that the envelope seldom falls below within 2 s: noise is high
               for long
    valleys    height over the lower level on both its sides within 0.36 s: a QRS stands alone
    neighbour  a P or a T wave has a higher neighbour, its own QRS, within 0.3 s
    shape      correlation of the QRS band with a template, the median of the beats that look alike
    beat       correlation of QRS and T, without fast noise, with the template of the same beats

Templates are of 30 s at most, because the shape of beats changes with the position of the body. A
second template stands for beats that look different, such as ventricular ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .bands import Bands
from .series import local_median, median, windows

REFRACTORY = 0.2
"""Seconds around a candidate in which there is no lower one."""

LEVEL_SECONDS = 1.25
"""Length of the windows whose maxima give the first level: at 50 beats a minute, each has one."""

LOWEST = 0.1
"""Of the level, the height of the lowest candidate."""

THRESHOLD = 0.35
"""Of the height of the beats around: height at which a candidate is as likely a beat as not."""

NEIGHBOUR = 0.3
"""Seconds within which a higher neighbour speaks against a candidate."""

ALIKE = 0.8
"""Correlation from which on two QRS complexes belong to one template."""

STEEP = 0.5
"""Logarithm by which a candidate is less steep than the usual beat and may be one still."""

QUIET = 1.8
"""Height above the floor from which on a candidate stands out clearly."""

ALONE = 0.1
"""A neighbour that is higher by less does not speak against being a model of a template."""

NEUTRAL_SHAPE, NEUTRAL_BEAT = 0.6, 0.5
"""Correlations with the templates that speak neither for a beat nor against one."""

HEIGHT, FLOOR, VALLEYS, HIGHER, SHAPE, BEAT = 4.0, 2.0, 1.5, 2.0, 5.0, 4.5
"""Weights of the terms, whose sum is meant as log odds. Set by hand, on beats of other records
than those of the data sets for training."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates (n,) of one record, in order. Heights are natural logarithms.

    at: sample numbers; height: of the envelope; level: of beats around; floor, valleys: height
    above them; slope: envelope of the upper part of the QRS band over that of the lower
    neighbour: how much higher the highest neighbour is, 0 where none is higher
    """

    at: np.ndarray
    height: np.ndarray
    level: np.ndarray
    floor: np.ndarray
    valleys: np.ndarray
    slope: np.ndarray
    neighbour: np.ndarray

    def part(self, start: int, end: int) -> "Candidates":
        """The candidates from sample `start` on and before sample `end`."""
        i, j = self.at.searchsorted((start, end))
        return Candidates(*(array[i:j] for array in vars(self).values()))

    def outstanding(self, chosen: np.ndarray) -> np.ndarray:
        """Places of `chosen` candidates and of those that stand out of a quiet signal as clearly.

        Small beats among much higher ones are below every threshold on height.
        """
        steep = self.slope > median(self.slope[chosen]) - STEEP
        outstanding = (self.floor > QUIET) & steep
        outstanding[chosen] = True
        return np.flatnonzero(outstanding)

    def without_neighbour(self, places: np.ndarray) -> np.ndarray:
        """Those of places that have no higher neighbour, if they are at least 3, or all places."""
        alone = places[self.neighbour[places] < ALONE]
        return alone if alone.size >= 3 else places

    def evidence(
        self,
        height: np.ndarray,
        shape: np.ndarray | float = NEUTRAL_SHAPE,
        beat: np.ndarray | float = NEUTRAL_BEAT,
    ) -> np.ndarray:
        """(n,) about the log odds that a candidate is a beat.

        height: (n,) over that of usual beats; shape, beat: (n,) likeness to the templates
        """
        return (
            HEIGHT * np.clip(height - np.log(THRESHOLD), -0.8, 1.0)
            + FLOOR * np.clip(self.floor - 1.2, -2.0, 1.3)
            + VALLEYS * np.clip(self.valleys - 1.2, -1.2, 0.5)
            - HIGHER * self.neighbour
            + SHAPE * (np.maximum(shape, 0) - NEUTRAL_SHAPE)
            + BEAT * (np.maximum(beat, 0) - NEUTRAL_BEAT)
        )


def find(bands: Bands) -> Candidates | None:
    """The candidates of a record; None for a signal without height."""
    fs = bands.fs
    low, high = bands.envelope, bands.steep_envelope
    envelope = np.sqrt(low * high) * bands.known
    level = level_of(envelope, fs)
    if level is None:
        return None
    at = maxima(envelope, level, LOWEST, REFRACTORY, fs)
    # What follows changes slowly: 50 values a second are enough.
    step = max(round(fs / 50), 1)
    few = envelope[::step]
    width = min(100, few.size)
    pieces = np.sort(windows(few, width)[:: width // 2], axis=1)
    floor = pieces[:, int(0.4 * width)]
    middles = np.arange(len(pieces)) * (width // 2) + width / 2
    around = np.minimum(at // step, few.size - 1)[:, None] + np.arange(6, 19)
    padded = np.concatenate([np.full(18, few[0]), few, np.full(18, few[-1])])
    valleys = np.maximum(padded[around - 6].min(axis=1), padded[around + 12].min(axis=1))
    tiny = 1e-9 * envelope.max()
    height = np.log(envelope[at])
    return Candidates(
        at,
        height,
        np.log(level(at)),
        height - np.log(np.interp(at / step, middles, floor) + tiny),
        height - np.log(valleys + tiny),
        np.log((high[at] + tiny) / (low[at] + tiny)),
        _higher_neighbour(at / fs, height),
    )


def level_of(envelope: np.ndarray, fs: float) -> Callable[[np.ndarray], np.ndarray] | None:
    """Sample numbers to the height of beats around them; None for a signal that has no height.

    Most of the windows have a beat: a burst of noise, a pause or a few much higher beats are
    outnumbered in the median of 9.
    """
    width = min(round(LEVEL_SECONDS * fs), envelope.size)
    starts = np.arange(0, envelope.size - width + 1, width)
    tops = np.maximum.reduceat(envelope, starts)
    usual = median(tops)
    if not usual > 0:
        return None
    local = np.clip(local_median(tops), 0.25 * usual, 4 * usual)
    return lambda at: np.interp(at, starts + width // 2, local)


def maxima(
    envelope: np.ndarray, level: Callable, lowest: float, refractory: float, fs: float
) -> np.ndarray:
    """Local maxima from `lowest` times the level on, the highest in each refractory period (s)."""
    inner = envelope[1:-1]
    tops = 1 + np.flatnonzero((inner > envelope[:-2]) & (inner >= envelope[2:]))
    tops = tops[envelope[tops] >= lowest * level(tops)]
    reach = round(refractory * fs)
    free = bytearray(b"\1" * envelope.size)  # read one by one faster than an array
    kept = []
    for top in tops[np.argsort(-envelope[tops], kind="stable")].tolist():
        if free[top]:
            kept.append(top)
            start, end = max(top - reach, 0), min(top + reach, envelope.size)
            free[start:end] = bytes(end - start)
    return np.sort(np.array(kept, int))


def high_maxima(envelope: np.ndarray, fs: float) -> np.ndarray:
    """Sample numbers of the maxima above `THRESHOLD` alone: a plain QRS detector."""
    level = level_of(envelope, fs)
    return np.empty(0, int) if level is None else maxima(envelope, level, THRESHOLD, 0.25, fs)


def _higher_neighbour(time: np.ndarray, height: np.ndarray) -> np.ndarray:
    """(n,) how much higher the highest neighbour within `NEIGHBOUR` s is; at least 0."""
    higher = np.zeros(time.size)
    for step in (1, 2):  # more do not fit between refractory periods
        rise = np.where(time[step:] - time[:-step] < NEIGHBOUR, height[step:] - height[:-step], 0)
        higher[:-step] = np.maximum(higher[:-step], rise)
        higher[step:] = np.maximum(higher[step:], -rise)
    return higher


class Shapes:
    """The signal around candidates, to be compared with templates.

    The QRS is compared in its own band at about 125 Hz; QRS and T together at about 40 Hz.
    """

    def __init__(self, bands: Bands):
        self._bands = bands

    @cached_property
    def _qrs(self) -> "_Windows":
        return _Windows(self._bands.qrs, self._bands.fs, 125, -0.07, 0.07)

    @cached_property
    def _beat(self) -> "_Windows":
        return _Windows(self._bands.wide, self._bands.fs, 40, -0.1, 0.4)

    def likeness(
        self, at: np.ndarray, models: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) correlations of QRS, and of QRS and T, with the template most alike, and the shift.

        at: (n,) sample numbers of candidates; models: of those that the templates are made of
        """
        qrs, beat = self._qrs.cut(models), self._beat.cut(models)
        best_qrs, best_beat = np.full(at.size, -1.0), np.zeros(at.size)
        best_shift = np.zeros(at.size, int)
        for members in groups(qrs):
            # A candidate is an envelope's maximum: the QRS may lie 0.04 s beside it.
            of_qrs, shift = self._qrs.best(at, median(qrs[members].T), 0.04)
            of_beat, _ = self._beat.best(at + shift, median(beat[members].T), 0)
            better = of_qrs > best_qrs
            best_qrs = np.where(better, of_qrs, best_qrs)
            best_beat = np.where(better, of_beat, best_beat)
            best_shift = np.where(better, shift, best_shift)
        return best_qrs, best_beat, best_shift


class _Windows:
    """A signal at a lower rate, from which windows around sample numbers are cut.

    rate: in Hz, about; start, end: of a window, in s
    """

    def __init__(self, x: np.ndarray, fs: float, rate: float, start: float, end: float):
        self._step = max(round(fs / rate), 1)
        self._fs = fs
        self._before = round(-start * fs / self._step)
        width = self._before + round(end * fs / self._step) + 1
        n = x.size // self._step * self._step
        few = sum((x[i : n : self._step] for i in range(1, self._step)), x[: n : self._step])
        few = few / self._step
        self._edge = round(fs / self._step)  # a second beyond both ends
        self._x = np.concatenate([np.full(self._edge, few[0]), few, np.full(self._edge, few[-1])])
        self._rows = windows(self._x, width)
        size = moving_size(self._x, width)
        self._per_size = np.divide(1, size, out=np.zeros(size.size), where=size > 0)

    def _start(self, at: np.ndarray) -> np.ndarray:
        """Where the window around each sample number begins."""
        return at // self._step + (self._edge - self._before)

    def cut(self, at: np.ndarray) -> np.ndarray:
        """(n, width) the windows around sample numbers (n,)."""
        return self._rows[self._start(at)]

    def best(
        self, at: np.ndarray, template: np.ndarray, reach: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) highest correlation of windows with a template, and the shift to it in samples.

        at: (n,) increasing; reach: how far the windows are shifted, in s
        """
        steps = round(reach * self._fs / self._step)
        start = self._start(at)[:, None] + np.arange(-steps, steps + 1)
        centred = template - template.mean()
        size = np.sqrt(centred @ centred)
        near = (self._rows[start] @ centred) * self._per_size[start]
        place = near.argmax(axis=1)
        found = near[np.arange(at.size), place] / (size if size > 0 else 1.0)
        return found, (place - steps) * self._step


def moving_size(x: np.ndarray, width: int) -> np.ndarray:
    """(n - width + 1,) norm of each window of x (n,) without its mean; 0 where it is constant."""
    sums, squares = np.zeros((2, x.size + 1))
    np.cumsum(x, out=sums[1:])
    np.cumsum(x * x, out=squares[1:])
    energy = squares[width:] - squares[:-width] - (sums[width:] - sums[:-width]) ** 2 / width
    return np.sqrt(np.where(energy > 1e-10 * squares[-1] / x.size, energy, 0))


def groups(rows: np.ndarray) -> list[np.ndarray]:
    """Places in rows (n, samples) of those that look alike: the most, and the most of the others.

    The second group has at least 3 rows and a twelfth of all, or is left out.
    """
    centred = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    centred = np.divide(centred, size, out=np.zeros(rows.shape), where=size > 0)
    n = min(len(rows), 32)
    models = np.arange(n) * (len(rows) - 1) // max(n - 1, 1)
    alike = centred @ centred[models].T > ALIKE
    first = alike[:, alike.sum(axis=0).argmax()].copy()
    if not first.any():
        return [np.arange(len(rows))]
    alike &= ~first[:, None]
    second = alike[:, alike.sum(axis=0).argmax()]
    found = [np.flatnonzero(first), np.flatnonzero(second)]
    return found if second.sum() >= max(3, len(rows) / 12) else found[:1]
