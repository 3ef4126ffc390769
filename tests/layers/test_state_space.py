"""The state-space layer against the recurrence that it stands for."""

import numpy as np
import pytest
from scipy.signal import cont2discrete

from ecglab.layers import StateSpace
from ecglab.layers.state_space import FASTEST, SLOWEST

N, CHANNELS = 40, 3


def recurrence(a, c, step, x) -> np.ndarray:
    """2 Re(C s) of s' = A s + x, sampled with zero-order hold: s[k] holds x[k] already."""
    y = np.zeros(x.size)
    for pole, weight in zip(a, c, strict=True):
        system = [np.array([[value]], complex) for value in (pole, 1, 1, 0)]
        (growth, drive, *_) = cont2discrete(system, step)
        state = 0
        for k, value in enumerate(x):
            state = growth[0, 0] * state + drive[0, 0] * value
            y[k] += 2 * (weight * state).real
    return y


@pytest.fixture(scope="module")
def layer():
    built = StateSpace(states=4, reach=N)
    built.build((None, None, CHANNELS))
    rng = np.random.default_rng(0)
    for weight in built.weights:
        weight.assign(np.asarray(weight) + rng.normal(0, 0.3, weight.shape))
    return built


def test_it_is_the_recurrence_in_both_directions(layer):
    x = np.random.default_rng(1).normal(size=(2, N, CHANNELS)).astype(np.float32)
    step = np.exp(np.asarray(layer.log_step, float))[:, 0]
    a = -np.exp(np.asarray(layer.log_decay, float)) + 1j * np.asarray(layer.frequency, float)
    c = np.asarray(layer.real, float) + 1j * np.asarray(layer.imaginary, float)
    expected = np.asarray(layer.direct) * x
    for channel in range(CHANNELS):
        back = CHANNELS + channel
        for record in range(len(x)):
            one = x[record, :, channel]
            expected[record, :, channel] += recurrence(a[channel], c[channel], step[channel], one)
            reverse = recurrence(a[back], c[back], step[back], one[::-1])[::-1]
            expected[record, :, channel] += reverse
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-3, atol=1e-4)


def test_it_begins_as_s4d_lin():
    begun = StateSpace(states=4)
    begun.build((None, None, 8))
    np.testing.assert_allclose(np.exp(np.asarray(begun.log_decay)), 0.5, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(begun.frequency) / np.pi, np.tile(np.arange(4), (16, 1)))
    step = np.exp(np.asarray(begun.log_step))
    assert (step >= SLOWEST).all() and (step <= FASTEST).all()
    drawn = np.stack([np.asarray(begun.real), np.asarray(begun.imaginary)])
    assert abs(np.corrcoef(drawn.reshape(2, -1))[0, 1]) < 0.5
    assert np.unique(drawn).size == drawn.size
    assert drawn.std() == pytest.approx(np.sqrt(0.5), rel=0.3)


def test_its_memory_ends_at_its_reach(layer):
    short = StateSpace(states=4, reach=8)
    short.build((None, None, CHANNELS))
    short.set_weights(layer.get_weights())
    impulse = np.zeros((1, N, CHANNELS), np.float32)
    impulse[0, 20] = 1
    near = np.abs(np.arange(N) - 20) < 8
    found, whole = np.asarray(short(impulse))[0], np.asarray(layer(impulse))[0]
    assert not found[~near].any()
    assert (np.abs(found[near]) > 0).all()
    np.testing.assert_allclose(found[near], whole[near], rtol=1e-5, atol=1e-6)


def test_every_channel_is_its_own(layer):
    x = np.random.default_rng(2).normal(size=(1, N, CHANNELS)).astype(np.float32)
    changed = x.copy()
    changed[..., 0] += 1
    difference = np.abs(np.asarray(layer(x)) - np.asarray(layer(changed))).max(axis=(0, 1))
    assert difference[0] > 1e-3
    assert difference[1:].max() == 0
