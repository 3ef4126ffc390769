"""A CNN on the log spectrogram, read over time by a bidirectional LSTM.

After the CRNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060. The paper has F1 N/A/O/~ .888/.764/.726/.645 in five-fold
cross-validation with augmentation, and 0.821 over N, A, O on the hidden test set with five models
that vote. This one is narrower, so that it trains on two cores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `spectrogram_crnn`.

    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of each block of four convolutions
    kernel: size of the convolutions in frames and bins
    units: units of the LSTM, in each direction, at least 1
    dropout: share dropped after every convolution and before the dense layer
    """

    window: float = 64 / 300
    hop: float = 64 / 300
    band: tuple[float, float] = (0.0, 100.0)
    widths: tuple[int, ...] = (24, 32, 48)
    kernel: int = 3
    units: int = 64
    dropout: float = 0.05

    def rules(self) -> Iterator[tuple[str, bool, str]]:
        yield from super().rules()
        yield "units", self.units >= 1, "at least 1"


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from keras import layers

    from ecglab.models._parts import classify
    from ecglab.models._spectrogram_blocks import spectrogram_blocks

    x, mask = spectrogram_blocks(
        signal, mask, fs, h.window, h.hop, h.band, h.widths, h.kernel, h.dropout
    )
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]))(x)
    # Not layers.LSTM: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
    lstm = layers.RNN(layers.LSTMCell(h.units))
    x = layers.Bidirectional(lstm)(x, mask=mask)
    return classify(x, n_classes, h.dropout)
