"""A CNN on the log spectrogram, pooled over time.

After the CNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060. The paper has six blocks of 64 to 224 channels, 5 x 5, and F1
N/A/O/~ .878/.790/.701/.653 in five-fold cross-validation with augmentation. This one is narrower,
so that it trains on two cores.
"""

from dataclasses import dataclass

from ecglab.models._spectrogram_settings import SpectrogramSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(SpectrogramSettings):
    """Hyperparameters of `spectrogram_cnn`."""

    widths: tuple[int, ...] = (24, 32, 48, 64)


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from ecglab.layers import MaskedPooling
    from ecglab.models._parts import classify
    from ecglab.models._spectrogram_blocks import spectrogram_blocks

    x, mask = spectrogram_blocks(signal, mask, fs, h)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
