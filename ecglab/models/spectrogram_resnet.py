"""A residual network over the frames of a short-hop log spectrogram, read by a GRU.

The bins of a frame are the channels of 1-D convolutions over time: a pattern that moves along
the frequency axis is another rhythm or another wave, so there is nothing for a 2-D convolution to
share, and on two cores this costs a half of it. Residual blocks after He et al. 2016
(doi:10.1109/CVPR.2016.90); convolutions then a recurrent layer on a spectrogram as in Zihlmann et
al. 2017 (doi:10.22489/CinC.2017.070-060); GRU after Cho et al. 2014 (arXiv:1406.1078).
"""

from ecglab.layers import MaskedPooling
from ecglab.models._branches import read, spectrogram_branch
from ecglab.models._parts import classify


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
    pooling: over time, of `ecglab.layers.MaskedPooling`
    dropout: share dropped before the dense layer, and half of it before the GRU
    """
    x, valid = spectrogram_branch(signal, valid, window, hop, band, widths, blocks, kernel)
    if units:
        x = read(x, valid, units, dropout / 2)
    return classify(MaskedPooling(pooling)([x, valid]), dropout)
