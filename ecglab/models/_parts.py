"""Parts that several networks share."""

from keras import layers

from ecglab.layers import ApplyMask, BandPass, LogSpectrogram, ScaleRecord, StrideMask
from ecglab.utils.types import Tensor

MOMENTUM = 0.9
"""Of batch norm: with 0.99 a short training ends before its averages have caught up."""


def spectrogram(
    signal: Tensor,
    mask: Tensor,
    fs: float,
    window: float,
    hop: float,
    band: tuple[float, float],
    high: float,
) -> tuple[Tensor, Tensor]:
    """The scaled log spectrogram (batch, frames, bins) of the band-passed signal, and its mask.

    signal, mask: (batch, n) at `fs` Hz; window, hop: in s; band: lowest and highest bin in Hz
    high: upper edge of the band-pass in Hz; at a low rate it is 0.45 `fs`
    """
    high = high if high < fs / 2 else 0.45 * fs
    signal, mask = BandPass(fs, (0.5, high))([signal, mask])
    signal = ScaleRecord()([signal, mask])
    x, mask = LogSpectrogram(fs, window, hop, band)([signal, mask])
    return ScaleRecord(center=True)([x, mask]), mask


def classify(x: Tensor, n_classes: int, dropout: float) -> Tensor:
    """Probabilities (batch, n_classes) of x (batch, channels): dropout, a dense layer, softmax.

    The last part of every network; its dense layer is named `label`.
    """
    x = layers.Dropout(dropout)(x)
    # From zero weights the first probabilities are even, whatever the scale of what was pooled.
    # float32 whatever the policy: probabilities that sum to one.
    return layers.Dense(
        n_classes,
        activation="softmax",
        kernel_initializer="zeros",
        dtype="float32",
        name="label",
    )(x)


def conv_norm(
    x: Tensor, mask: Tensor, width: int, kernel: int, stride: int = 1, gain: str = "ones"
) -> Tensor:
    """A 1-D convolution of x and batch norm; 0 where nothing is known.

    With a stride the padding is explicit: "same" would shift the centres by one sample between
    even and odd lengths, and a padded record would get another result than the record alone.
    x: (batch, time, channels); mask: (batch, ceil(time / stride)), of the output
    kernel: odd; gain: initial gain of the norm, "ones" or "zeros"
    """
    if stride > 1:
        x = layers.ZeroPadding1D(kernel // 2)(x)
    padding = "valid" if stride > 1 else "same"
    x = layers.Conv1D(width, kernel, strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, gamma_initializer=gain)(x)
    return ApplyMask()([x, mask])


def residual(
    x: Tensor, mask: Tensor, width: int, kernel: int, stride: int = 1
) -> tuple[Tensor, Tensor]:
    """x and mask after a residual block: two 1-D convolutions and a shortcut.

    x: (batch, time, channels); mask: (batch, time). The shortcut is a 1 x 1 convolution where the
    shape changes.
    """
    if stride > 1:
        mask = StrideMask(stride)(mask)
    y = layers.ReLU()(conv_norm(x, mask, width, kernel, stride))
    # A block that begins as its shortcut alone trains from the first step (Goyal et al. 2017).
    y = conv_norm(y, mask, width, kernel, gain="zeros")
    if stride > 1 or x.shape[-1] != width:
        x = conv_norm(x, mask, width, 1, stride)
    return layers.ReLU()(layers.Add()([x, y])), mask
