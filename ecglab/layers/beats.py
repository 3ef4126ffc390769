"""Augmentation of sequences of beats, as `ecglab.ecg.features.beat_sequence` returns them."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops, random

from ecglab.ecg.features.beat_windows import POINTS, TIMES
from ecglab.layers.augment import Augmentation
from ecglab.utils.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="ecglab")
class RandomBeats(Augmentation):
    """Beats (batch, n, WIDTH) of a faster or slower heart, with another gain and with noise.

    resampling: greatest factor of the RR intervals; amplitude: greatest gain of a record's shapes
    noise: greatest standard deviation of white noise in the shapes, in heights of R
    """

    options = ("resampling", "amplitude", "noise")

    def __init__(
        self, resampling: float = 1.18, amplitude: float = 1.4, noise: float = 0.05, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.resampling, self.amplitude, self.noise = resampling, amplitude, noise

    def augment(self, beats: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        shape, times = beats[:, :, :POINTS], beats[:, :, POINTS:]
        limit = math.log(self.amplitude)
        gain = ops.exp(self.uniform(beats, -limit, limit))[:, :, None]
        noise = random.normal(ops.shape(shape), seed=self.seed_generator)
        strength = self.uniform(beats, 0.0, self.noise)[:, :, None]
        limit = math.log(self.resampling)
        longer = self.uniform(beats, -limit, limit)[:, :, None]
        absolute = ops.convert_to_tensor(
            [1.0 if name == "before_log" else 0.0 for name in TIMES], dtype=beats.dtype
        )
        varied = [shape * gain + strength * noise, times + longer * absolute]
        return ops.concatenate(varied, axis=-1) * mask[:, :, None], mask

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        return list(input_shapes)
