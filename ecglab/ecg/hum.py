"""Removal of mains hum, which leaves a record without hum exactly as it is.

Hum is a narrow line near 50 or 60 Hz, with harmonics. It is looked for in the spectrum, and removed
only where it stands out of its neighbours: a sinusoid of its frequency is fitted to overlapping
windows and subtracted (least squares, as Levkov et al. 2005, doi:10.1186/1475-925X-4-50, review it
among other methods). So the hum may change slowly in size and phase, and its frequency may be off.
"""

from functools import cached_property, lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .features.series import median, windows

MAINS = (50.0, 60.0)
"""Hz."""

OFF = 1.25
"""Hz by which the line may lie beside them."""

HARMONICS = 5
"""Multiples of the line that are looked for."""

STANDS_OUT = 25.0
"""Power of a line, in medians of its neighbours, above which it is hum.

Of 7,500 records of CinC 2017, 0.5 % have a line at 50 Hz above it, and half of all are below 1.5.
"""

UNMISTAKABLE = 100.0
"""The same for a line below `ECG_HZ`: an alias, where the waves of the heart have power too."""

LEAST_SIZE = 0.005
"""Amplitude of a line, as a share of the 99th percentile of the record, below which it is left."""

ECG_HZ = 45.0
LOWEST_HZ = 15.0
"""Below, nothing is removed."""

SPECTRUM_SECONDS, FIT_SECONDS = 4.0, 2.0
"""Lengths of the windows of the spectrum, and of the fit."""

PASSES = 2
"""A pass is repeated while it finds a line, so that what is returned has none."""


def without_hum(signal: np.ndarray, fs: float) -> np.ndarray:
    """The signal without mains hum; the same array where there is none.

    signal: (n,) float32, NaN where missing
    fs: in Hz; where it is below twice the mains frequency, the alias of the hum is removed

    >>> t = np.arange(9000) / 300
    >>> beats = np.float32(np.exp(-(((t % 0.8) - 0.4) ** 2) / 0.001))
    >>> without_hum(beats, 300) is beats
    True
    >>> hum = np.float32(0.5 * np.sin(2 * np.pi * 50.3 * t))
    >>> bool(np.abs(without_hum(beats + hum, 300) - beats).max() < 0.02)
    True
    """
    for _ in range(PASSES):
        lines = find(signal, fs)
        if not lines:
            break
        signal = (signal - _fitted(signal, fs, lines)).astype(np.float32)
    return signal


def find(signal: np.ndarray, fs: float) -> list[float]:
    """Frequencies in Hz, as sampled, of the lines of hum and of their harmonics.

    signal: (n,), NaN where missing
    """
    spectrum = _Spectrum(signal, fs)
    lines: list[float] = []
    for mains in MAINS:
        line = spectrum.line(_aliased(mains, fs), OFF)
        if line is None or any(abs(line - other) < 0.5 for other in lines):
            continue
        lines.append(line)
        # The line as it was before it was sampled, of which the harmonics are multiples.
        true = mains + _shift(mains, line, fs)
        for k in range(2, HARMONICS + 1):
            harmonic = spectrum.line(_aliased(k * true, fs), 0.5)
            if harmonic is not None and all(abs(harmonic - other) > 0.5 for other in lines):
                lines.append(harmonic)
    return lines


@lru_cache(maxsize=64)
def _hann(n: int, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """The frequencies of n samples, and a periodic Hann window of them."""
    return np.fft.rfftfreq(n, 1 / fs), np.hanning(n + 1)[:-1]


class _Spectrum:
    """Power of overlapping Hann windows of a signal."""

    def __init__(self, signal: np.ndarray, fs: float):
        x = _bridged(signal)
        n = min(round(SPECTRUM_SECONDS * fs), 2 * x.size // 3)
        self.fs, self.hop = fs, n // 2
        pieces = windows(x, n)[:: self.hop]
        self.hz, window = _hann(n, fs)
        self.x, self.gain = x, 2 / window.sum()
        self.pieces = np.fft.rfft((pieces - pieces.mean(axis=1, keepdims=True)) * window)
        self.power = (self.pieces.real**2 + self.pieces.imag**2).mean(axis=0)

    def line(self, hz: float, off: float) -> float | None:
        """The frequency of a line that stands out, at most `off` Hz from `hz`; None without one."""
        if hz < LOWEST_HZ:
            return None
        distance = np.abs(self.hz - hz)
        near = np.flatnonzero(distance <= off)
        around = (distance >= off + 0.75) & (distance <= off + 5)
        if not near.size or not around.any():
            return None
        k = near[self.power[near].argmax()]
        least = STANDS_OUT if self.hz[k] >= ECG_HZ else UNMISTAKABLE
        if not self.power[k] > least * median(self.power[around]):
            return None
        if self.gain * np.sqrt(self.power[k]) < LEAST_SIZE * self.size:
            return None
        return self._refined(k)

    @cached_property
    def size(self) -> float:
        """The 99th percentile of the distance from the median."""
        return float(np.percentile(np.abs(self.x - np.median(self.x)), 99))

    def _refined(self, k: int) -> float:
        """The frequency of a line in bin k, by the advance of its phase from window to window."""
        x, seconds = self.pieces[:, k], self.hop / self.fs
        turns = np.angle((x[1:] * x[:-1].conj()).sum()) / (2 * np.pi)
        return float((turns + np.round(self.hz[k] * seconds - turns)) / seconds)


def _fitted(signal: np.ndarray, fs: float, lines: list[float]) -> np.ndarray:
    """(n,) the sinusoids of these frequencies in the signal, each fitted to overlapping windows.

    Half of a window lies beyond each end. A line is fitted with them, against the baseline.
    """
    half = round(FIT_SECONDS / 2 * fs)
    n_pieces = -(-signal.size // half) + 1
    padded = np.full((n_pieces + 1) * half, np.nan)
    padded[half : half + signal.size] = signal
    pieces = sliding_window_view(padded, 2 * half)[::half]
    window = np.hanning(2 * half + 1)[:-1] + 1e-9
    weights = np.where(np.isnan(pieces), 0, window)
    t = np.arange(-half, half) / fs
    waves = [f(2 * np.pi * hz * t) for hz in lines for f in (np.cos, np.sin)]
    basis = np.stack([*waves, np.ones_like(t), t], axis=1)
    size = basis.shape[1]
    products = (basis[:, :, None] * basis[:, None, :]).reshape(2 * half, size * size)
    gram = (weights @ products).reshape(-1, size, size)
    gram += 1e-6 * half * np.eye(size)  # at the Nyquist frequency one of the two waves is 0
    moments = (np.nan_to_num(pieces) * weights) @ basis
    found = np.linalg.solve(gram, moments[:, :, None])[:, :-2, 0]
    fitted = found @ basis[:, :-2].T * window
    total, norm = np.zeros(padded.size), np.zeros(padded.size)
    for i, row in enumerate(fitted):
        total[i * half : (i + 2) * half] += row
        norm[i * half : (i + 2) * half] += window
    return (total / norm)[half : half + signal.size]


def _aliased(hz: float, fs: float) -> float:
    """The frequency from 0 to fs / 2 at which `hz` is seen."""
    return abs(hz - fs * round(hz / fs))


def _shift(mains: float, line: float, fs: float) -> float:
    """How far the hum is off the mains frequency, from where its line is seen."""
    turned = -1 if (mains / fs) % 1 > 0.5 else 1
    return turned * (line - _aliased(mains, fs))


def _bridged(signal: np.ndarray) -> np.ndarray:
    """The signal with missing samples on a line between their neighbours."""
    missing = np.isnan(signal)
    if not missing.any():
        return signal
    index = np.arange(signal.size)
    return np.interp(index, index[~missing], signal[~missing])
