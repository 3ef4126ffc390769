"""A CNN on the log spectrogram, averaged over time.

After the CNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060 (six blocks of 64 to 224 channels, 5 x 5; N/A/O/~ F1
.878/.790/.701/.653 in five-fold cross-validation with augmentation), narrower so that it trains
on two cores.
"""

from keras import layers

from ecglab.layers import MaskedPooling
from ecglab.models._parts import classify
from ecglab.models._spectrogram_blocks import spectrogram_blocks


def network(
    signal,
    valid,
    *,
    window: float = 64 / 300,
    hop: float = 64 / 300,
    band: tuple = (0.0, 100.0),
    widths: tuple = (24, 32, 48, 64),
    kernel: int = 3,
    dropout: float = 0.05,
):
    """Probabilities (batch, 4) from signal and valid (batch, n) at 300 Hz.

    window, hop: of the spectrogram, in s; band: its lowest and highest bin in Hz
    widths: channels of each block of four convolutions; kernel: their size in time and frequency
    dropout: share dropped after every convolution and before the dense layer. Not the paper's
        0.15: dropout widens what the batch norms average in training, and through sixteen layers
        they are wrong at prediction (Li et al. 2019, doi:10.1109/CVPR.2019.00279);
        `experiments/spectrogram_cnn.py` tells what it costs
    """
    x, valid = spectrogram_blocks(signal, valid, window, hop, band, widths, kernel, dropout)
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]))(x)
    return classify(MaskedPooling("mean")([x, valid]), dropout)
