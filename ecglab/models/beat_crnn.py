"""A small network on the sequence of beats: the shape of each and when it comes, read by a GRU.

Convolutions along each beat find the shapes of P, QRS and T; convolutions and a GRU over the beats
find the rhythm. The view of a cardiologist, who looks at beats and the intervals between them, as
in the features of Teijeiro et al. 2017 (doi:10.22489/CinC.2017.166-054), but learned. GRU after Cho
et al. 2014 (arXiv:1406.1078). Its input are beats, found by `ecglab.ecg.features.qrs`.
"""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor

INPUT = "beats"


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `beat_crnn`.

    widths: channels of the convolutions along a beat, each of which halves its samples
    kernel: size of these convolutions in samples of 10 ms
    beat_width: channels of a beat, and of the convolutions over beats
    units: units of the GRU, in each direction; 0 for no GRU
    pooling: over the beats, by mean, max, mean_max or attention
    dropout: share dropped before the dense layer, and half of it before the GRU
    """

    widths: tuple[int, ...] = (24, 48, 64)
    kernel: int = 7
    beat_width: int = 96
    units: int = 64
    pooling: str = "mean_max"
    dropout: float = 0.3


def network(beats: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from beats (batch, n_beats, WIDTH) and mask (batch, n)."""
    from keras import layers, ops

    from ecglab.ecg.features.beat_windows import POINTS
    from ecglab.layers import ApplyMask, MaskedPooling
    from ecglab.models._branches import read
    from ecglab.models._parts import MOMENTUM, classify

    x = layers.Reshape((-1, POINTS, 1))(beats[:, :, :POINTS])
    for width in h.widths:
        x = layers.Conv2D(width, (1, h.kernel), (1, 2), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = ApplyMask()([layers.ReLU()(x), mask])
    # Not `ops.max`: compiled by JAX, its gradient may compare the maximum with values that were
    # computed again and rounded otherwise, find it nowhere, and divide by zero.
    highest = layers.Reshape((-1, h.widths[-1]))(layers.MaxPooling2D((1, x.shape[2]))(x))
    x = layers.Concatenate()([ops.mean(x, axis=2), highest, beats[:, :, POINTS:]])
    x = layers.Dense(h.beat_width, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    x = ApplyMask()([layers.ReLU()(x), mask])
    for dilation in (1, 2):
        conv = layers.Conv1D(
            h.beat_width, 3, padding="same", dilation_rate=dilation, use_bias=False
        )
        y = layers.BatchNormalization(momentum=MOMENTUM)(conv(x))
        x = ApplyMask()([layers.ReLU()(layers.Add()([x, y])), mask])
    if h.units:
        x = read(x, mask, h.units, h.dropout / 2)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
