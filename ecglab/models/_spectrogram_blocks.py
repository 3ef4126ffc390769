"""The convolutional blocks that `spectrogram_cnn` and `spectrogram_crnn` share."""

from keras import layers

from ecglab.ecg.record import FS
from ecglab.layers import BandPass, HalveValid, LogSpectrogram, Mask, ScaleRecord
from ecglab.models._parts import MOMENTUM

CONVOLUTIONS = 4
"""Convolutions in a block, as in Zihlmann et al. 2017."""


def spectrogram_blocks(signal, valid, window, hop, band, widths, kernel, dropout):
    """Log spectrogram, then one block of four convolutions for each width.

    A block: four times (2-D convolution, batch norm, ReLU, dropout), then a max-pool that halves
    time and frequency. signal, valid: (batch, n).
    Returns the map (batch, time, frequency, channels) and its valid (batch, time).
    """
    signal, valid = BandPass(FS, (0.5, min(band[1], 100.0)))([signal, valid])
    signal = ScaleRecord()([signal, valid])
    spectrogram = LogSpectrogram(FS, window, hop, band)
    x, valid = spectrogram([signal, valid])
    x = ScaleRecord(center=True)([x, valid])
    x = layers.Reshape((-1, spectrogram.bins, 1))(x)
    for width in widths:
        for _ in range(CONVOLUTIONS):
            x = layers.Conv2D(width, kernel, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.ReLU()(x)
            x = layers.Dropout(dropout)(x)
            x = Mask()([x, valid])
        x = layers.MaxPooling2D(2, padding="same")(x)
        valid = HalveValid()(valid)
    return x, valid
