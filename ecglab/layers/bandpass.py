"""A linear-phase band-pass filter that skips missing samples and what lies beyond the ends."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ecglab.utils.types import Shape, Tensor

# A low-pass weight sum below this comes only from a lone sample inside a gap; dividing by less
# would blow up its noise.
_LEAST_WEIGHT = 0.1

# The baseline is computed this often and joined by lines: every sample of it would cost a
# convolution of hundreds of taps, and below 1 Hz the lines are within 1 % of it.
_BASELINE_HZ = 20

# Outputs that are computed at once, as channels: with one channel, ONNX Runtime computes 16 and
# throws 15 away.
_BLOCK = 16


def lowpass_taps(cutoff: float, fs: float, n_taps: int) -> np.ndarray:
    """Hamming-windowed sinc of unit gain at 0 Hz, (n_taps,): SciPy's `firwin(n_taps, cutoff)`."""
    time = np.arange(n_taps) - (n_taps - 1) / 2
    taps = np.sinc(2 * cutoff / fs * time) * np.hamming(n_taps)
    return taps / taps.sum()


def _odd(n: float) -> int:
    return 2 * int(n / 2) + 1


@keras.saving.register_keras_serializable(package="ecglab")
class BandPass(keras.layers.Layer):
    """Band-pass by finite impulse responses, then every `stride`-th sample.

    A low-pass of 61 taps (at 300 Hz, scaled with `fs`) at the upper edge, which also guards the
    decimation, and the subtraction of a baseline: a low-pass at the lower edge over one of its
    periods. Both are normalised convolutions (Knutsson and Westin 1993,
    doi:10.1109/CVPR.1993.341081): each output is a weighted mean of the known samples only, so
    that gaps, padding and the record's ends count as missing and not as 0 mV.

    Input: [signal (batch, n) in mV, mask (batch, n)].
    Output: [signal (batch, ceil(n / stride)), 0 where missing; mask of that shape].

    fs: sampling rate of the input in Hz
    band: (low, high) edges in Hz, at which the gain is 0.4 and 0.5
    stride: decimation; the output's rate is fs / stride
    """

    def __init__(
        self,
        fs: float,
        band: tuple[float, float] = (0.5, 40.0),
        stride: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        low, high = band
        if not 0 < low < high < fs / stride / 2:
            raise ValueError(
                f"band {band} Hz must rise within 0 and {fs / stride / 2:g} Hz, "
                f"half of the rate after a stride of {stride}"
            )
        self.fs, self.band, self.stride = float(fs), (float(low), float(high)), int(stride)
        rate = self.fs / self.stride
        self.smooth_taps = lowpass_taps(high, self.fs, _odd(fs / 5))
        self.baseline_taps = lowpass_taps(low, rate, _odd(rate / low))

    def call(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        signal, mask = inputs
        signal = _weighted_mean(signal, mask, self.smooth_taps, self.stride)
        mask = mask[:, :: self.stride]
        baseline = self._baseline(signal, mask)
        return [(signal - baseline) * mask, mask]

    def _baseline(self, signal: Tensor, mask: Tensor) -> Tensor:
        """The low-pass at the lower edge, (batch, n): at knots, and on lines between them."""
        step = max(round(self.fs / self.stride / _BASELINE_HZ), 1)
        n = ops.shape(signal)[1]
        beyond = [[0, 0], [0, step]]  # so that the last sample has a knot on either side
        knots = _weighted_mean(
            ops.pad(signal, beyond), ops.pad(mask, beyond), self.baseline_taps, step
        )
        line = 1 - np.abs(np.arange(1 - step, step)) / step
        kernel = ops.convert_to_tensor(line[:, None, None], dtype=signal.dtype)
        joined = ops.conv_transpose(knots[:, :, None], kernel, strides=step, padding="valid")
        return ops.squeeze(joined, -1)[:, step - 1 : step - 1 + n]

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        batch, n = input_shapes[0]
        shape = (batch, None if n is None else -(-n // self.stride))
        return [shape, shape]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fs": self.fs,
            "band": self.band,
            "stride": self.stride,
        }


def _weighted_mean(signal: Tensor, mask: Tensor, taps: np.ndarray, stride: int = 1) -> Tensor:
    """Normalised convolution of (batch, n) with odd taps, centred, every `stride`-th output."""
    # Signal and weights are two rows of one batch, which is one convolution and not two.
    both = ops.concatenate([signal * mask, mask], axis=0)[:, :, None]
    n = ops.shape(mask[:, ::stride])[1]
    half, kernel = taps.size // 2, _blocks(taps, stride)
    both = ops.pad(both, [[0, 0], [half, half + (_BLOCK - 1) * stride], [0, 0]])
    kernel = ops.convert_to_tensor(kernel, dtype=signal.dtype)
    means = ops.conv(both, kernel, strides=_BLOCK * stride)
    means = ops.reshape(means, (-1, ops.shape(means)[1] * _BLOCK))[:, :n]
    total, weight = ops.split(means, 2, axis=0)
    return total / ops.maximum(weight, _LEAST_WEIGHT)


def _blocks(taps: np.ndarray, stride: int) -> np.ndarray:
    """(n_taps + (_BLOCK - 1) * stride, 1, _BLOCK): a channel for each of `_BLOCK` outputs."""
    kernel = np.zeros((taps.size + (_BLOCK - 1) * stride, 1, _BLOCK))
    for i in range(_BLOCK):
        kernel[i * stride : i * stride + taps.size, 0, i] = taps
    return kernel
