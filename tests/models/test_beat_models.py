"""Models of beats: any number, the record alone, saved, exported, trained, on both backends."""

import keras
import numpy as np
import pytest
from backend_outputs import named, under_jax
from model_maker import ROUNDING, drawn, onnx_session, predicted, tensorflow_only

from ecglab import models
from ecglab.ecg.features.beat_windows import POINTS, TIMES, WIDTH, batch_of_beats
from ecglab.layers.beats import RandomBeats

MODELS = {"beat_crnn": {"widths": (3, 4), "beat_width": 6, "units": 3}}
"""Each model of beats with parameters that make it small; all else is as in the real one."""

CLASSES = 4

every_model = pytest.mark.parametrize("name", MODELS)


def sequence(n: int, rng) -> np.ndarray:
    """(n, WIDTH) beats of one shape with noise, at irregular times."""
    shape = rng.uniform(0.5, 2) * np.exp(-((np.arange(POINTS) - 30) ** 2) / rng.uniform(4, 100))
    shape = shape + rng.uniform(0, 0.3) * rng.normal(size=(n, POINTS))
    return np.concatenate([shape, rng.normal(0, 0.3, (n, len(TIMES)))], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def built():
    """{name: the small model with augmentation and drawn weights}, which no test may train."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    inputs = batch_of_beats([sequence(20, rng) for _ in range(16)])
    return {
        name: drawn(models.build(name, 300, CLASSES, network, {}), inputs)
        for name, network in MODELS.items()
    }


def test_every_model_of_beats_is_tested():
    assert sorted(MODELS) == [x for x in models.names() if models.takes(x) == "beats"]


@every_model
def test_default_size(name):
    model = models.build(name, 300, CLASSES)
    assert 10_000 < model.count_params() < 2_000_000
    assert {x.name: x.shape for x in model.inputs} == {
        "beats": (None, None, WIDTH),
        "beats_mask": (None, None),
    }


# What a model predicts


@every_model
@pytest.mark.parametrize("n", [1, 2, 3, 40, 700])
def test_probabilities_of_any_number_of_beats(name, n, built, rng):
    probabilities = predicted(built[name], batch_of_beats([sequence(n, rng), sequence(1, rng)]))
    assert probabilities.shape == (2, CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@every_model
def test_padding_and_neighbours_change_nothing(name, built, rng):
    records = [sequence(n, rng) for n in (1, 2, 7, 30, 0, 41)]
    alone = np.concatenate([predicted(built[name], batch_of_beats([x])) for x in records])
    assert np.ptp(alone, axis=0).max() > 0.1, "the weights must tell these records apart"
    for n in (41, 42, 44, 100):
        together = predicted(built[name], batch_of_beats(records, n))
        np.testing.assert_allclose(together, alone, rtol=0, atol=ROUNDING)


@every_model
def test_values_outside_the_mask_do_not_matter(name, built, rng):
    inputs = batch_of_beats([sequence(n, rng) for n in (12, 30, 20)])
    inputs["beats_mask"][1, 11:14] = 0  # in the middle, too
    clean = predicted(built[name], inputs)
    outside = inputs["beats_mask"][:, :, None] == 0
    spoilt = inputs | {"beats": np.where(outside, 1e3 * rng.normal(size=WIDTH), inputs["beats"])}
    np.testing.assert_allclose(predicted(built[name], spoilt), clean, rtol=0, atol=ROUNDING)
    all_known = spoilt | {"beats_mask": np.ones_like(inputs["beats_mask"])}
    assert np.abs(predicted(built[name], all_known) - clean).max() > 1e-3


# Augmentation


@every_model
def test_augmentation_does_not_change_predictions(name, built, rng):
    plain = models.build(name, 300, CLASSES, MODELS[name])
    weights = [v.numpy() for v in built[name].weights if v.name != "seed_generator_state"]
    plain.set_weights(weights)
    inputs = batch_of_beats([sequence(n, rng) for n in (12, 30)])
    expected = predicted(plain, inputs)
    np.testing.assert_array_equal(predicted(built[name], inputs), expected)
    trained = keras.ops.convert_to_numpy(built[name](inputs, training=True))
    assert np.abs(trained - expected).max() > 1e-3


def varied(layer: RandomBeats, inputs: dict) -> np.ndarray:
    beats, mask = layer(list(inputs.values()), training=True)
    np.testing.assert_array_equal(mask, inputs["beats_mask"])
    return keras.ops.convert_to_numpy(beats)


def test_random_beats_vary_gain_rate_and_noise_of_a_record_within_limits(rng):
    keras.utils.set_random_seed(0)
    inputs = batch_of_beats([sequence(n, rng) for n in (12, 30) * 8])
    beats, known = inputs["beats"], inputs["beats_mask"] == 1
    shapes = np.where(beats, beats, np.nan)[:, :, :POINTS]
    gain = varied(RandomBeats(1.0, 1.4, 0.0), inputs)[:, :, :POINTS] / shapes
    of_record = np.array(
        [np.median(one[is_known]) for one, is_known in zip(gain, known, strict=True)]
    )
    assert of_record.min() >= 1 / 1.41 and of_record.max() <= 1.41 and np.ptp(of_record) > 0.3
    times = varied(RandomBeats(1.18, 1.0, 0.0), inputs)
    changed = times - beats
    column = POINTS + TIMES.index("before_log")
    assert np.abs(np.delete(changed, column, axis=2)).max() == 0
    shift = changed[:, 0, column]
    assert 0.05 < np.abs(shift).max() <= np.log(1.18) + 1e-6
    np.testing.assert_allclose(changed[1, :30, column], shift[1], atol=1e-6)
    noise = (varied(RandomBeats(1.0, 1.0, 0.05), inputs) - beats)[known]
    assert 0.005 < noise[:, :POINTS].std() < 0.05 and not noise[:, POINTS:].any()
    everything = varied(RandomBeats(), inputs)
    assert np.isfinite(everything).all() and not everything[~known].any()


# Stored and exported


@every_model
def test_saved_and_loaded(name, built, tmp_path, rng):
    built[name].save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    inputs = batch_of_beats([sequence(n, rng) for n in (12, 30)])
    np.testing.assert_array_equal(predicted(again, inputs), predicted(built[name], inputs))


@tensorflow_only
@every_model
def test_onnx_agrees(name, built, tmp_path, rng):
    session = onnx_session(built[name], tmp_path)
    assert {x.name for x in session.get_inputs()} == {"beats", "beats_mask"}
    for lengths in ([0], [1], [30, 0, 12], [700, 41, 3]):
        inputs = batch_of_beats([sequence(n, rng) for n in lengths])
        [probabilities] = session.run(None, inputs)
        expected = predicted(built[name], inputs)
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=ROUNDING)


# Training, on both backends


@every_model
def test_training_with_augmentation_lowers_the_loss(name):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(4), 4)
    records = [sequence(20, rng) for _ in labels]
    for record, label in zip(records, labels, strict=True):
        record[:, POINTS:] += 2 * (label % 2)
        record[:, :POINTS] *= 1 - 2 * (label // 2)
    model = models.build(name, 300, CLASSES, {**MODELS[name], "dropout": 0.0}, {})
    model.compile(keras.optimizers.Adam(0.03), "categorical_crossentropy")
    targets = np.eye(4, dtype=np.float32)[labels]
    losses = [model.train_on_batch(batch_of_beats(records), targets) for _ in range(40)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:3])


def test_jax_agrees_and_trains(built, tmp_path):
    rng = np.random.default_rng(0)
    inputs = batch_of_beats([sequence(n, rng) for n in (12, 30, 0, 21)])
    for name, there in under_jax(built, inputs, tmp_path).items():
        model = built[name]
        assert there["backend"] == "jax"
        for key, expected in named(model(inputs)).items():
            np.testing.assert_allclose(there[key], expected, rtol=1e-4, atol=1e-4)
        assert np.isfinite(there["loss"])
        assert there["moved"] > 1e-5, "every weight moves"
