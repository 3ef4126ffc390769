"""A CNN on the log spectrogram, read over time by a bidirectional LSTM.

After the CRNN of Zihlmann M, Perekrestenko D, Tschannen M. "Convolutional recurrent neural
networks for electrocardiogram classification". Computing in Cardiology 2017;44,
doi:10.22489/CinC.2017.070-060 (N/A/O/~ F1 .888/.764/.726/.645 in five-fold cross-validation
with augmentation; 0.821 over N, A, O on the hidden test, by a vote of five), narrower so that
it trains on two cores.
"""

from keras import layers

from ecglab.models._parts import classify
from ecglab.models._spectrogram_blocks import spectrogram_blocks


def network(
    signal,
    valid,
    *,
    window: float = 64 / 300,
    hop: float = 64 / 300,
    band: tuple = (0.0, 100.0),
    widths: tuple = (24, 32, 48),
    kernel: int = 3,
    units: int = 64,
    dropout: float = 0.05,
):
    """Probabilities (batch, 4) from signal and valid (batch, n) at 300 Hz.

    window, hop: of the spectrogram, in s; band: its lowest and highest bin in Hz
    widths: channels of each block of four convolutions; kernel: their size in time and frequency
    units: of the LSTM, in each direction
    dropout: share dropped after every convolution and before the dense layer. Not the paper's
        0.15: dropout widens what the batch norms average in training, and through a dozen layers
        they are wrong at prediction (Li et al. 2019, doi:10.1109/CVPR.2019.00279);
        `experiments/spectrogram_cnn.py` tells what it costs
    """
    x, valid = spectrogram_blocks(signal, valid, window, hop, band, widths, kernel, dropout)
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]))(x)
    # Not layers.LSTM: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
    lstm = layers.RNN(layers.LSTMCell(units))
    x = layers.Bidirectional(lstm)(x, mask=valid)
    return classify(x, dropout)
