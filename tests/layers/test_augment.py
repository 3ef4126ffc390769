"""Augmentation: no effect at prediction; in training each layer varies what it should."""

import keras
import numpy as np
import pytest

from ecglab.layers import augment as module
from ecglab.layers.augment import (
    RandomAmplitude,
    RandomBaseline,
    RandomBursts,
    RandomGaps,
    RandomLead,
    RandomNoise,
    RandomPolarity,
    RandomResampling,
)

LAYERS = {
    "resampling": RandomResampling(1.18),
    "polarity": RandomPolarity(0.5),
    "amplitude": RandomAmplitude(1.4),
    "bursts": RandomBursts(3, 0.3, fs=300),
    "baseline": RandomBaseline(0.3, fs=300),
    "noise": RandomNoise(0.05),
    "gaps": RandomGaps(3, 1.5, fs=300),
    "lead": RandomLead(0.5, fs=300),
}
rates = pytest.mark.parametrize("fs", [250, 300])
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)
    for k, layer in enumerate(LAYERS.values()):
        reseed(layer, k)


def reseed(layer, seed: int):
    layer.seed_generator.state.assign(np.array([seed, 0], "uint32"))


def trained(layer, signal, mask=None):
    """(signal, mask) as the layer gives them in training; all known where mask is left out."""
    signal = np.asarray(signal, np.float32)
    mask = np.ones_like(signal) if mask is None else np.asarray(mask, np.float32)
    return [keras.ops.convert_to_numpy(x) for x in layer([signal, mask], training=True)]


def seeded(layer, seed: int = 1):
    reseed(layer, seed)
    return layer


def records(rng, batch: int = 16, n: int = 3600):
    """signal and mask (batch, n) float32: a gap in each, and padding after every second."""
    mask = np.ones((batch, n), np.float32)
    mask[:, 1000:1150] = 0
    mask[::2, 3000:] = 0
    return rng.normal(size=(batch, n)).astype(np.float32) * mask, mask


# What holds for all of them


def test_every_layer_is_tested():
    kinds = {x for x in vars(module).values() if isinstance(x, type)}
    kinds = {x for x in kinds if issubclass(x, module.Augmentation)} - {module.Augmentation}
    assert kinds == {type(layer) for layer in LAYERS.values()}


@every_layer
def test_nothing_happens_at_prediction(layer, rng):
    signal, mask = records(rng)
    for outputs in (layer([signal, mask]), layer([signal, mask], training=False)):
        np.testing.assert_array_equal(outputs[0], signal)
        np.testing.assert_array_equal(outputs[1], mask)
    assert not np.array_equal(trained(layer, signal, mask)[0], signal)


@every_layer
def test_the_state_of_the_seed_decides_the_draw(layer, rng):
    signal, mask = records(rng)
    first = trained(seeded(layer, 1), signal, mask)
    further = trained(layer, signal, mask)
    again = trained(seeded(layer, 1), signal, mask)
    other = trained(seeded(layer, 2), signal, mask)
    np.testing.assert_array_equal(again, first)
    assert not np.array_equal(further, first), "every call draws anew"
    assert not np.array_equal(other, first)


@every_layer
def test_records_of_a_batch_get_their_own_draws(layer, rng):
    signal, _ = trained(layer, np.repeat(rng.normal(size=(1, 3600)), 12, axis=0))
    different = len(np.unique(signal, axis=0))
    assert different == (2 if isinstance(layer, RandomPolarity) else 12)


@every_layer
def test_missing_samples_read_zero(layer, rng):
    signal, known = trained(layer, *records(rng))
    assert set(np.unique(known)) == {0, 1}
    assert (signal[known == 0] == 0).all()


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "resampling"])
def test_missing_samples_stay_missing(name, rng):
    signal, mask = records(rng)
    _, known = trained(LAYERS[name], signal, mask)
    assert (known <= mask).all()
    if name not in ("bursts", "gaps"):
        np.testing.assert_array_equal(known, mask)


CONFIGURED = [
    RandomResampling(1.3, n_samples=3000),
    RandomPolarity(0.2),
    RandomAmplitude(2.0),
    RandomBursts(4, 0.7, fs=250),
    RandomBaseline(0.9, fs=250),
    RandomNoise(0.4),
    RandomGaps(4, 0.7, fs=250),
    RandomLead(0.9, fs=250),
]


@pytest.mark.parametrize("layer", CONFIGURED, ids=lambda layer: type(layer).__name__)
def test_config_round_trip(layer, rng):
    """As a saved model stores it, through JSON: every parameter differs from its default."""
    stored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    signal, mask = records(rng)
    for copy in (type(layer).from_config(layer.get_config()), stored):
        assert copy.get_config() == layer.get_config()
        expected = trained(seeded(layer), signal, mask)
        np.testing.assert_array_equal(trained(seeded(copy), signal, mask), expected)


# Each of them


def test_resampling_moves_a_sine_by_at_most_its_factor():
    factor, n, cycles = 1.18, 6000, 100
    sine = np.sin(2 * np.pi * cycles * np.arange(n) / n)
    signal, known = trained(RandomResampling(factor), np.repeat(sine[None], 64, axis=0))
    crossings = ((signal[:, 1:] > 0) != (signal[:, :-1] > 0)).sum(axis=1)
    speed = crossings / 2 / cycles * n / known.sum(axis=1)
    assert speed.max() <= factor * 1.01 and speed.min() >= 1 / factor / 1.01
    assert speed.max() > 1.1 and speed.min() < 1 / 1.1
    # A faster record ends sooner, a slower one is cut off at the end of the batch.
    np.testing.assert_allclose(known.sum(axis=1), n / np.maximum(speed, 1), rtol=0.02)
    assert (np.diff(known) <= 0).all()


def test_resampling_keeps_missing_values_out():
    """Where mask, only known samples were mixed; what lies beside a gap is missing."""
    mask = np.ones((32, 3000), np.float32)
    mask[:, 1000:1300] = mask[:, 400] = mask[:, 2800:] = 0
    signal, known = trained(RandomResampling(1.3), np.where(mask == 1, 1.0, 1e3), mask)
    np.testing.assert_allclose(signal[known == 1], 1, atol=1e-6)
    assert (signal[known == 0] == 0).all()
    for row in known:
        edges = np.flatnonzero(np.diff(row))
        speed = 400 / edges[0]
        gaps = np.diff(edges)
        # The lone missing sample, the known stretch, then the gap: all stretched alike.
        assert 1 <= gaps[0] <= 3
        assert gaps[1] == pytest.approx(600 / speed, abs=5)
        assert gaps[2] == pytest.approx(300 / speed, abs=5)


def test_resampling_keeps_a_sample_it_falls_on():
    """The first sample stays where it is, known though the second is missing."""
    mask = np.zeros((8, 20), np.float32)
    mask[:, 0] = 1
    signal, known = trained(RandomResampling(1.3), mask, mask)
    np.testing.assert_array_equal(signal, mask)
    np.testing.assert_array_equal(known, mask)


def test_resampling_takes_a_window_from_anywhere_in_what_is_known():
    n, lengths = 3000, [3000, 3100, 5000, 9000]
    signal = np.tile(np.arange(9000, dtype=np.float32), (len(lengths), 1))
    mask = (signal < np.array(lengths)[:, None]).astype(np.float32)
    starts = []
    for seed in range(40):
        layer = seeded(RandomResampling(1 + 1e-7, n_samples=n), seed)
        piece, known = trained(layer, signal * mask, mask)
        assert piece.shape == known.shape == (len(lengths), n)
        assert (known[:, :-1] == 1).all()
        np.testing.assert_allclose(np.diff(piece[:, :-1]), 1, atol=0.01)
        starts.append(piece[:, 0])
    for drawn, room in zip(np.transpose(starts), np.array(lengths) - n, strict=True):
        assert drawn.min() >= -0.01 and drawn.max() <= room + 0.01
        assert np.ptp(drawn) >= 0.8 * room


def test_resampling_fills_its_window_from_one_that_is_longer_by_the_factor():
    _, known = trained(RandomResampling(1.18, n_samples=1000), np.ones((64, 1180)))
    assert known.shape == (64, 1000)
    assert (known[:, :-1] == 1).all()


def test_resampling_keeps_a_short_record_whole_and_a_short_window_short():
    mask = np.repeat([[1.0, 0.0]], [1000, 200], axis=1).repeat(64, axis=0)
    signal, known = trained(RandomResampling(1.18, n_samples=2000), mask, mask)
    assert signal.shape == known.shape == (64, 1200)
    np.testing.assert_array_equal(signal, known)
    assert 1000 / 1.19 < known.sum(axis=1).min() < 900 < 1100 < known.sum(axis=1).max() < 1190


def test_polarity_turns_its_share(rng):
    signal = rng.normal(size=(2000, 5)).astype(np.float32)
    turned, _ = trained(RandomPolarity(0.3), signal)
    flipped = turned[:, 0] == -signal[:, 0]
    np.testing.assert_array_equal(turned, np.where(flipped[:, None], -signal, signal))
    assert flipped.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 2000))


def test_amplitude_drifts_within_its_factor(rng):
    factor = 1.4
    signal = rng.uniform(0.5, 1, size=(200, 900)).astype(np.float32)
    changed, _ = trained(RandomAmplitude(factor), signal)
    gain = np.log(changed / signal) / np.log(factor)
    assert np.abs(gain).max() <= 1 + 1e-4
    assert np.abs(gain).max() > 0.9
    np.testing.assert_allclose(np.diff(gain, n=2), 0, atol=1e-5)
    drift = gain[:, -1] - gain[:, 0]
    assert drift.max() > 0.5 and drift.min() < -0.5, "both up and down"


@rates
def test_bursts_drop_at_most_their_time(fs):
    count, seconds = 3, 0.3
    signal, known = trained(RandomBursts(count, seconds, fs=fs), np.ones((200, 6000)))
    dropped = signal == 0
    assert (signal[~dropped] == 1).all()
    assert dropped.sum(axis=1).max() <= count * (seconds * fs + 1)
    assert dropped.sum(axis=1).mean() == pytest.approx(count * seconds * fs / 2, rel=0.1)
    bursts = (np.diff(np.pad(dropped, ((0, 0), (1, 0))).astype(int), axis=1) == 1).sum(axis=1)
    assert bursts.max() == count
    # Half of them are missing and half read 0 mV as if known.
    assert (known[~dropped] == 1).all()
    assert known[dropped].mean() == pytest.approx(0.5, abs=0.1)


@rates
def test_baseline_is_slow_and_low(fs):
    mv, seconds = 0.3, 60
    signal, _ = trained(RandomBaseline(mv, fs=fs), np.zeros((100, seconds * fs)))
    assert np.abs(signal).max() <= mv
    assert np.abs(signal).max() > 0.8 * mv
    assert np.abs(np.diff(signal)).max() <= mv * 2 * np.pi * 0.5 / fs * 1.01
    crossings = ((signal[:, 1:] > 0) != (signal[:, :-1] > 0)).sum(axis=1)
    assert crossings.min() >= 2 * 0.05 * seconds - 1
    assert crossings.max() <= 2 * 0.5 * seconds + 1
    assert np.ptp(crossings) > 30, "each record has its own frequency"


def test_noise_is_white_and_within_its_limit():
    mv = 0.05
    noise, _ = trained(RandomNoise(mv), np.zeros((200, 3000)))
    deviation = noise.std(axis=1)
    assert deviation.max() <= 1.05 * mv
    assert deviation.mean() == pytest.approx(mv / 2, rel=0.15)
    loud = noise[deviation > mv / 10]
    following = [np.corrcoef(row[1:], row[:-1])[0, 1] for row in loud]
    assert np.abs(following).max() < 5 / np.sqrt(3000)


@rates
def test_gaps_are_missing_for_at_most_their_time(fs):
    count, seconds = 2, 1.5
    signal, known = trained(RandomGaps(count, seconds, fs=fs), np.ones((200, 6000)))
    np.testing.assert_array_equal(signal, known)
    missing = known == 0
    assert missing.sum(axis=1).max() <= count * (seconds * fs + 1)
    # Up to its time before the end of the record, a gap is as long as it was drawn.
    assert missing.sum(axis=1).mean() == pytest.approx(count * seconds * fs / 2, rel=0.15)


@rates
def test_filters_of_a_lead_have_a_gain_of_1_where_they_pass(fs):
    taps, n = module.lead_taps(fs), 2**14
    gain = np.abs(np.fft.rfft(taps, n, axis=0))
    best = np.fft.rfftfreq(n, 1 / fs)[gain.argmax(axis=0)]
    np.testing.assert_allclose(gain.max(axis=0), 1, atol=1e-3)
    np.testing.assert_allclose(best, [0, 0, 8, 11.3], atol=0.3)
    np.testing.assert_allclose(taps[:, 2:].sum(axis=0), 0, atol=1e-6)
    np.testing.assert_array_equal(taps[:, [0, 1, 3]], taps[::-1, [0, 1, 3]])


def test_a_lead_is_the_sum_of_its_parts(rng):
    """Against SciPy's convolution: the weights are found by least squares, within their limit."""
    fs, strength = 300, 0.5
    signal = rng.normal(size=(8, 3000)).astype(np.float32) + 3
    changed, _ = trained(RandomLead(strength, fs=fs), signal)
    taps = module.lead_taps(fs)
    weights = []
    for before, after in zip(signal, changed, strict=True):
        centred = before - before.mean()
        parts = np.stack([np.convolve(centred, h[::-1], "same") for h in taps.T], axis=1)
        found, *_ = np.linalg.lstsq(parts, after - before, rcond=None)
        np.testing.assert_allclose(parts @ found, after - before, atol=1e-3)
        weights.append(found)
    assert 0.8 * strength < np.abs(weights).max() <= strength + 1e-3
    assert len(np.unique(np.round(weights, 4))) == 32, "each record has its own"


def test_a_lead_changes_t_against_qrs():
    t = np.arange(6000) / 300
    qrs = np.exp(-((t % 1 - 0.3) ** 2) / (2 * 0.01**2))
    wave = 0.3 * np.exp(-((t % 1 - 0.6) ** 2) / (2 * 0.05**2))
    changed, _ = trained(RandomLead(0.5, fs=300), np.repeat((qrs + wave)[None], 64, axis=0))
    beats = changed.reshape(64, 20, 300)[:, 5:15].mean(axis=1)
    size = np.ptp(beats[:, 150:210], axis=1) / np.ptp(beats[:, 60:120], axis=1)
    assert size.max() / size.min() > 2
