"""A diagonal state-space model over time, as a convolution with its impulse response."""

import math
from typing import Any, cast

import keras
import numpy as np
from keras import ops

from ecglab.utils.types import Shape, Tensor

FASTEST, SLOWEST = 0.5, 0.01
"""Steps of the channels at first: drawn between them, evenly in their logarithm."""


@keras.saving.register_keras_serializable(package="ecglab")
class StateSpace(keras.layers.Layer):
    """Each channel of x (batch, time, channels) through a state-space model of its own; x's shape.

    S4D of Gu A, Gupta A, Goel K, Re C. "On the parameterization and initialization of diagonal
    state space models". NeurIPS 2022, arXiv:2206.11893: C exp(step A t) B with a diagonal complex A
    that begins as in S4D-Lin, and zero-order hold. One model reads forwards in time and one
    backwards. x has to be 0 where nothing is known.

    states: complex states of a channel in each direction
    reach: time steps after which the impulse response is cut off, so that it is an ordinary
        convolution, which every backend and ONNX has
    """

    def __init__(self, states: int = 16, reach: int = 64, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.states, self.reach = states, reach

    def build(self, shape: Shape) -> None:
        width, states = cast(int, shape[-1]), self.states
        channels = 2 * width  # forwards and backwards
        constant = keras.initializers.Constant
        step = keras.initializers.RandomUniform(math.log(SLOWEST), math.log(FASTEST))

        def weight(name: str, columns: int, initializer: Any) -> Tensor:
            return self.add_weight((channels, columns), initializer, name=name)

        # Their names end in "bias", which the optimizer leaves out of the weight decay.
        self.log_step = weight("step_bias", 1, step)
        self.log_decay = weight("decay_bias", states, constant(math.log(0.5)))
        self.frequency = weight("frequency_bias", states, constant(np.pi * np.arange(states)))
        self.real = weight("real", states, _normal())
        self.imaginary = weight("imaginary", states, _normal())
        self.direct = self.add_weight((width,), "ones", name="direct")

    def response(self) -> Tensor:
        """(reach, 2 channels): the impulse responses, those forwards in time first."""
        step, a, b = ops.exp(self.log_step), -ops.exp(self.log_decay), self.frequency
        # C (exp(step A) - 1) / A with A = a + ib, in real numbers.
        growth = ops.exp(step * a)
        x, y = growth * ops.cos(step * b) - 1, growth * ops.sin(step * b)
        norm = a * a + b * b
        x, y = (x * a + y * b) / norm, (y * a - x * b) / norm
        real = x * self.real - y * self.imaginary
        imaginary = x * self.imaginary + y * self.real
        t = ops.arange(self.reach, dtype="float32")[:, None, None]
        phase = step * b * t
        wave = real * ops.cos(phase) - imaginary * ops.sin(phase)
        # Twice the real part: each state has its complex conjugate.
        return 2 * ops.sum(ops.exp(step * a * t) * wave, axis=-1)

    def call(self, x: Tensor) -> Tensor:
        channels = x.shape[-1]
        response = self.response()
        # Keras correlates: the middle of the kernel is the present, what follows lies ahead.
        past, future = ops.flip(response[:, :channels], axis=0), response[:, channels:]
        now = past[-1:] + future[:1] + self.direct
        kernel = ops.concatenate([past[:-1], now, future[1:]], axis=0)
        return ops.depthwise_conv(x, kernel[:, :, None], 1, "same")

    def compute_output_shape(self, shape: Shape) -> Shape:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "states": self.states, "reach": self.reach}


def _normal() -> keras.initializers.Initializer:
    """Of one part of a complex normal. A new one each time: one draws the same numbers twice."""
    return keras.initializers.RandomNormal(stddev=math.sqrt(0.5))
