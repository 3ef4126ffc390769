"""A signal without gaps and its frequency bands, all from one FFT."""

from functools import cached_property, lru_cache

import numpy as np

from .series import median, windows


class Bands:
    """One lead with gaps interpolated linearly and the median subtracted.

    fs: sampling rate in Hz; known: (n,) whether a sample was there; x: (n,)
    """

    def __init__(self, signal: np.ndarray, fs: float):
        self.fs = float(fs)
        self.known = ~np.isnan(signal)
        gaps, there = np.flatnonzero(~self.known), np.flatnonzero(self.known)
        self.x = np.array(signal, float)
        self.x[gaps] = np.interp(gaps, there, signal[there])
        self.x -= median(self.x)
        # A second of mirror image at each end, then a line back to the start: the FFT is of
        # something that has no jumps, and its length has small factors.
        self._edge = min(round(self.fs), signal.size - 1)
        head = 2 * self.x[0] - self.x[self._edge : 0 : -1]
        tail = 2 * self.x[-1] - self.x[-2 : -2 - self._edge : -1]
        long = np.concatenate([head, self.x, tail])
        self._n = fast_length(long.size + self._edge)
        steps = self._n - long.size + 1
        line = long[-1] + np.arange(1, steps) * ((long[0] - long[-1]) / steps)
        self._spectrum = np.fft.rfft(np.concatenate([long, line]))

    @property
    def n(self) -> int:
        return self.x.size

    def missing(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """(n_parts,) the number of missing samples from `start` up to `end`, each (n_parts,)."""
        return self._missing[np.minimum(end, self.n)] - self._missing[np.maximum(start, 0)]

    @cached_property
    def _missing(self) -> np.ndarray:
        """(n + 1,) the number of missing samples before each one."""
        return np.concatenate([[0], np.cumsum(~self.known)])

    def band(self, low: float, high: float) -> np.ndarray:
        """(n,) the signal from `low` to `high` Hz, with no shift in time.

        The edges are half cosines, from 0.6 `low` up to `low` and from `high` to 1.4 `high`.
        """
        window = _window(self._n, self.fs, low, high)
        long = np.fft.irfft(self._spectrum[: window.size] * window, self._n)
        return long[self._edge : self._edge + self.n]

    @cached_property
    def wide(self) -> np.ndarray:
        """(n,) from 0.7 to 40 Hz: all waves, without wander, mains and muscle."""
        return self.band(0.7, 40)

    @cached_property
    def slow(self) -> np.ndarray:
        """(n,) from 0.7 to 15 Hz: P, T and fibrillatory waves without the noise of a converter."""
        return self.band(0.7, 15)

    @cached_property
    def qrs(self) -> np.ndarray:
        """(n,) from 6 to 25 Hz: where a QRS stands out most."""
        return self.band(6, 25)

    @cached_property
    def envelope(self) -> np.ndarray:
        """(n,) of the band of the QRS: the root of its power over 0.11 s."""
        return envelope_of(self.qrs, self.fs)

    @cached_property
    def steep_envelope(self) -> np.ndarray:
        """(n,) as `envelope`, from 12 to 35 Hz: a T wave has next to nothing there."""
        return envelope_of(self.band(12, 35), self.fs)


@lru_cache(maxsize=256)
def _window(n: int, fs: float, low: float, high: float) -> np.ndarray:
    """The share of each frequency of n samples that a band keeps; zeros at the end are left out."""
    hz = np.fft.rfftfreq(n, 1 / fs)
    hz = hz[hz < 1.4 * high]
    rise = np.clip((hz / low - 0.6) / 0.4, 0, 1)
    fall = np.clip((1.4 - hz / high) / 0.4, 0, 1)
    return np.sin(np.pi / 2 * np.minimum(rise, fall)) ** 2


@lru_cache(maxsize=64)
def _hann(n: int, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """The frequencies of n samples, and a Hann window of them."""
    return np.fft.rfftfreq(n, 1 / fs), np.hanning(n)


def moving_mean(x: np.ndarray, width: int) -> np.ndarray:
    """(n,) the mean of the `width` samples around each one, of those that are there."""
    n, width = x.size, max(width, 1)
    part = np.concatenate([np.zeros(width // 2), x, np.zeros(width - 1 - width // 2)])
    sums, done, size = np.zeros(n), 0, 1
    while True:  # `part` holds sums of `size` samples: those that make up the width are added
        if width & size:
            sums += part[done : done + n]
            done += size
        if done == width:
            return sums / _counts(n, width)
        part = part[:-size] + part[size:]
        size *= 2


@lru_cache(maxsize=64)
def _counts(n: int, width: int) -> np.ndarray:
    """(n,) how many of n samples are among the `width` around each one."""
    at = np.arange(n)
    return np.minimum(at, width // 2) + np.minimum(n - at, width - width // 2).astype(float)


def envelope_of(x: np.ndarray, fs: float) -> np.ndarray:
    """(n,) the root of the mean power of 0.11 s, about the length of a QRS."""
    return np.sqrt(moving_mean(x * x, round(0.11 * fs)))


def correlations(rows: np.ndarray, template: np.ndarray) -> np.ndarray:
    """(n,) correlation of each row (n, samples) with the template (samples,)."""
    a = rows - rows.sum(axis=1, keepdims=True) / rows.shape[1]
    b = template - template.mean()
    size = np.sqrt(np.einsum("ij,ij->i", a, a) * (b @ b))
    return np.divide(a @ b, size, out=np.zeros(len(rows)), where=size > 0)


def power_spectrum(x: np.ndarray, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz and the power at them: Hann windows of about 4 s that overlap by half."""
    n = min(fast_length(round(4 * fs)), x.size)
    pieces = windows(x, n)[:: max(n // 2, 1)]
    hz, window = _hann(n, fs)
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * window
    return hz, power_of(np.fft.rfft(pieces)).mean(axis=0)


def power_of(spectrum: np.ndarray) -> np.ndarray:
    """The power of complex amplitudes, without the root that `abs` takes."""
    return spectrum.real**2 + spectrum.imag**2


def share(hz: np.ndarray, power: np.ndarray, low: float, high: float) -> float:
    """The power from `low` to `high` Hz; hz: increasing."""
    start, end = hz.searchsorted((low, high))
    return float(power[start:end].sum())


def log_ratio(above: float, below: float) -> float:
    """log10 of a ratio, NaN where one of the two is 0."""
    return float(np.log10(above / below)) if above > 0 and below > 0 else float("nan")


def fast_length(n: int) -> int:
    """The smallest length of at least n that is 2^k times 1, 9/8, 5/4 or 3/2."""
    power = 2 ** max(int(np.ceil(np.log2(max(n, 16)))) - 1, 3)
    return next(length for f in (8, 9, 10, 12, 16) if (length := power * f // 8) >= n)
