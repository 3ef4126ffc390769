"""A residual network over the frames of a log spectrogram with a short hop, read by a GRU.

The bins of a frame are the channels of 1-D convolutions over time. A pattern that moves along the
frequency axis is another rhythm or another wave, so a 2-D convolution has nothing to share, and
this costs half as much. Residual blocks after He et al. 2016 (doi:10.1109/CVPR.2016.90);
convolutions and then a recurrent layer on a spectrogram as in Zihlmann et al. 2017
(doi:10.22489/CinC.2017.070-060); GRU after Cho et al. 2014 (arXiv:1406.1078).
"""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `spectrogram_resnet`.

    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of each stage; every stage but the first halves the rate of the frames
    blocks: residual blocks of two convolutions in a stage
    kernel: size of the convolutions in frames
    units: units of the GRU, in each direction; 0 for no GRU
    pooling: over time, by mean, max, mean_max or attention
    dropout: share dropped before the dense layer, and half of it before the GRU
    """

    window: float = 0.32
    hop: float = 0.08
    band: tuple[float, float] = (0.0, 50.0)
    widths: tuple[int, ...] = (64, 96, 128)
    blocks: int = 2
    kernel: int = 5
    units: int = 64
    pooling: str = "mean_max"
    dropout: float = 0.3


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from ecglab.layers import MaskedPooling
    from ecglab.models._branches import read, spectrogram_branch
    from ecglab.models._parts import classify

    x, mask = spectrogram_branch(
        signal, mask, fs, h.window, h.hop, h.band, h.widths, h.blocks, h.kernel
    )
    if h.units:
        x = read(x, mask, h.units, h.dropout / 2)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
