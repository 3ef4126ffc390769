"""Every model: any length, the record alone, saved, exported, trained, and on both backends.

Models of beats are in `test_beat_models`.
"""

import dataclasses
import subprocess
import sys

import keras
import model_maker
import numpy as np
import pytest
from backend_outputs import named, under_jax
from model_maker import ROUNDING, onnx_session, tensorflow_only

from ecglab import models
from ecglab.ecg.prepare import batch
from ecglab.layers import (
    ApplyMask,
    BandPass,
    HalveMask,
    LogSpectrogram,
    MaskedPooling,
    ScaleRecord,
    StrideMask,
)
from ecglab.layers.augment import Augmentation
from ecglab.models._rules import NetworkSettings
from ecglab.utils.errors import EcglabError
from ecglab.utils.settings import meanings

MODELS = {
    "resnet1d": {"widths": (4, 6), "blocks": 1, "kernel": 3},
    "spectrogram_resnet": {"widths": (4, 6), "blocks": 1, "kernel": 3, "units": 3},
    "fused": {
        "waveform_widths": (3, 4),
        "widths": (4, 6),
        "blocks": 1,
        "kernel": 3,
        "units": 3,
        "pooling": "attention",
    },
    "spectrogram_cnn": {"widths": (3, 4)},
    "spectrogram_crnn": {"widths": (4,), "units": 4},
    "spectrogram_s4d": {"widths": (4, 6), "kernel": 3, "blocks": 1, "states": 2, "reach": 8},
}
"""Each model of the waveform with parameters that make it small; all else is as in the real one."""

FS, CLASSES = 300, 4

every_model = pytest.mark.parametrize("name", MODELS)


def predicted(model, signal, mask) -> np.ndarray:
    return model_maker.predicted(model, {"signal": signal, "mask": mask})


def record_of(n: int, rng, fs: float = FS):
    """signal and mask (n,) of a record with a gap in its middle: spikes, a wave and noise."""
    t = np.arange(n) / fs
    rate, width, noise = rng.uniform(0.7, 3), rng.uniform(0.01, 0.1), 10 ** rng.uniform(-3, 0)
    spikes = np.exp(-((((t * rate) % 1 - 0.5) / rate / width) ** 2))
    signal = spikes + 0.2 * np.sin(2 * np.pi * 0.3 * t) + noise * rng.normal(size=n)
    mask = np.ones(n)
    mask[n // 2 : n // 2 + 150] = 0
    return signal * mask, mask


def batch_of(lengths, rng):
    """signal and mask (batch, n) of records of these lengths, padded with zeros."""
    signal, mask = np.zeros((2, len(lengths), max(lengths)))
    for k, n in enumerate(lengths):
        signal[k, :n], mask[k, :n] = record_of(n, rng)
    return signal, mask


def drawn(model):
    """The model with drawn weights that tell records apart."""
    records = batch_of(16 * [1800], np.random.default_rng(0))
    return model_maker.drawn(model, dict(zip(("signal", "mask"), records, strict=True)))


@pytest.fixture(scope="module")
def built():
    """{name: the small model with augmentation and drawn weights}, which no test may train."""
    keras.utils.set_random_seed(0)
    return {
        name: drawn(models.build(name, FS, CLASSES, network, {}))
        for name, network in MODELS.items()
    }


# Which models there are


def test_every_model_is_tested():
    of_waveforms = [name for name in models.names() if models.takes(name) == "waveform"]
    assert sorted(MODELS) == of_waveforms


@pytest.mark.parametrize("name", ["transformer", "_parts", ""])
def test_unknown_model(name):
    with pytest.raises(EcglabError) as caught:
        models.build(name, FS, CLASSES)
    assert repr(name) in str(caught.value)
    assert all(known in str(caught.value) for known in models.names())


@every_model
def test_hyperparameters_are_a_documented_frozen_dataclass(name):
    kind = models.hyperparameters(name)
    assert set(MODELS[name]) <= {field.name for field in dataclasses.fields(kind)}
    assert set(meanings(kind)) == {field.name for field in dataclasses.fields(kind)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().dropout = 0.1
    with pytest.raises(EcglabError, match=r"^unknown key 'network\.drop': did you mean network\."):
        models.build(name, FS, CLASSES, {"drop": 1})


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"kernel": 8}, "network.kernel=8 is impossible: it must be odd"),
        ({"pooling": "median"}, "network.pooling=median is impossible: it must be one of mean,"),
        ({"blocks": 0}, "network.blocks=0 is impossible: it must be at least 1"),
        ({"blocks": 1.5}, "network.blocks=1.5 is impossible: it must be a whole number, such as 2"),
        ({"widths": ()}, "network.widths=() is impossible: it must be whole numbers"),
        ({"widths": (8, 0)}, "network.widths=(8, 0) is impossible"),
        ({"band": (40.0, 0.5)}, "it must be two rising numbers, such as 0.5,40"),
        ({"dropout": 1.0}, "network.dropout=1.0 is impossible: it must be at least 0 and below 1"),
        ({"dropout": "much"}, "network.dropout='much' is impossible: it must be a number"),
        (
            {"band": (0.5, 90.0)},
            "resnet1d cannot be built at 300 Hz: band (0.5, 90.0) Hz",
        ),
    ],
)
def test_impossible_hyperparameter(network, words):
    with pytest.raises(EcglabError) as caught:
        models.build("resnet1d", FS, CLASSES, network)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_may_have_keys_of_its_own():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Own(NetworkSettings):
        depth: int = 3
        dropout: float = 0.1

    assert Own.read("network", {"depth": 4}).as_dict() == {"depth": 4, "dropout": 0.1}
    with pytest.raises(EcglabError, match=r"network\.dropout=2\.0 is impossible"):
        Own.read("network", {"dropout": 2})


def test_reading_a_configuration_does_not_load_keras():
    code = (
        "import sys\nfrom ecglab import models\n"
        "[models.hyperparameters(name)() for name in models.names()]\nmodels.Augment()\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@every_model
def test_default_size(name):
    assert 10_000 < models.build(name, FS, CLASSES).count_params() < 2_000_000


# What a model predicts


@every_model
@pytest.mark.parametrize("n", [1500, 1501, 2999, 9000, 18300])
def test_probabilities_at_any_length(name, n, built, rng):
    probabilities = predicted(built[name], *batch_of([n, n - 1, n], rng))
    assert probabilities.shape == (3, CLASSES)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@every_model
@pytest.mark.parametrize("fs, n_classes", [(125, 2), (250, 5), (500, 3)])
def test_other_rates_and_classes(name, fs, n_classes, rng):
    """Also there, the record alone decides."""
    model = drawn(models.build(name, fs, n_classes, MODELS[name]))
    records = [record_of(round(seconds * fs), rng, fs)[0] for seconds in (6.0, 7.3, 11.1)]
    together = predicted(model, *batch(records).values())
    assert together.shape == (3, n_classes)
    alone = [predicted(model, *batch([x]).values())[0] for x in records]
    np.testing.assert_allclose(together, alone, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("fs, stride", [(125, 1), (250, 2), (300, 2), (500, 3), (1000, 7)])
def test_waveform_is_read_at_about_150_hz(fs, stride):
    model = models.build("resnet1d", fs, CLASSES, {"widths": (4,), "blocks": 1})
    [filtered] = [layer for layer in model.layers if isinstance(layer, BandPass)]
    assert (filtered.fs, filtered.stride) == (fs, stride)


@every_model
def test_padding_and_neighbours_change_nothing(name, built, rng):
    lengths = [1500, 1501, 1921, 2712, 4097]
    signal, mask = batch_of(lengths, rng)
    alone = np.concatenate(
        [
            predicted(built[name], signal[k : k + 1, :n], mask[k : k + 1, :n])
            for k, n in enumerate(lengths)
        ]
    )
    assert np.ptp(alone, axis=0).max() > 0.1, "the weights must tell these records apart"
    for extra in (0, 1, 2, 3, 64, 3000):
        padding = ((0, 0), (0, extra))
        together = predicted(built[name], np.pad(signal, padding), np.pad(mask, padding))
        np.testing.assert_allclose(together, alone, rtol=0, atol=ROUNDING)
    for k, n in enumerate(lengths):
        others, known = batch_of([n, 4500, 3000], rng)
        others[0], known[0] = np.pad(signal[k], (0, 403)), np.pad(mask[k], (0, 403))
        among_others = predicted(built[name], others, known)[0]
        np.testing.assert_allclose(among_others, alone[k], rtol=0, atol=ROUNDING)


@every_model
def test_values_of_missing_samples_do_not_matter(name, built, rng):
    signal, mask = batch_of([2500, 3001], rng)
    spoilt = np.where(mask == 1, signal, 1e4 * rng.normal(size=signal.shape))
    clean = predicted(built[name], signal, mask)
    assert np.abs(clean - predicted(built[name], signal, np.ones_like(mask))).max() > 1e-3
    np.testing.assert_allclose(predicted(built[name], spoilt, mask), clean, atol=ROUNDING)


@every_model
def test_the_unit_does_not_matter(name, built, rng):
    """Devices differ in their gain: every record is scaled."""
    signal, mask = batch_of([2500, 3001], rng)
    expected = predicted(built[name], signal, mask)
    np.testing.assert_allclose(predicted(built[name], 3 * signal, mask), expected, atol=1e-3)
    np.testing.assert_allclose(predicted(built[name], signal + 2, mask), expected, atol=1e-3)


@every_model
def test_augmentation_does_not_change_predictions(name, built, rng):
    augmented = built[name]
    plain = models.build(name, FS, CLASSES, MODELS[name])
    plain.set_weights([v.numpy() for v in augmented.weights if v.name != "seed_generator_state"])
    assert any(isinstance(layer, Augmentation) for layer in augmented.layers)
    assert not any(isinstance(layer, Augmentation) for layer in plain.layers)
    records = batch_of([2500, 3001], rng)
    expected = predicted(plain, *records)
    np.testing.assert_array_equal(predicted(augmented, *records), expected)
    inputs = dict(zip(("signal", "mask"), np.float32(records), strict=True))
    trained = keras.ops.convert_to_numpy(augmented(inputs, training=True))
    assert np.abs(trained - expected).max() > 1e-3


@every_model
def test_no_recurrent_layer_needs_cudnn(name, built):
    """It refuses a mask with a gap, on a GPU only, where few would test it."""
    layers = [getattr(layer, "forward_layer", layer) for layer in built[name].layers]
    assert not any(isinstance(layer, (keras.layers.LSTM, keras.layers.GRU)) for layer in layers)


# Stored and exported


@every_model
def test_saved_and_loaded(name, built, tmp_path, rng):
    built[name].save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    records = batch_of([2500, 3001], rng)
    np.testing.assert_array_equal(predicted(again, *records), predicted(built[name], *records))


@tensorflow_only
@every_model
def test_onnx_agrees(name, built, tmp_path, rng):
    session = onnx_session(built[name], tmp_path)
    assert {x.name for x in session.get_inputs()} == {"signal", "mask"}
    for lengths in ([1500], [3001, 2000], [18300, 9000, 1777]):
        signal, mask = batch_of(lengths, rng)
        inputs = {"signal": np.float32(signal), "mask": np.float32(mask)}
        [probabilities] = session.run(None, inputs)
        expected = predicted(built[name], signal, mask)
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=ROUNDING)


# Training


def problem(rng, per_class: int = 4, n: int = 1800):
    """Inputs and one-hot labels: four classes of records that differ in rate and in noise."""
    t = np.arange(n) / FS
    labels = np.repeat(np.arange(4), per_class)
    phase = rng.uniform(0, 1, labels.size)[:, None]
    rate = np.array([1, 2.5, 1, 2.5])[labels][:, None]
    noise = np.array([0.01, 0.01, 0.5, 0.5])[labels][:, None]
    signal = np.exp(-((((t * rate + phase) % 1 - 0.5) / 0.03) ** 2))
    signal = signal + noise * rng.normal(size=signal.shape)
    inputs = {"signal": np.float32(signal), "mask": np.ones(signal.shape, np.float32)}
    return inputs, np.eye(4, dtype=np.float32)[labels]


@every_model
def test_training_with_augmentation_lowers_the_loss(name, rng):
    keras.utils.set_random_seed(1)
    inputs, labels = problem(rng)
    network = {**MODELS[name], "dropout": 0.0}
    model = models.build(name, FS, CLASSES, network, {"noise": 0.01})
    model.compile(keras.optimizers.Adam(0.03), "categorical_crossentropy")
    losses = [model.train_on_batch(inputs, labels) for _ in range(40)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:3])


# Both backends


def layer_chains() -> keras.Model:
    """One model with an output for every layer of `ecglab.layers`, each at least once."""
    given = signal, mask = keras.Input((None,), name="signal"), keras.Input((None,), name="mask")
    filtered, at_150_hz = BandPass(FS, (0.5, 40), stride=2)(given)
    scaled = ScaleRecord()([filtered, at_150_hz])
    spectrogram, frames = LogSpectrogram(FS, 0.32, 0.08, (0, 60))(BandPass(FS)(given))
    spectrogram = ScaleRecord(center=True)([spectrogram, frames])
    outputs = [
        *BandPass(FS, (1, 30))(given),
        scaled,
        ApplyMask()([signal, mask]),
        StrideMask(3)(at_150_hz),
        HalveMask()(at_150_hz),
        spectrogram,
        frames,
        MaskedPooling("mean_max")([spectrogram, frames]),
    ]
    return keras.Model({"signal": signal, "mask": mask}, outputs)


@pytest.fixture(scope="module")
def both_backends(built, tmp_path_factory):
    """{name: (outputs of this process, outputs and training under JAX)} for each model."""
    signal, mask = batch_of([2500, 3001, 1500, 2999], np.random.default_rng(0))
    inputs = {"signal": np.float32(signal), "mask": np.float32(mask)}
    tested = {**built, "layers": layer_chains()}
    there = under_jax(tested, inputs, tmp_path_factory.mktemp("backends"))
    here = {name: named(model(inputs)) for name, model in tested.items()}
    return here, there


@pytest.mark.parametrize("name", [*MODELS, "layers"])
def test_jax_agrees(name, both_backends):
    here, there = (side[name] for side in both_backends)
    assert there["backend"] == "jax"
    for key, expected in here.items():
        np.testing.assert_allclose(there[key], expected, rtol=1e-4, atol=1e-4, err_msg=key)


@every_model
def test_jax_trains(name, both_backends):
    _, there = both_backends
    assert np.isfinite(there[name]["loss"])
    assert there[name]["moved"] > 1e-5, "every weight moves"
