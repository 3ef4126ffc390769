"""The spectrogram of a record in NumPy, for figures and analysis; models have a layer for it."""

import math
from dataclasses import dataclass

import numpy as np

from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError

LEAST = 1e-12
"""mV²/Hz below which there is only rounding."""


@dataclass(frozen=True)
class Spectrogram:
    """Short-time power of a record.

    time: (frames,) s, the middle of each frame; frequency: (bins,) Hz
    power: (bins, frames) mV²/Hz, NaN in frames with a missing sample
    """

    time: np.ndarray
    frequency: np.ndarray
    power: np.ndarray

    @property
    def decibel(self) -> np.ndarray:
        """(bins, frames) power in dB of 1 mV²/Hz."""
        return 10 * np.log10(np.maximum(self.power, LEAST))


def spectrogram(
    record: Record,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple[float, float] = (0, 50),
    padding: int = 1,
) -> Spectrogram:
    """Power in Hann windows with their mean removed, as SciPy computes it; 0 Hz is left out.

    window, hop: length and distance of the windows in s; band: lowest and highest Hz
    padding: each window is padded with zeros to this multiple of the next power of 2 (1: not at
    all). That makes a figure smooth and adds no resolution.
    Raises EcglabError for a band above fs / 2.
    """
    n_window = min(max(round(window * record.fs), 2), record.n_samples)
    n_hop = max(round(hop * record.fs), 1)
    missing = np.isnan(record.signal)
    index = np.arange(record.n_samples)
    whole = np.interp(index, index[~missing], record.signal[~missing])
    frames = np.lib.stride_tricks.sliding_window_view(whole, n_window)[::n_hop]
    taper = np.hanning(n_window + 1)[:-1]  # periodic
    n_fft = n_window if padding == 1 else padding * 2 ** math.ceil(math.log2(n_window))
    tapered = (frames - frames.mean(axis=1, keepdims=True)) * taper
    frequency = np.fft.rfftfreq(n_fft, 1 / record.fs)
    power = np.abs(np.fft.rfft(tapered, n_fft)).T ** 2 / (record.fs * (taper**2).sum())
    power[1 : (n_fft + 1) // 2] *= 2  # the negative frequencies
    inside = (frequency > 0) & (frequency >= band[0]) & (frequency <= band[1])
    if inside.sum() < 2:
        raise EcglabError(f"{record.id}: {record.fs:g} Hz has no power at {band[0]:g} Hz and above")
    gaps = np.lib.stride_tricks.sliding_window_view(missing, n_window)[::n_hop].any(axis=1)
    power = np.where(gaps, np.nan, power[inside])
    time = (np.arange(len(frames)) * n_hop + n_window / 2) / record.fs
    return Spectrogram(time, frequency[inside], power)
