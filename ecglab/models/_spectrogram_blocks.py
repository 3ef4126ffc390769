"""The convolutional blocks that `spectrogram_cnn` and `spectrogram_crnn` share."""

from keras import layers

from ecglab.layers import ApplyMask, HalveMask
from ecglab.models._parts import MOMENTUM, spectrogram
from ecglab.models._spectrogram_settings import SpectrogramSettings
from ecglab.utils.types import Tensor

CONVOLUTIONS = 4
"""Convolutions in a block, as in Zihlmann et al. 2017."""


def spectrogram_blocks(
    signal: Tensor, mask: Tensor, fs: float, h: SpectrogramSettings
) -> tuple[Tensor, Tensor]:
    """What all blocks leave: (batch, time, channels times bins), and its mask (batch, time).

    A log spectrogram, then a block for each width: four times (2-D convolution, batch norm, ReLU,
    dropout), then a max-pool that halves time and frequency.
    signal, mask: (batch, n) at `fs` Hz
    """
    x, mask = spectrogram(signal, mask, fs, h.window, h.hop, h.band, min(h.band[1], 100.0))
    x = layers.Reshape((-1, x.shape[-1], 1))(x)
    for width in h.widths:
        for _ in range(CONVOLUTIONS):
            x = layers.Conv2D(width, h.kernel, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.ReLU()(x)
            x = layers.Dropout(h.dropout)(x)
            x = ApplyMask()([x, mask])
        x = layers.MaxPooling2D(2, padding="same")(x)
        mask = HalveMask()(mask)
    return layers.Reshape((-1, x.shape[2] * x.shape[3]))(x), mask
