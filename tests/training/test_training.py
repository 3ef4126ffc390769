"""Training: the loss falls, choosing is honest, and an interruption changes nothing."""

import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset, folds
from ecglab.training import fit as training
from ecglab.utils.errors import EcglabError


@pytest.fixture
def data():
    tiny.make_data()
    return dataset.open("synthetic")


def rows_of(data):
    return folds.inner_split(data, np.arange(len(data)), 0.2, seed=0)


def weights(model):
    return [np.asarray(v) for v in model.weights]


def test_the_loss_falls(data, tmp_path):
    rows, inner = rows_of(data)
    seen = []
    plain = {"crop": 8.0, "resampling": 1.0, "bursts": 0, "polarity": 0.0, "noise": 0.0}
    experiment = tiny.experiment(
        epochs=20,
        learning_rate=1e-2,
        label_smoothing=0.0,
        network={"widths": (8, 16), "blocks": 1, "dropout": 0.0},
        augment=plain,
    )
    training.train(
        experiment, data, rows, inner, tmp_path, seed=1, on_epoch=lambda h: seen.append(h[-1])
    )
    losses = [entry["loss"] for entry in seen]
    assert [entry["epoch"] for entry in seen] == list(range(1, 21))
    assert np.mean(losses[-3:]) < 0.85 * losses[0]


def test_the_loss_of_an_epoch_is_that_of_all_its_batches(data, tmp_path):
    """With steps too small to change anything: the weighted cross-entropy of even chances."""
    rows = np.arange(len(data))
    seen = []
    training.train(
        tiny.experiment(epochs=1, learning_rate=1e-12, class_weight=1.0, choose="last", inner=0),
        data, rows, rows[:0], tmp_path, seed=1, on_epoch=seen.extend,
    )  # fmt: skip
    weight = training.record_weights(data.labels, 1.0)
    assert seen[0]["loss"] == pytest.approx(np.log(4) * weight.mean(), rel=1e-4)


def test_resuming_gives_the_undisturbed_result(data, tmp_path):
    rows, inner = rows_of(data)
    experiment = tiny.experiment(epochs=3)
    straight = training.train(experiment, data, rows, inner, tmp_path / "straight", seed=1)

    class StopError(Exception):
        pass

    def stop_after_first(history):
        raise StopError

    with pytest.raises(StopError):
        training.train(
            experiment, data, rows, inner, tmp_path / "cut", seed=1, on_epoch=stop_after_first
        )
    resumed = []
    again = training.train(
        experiment, data, rows, inner, tmp_path / "cut", seed=1, on_resume=resumed.extend
    )
    assert [entry["epoch"] for entry in resumed] == [1]
    for a, b in zip(weights(straight), weights(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_another_seed_gives_another_network(data, tmp_path):
    rows, inner = rows_of(data)
    experiment = tiny.experiment(epochs=1)
    one = training.train(experiment, data, rows, inner, tmp_path / "1", seed=1)
    two = training.train(experiment, data, rows, inner, tmp_path / "2", seed=2)
    assert any(not np.allclose(a, b) for a, b in zip(weights(one), weights(two), strict=True))


def test_choose_best_keeps_the_epoch_with_the_best_inner_score(data, tmp_path):
    rows, inner = rows_of(data)
    experiment = tiny.experiment(epochs=4, choose="best")
    model = training.train(experiment, data, rows, inner, tmp_path, seed=3)
    history = training.State.read(tmp_path / "state.npz").history
    said = training.predict(model, data, inner, experiment.batch_size).argmax(axis=1)
    score = training.f1_scores(data.labels[inner], np.array(training.LABELS)[said])["F1_NAO"]
    assert score == pytest.approx(max(entry["inner_F1_NAO"] for entry in history))


def test_choosing_the_best_epoch_needs_inner_records(data, tmp_path):
    rows, inner = rows_of(data)
    with pytest.raises(EcglabError, match="choose=best has no inner records"):
        training.train(tiny.experiment(choose="best"), data, rows, inner[:0], tmp_path, seed=1)


def test_labels_of_other_records_have_no_part_in_training(data, tmp_path):
    rows, inner = rows_of(data)
    other = data.select(np.arange(len(data)))
    other.labels = np.where(np.isin(np.arange(len(data)), rows), data.labels, "~")
    assert (other.labels != data.labels).any()
    experiment = tiny.experiment(epochs=1, class_weight=1.0)
    one, two = (
        training.train(experiment, x, rows, inner, tmp_path / name, seed=1)
        for name, x in (("one", data), ("two", other))
    )
    for a, b in zip(weights(one), weights(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_predictions_keep_the_order_of_rows_of_any_length(data):
    rows, _ = rows_of(data)
    model = training.compiled(tiny.experiment(), len(rows))
    model.get_layer("label").kernel.assign(
        np.random.default_rng(0).normal(size=model.get_layer("label").kernel.shape)
    )
    order = np.random.default_rng(0).permutation(len(data))
    together = training.predict(model, data, order, 8)
    for place in (0, 7, 39):
        alone = training.predict(model, data, order[[place]], 1)
        np.testing.assert_allclose(together[place], alone[0], atol=1e-6)
    assert np.ptp(together[:, 0]) > 1e-3


def test_batches_hold_each_record_once_with_its_label_and_weight(data):
    rows = np.arange(len(data))
    weight = training.record_weights(data.labels, 0.5)
    batches = training.Batches(
        data, rows, training.one_hot(data.labels), 8, weight, np.random.default_rng(0)
    )
    assert len(batches) == 5
    assert sorted(batches.order) == list(rows)
    inputs, target, counted = list(batches)[1]
    for k, row in enumerate(batches.order[8:16]):
        n = data.lengths[row]
        np.testing.assert_array_equal(inputs["signal"][k, :n], data.signal(row))
        assert not inputs["signal"][k, n:].any()
        assert inputs["valid"][k].sum() == n
        assert training.LABELS[target[k].argmax()] == data.labels[row]
        assert counted[k] == weight[row]


def test_rare_classes_weigh_more_by_the_power_of_their_rarity():
    labels = np.array(["N"] * 16 + ["A"] * 4)
    weight = training.record_weights(labels, 0.5)
    assert weight[-1] / weight[0] == pytest.approx(2.0)
    assert weight.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(training.record_weights(labels, 0.0), 1.0)


def test_a_damaged_state_says_so(data, tmp_path):
    (tmp_path / "state.npz").write_bytes(b"PK\x03\x04 cut short")
    rows, inner = rows_of(data)
    with pytest.raises(EcglabError, match=r"state\.npz is damaged.*delete it"):
        training.train(tiny.experiment(), data, rows, inner, tmp_path, seed=1)


def test_a_state_of_another_network_says_so(data, tmp_path):
    rows, inner = rows_of(data)
    training.train(tiny.experiment(epochs=1), data, rows, inner, tmp_path, seed=1)
    wider = tiny.experiment(epochs=2, network={"widths": (4, 12), "blocks": 1})
    with pytest.raises(EcglabError, match="another network"):
        training.train(wider, data, rows, inner, tmp_path, seed=1)
