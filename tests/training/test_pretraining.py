"""Pretraining: the loss against its formula, what it changes, what it sees, and interruptions."""

from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset, splits
from ecglab.training import fit
from ecglab.training.inputs import inputs_of
from ecglab.training.pretraining import TEMPERATURE, contrastive_loss, pretrain


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(tmp_path_factory.mktemp("data")))
        tiny.make_data()
        return dataset.open("synthetic")


@pytest.fixture(scope="module")
def rows(data):
    return splits.validation_split(data, np.arange(len(data)), 0.2, seed=0)[0]


def values(model) -> list[np.ndarray]:
    return [np.array(v) for v in model.weights]


def test_the_loss_is_the_cross_entropy_of_finding_the_other_window():
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    odds = np.exp(unit @ unit.T / TEMPERATURE)
    np.fill_diagonal(odds, 0)
    other = np.roll(np.arange(6), 3)
    expected = -np.log(odds[np.arange(6), other] / odds.sum(axis=1))
    np.testing.assert_allclose(np.asarray(contrastive_loss(None, x)), expected, rtol=1e-4)


def test_the_loss_is_low_where_only_the_windows_of_a_record_are_alike():
    alike = np.tile(np.eye(3, dtype=np.float32), (2, 1))
    assert np.asarray(contrastive_loss(None, alike)).max() < 0.01
    swapped = alike[[0, 1, 2, 1, 2, 0]]
    assert np.asarray(contrastive_loss(None, swapped)).min() > 1 / TEMPERATURE


def test_it_learns_and_leaves_the_last_layer_alone(data, rows, tmp_path):
    experiment = tiny.experiment(
        network={"widths": (8, 16), "blocks": 1, "dropout": 0.0},
        augment={"resampling": 1.0, "bursts": 0, "polarity": 0.0, "noise": 0.0},
    )
    model = fit.compiled(experiment, data, len(rows))
    label, before = model.get_layer("label").get_weights(), values(model)
    history = []
    inputs = inputs_of("resnet1d", data)
    pretrain(model, inputs, rows, 60, tmp_path, 1, "", lambda epochs: history.append(epochs[-1]))
    assert [entry["epoch"] for entry in history] == list(range(1, 61))
    guessing = np.log(2 * len(rows) - 1)
    assert np.mean([entry["loss"] for entry in history[-5:]]) < 0.9 * guessing
    for one, two in zip(label, model.get_layer("label").get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(not np.allclose(a, b) for a, b in zip(before, values(model), strict=True))


def test_a_network_of_beats_is_pretrained_as_well(data, rows, tmp_path):
    network = {"widths": (4,), "beat_width": 6, "units": 3}
    model = fit.compiled(tiny.experiment(model="beat_crnn", network=network), data, len(rows))
    before, last = values(model), model.get_layer("label").get_weights()
    inputs = inputs_of("beat_crnn", data)
    history = pretrain(model, inputs, rows, 20, tmp_path, 1, "", lambda epochs: None)
    losses = [entry["loss"] for entry in history]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    for one, two in zip(last, model.get_layer("label").get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(not np.allclose(a, b) for a, b in zip(before, values(model), strict=True))


def test_only_the_given_records_are_read(data, rows, tmp_path):
    inputs = inputs_of("resnet1d", data)
    seen = set()

    def of(row):
        seen.add(int(row))
        return inputs.of(row)

    watched = SimpleNamespace(lengths=inputs.lengths, rate=inputs.rate, of=of, batch=inputs.batch)
    model = fit.compiled(tiny.experiment(), data, len(rows))
    pretrain(model, watched, rows, 1, tmp_path, 1, "", lambda history: None)
    assert seen == set(rows.tolist())


class StopError(Exception):
    """Stands for a kill."""


def stop(history):
    raise StopError


@pytest.mark.parametrize("when", ["on_pretraining", "on_epoch"])
def test_resuming_gives_the_undisturbed_result(data, rows, tmp_path, when):
    arguments = tiny.experiment(pretrain=2), data, rows, rows[:0]
    straight = fit.train(*arguments, tmp_path / "straight", seed=1)
    with pytest.raises(StopError):
        fit.train(*arguments, tmp_path / "cut", seed=1, **{when: stop})
    pretrained, trained = [], []
    again = fit.train(
        *arguments,
        tmp_path / "cut",
        seed=1,
        on_pretraining=lambda history: pretrained.extend(history[-1:]),
        on_epoch=lambda history: trained.extend(history[-1:]),
    )
    if when == "on_pretraining":
        assert [entry["epoch"] for entry in pretrained] == [1, 2]
        assert trained[0]["seconds"] > sum(entry["seconds"] for entry in pretrained)
        assert trained[0]["loss_of_pretraining"] == pretrained[-1]["loss"]
        assert "loss_of_pretraining" not in trained[1]
    else:
        assert not pretrained
    assert [path.name for path in (tmp_path / "cut").iterdir()] == ["state.npz"]
    for a, b in zip(values(straight), values(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_training_goes_on_from_what_was_pretrained(data, rows, tmp_path):
    without, pretrained = (
        fit.train(
            tiny.experiment(epochs=1, learning_rate=1e-9, pretrain=n),
            data,
            rows,
            rows[:0],
            tmp_path / str(n),
            seed=1,
        )
        for n in (0, 3)
    )
    assert any(
        not np.allclose(a, b, atol=1e-4)
        for a, b in zip(without.trainable_weights, pretrained.trainable_weights, strict=True)
    )
