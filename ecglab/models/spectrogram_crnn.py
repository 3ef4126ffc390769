"""A CNN on the log spectrogram, read over time by a bidirectional LSTM.

After the CRNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060. The paper has F1 N/A/O/~ .888/.764/.726/.645 in five-fold
cross-validation with augmentation, and 0.821 over N, A, O on the hidden test set with five models
that vote. This one is narrower, so that it trains on two cores.
"""

from dataclasses import dataclass

from ecglab.models._spectrogram_settings import SpectrogramSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(SpectrogramSettings):
    """Hyperparameters of `spectrogram_crnn`.

    units: units of the LSTM, in each direction; 0 for no LSTM
    """

    units: int = 64


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from keras import layers

    from ecglab.layers import MaskedPooling
    from ecglab.models._parts import classify
    from ecglab.models._spectrogram_blocks import spectrogram_blocks

    x, mask = spectrogram_blocks(signal, mask, fs, h)
    if h.units:
        # Not layers.LSTM: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
        lstm = layers.RNN(layers.LSTMCell(h.units), return_sequences=True)
        x = layers.Bidirectional(lstm)(x, mask=mask)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
