"""Augmentation as layers: active in training only, without effect when the model predicts.

Each takes and returns [signal (batch, n) in mV, mask (batch, n)], draws anew for every record, and
leaves both unchanged unless `training`. `ecglab.models.Augment` has the settings of the chain.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, random

from ecglab.utils.types import Shape, Tensor


class Augmentation(keras.layers.Layer):
    """Base of all: a seeded generator, and no effect at prediction."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> list[Tensor]:
        signal, mask = inputs
        return list(self.augment(signal, mask)) if training else [signal, mask]

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The signal and its mask, varied."""
        raise NotImplementedError

    def compute_output_shape(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        return [(batch, None) for batch, _ in input_shapes]

    def uniform(self, signal: Tensor, low: float, high: float, n: int = 1) -> Tensor:
        """(batch, n) uniform numbers."""
        return random.uniform((ops.shape(signal)[0], n), low, high, seed=self.seed_generator)

    def outside_of_a_part(self, signal: Tensor, longest: float) -> Tensor:
        """(batch, n), 0 in a part of up to `longest` samples drawn for each record, 1 elsewhere."""
        n = ops.shape(signal)[1]
        index = ops.arange(n, dtype="float32")[None, :]
        start = self.uniform(signal, 0.0, 1.0) * ops.cast(n, "float32")
        end = start + self.uniform(signal, 0.0, longest)
        return ops.cast((index < start) | (index >= end), signal.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self.options}}

    options: tuple[str, ...] = ()


_register = keras.saving.register_keras_serializable(package="ecglab")


_MISSING = 1e9
"""In place of a missing sample, in mV: so signal and mask are read at once."""


def _samples_at(x: Tensor, position: Tensor) -> Tensor:
    """x (batch, n) read at whole positions (batch, m), missing outside."""
    last = ops.shape(x)[1] - 1
    inside = (position >= 0) & (position <= last)
    return ops.where(inside, ops.take_along_axis(x, ops.clip(position, 0, last), axis=1), _MISSING)


@_register
class RandomResampling(Augmentation):
    """Time stretched or squeezed at random, as a slower or a faster heart.

    factor: greatest stretch, above 1; the least is 1 / factor
    n_samples: greatest length of the result, a window from anywhere in the known part of the
        record; by default that of the input, and the end of a stretched record is cut off
    """

    options = ("factor", "n_samples")

    def __init__(self, factor: float = 1.18, n_samples: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor, self.n_samples = factor, n_samples

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        limit = math.log(self.factor)
        speed = ops.exp(self.uniform(signal, -limit, limit))
        n = ops.shape(signal)[1]
        index = ops.arange(n, dtype="float32")[None, :]
        time = index[:, : self.n_samples] * speed
        if self.n_samples:
            last = ops.max(index * mask, axis=1, keepdims=True)
            beyond = ops.maximum(last - time[:, -1:], 0.0)
            time = time + beyond * self.uniform(signal, 0.0, 1.0)
        position = ops.cast(ops.floor(time), "int32")
        part = time - ops.floor(time)
        known = ops.where(mask > 0, signal, _MISSING)
        before = _samples_at(known, position)
        # A sample between a known and a missing one is missing, except exactly on the known one.
        after = ops.where(part > 0, _samples_at(known, position + 1), before)
        mask = ops.cast((before < _MISSING) & (after < _MISSING), signal.dtype)
        return (before + (after - before) * part) * mask, mask


@_register
class RandomPolarity(Augmentation):
    """The signal inverted in some records, as by a device held the other way round.

    share: of the records that are inverted
    """

    options = ("share",)

    def __init__(self, share: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        flipped = ops.cast(self.uniform(signal, 0.0, 1.0) < self.share, signal.dtype)
        return signal * (1 - 2 * flipped), mask


@_register
class RandomAmplitude(Augmentation):
    """A gain that drifts along the record. A constant one would be removed by `ScaleRecord`.

    factor: greatest gain, above 1; the gains at both ends are drawn from 1 / factor to factor
    """

    options = ("factor",)

    def __init__(self, factor: float = 1.4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        limit = math.log(self.factor)
        ends = self.uniform(signal, -limit, limit, n=2)
        n = ops.shape(signal)[1]
        part = ops.arange(n, dtype="float32")[None, :] / ops.cast(n, "float32")
        return signal * ops.exp(ends[:, :1] * (1 - part) + ends[:, 1:] * part), mask


@_register
class RandomBursts(Augmentation):
    """Bursts in which the signal is dropped.

    count: number of bursts in a record; seconds: greatest length of one; fs: rate in Hz
    Half of them are 0 mV, as from a device that hides a lost contact, and half are missing.
    Zihlmann et al. 2017 drop 50 ms (doi:10.22489/CinC.2017.070-060).
    """

    options = ("count", "seconds", "fs")

    def __init__(self, count: int = 3, seconds: float = 0.3, *, fs: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count, self.seconds, self.fs = count, seconds, float(fs)

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        for _ in range(self.count):
            kept = self.outside_of_a_part(signal, self.seconds * self.fs)
            missing = ops.cast(self.uniform(signal, 0.0, 1.0) < 0.5, signal.dtype)
            signal = signal * kept
            mask = mask * (1 - missing * (1 - kept))
        return signal, mask


@_register
class RandomBaseline(Augmentation):
    """Baseline wander, as by breathing: a sine of 0.05 to 0.5 Hz.

    mv: greatest amplitude in mV; fs: rate in Hz
    """

    options = ("mv", "fs")

    def __init__(self, mv: float = 0.3, *, fs: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mv, self.fs = mv, float(fs)

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        time = ops.arange(ops.shape(signal)[1], dtype="float32")[None, :] / self.fs
        frequency = self.uniform(signal, 0.05, 0.5)
        phase = self.uniform(signal, 0.0, 2 * math.pi)
        height = self.uniform(signal, 0.0, self.mv)
        return (signal + height * ops.sin(2 * math.pi * frequency * time + phase)) * mask, mask


@_register
class RandomNoise(Augmentation):
    """White noise, as from muscles.

    mv: greatest standard deviation in mV
    """

    options = ("mv",)

    def __init__(self, mv: float = 0.05, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mv = mv

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        noise = random.normal(ops.shape(signal), seed=self.seed_generator)
        return (signal + self.uniform(signal, 0.0, self.mv) * noise) * mask, mask


@_register
class RandomGaps(Augmentation):
    """`count` parts of up to `seconds` that are missing, at a rate of `fs` Hz.

    So are parts that a device fills with zeros or a held value (`ecglab.ecg.dropouts`).
    """

    options = ("count", "seconds", "fs")

    def __init__(self, count: int = 3, seconds: float = 1.5, *, fs: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count, self.seconds, self.fs = count, seconds, float(fs)

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        for _ in range(self.count):
            mask = mask * self.outside_of_a_part(signal, self.seconds * self.fs)
        return signal * mask, mask


@_register
class RandomLead(Augmentation):
    """A smooth filter drawn for each record, as another lead or device changes the waves.

    It adds to the signal four smoothed copies and derivatives of it, each with a weight of up to
    `strength` and scaled to a gain of 1 at the frequency that it passes best. So P and T waves grow
    or shrink against the QRS, and the QRS changes its shape. The rate is `fs` Hz.
    """

    options = ("strength", "fs")

    def __init__(self, strength: float = 0.5, *, fs: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.strength, self.fs = strength, float(fs)
        self.taps = lead_taps(self.fs)

    def augment(self, signal: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        # Without its mean, as an offset beside a gap would be a step.
        known = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
        mean = ops.sum(signal * mask, axis=1, keepdims=True) / known
        centred = (signal - mean) * mask
        kernel = ops.convert_to_tensor(self.taps[:, None, :], dtype=signal.dtype)
        copies = ops.conv(centred[:, :, None], kernel, padding="same")
        weights = self.uniform(signal, -self.strength, self.strength, n=self.taps.shape[1])
        return (signal + ops.sum(copies * weights[:, None, :], axis=2)) * mask, mask


def lead_taps(fs: float) -> np.ndarray:
    """(n_taps, 4) filters of `RandomLead`: Gaussians and their derivatives, of greatest gain 1.

    Gaussians with an SD of 60 and 20 ms keep what is below 3 and 8 Hz; the first and the second
    derivative of the latter pass best 8 and 11 Hz.
    """
    half = round(0.2 * fs)
    t = np.arange(-half, half + 1) / fs

    def gauss(sd: float) -> np.ndarray:
        return np.exp(-((t / sd) ** 2) / 2)

    x = t / 0.02
    taps = np.stack([gauss(0.06), gauss(0.02), x * gauss(0.02), (x**2 - 1) * gauss(0.02)], axis=1)
    taps[:, 3] -= taps[:, 3].mean()
    return taps / np.abs(np.fft.rfft(taps, 16 * t.size, axis=0)).max(axis=0)
