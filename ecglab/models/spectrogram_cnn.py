"""A CNN on the log spectrogram, averaged over time.

After the CNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060. The paper has six blocks of 64 to 224 channels, 5 x 5, and F1
N/A/O/~ .878/.790/.701/.653 in five-fold cross-validation with augmentation. This one is narrower,
so that it trains on two cores.
"""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `spectrogram_cnn`.

    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of each block of four convolutions
    kernel: size of the convolutions in frames and bins
    dropout: share dropped after every convolution and before the dense layer; the paper has 0.15.
        Dropout widens the variance that batch normalisation averages in training, so it is wrong
        at prediction, after sixteen layers by much (Li et al. 2019, doi:10.1109/CVPR.2019.00279)
    """

    window: float = 64 / 300
    hop: float = 64 / 300
    band: tuple[float, float] = (0.0, 100.0)
    widths: tuple[int, ...] = (24, 32, 48, 64)
    kernel: int = 3
    dropout: float = 0.05


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from keras import layers

    from ecglab.layers import MaskedPooling
    from ecglab.models._parts import classify
    from ecglab.models._spectrogram_blocks import spectrogram_blocks

    x, mask = spectrogram_blocks(
        signal, mask, fs, h.window, h.hop, h.band, h.widths, h.kernel, h.dropout
    )
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]))(x)
    return classify(MaskedPooling("mean")([x, mask]), n_classes, h.dropout)
