"""Pieces that several networks are made of."""

from keras import layers

from ecglab.ecg.record import LABELS
from ecglab.layers import Mask, StrideValid

MOMENTUM = 0.9
"""Of batch norm: with 0.99 a short training ends before its averages have caught up."""


def classify(x, dropout: float):
    """Dropout, a dense layer and softmax: (batch, channels) to (batch, 4) probabilities."""
    x = layers.Dropout(dropout)(x)
    # From zero weights the first probabilities are even, whatever the scale of what was pooled.
    # float32 whatever the policy: probabilities that sum to one.
    return layers.Dense(
        len(LABELS),
        activation="softmax",
        kernel_initializer="zeros",
        dtype="float32",
        name="label",
    )(x)


def conv_norm(x, valid, width: int, kernel: int, stride: int = 1, gain: str = "ones"):
    """1-D convolution and batch norm; 0 again where nothing is known.

    With a stride the padding is explicit: "same" would shift the centres by one sample between
    even and odd lengths, and a padded record would get another result than the record alone.
    x (batch, time, channels), valid (batch, ceil(time / stride)) of the output.
    gain: what the norm's gain starts from, "ones" or "zeros".
    """
    if kernel % 2 == 0:
        raise ValueError(f"a kernel of {kernel} samples has no centre: make it odd")
    if stride > 1:
        x = layers.ZeroPadding1D(kernel // 2)(x)
    padding = "valid" if stride > 1 else "same"
    x = layers.Conv1D(width, kernel, strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, gamma_initializer=gain)(x)
    return Mask()([x, valid])


def residual(x, valid, width: int, kernel: int, stride: int = 1):
    """Two 1-D convolutions beside a shortcut, which is a 1 x 1 one where the shape changes.

    x (batch, time, channels), valid (batch, time). Returns both after the stride.
    """
    if stride > 1:
        valid = StrideValid(stride)(valid)
    y = layers.ReLU()(conv_norm(x, valid, width, kernel, stride))
    # A block that starts as its shortcut alone trains from the first step (Goyal et al. 2017).
    y = conv_norm(y, valid, width, kernel, gain="zeros")
    if stride > 1 or x.shape[-1] != width:
        x = conv_norm(x, valid, width, 1, stride)
    return layers.ReLU()(layers.Add()([x, y])), valid
