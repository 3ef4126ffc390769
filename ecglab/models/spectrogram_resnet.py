"""A residual network over the frames of a short-hop log spectrogram, read by a GRU.

The bins of a frame are the channels of 1-D convolutions over time: a pattern that moves along
the frequency axis is another rhythm or another wave, so there is nothing for a 2-D convolution to
share, and on two cores this costs a half of it. Residual blocks after He et al. 2016
(doi:10.1109/CVPR.2016.90); convolutions then a recurrent layer on a spectrogram as in Zihlmann et
al. 2017 (doi:10.22489/CinC.2017.070-060); GRU after Cho et al. 2014 (arXiv:1406.1078).
"""

from keras import layers

from ecglab.layers import BandPass, LogSpectrogram, MaskedPooling, ScaleRecord
from ecglab.models._parts import classify, conv_norm, residual
from ecglab.record import FS


def network(
    signal,
    valid,
    *,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple = (0.0, 50.0),
    widths: tuple = (64, 96, 128),
    blocks: int = 2,
    kernel: int = 5,
    units: int = 64,
    pooling: str = "mean_max",
    dropout: float = 0.3,
):
    """Probabilities (batch, 4) from signal and valid (batch, n) at 300 Hz.

    window, hop: of the spectrogram, in s; band: its lowest and highest bin in Hz
    widths: channels of each stage; every stage but the first halves the frames
    blocks: residual blocks of two convolutions in a stage; kernel: their size in frames
    units: of the GRU, in each direction; 0 for none
    pooling: over time, "mean", "max" or "mean_max"
    dropout: share dropped before the dense layer, and half of it before the GRU
    """
    signal, valid = BandPass(FS, (0.5, band[1]))([signal, valid])
    signal = ScaleRecord()([signal, valid])
    x, valid = LogSpectrogram(FS, window, hop, band)([signal, valid])
    x = ScaleRecord(center=True)([x, valid])
    x = layers.ReLU()(conv_norm(x, valid, widths[0], kernel))
    for stage, width in enumerate(widths):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            x, valid = residual(x, valid, width, kernel, stride)
    if units:
        x = layers.Dropout(dropout / 2)(x)
        # Not layers.GRU: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
        gru = layers.RNN(layers.GRUCell(units), return_sequences=True)
        x = layers.Bidirectional(gru)(x, mask=valid)
    return classify(MaskedPooling(pooling)([x, valid]), dropout)
