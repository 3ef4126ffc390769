"""The convolutional blocks that `spectrogram_cnn` and `spectrogram_crnn` share."""

from collections.abc import Sequence

from keras import layers

from ecglab.layers import ApplyMask, HalveMask
from ecglab.models._parts import MOMENTUM, spectrogram
from ecglab.utils.types import Tensor

CONVOLUTIONS = 4
"""Convolutions in a block, as in Zihlmann et al. 2017."""


def spectrogram_blocks(
    signal: Tensor,
    mask: Tensor,
    fs: float,
    window: float,
    hop: float,
    band: tuple[float, float],
    widths: Sequence[int],
    kernel: int,
    dropout: float,
) -> tuple[Tensor, Tensor]:
    """The map (batch, time, frequency, channels) after all blocks, and its mask (batch, time).

    A log spectrogram, then a block for each width: four times (2-D convolution, batch norm, ReLU,
    dropout), then a max-pool that halves time and frequency.
    signal, mask: (batch, n) at `fs` Hz
    """
    x, mask = spectrogram(signal, mask, fs, window, hop, band, min(band[1], 100.0))
    x = layers.Reshape((-1, x.shape[-1], 1))(x)
    for width in widths:
        for _ in range(CONVOLUTIONS):
            x = layers.Conv2D(width, kernel, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.ReLU()(x)
            x = layers.Dropout(dropout)(x)
            x = ApplyMask()([x, mask])
        x = layers.MaxPooling2D(2, padding="same")(x)
        mask = HalveMask()(mask)
    return x, mask
