"""From the waveform to what is pooled over time: the two views that networks take of a record."""

from keras import layers

from ecglab.ecg.record import FS
from ecglab.layers import BandPass, LogSpectrogram, ScaleRecord, StrideValid
from ecglab.models._parts import conv_norm, residual

STEM_KERNEL = 15
"""Samples at 150 Hz: 100 ms, about one QRS complex."""


def waveform_branch(signal, valid, band, widths, blocks, kernel):
    """Residual stages on the waveform at 37.5 Hz: (batch, time, widths[-1]) and its valid.

    band: of the band-pass, in Hz
    widths: channels of each stage; every stage but the first halves the rate
    blocks: residual blocks of two convolutions in a stage; kernel: their size in samples
    """
    # The heart's signal lies below 40 Hz, so 150 Hz is enough and halves the cost; the stem brings
    # it to 37.5 Hz, which is what most of the rest hangs on.
    x, valid = BandPass(FS, band, stride=2)([signal, valid])
    x = ScaleRecord()([x, valid])
    x = layers.Reshape((-1, 1))(x)
    valid = StrideValid(4)(valid)
    x = layers.ReLU()(conv_norm(x, valid, widths[0], STEM_KERNEL, stride=4))
    return _stages(x, valid, widths, blocks, kernel)


def spectrogram_branch(signal, valid, window, hop, band, widths, blocks, kernel):
    """Residual stages on the frames of a log spectrogram: (batch, time, widths[-1]) and its valid.

    window, hop: of the spectrogram, in s; band: its lowest and highest bin in Hz
    widths, blocks, kernel: as in `waveform_branch`, in frames
    """
    signal, valid = BandPass(FS, (0.5, band[1]))([signal, valid])
    signal = ScaleRecord()([signal, valid])
    x, valid = LogSpectrogram(FS, window, hop, band)([signal, valid])
    x = ScaleRecord(center=True)([x, valid])
    x = layers.ReLU()(conv_norm(x, valid, widths[0], kernel))
    return _stages(x, valid, widths, blocks, kernel)


def read(x, valid, units: int, dropout: float):
    """x (batch, time, channels) read by a GRU in both directions: (batch, time, 2 units)."""
    x = layers.Dropout(dropout)(x)
    # Not layers.GRU: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
    gru = layers.RNN(layers.GRUCell(units), return_sequences=True)
    return layers.Bidirectional(gru)(x, mask=valid)


def _stages(x, valid, widths, blocks, kernel):
    for stage, width in enumerate(widths):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            x, valid = residual(x, valid, width, kernel, stride)
    return x, valid
