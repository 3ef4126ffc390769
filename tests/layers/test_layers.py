"""The layers: what they compute, against SciPy or by hand, and what they must not depend on."""

import keras
import numpy as np
import pytest
from layer_calls import call
from scipy import signal as dsp

from ecglab.layers import (
    ApplyMask,
    BandPass,
    HalveMask,
    LogSpectrogram,
    MaskedPooling,
    ScaleRecord,
    StrideMask,
)
from ecglab.layers.bandpass import lowpass_taps

GARBAGE = 1e4


def ecg(n: int, rng, fs: float = 300.0) -> np.ndarray:
    """(n,) in mV: beats of 1 mV about 0.8 s apart on a wandering baseline with an offset."""
    t = np.arange(n) / fs
    beats = 0.4 + np.cumsum(rng.uniform(0.7, 0.9, int(t[-1] / 0.7) + 1))
    qrs = sum(np.exp(-(((t - beat) / 0.015) ** 2) / 2) for beat in beats)
    waves = sum(0.2 * np.exp(-(((t - beat - 0.25) / 0.05) ** 2) / 2) for beat in beats)
    return qrs + waves + 0.3 * np.sin(2 * np.pi * 0.25 * t) + 0.5


# BandPass


def band_passed(x, mask, band=(0.5, 40.0), fs=300.0):
    """The filter in float64 with the baseline at every sample, on whatever is known."""

    def low_passed(x, taps):
        weight = np.where(mask == 1, np.convolve(mask, taps, "same"), 1)
        return np.convolve(x * mask, taps, "same") / weight

    low, high = band
    smooth = low_passed(x, dsp.firwin(2 * int(fs / 10) + 1, high, fs=fs))
    return (smooth - low_passed(smooth, dsp.firwin(2 * int(fs / low / 2) + 1, low, fs=fs))) * mask


@pytest.mark.parametrize(
    "cutoff, fs, n_taps", [(40, 300, 61), (0.5, 300, 601), (0.5, 150, 301), (100, 250, 51)]
)
def test_lowpass_taps_are_those_of_firwin(cutoff, fs, n_taps):
    taps = lowpass_taps(cutoff, fs, n_taps)
    np.testing.assert_allclose(taps, dsp.firwin(n_taps, cutoff, fs=fs), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "fs, band, n", [(300, (0.5, 40), 6001), (300, (0.7, 100), 4500), (250, (0.5, 30), 5002)]
)
def test_bandpass_is_scipys_within_a_percent(fs, band, n, rng):
    x = ecg(n, rng, fs)
    [filtered, _] = call(BandPass(fs, band), x[None], np.ones((1, n)))
    low_pass = dsp.firwin(2 * int(fs / 10) + 1, band[1], fs=fs)
    high_pass = -dsp.firwin(2 * int(fs / band[0] / 2) + 1, band[0], fs=fs)
    high_pass[high_pass.size // 2] += 1
    expected = np.convolve(np.convolve(x, low_pass, "same"), high_pass, "same")
    inside = slice(low_pass.size + high_pass.size, -low_pass.size - high_pass.size)
    error = np.abs(filtered[0] - expected)[inside].max()
    assert error < 0.01 * np.ptp(expected[inside])


def test_bandpass_takes_edges_and_gaps_as_missing(rng):
    n = 4001
    x, mask = ecg(n, rng), np.ones(n)
    mask[[0, 1, 2, 1800]] = mask[1000:1400] = mask[2000:2003] = 0
    [filtered, known] = call(BandPass(300), x[None], mask[None])
    expected = band_passed(x, mask)
    assert np.abs(filtered[0] - expected).max() < 0.01 * np.ptp(expected)
    np.testing.assert_array_equal(known[0], mask)


@pytest.mark.parametrize("frequency", [0.1, 0.25, 0.5, 1, 3, 20, 35, 40, 45, 60, 120])
def test_bandpass_gain(frequency):
    n, fs = 9000, 300.0
    wave = np.exp(2j * np.pi * frequency * np.arange(n) / fs)
    [filtered, _] = call(BandPass(fs), np.stack([wave.real, wave.imag]), np.ones((2, n)))
    inside = slice(700, n - 700)
    # The phase is kept in this mean: a delay would show as much as a wrong gain.
    gain = np.mean((filtered[0] + 1j * filtered[1])[inside] * wave.conj()[inside])

    def low_pass(n_taps, cutoff):
        taps = dsp.firwin(n_taps, cutoff, fs=fs)
        return np.abs(dsp.freqz(taps, worN=[frequency], fs=fs)[1][0])

    expected = low_pass(61, 40) * (1 - low_pass(601, 0.5))
    assert gain == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_bandpass_of_an_offset_is_zero_up_to_the_edges(stride):
    mask = np.ones((2, 1717))
    mask[1, 700:900] = 0
    [filtered, _] = call(BandPass(300, stride=stride), np.full((2, 1717), 4.0), mask)
    np.testing.assert_allclose(filtered, 0, atol=1e-5)


@pytest.mark.parametrize("n, stride", [(3000, 2), (3001, 2), (3001, 3), (3002, 3)])
def test_bandpass_with_a_stride_is_every_stride_th_sample(n, stride, rng):
    x, mask = ecg(n, rng)[None], np.ones((1, n))
    mask[0, 1000:1101] = 0
    [whole, _] = call(BandPass(300), x, mask)
    [strided, known] = call(BandPass(300, stride=stride), x, mask)
    assert strided.shape == known.shape == (1, -(-n // stride))
    assert np.abs(strided - whole[:, ::stride]).max() < 0.01 * np.ptp(whole)
    np.testing.assert_array_equal(known, mask[:, ::stride])


def test_bandpass_is_bounded_where_weights_cancel():
    """Known samples only where the low-pass is negative, but for one: their sum is nearly 0."""
    taps = lowpass_taps(40, 300, 61)
    chosen, total = [30], taps[30]
    for i in np.argsort(taps):
        if taps[i] < 0 < total + taps[i]:
            chosen.append(i)
            total += taps[i]
    assert total < 1e-3
    x, mask = np.zeros((1, 2001)), np.zeros((1, 2001))
    mask[0, 970 + np.array(chosen)] = 1
    x[0, 1000] = 1
    [filtered, _] = call(BandPass(300), x, mask)
    assert np.abs(filtered).max() < 10


@pytest.mark.parametrize(
    "kwargs",
    [
        {"band": (0, 40)},
        {"band": (40, 0.5)},
        {"band": (0.5, 0.5)},
        {"band": (0.5, 150)},
        {"band": (0.5, 80), "stride": 2},
        {"band": (0.5, 40), "fs": 60},
    ],
)
def test_bandpass_refuses(kwargs):
    with pytest.raises(ValueError, match="band"):
        BandPass(**{"fs": 300, **kwargs})


# Masks, scaling and pooling


@pytest.mark.parametrize("shape", [(2, 40), (2, 40, 3), (2, 40, 5, 3)])
def test_mask_clears_what_is_missing(shape, rng):
    x, mask = rng.normal(size=shape).astype(np.float32), rng.integers(0, 2, size=shape[:2])
    [masked] = call(ApplyMask(), x, mask)
    assert (masked[mask == 0] == 0).all()
    np.testing.assert_array_equal(masked[mask == 1], x[mask == 1])


@pytest.mark.parametrize("shape", [(2, 40), (2, 40, 3)])
@pytest.mark.parametrize("center", [False, True])
def test_scale_record(shape, center, rng):
    x, mask = rng.normal(5, 3, size=shape), np.ones(shape[:2])
    mask[0, 10:20] = mask[1, 30:] = 0
    [scaled] = call(ScaleRecord(center), x, mask)
    for given, got, known in zip(x, scaled, mask == 1, strict=True):
        moved = given - given[known].mean() if center else given
        expected = moved / np.sqrt(np.mean(moved[known] ** 2))
        np.testing.assert_allclose(got[known], expected[known], rtol=1e-4)
        assert (got[~known] == 0).all()


@pytest.mark.parametrize("center", [False, True])
def test_scale_record_of_nothing_is_zero(center):
    [scaled] = call(ScaleRecord(center), np.full((2, 9), 3.0), np.zeros((2, 9)))
    np.testing.assert_array_equal(scaled, 0)


def test_masked_pooling(rng):
    x, mask = rng.normal(-2, 1, size=(3, 30, 4)), np.ones((3, 30))
    mask[0, 5:9] = mask[1, 12:] = 0
    mean = np.stack([row[known == 1].mean(axis=0) for row, known in zip(x, mask, strict=True)])
    greatest = np.stack([row[known == 1].max(axis=0) for row, known in zip(x, mask, strict=True)])
    for kind, expected in {
        "mean": mean,
        "max": greatest,
        "mean_max": np.concatenate([mean, greatest], axis=1),
    }.items():
        [pooled] = call(MaskedPooling(kind), x, mask)
        np.testing.assert_allclose(pooled, expected, rtol=1e-5, err_msg=kind)


def test_attention_is_a_mean_with_weights_of_what_is_known(rng):
    layer = MaskedPooling("attention")
    x, mask = rng.normal(size=(2, 30, 4)), np.ones((2, 30))
    mask[0, 5:9] = mask[1, 12:] = 0
    [pooled] = call(layer, x, mask)
    (w, b), (v,) = layer.hidden.get_weights(), layer.score.get_weights()
    for row, known, got in zip(x, mask == 1, pooled, strict=True):
        score = np.exp(np.tanh(row[known] @ w + b) @ v)
        np.testing.assert_allclose(got, (score / score.sum() * row[known]).sum(axis=0), rtol=1e-4)
        assert np.abs(got - row[known].mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize("kind", ["mean_max", "attention"])
def test_masked_pooling_of_nothing_is_zero(kind):
    """A random crop may fall into a gap: its maximum must not swamp the batch's gradient."""
    [pooled] = call(MaskedPooling(kind), np.ones((1, 9, 2)), np.zeros((1, 9)))
    np.testing.assert_array_equal(pooled, np.zeros_like(pooled))


def test_masked_pooling_refuses_an_unknown_kind():
    with pytest.raises(ValueError, match="median"):
        MaskedPooling("median")


def test_stride_mask_is_that_of_the_centre():
    [mask] = call(StrideMask(3), [[1, 0, 0, 0, 1, 1, 1]])
    np.testing.assert_array_equal(mask, [[1, 0, 1]])


def test_halve_mask_is_known_where_either_was():
    [mask] = call(HalveMask(), [[1, 1, 1, 0, 0, 1, 0, 0, 1], [1, 1, 0, 0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(mask, [[1, 1, 1, 0, 1], [1, 0, 0, 0, 0]])


# What holds for every layer

WAVEFORM = {
    "bandpass": BandPass(300),
    "bandpass_stride_2": BandPass(300, stride=2),
    "bandpass_stride_3": BandPass(300, (1.0, 30.0), stride=3),
    "spectrogram": LogSpectrogram(300),
    "spectrogram_no_overlap": LogSpectrogram(300, 64 / 300, 64 / 300, (0, 100)),
    "spectrogram_odd": LogSpectrogram(300, 63 / 300, 17 / 300, (2, 60)),
    "mask": ApplyMask(),
    "scale": ScaleRecord(),
    "scale_centred": ScaleRecord(center=True),
}
"""Layers that take [signal (batch, n), mask (batch, n)]."""

FEATURES = {
    "mask": ApplyMask(),
    "scale": ScaleRecord(),
    "scale_centred": ScaleRecord(center=True),
    "pool_mean": MaskedPooling("mean"),
    "pool_max": MaskedPooling("max"),
    "pool_mean_max": MaskedPooling("mean_max"),
    "pool_attention": MaskedPooling("attention"),
}
"""Layers that take [x (batch, time, channels), mask (batch, time)]."""

MASK = {
    "stride_2": StrideMask(2),
    "stride_3": StrideMask(3),
    "halve": HalveMask(),
}
"""Layers that take mask (batch, time)."""

ALL = [
    *(pytest.param(layer, (), id=name) for name, layer in WAVEFORM.items()),
    *(pytest.param(layer, (3,), id=f"features_{name}") for name, layer in FEATURES.items()),
    *(pytest.param(layer, None, id=name) for name, layer in MASK.items()),
]
every_layer = pytest.mark.parametrize("layer, channels", ALL)

LENGTHS = (1500, 1501, 1535, 1536, 1537, 1919, 1920, 1921)
"""From 5 s on, odd and even, about multiples of every stride, hop and window above."""


def inputs_of(x, mask, channels) -> list:
    """What a layer takes of x (batch, n, 3) and mask (batch, n)."""
    return [mask] if channels is None else [x if channels else x[:, :, 0], mask]


def record_of(n: int, rng):
    """x (n, 3) and mask (n,) of one record with two gaps, 0 where missing."""
    mask = np.ones(n)
    mask[n // 2 : n // 2 + 101] = mask[n // 3] = 0
    return rng.normal(0.3, 1, size=(n, 3)) * mask[:, None], mask


def assert_first_is(batch: list, alone: list, pooled: bool):
    """The first row of a padded batch is the record alone, followed by zeros."""
    for padded, given in zip(batch, alone, strict=True):
        row, given = padded[0], given[0]
        if not pooled:
            np.testing.assert_array_equal(row[len(given) :], 0)
            row = row[: len(given)]
        np.testing.assert_allclose(row, given, rtol=1e-4, atol=1e-5)


@every_layer
def test_padding_and_neighbours_change_nothing(layer, channels, rng):
    pooled = isinstance(layer, MaskedPooling)
    for n in LENGTHS:
        x, mask = record_of(n, rng)
        alone = call(layer, *inputs_of(x[None], mask[None], channels))
        for extra in (0, 1, 2, 3, 64, 500):
            padded, known = rng.normal(0, 50, (3, n + extra, 3)), np.ones((3, n + extra))
            padded[0], known[0] = 0, 0
            padded[0, :n], known[0, :n] = x, mask
            assert_first_is(call(layer, *inputs_of(padded, known, channels)), alone, pooled)


@pytest.mark.parametrize("layer, channels", [p for p in ALL if p.values[1] is not None])
def test_values_of_missing_samples_do_not_matter(layer, channels, rng):
    x, mask = record_of(1777, rng)
    x, mask = np.pad(x, ((0, 300), (0, 0))), np.pad(mask, (0, 300))
    spoilt = np.where(mask[:, None] == 1, x, GARBAGE * rng.normal(size=x.shape))
    clean = call(layer, *inputs_of(x[None], mask[None], channels))
    spoilt = call(layer, *inputs_of(spoilt[None], mask[None], channels))
    for a, b in zip(clean, spoilt, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)


@every_layer
def test_output_shape_is_as_announced(layer, channels, rng):
    def listed(shapes):
        return list(shapes) if isinstance(shapes[0], (list, tuple)) else [shapes]

    for n in (1500, 1501, 1507, 1920):
        given = inputs_of(rng.normal(size=(2, n, 3)), np.ones((2, n)), channels)
        shapes = [x.shape for x in given] if channels is not None else given[0].shape
        announced = listed(layer.compute_output_shape(shapes))
        assert announced == [x.shape for x in call(layer, *given)], n
    # And any length in a model, where time is not known.
    symbols = [keras.Input((None, *x.shape[2:])) for x in given]
    outputs = layer(symbols if len(symbols) > 1 else symbols[0])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    for output, shape in zip(outputs, announced, strict=True):
        assert len(output.shape) == len(shape)
        assert output.shape[2:] == tuple(shape[2:])


CONFIGURED = [
    BandPass(250, (0.7, 35), stride=2),
    LogSpectrogram(250, 0.3, 0.1, (1, 30), floor=1e-4),
    ApplyMask(),
    ScaleRecord(center=True),
    StrideMask(3),
    HalveMask(),
    MaskedPooling("max"),
]


@pytest.mark.parametrize("layer", CONFIGURED, ids=lambda layer: type(layer).__name__)
def test_config_round_trip(layer, rng):
    """As a saved model stores it, through JSON: every parameter differs from its default."""
    again = type(layer).from_config(layer.get_config())
    stored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    given = [rng.normal(0.3, 1, (2, 1700)), np.ones((2, 1700))]
    if isinstance(layer, MaskedPooling):
        given[0] = given[0][:, :, None]
    if isinstance(layer, (StrideMask, HalveMask)):
        given = given[1:]
    for copy in (again, stored):
        assert type(copy) is type(layer)
        assert copy.get_config() == layer.get_config()
        for a, b in zip(call(layer, *given), call(copy, *given), strict=True):
            np.testing.assert_array_equal(a, b)
