"""Masks of known samples and frames, and scaling and pooling over what is known."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ecglab.utils.types import Shape, Tensor

ATTENTION_UNITS = 32
"""Units of the small network that weighs the frames in attention pooling."""

_register = keras.saving.register_keras_serializable(package="ecglab")


def _like(mask: Tensor, x: Tensor) -> Tensor:
    """`mask` (batch, time) with as many axes as x (batch, time, ...)."""
    return ops.reshape(
        ops.cast(mask, x.dtype),
        (*ops.shape(mask), *(1 for _ in range(len(x.shape) - len(mask.shape)))),
    )


@_register
class ApplyMask(keras.layers.Layer):
    """x (batch, time, ...) with 0 wherever `mask` (batch, time) is 0.

    Needed before every layer that looks along time, because biases and batch normalisation
    make padding different from zero.
    """

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        x, mask = inputs
        return x * _like(mask, x)

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        return input_shapes[0]


@_register
class ScaleRecord(keras.layers.Layer):
    """x with each record scaled to unit standard deviation over what is known; 0 elsewhere.

    Input: [x (batch, time, ...), mask (batch, time)]; output: of x's shape.

    center: also subtract the record's mean; without it the root mean square becomes 1
    """

    def __init__(self, center: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.center = center

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        x, mask = inputs
        known = ops.ones_like(x) * _like(mask, x)
        axes = tuple(range(1, len(x.shape)))
        count = ops.maximum(ops.sum(known, axis=axes, keepdims=True), 1.0)
        if self.center:
            x = x - ops.sum(x * known, axis=axes, keepdims=True) / count
        power = ops.sum(ops.square(x) * known, axis=axes, keepdims=True) / count
        return x * known * ops.rsqrt(power + 1e-8)

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        return input_shapes[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "center": self.center}


@_register
class StrideMask(keras.layers.Layer):
    """`mask` (batch, time) after a convolution of this stride: the mask at each centre."""

    def __init__(self, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, known: Tensor) -> Tensor:  # to Keras an argument named mask is another thing
        return known[:, :: self.stride]

    def compute_output_shape(self, shape: Shape) -> Shape:
        batch, n = shape
        return (batch, None if n is None else -(-n // self.stride))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stride": self.stride}


@_register
class HalveMask(keras.layers.Layer):
    """`mask` (batch, time) after a max-pool of 2: known where either of the two was."""

    def call(self, known: Tensor) -> Tensor:
        return ops.max_pool(known[:, :, None], 2, 2, padding="same")[:, :, 0]

    def compute_output_shape(self, shape: Shape) -> Shape:
        batch, n = shape
        return (batch, None if n is None else -(-n // 2))


@_register
class MaskedPooling(keras.layers.Layer):
    """Pooling over what is known in time: (batch, time, channels) to (batch, channels).

    kind: "mean"; "max"; "mean_max" for both side by side (2 x channels): an episode, such as one
    ectopic beat, is lost in a mean and found by a maximum; or "attention", a mean with weights that
    a small network learns to give (Ilse et al. 2018, arXiv:1802.04712).
    """

    def __init__(self, kind: str = "mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in ("mean", "max", "mean_max", "attention"):
            raise ValueError(f"pooling {kind!r} is none of mean, max, mean_max, attention")
        self.kind = kind
        self.supports_masking = True  # a recurrent layer attaches its mask to x; ours is an input
        if kind == "attention":
            self.hidden = keras.layers.Dense(ATTENTION_UNITS, activation="tanh", name="hidden")
            self.score = keras.layers.Dense(1, use_bias=False, name="score")

    def build(self, input_shapes: Sequence[Shape]) -> None:
        if self.kind == "attention":
            self.hidden.build(input_shapes[0])
            self.score.build((*input_shapes[0][:2], ATTENTION_UNITS))

    def compute_mask(self, inputs: Sequence[Tensor], mask: Tensor = None) -> None:
        return None

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        x, mask = inputs
        known = _like(mask, x)
        pooled = []
        if self.kind == "attention":
            scores = ops.where(known > 0, self.score(self.hidden(x)), -1e9)
            weights = ops.exp(scores - ops.max(scores, axis=1, keepdims=True)) * known
            total = ops.maximum(ops.sum(weights, axis=1), 1e-9)
            pooled.append(ops.sum(x * weights, axis=1) / total)
        if self.kind in ("mean", "mean_max"):
            count = ops.maximum(ops.sum(known, axis=1), 1.0)
            pooled.append(ops.sum(x * known, axis=1) / count)
        if self.kind in ("max", "mean_max"):
            greatest = ops.max(ops.where(known > 0, x, -1e9), axis=1)
            pooled.append(greatest * ops.max(known, axis=1))  # 0 where nothing is known
        return ops.concatenate(pooled, axis=-1)

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        batch, _, channels = input_shapes[0]
        return (batch, channels and channels * (2 if self.kind == "mean_max" else 1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}
