"""The log spectrogram as a layer: the power spectral density of SciPy, bin by bin."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ecglab.utils.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="ecglab")
class LogSpectrogram(keras.layers.Layer):
    """Logarithm of the short-time power spectral density, of the frames wholly inside the record.

    As `scipy.signal.spectrogram(x, fs, "hann", nperseg, noverlap, detrend=False)` with the bins
    of `band` kept. It is one convolution with fixed cosines and sines, so that it exports like
    any other convolution.

    Input: [signal (batch, n), mask (batch, n)].
    Output: [log power (batch, frames, bins), 0 in frames that do not count;
    mask (batch, frames): 1 where every sample of the frame is known].

    fs: sampling rate in Hz
    window: length of a frame in s
    hop: time between frames in s
    band: (low, high) in Hz, both included
    floor: power density added before the logarithm, for a signal of unit power

    >>> layer = LogSpectrogram(fs=300, window=0.32, hop=0.08)
    >>> power, mask = layer([np.ones((1, 3000), "float32"), np.ones((1, 3000), "float32")])
    >>> tuple(power.shape), tuple(mask.shape), layer.bins
    ((1, 122, 17), (1, 122), 17)
    """

    def __init__(
        self,
        fs: float,
        window: float = 0.32,
        hop: float = 0.08,
        band: tuple[float, float] = (0.0, 50.0),
        floor: float = 1e-6,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fs, self.window, self.hop = float(fs), float(window), float(hop)
        self.band, self.floor = (float(band[0]), float(band[1])), float(floor)
        self.n_window, self.n_hop = round(fs * window), round(fs * hop)
        if self.n_window < 2 or self.n_hop < 1:
            raise ValueError(
                f"a window of {window} s and a hop of {hop} s are too short at {fs:g} Hz"
            )
        frequencies = np.fft.rfftfreq(self.n_window, 1 / self.fs)
        kept = (frequencies >= self.band[0] - 1e-9) & (frequencies <= self.band[1] + 1e-9)
        if not kept.any():
            raise ValueError(f"band {band} Hz holds no bin of a window of {window} s")
        self.frequencies = frequencies[kept]

    @property
    def bins(self) -> int:
        return self.frequencies.size

    def _kernel(self) -> np.ndarray:
        """Windowed cosines, then sines, scaled so that the sum of squares is the density."""
        sample = np.arange(self.n_window)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * sample / self.n_window)
        # Close to, not equal: rfftfreq's highest bin is often off half the rate by a rounding.
        lone = (self.frequencies == 0) | np.isclose(self.frequencies, self.fs / 2)
        one_sided = np.where(lone, 1, 2)
        scale = np.sqrt(one_sided / (self.fs * np.sum(hann**2)))
        phase = 2 * np.pi * sample[:, None] * self.frequencies / self.fs
        waves = np.concatenate([np.cos(phase) * scale, np.sin(phase) * scale], axis=1)
        return (hann[:, None] * waves)[:, None, :]

    def call(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        signal, mask = inputs
        kernel = ops.convert_to_tensor(self._kernel(), dtype=signal.dtype)
        waves = ops.conv((signal * mask)[:, :, None], kernel, strides=self.n_hop)
        cosine, sine = ops.split(waves, 2, axis=-1)
        power = ops.square(cosine) + ops.square(sine)
        missing = ops.max_pool((1.0 - mask)[:, :, None], self.n_window, self.n_hop)[:, :, 0]
        frames = 1.0 - missing
        return [ops.log(power + self.floor) * frames[:, :, None], frames]

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        batch, n = input_shapes[0]
        frames = None if n is None else (n - self.n_window) // self.n_hop + 1
        return [(batch, frames, self.bins), (batch, frames)]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fs": self.fs,
            "window": self.window,
            "hop": self.hop,
            "band": self.band,
            "floor": self.floor,
        }
