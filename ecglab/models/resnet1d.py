"""A compact residual network on the waveform at 150 Hz.

Residual blocks after He K, Zhang X, Ren S, Sun J. "Deep residual learning for image recognition".
CVPR 2016, doi:10.1109/CVPR.2016.90, in one dimension. The heart's signal lies below 40 Hz, so
150 Hz is enough and halves the cost. `experiments/resnet1d.py` tells what it reached.
"""

from ecglab.layers import MaskedPooling
from ecglab.models._branches import waveform_branch
from ecglab.models._parts import classify


def network(
    signal,
    valid,
    *,
    band: tuple = (0.5, 40.0),
    widths: tuple = (32, 64, 96, 128),
    blocks: int = 2,
    kernel: int = 7,
    pooling: str = "mean_max",
    dropout: float = 0.3,
):
    """Probabilities (batch, 4) from signal and valid (batch, n) at 300 Hz.

    band: of the band-pass, in Hz
    widths: channels of each stage; the stem brings the waveform to 37.5 Hz, which is what most of
        the cost hangs on, and every stage but the first halves the rate again
    blocks: residual blocks of two convolutions in a stage; kernel: their size in samples
    pooling: over time, of `MaskedPooling`; dropout: share dropped before the dense layer
    """
    x, valid = waveform_branch(signal, valid, band, widths, blocks, kernel)
    return classify(MaskedPooling(pooling)([x, valid]), dropout)
