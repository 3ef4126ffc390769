"""The hyperparameters that `spectrogram_cnn` and `spectrogram_crnn` share."""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class SpectrogramSettings(NetworkSettings):
    """Base of the hyperparameters of networks of blocks on a log spectrogram.

    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of each block of four convolutions
    kernel: size of the convolutions in frames and bins
    pooling: over time, by mean, max, mean_max or attention
    dropout: share dropped after every convolution and before the dense layer; the paper has 0.15.
        Dropout widens the variance that batch normalisation averages in training, so it is wrong
        at prediction, after sixteen layers by much (Li et al. 2019, doi:10.1109/CVPR.2019.00279)
    """

    window: float = 64 / 300
    hop: float = 32 / 300
    band: tuple[float, float] = (0.0, 50.0)
    widths: tuple[int, ...] = (24, 32, 48)
    kernel: int = 3
    pooling: str = "mean_max"
    dropout: float = 0.0
