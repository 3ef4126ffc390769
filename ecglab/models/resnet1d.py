"""A compact residual network on the waveform at about 150 Hz.

Residual blocks after He K, Zhang X, Ren S, Sun J. "Deep residual learning for image recognition".
CVPR 2016, doi:10.1109/CVPR.2016.90, in one dimension. The signal of the heart lies below 40 Hz, so
150 Hz is enough and halves the cost. For its results, see `experiments/resnet1d.py`.
"""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `resnet1d`.

    band: edges of the band-pass in Hz
    widths: channels of each stage; the stem brings the waveform to about 37.5 Hz, which determines
        most of the cost, and every stage but the first halves the rate again
    blocks: residual blocks of two convolutions in a stage
    kernel: size of the convolutions in samples
    pooling: over time, by mean, max, mean_max or attention
    dropout: share dropped before the dense layer
    """

    band: tuple[float, float] = (0.5, 40.0)
    widths: tuple[int, ...] = (32, 64, 96, 128)
    blocks: int = 2
    kernel: int = 7
    pooling: str = "mean_max"
    dropout: float = 0.3


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from ecglab.layers import MaskedPooling
    from ecglab.models._branches import waveform_branch
    from ecglab.models._parts import classify

    x, mask = waveform_branch(signal, mask, fs, h.band, h.widths, h.blocks, h.kernel)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
