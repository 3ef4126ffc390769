"""Augmentation as layers: active in training only, silent when the model predicts.

Each takes and gives [signal (batch, n) in mV, valid (batch, n)] at `FS` Hz, draws anew for every
record, and passes both through untouched unless `training`.
"""

import math

import keras
from keras import ops, random

from ecglab.ecg.record import FS


class Augmentation(keras.layers.Layer):
    """What all of them share: a seeded generator, and that nothing happens at prediction."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs, training=False):
        signal, valid = inputs
        return list(self.augment(signal, valid)) if training else [signal, valid]

    def compute_output_shape(self, input_shapes):
        return [(batch, None) for batch, _ in input_shapes]

    def uniform(self, signal, low, high, n=1):
        """(batch, n) uniform numbers."""
        return random.uniform((ops.shape(signal)[0], n), low, high, seed=self.seed_generator)

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in self.options}}

    options: tuple[str, ...] = ()


_register = keras.saving.register_keras_serializable(package="ecglab")


def _sample_at(x, position):
    """x (batch, n) read at whole positions (batch, m), 0 outside."""
    last = ops.shape(x)[1] - 1
    inside = ops.cast((position >= 0) & (position <= last), x.dtype)
    return ops.take_along_axis(x, ops.clip(position, 0, last), axis=1) * inside


@_register
class RandomResampling(Augmentation):
    """Time stretched or squeezed by up to `factor`, either way: a slower or a faster heart.

    The end of what is stretched beyond the batch's length is cut off.
    """

    options = ("factor",)

    def __init__(self, factor=1.18, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def augment(self, signal, valid):
        limit = math.log(self.factor)
        speed = ops.exp(self.uniform(signal, -limit, limit))
        time = ops.arange(ops.shape(signal)[1], dtype="float32")[None, :] * speed
        before = ops.cast(ops.floor(time), "int32")
        part = time - ops.floor(time)
        signal = _sample_at(signal, before) * (1 - part) + _sample_at(signal, before + 1) * part
        # A sample between a known and a missing one is missing, except exactly on the known one.
        after = ops.where(part > 0, before + 1, before)
        valid = _sample_at(valid, before) * _sample_at(valid, after)
        return signal * valid, valid


@_register
class RandomCrop(Augmentation):
    """A piece of `seconds` from anywhere in the record; a shorter record is padded to it."""

    options = ("seconds",)

    def __init__(self, seconds=30.0, **kwargs):
        super().__init__(**kwargs)
        self.seconds = seconds

    def augment(self, signal, valid):
        n = round(self.seconds * FS)
        index = ops.arange(1, ops.shape(signal)[1] + 1, dtype="float32")
        length = ops.max(index[None, :] * valid, axis=1, keepdims=True)
        room = ops.maximum(length - n, 0.0)
        start = ops.cast(self.uniform(signal, 0.0, 1.0) * (room + 1.0), "int32")
        start = ops.minimum(start, ops.cast(room, "int32"))
        position = start + ops.arange(n, dtype="int32")[None, :]
        return _sample_at(signal, position), _sample_at(valid, position)


@_register
class RandomPolarity(Augmentation):
    """The signal upside down in a share of the records: electrodes held the other way round."""

    options = ("share",)

    def __init__(self, share=0.5, **kwargs):
        super().__init__(**kwargs)
        self.share = share

    def augment(self, signal, valid):
        flipped = ops.cast(self.uniform(signal, 0.0, 1.0) < self.share, signal.dtype)
        return signal * (1 - 2 * flipped), valid


@_register
class RandomAmplitude(Augmentation):
    """A gain that drifts along the record between two draws of up to `factor`, either way.

    It drifts because a constant gain is undone by the scaling of each record.
    """

    options = ("factor",)

    def __init__(self, factor=1.4, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def augment(self, signal, valid):
        limit = math.log(self.factor)
        ends = self.uniform(signal, -limit, limit, n=2)
        n = ops.shape(signal)[1]
        part = ops.arange(n, dtype="float32")[None, :] / ops.cast(n, "float32")
        return signal * ops.exp(ends[:, :1] * (1 - part) + ends[:, 1:] * part), valid


@_register
class RandomBursts(Augmentation):
    """`count` bursts of `seconds` in which the signal is dropped (Zihlmann 2017: 50 ms).

    Half of them read 0 mV, as from a device that hides a lost contact, and half are missing.
    doi:10.22489/CinC.2017.070-060
    """

    options = ("count", "seconds")

    def __init__(self, count=3, seconds=0.3, **kwargs):
        super().__init__(**kwargs)
        self.count, self.seconds = count, seconds

    def augment(self, signal, valid):
        n = ops.cast(ops.shape(signal)[1], "float32")
        index = ops.arange(ops.shape(signal)[1], dtype="float32")[None, :]
        for _ in range(self.count):
            start = self.uniform(signal, 0.0, 1.0) * n
            length = self.uniform(signal, 0.0, self.seconds * FS)
            kept = ops.cast((index < start) | (index >= start + length), signal.dtype)
            missing = ops.cast(self.uniform(signal, 0.0, 1.0) < 0.5, signal.dtype)
            signal = signal * kept
            valid = valid * (1 - missing * (1 - kept))
        return signal, valid


@_register
class RandomBaseline(Augmentation):
    """Baseline wander of up to `mv` mV: a sine of breathing's 0.05 to 0.5 Hz."""

    options = ("mv",)

    def __init__(self, mv=0.3, **kwargs):
        super().__init__(**kwargs)
        self.mv = mv

    def augment(self, signal, valid):
        time = ops.arange(ops.shape(signal)[1], dtype="float32")[None, :] / FS
        frequency = self.uniform(signal, 0.05, 0.5)
        phase = self.uniform(signal, 0.0, 2 * math.pi)
        height = self.uniform(signal, 0.0, self.mv)
        return (signal + height * ops.sin(2 * math.pi * frequency * time + phase)) * valid, valid


@_register
class RandomNoise(Augmentation):
    """White noise of a standard deviation of up to `mv` mV, as of muscle."""

    options = ("mv",)

    def __init__(self, mv=0.05, **kwargs):
        super().__init__(**kwargs)
        self.mv = mv

    def augment(self, signal, valid):
        noise = random.normal(ops.shape(signal), seed=self.seed_generator)
        return (signal + self.uniform(signal, 0.0, self.mv) * noise) * valid, valid


def augment(
    signal,
    valid,
    *,
    resampling: float = 1.18,
    crop: float = 30.0,
    polarity: float = 0.5,
    amplitude: float = 1.4,
    bursts: int = 3,
    burst_seconds: float = 0.3,
    baseline: float = 0.3,
    noise: float = 0.05,
):
    """The layers above in their order; a strength that does nothing leaves its layer out.

    resampling: greatest factor of time, 1 for none; crop: seconds, 0 for the whole record
    polarity: share turned upside down; amplitude: greatest drifting gain, 1 for none
    bursts, burst_seconds: number and greatest length of dropped bursts
    baseline, noise: greatest height and greatest standard deviation in mV
    Returns [signal, valid].
    """
    chain = [
        RandomResampling(resampling) if resampling > 1 else None,
        RandomCrop(crop) if crop > 0 else None,
        RandomPolarity(polarity) if polarity > 0 else None,
        RandomAmplitude(amplitude) if amplitude > 1 else None,
        RandomBursts(bursts, burst_seconds) if bursts > 0 and burst_seconds > 0 else None,
        RandomBaseline(baseline) if baseline > 0 else None,
        RandomNoise(noise) if noise > 0 else None,
    ]
    for layer in filter(None, chain):
        signal, valid = layer([signal, valid])
    return [signal, valid]
