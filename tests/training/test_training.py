"""Training: the loss falls, selection is honest, and an interruption changes nothing."""

import shutil

import keras
import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset, splits
from ecglab.evaluation.metrics import f1_scores
from ecglab.training import fit
from ecglab.training.inputs import inputs_of
from ecglab.training.state import State
from ecglab.utils.errors import EcglabError


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The tiny data set, which no test may change."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        tiny.make_data()
        return dataset.open("synthetic")


@pytest.fixture
def data(stored):
    return stored.select(np.arange(len(stored)))


def rows_of(data):
    return splits.validation_split(data, np.arange(len(data)), 0.2, seed=0)


def weights(model):
    return [np.asarray(v) for v in model.weights]


def test_the_loss_falls(data, tmp_path):
    rows, validation = rows_of(data)
    seen = []
    experiment = tiny.experiment(
        epochs=20,
        learning_rate=1e-2,
        label_smoothing=0.0,
        network={"widths": (8, 16), "blocks": 1, "dropout": 0.0},
        augment={"resampling": 1.0, "bursts": 0, "polarity": 0.0, "noise": 0.0},
    )
    fit.train(
        experiment, data, rows, validation, tmp_path, seed=1, on_epoch=lambda h: seen.append(h[-1])
    )
    losses = [entry["loss"] for entry in seen]
    assert [entry["epoch"] for entry in seen] == list(range(1, 21))
    assert np.mean(losses[-3:]) < 0.85 * losses[0]
    scores = {f"val/{name}" for name in f1_scores(data.labels, data.labels, data.classes)}
    assert set(seen[0]) == {"epoch", "seconds", "loss", "accuracy", "val/loss", *scores}


def test_the_loss_of_an_epoch_is_that_of_all_its_batches(data, tmp_path):
    """With steps too small to change anything: the weighted cross-entropy of even chances."""
    rows = np.arange(len(data))
    seen = []
    experiment = tiny.experiment(epochs=1, learning_rate=1e-12, class_weight=1.0, validation=0)
    fit.train(experiment, data, rows, rows[:0], tmp_path, seed=1, on_epoch=seen.extend)
    weight = dataset.record_weights(data.labels, data.classes, 1.0)
    assert seen[0]["loss"] == pytest.approx(np.log(4) * weight.mean(), rel=1e-4)
    assert set(seen[0]) == {"epoch", "seconds", "loss", "accuracy"}


class StopError(Exception):
    """Stands for a kill."""


def stop(history):
    raise StopError


@pytest.mark.parametrize("crop", [8.0, 0.0])
def test_resuming_gives_the_undisturbed_result(data, tmp_path, crop):
    rows, validation = rows_of(data)
    experiment = tiny.experiment(epochs=3, crop=crop)
    arguments = experiment, data, rows, validation
    straight = fit.train(*arguments, tmp_path / "straight", seed=1)
    with pytest.raises(StopError):
        fit.train(*arguments, tmp_path / "cut", seed=1, on_epoch=stop)
    resumed = []
    again = fit.train(*arguments, tmp_path / "cut", seed=1, on_resume=resumed.extend)
    assert [entry["epoch"] for entry in resumed] == [1]
    for a, b in zip(weights(straight), weights(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_another_seed_gives_another_network(data, tmp_path):
    rows, validation = rows_of(data)
    experiment = tiny.experiment(epochs=1)
    one = fit.train(experiment, data, rows, validation, tmp_path / "1", seed=1)
    two = fit.train(experiment, data, rows, validation, tmp_path / "2", seed=2)
    assert any(not np.allclose(a, b) for a, b in zip(weights(one), weights(two), strict=True))


def test_checkpoint_best_keeps_the_epoch_with_the_best_validation_score(data, tmp_path):
    rows, validation = rows_of(data)
    experiment = tiny.experiment(epochs=4, checkpoint="best")
    history = []
    model = fit.train(experiment, data, rows, validation, tmp_path, seed=3, on_epoch=history.append)
    inputs = inputs_of(experiment.model, data)
    found = data.classes.predicted(fit.predict(model, inputs, validation, experiment.batch_size))
    score = f1_scores(data.labels[validation], found, data.classes)["challenge_f1"]
    assert score == pytest.approx(max(entry["val/challenge_f1"] for entry in history[-1]))


def test_selecting_the_best_epoch_needs_validation_records(data, tmp_path):
    rows, validation = rows_of(data)
    with pytest.raises(EcglabError, match="checkpoint=best has no validation records"):
        fit.train(tiny.experiment(checkpoint="best"), data, rows, validation[:0], tmp_path, seed=1)


def test_labels_of_other_records_have_no_part_in_training(data, tmp_path):
    rows, validation = rows_of(data)
    other = data.select(np.arange(len(data)))
    other.labels = np.where(np.isin(np.arange(len(data)), rows), data.labels, "~")
    assert (other.labels != data.labels).any()
    experiment = tiny.experiment(epochs=1, class_weight=1.0)
    one, two = (
        fit.train(experiment, x, rows, validation, tmp_path / name, seed=1)
        for name, x in (("one", data), ("two", other))
    )
    for a, b in zip(weights(one), weights(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_classes_and_missing_samples(tmp_path, monkeypatch):
    """The network has as many outputs as the data set classes, and skips what is missing."""
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    dataset.make_synthetic(24, name="synthetic_af")
    data = dataset.open("synthetic_af")
    signals = [data.signal(i).copy() for i in range(len(data))]
    for signal in signals:
        signal[700:1000] = np.nan
    monkeypatch.setattr(data, "signal", lambda i: signals[i], raising=False)
    rows = np.arange(len(data))
    experiment = tiny.experiment(epochs=1, data="synthetic_af")
    seen = []
    model = fit.train(
        experiment, data, rows[6:], rows[:6], tmp_path / "run", seed=1, on_epoch=seen.extend
    )
    assert np.isfinite(seen[0]["loss"])
    probabilities = fit.predict(model, inputs_of("resnet1d", data), rows, 8)
    assert probabilities.shape == (24, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_predictions_keep_the_order_of_rows_of_any_length(data):
    rows, _ = rows_of(data)
    keras.utils.set_random_seed(0)
    model = fit.compiled(tiny.experiment(), data, len(rows))
    label = model.get_layer("label")
    label.kernel.assign(np.random.default_rng(0).normal(0, 0.1, size=label.kernel.shape))
    order = np.random.default_rng(0).permutation(len(data))
    inputs = inputs_of("resnet1d", data)
    together = fit.predict(model, inputs, order, 8)
    for place in (0, 7, 39):
        alone = fit.predict(model, inputs, order[[place]], 1)
        np.testing.assert_allclose(together[place], alone[0], atol=1e-6)
    assert np.ptp(together, axis=0).max() > 1e-3
    assert fit.predict(model, inputs, order[:0], 8).shape == (0, 4)


def test_windows_are_longer_by_the_resampling(data, monkeypatch, tmp_path):
    """So that a record that is squeezed in time still fills the crop that the network sees."""
    cut, rows = [], np.arange(len(data))
    batches = fit.Batches

    def noted(*arguments):
        cut.append(arguments[5])
        return batches(*arguments)

    monkeypatch.setattr(fit, "Batches", noted)
    for crop, factor in ((8.0, 1.25), (8.0, 1.0), (0.0, 1.25)):
        experiment = tiny.experiment(epochs=1, crop=crop, augment={"resampling": factor})
        model = fit.train(experiment, data, rows, rows[:0], tmp_path / f"{crop}-{factor}", seed=1)
        windows = [x.n_samples for x in model.layers if hasattr(x, "n_samples")]
        assert cut.pop() == crop * factor
        assert windows == ([] if factor == 1 else [2400 if crop else None])


# The state of an interrupted training


@pytest.fixture(scope="module")
def state(stored, tmp_path_factory):
    """The bytes of a state.npz of the run and fold "run/fold-0"."""
    folder = tmp_path_factory.mktemp("state")
    rows, validation = rows_of(stored)
    fit.train(
        tiny.experiment(epochs=1), stored, rows, validation, folder, seed=1, owner="run/fold-0"
    )
    return (folder / "state.npz").read_bytes()


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("place", [0, 30, 0.3, 0.6, 0.97, -65, -1])
def test_one_flipped_byte_of_a_state_is_noticed(state, tmp_path, place):
    place = int(place * len(state)) if isinstance(place, float) else place
    (tmp_path / "state.npz").write_bytes(flipped(state, place))
    with pytest.raises(EcglabError, match=r"state\.npz is damaged: delete it[^\n]*$"):
        State.read(tmp_path / "state.npz", "run/fold-0")


@pytest.mark.parametrize("kept", [0, 10, 1000, -64, -1])
def test_a_truncated_state_is_noticed(state, tmp_path, kept):
    (tmp_path / "state.npz").write_bytes(state[:kept])
    with pytest.raises(EcglabError, match=r"state\.npz is damaged: delete it[^\n]*$"):
        State.read(tmp_path / "state.npz", "run/fold-0")


@pytest.mark.parametrize("owner", ["run/fold-1", "other/fold-0"])
def test_the_state_of_another_fold_or_run_is_noticed(state, tmp_path, owner):
    (tmp_path / "state.npz").write_bytes(state)
    assert State.read(tmp_path / "state.npz", "run/fold-0").history
    with pytest.raises(EcglabError, match=r"of another fold or run .*: delete it[^\n]*$"):
        State.read(tmp_path / "state.npz", owner)


def test_a_missing_state_begins_anew(tmp_path):
    assert State.read(tmp_path / "state.npz", "run/fold-0") == State()


def test_a_state_of_another_network_is_noticed(data, state, tmp_path):
    (tmp_path / "state.npz").write_bytes(state)
    rows, validation = rows_of(data)
    wider = tiny.experiment(epochs=2, network={"widths": (4, 12), "blocks": 1})
    with pytest.raises(EcglabError, match="another network"):
        fit.train(wider, data, rows, validation, tmp_path, seed=1, owner="run/fold-0")


def test_training_names_run_and_fold_in_its_state(data, tmp_path):
    """Through the run folder, as a run does it."""
    from ecglab.training import cross_validation, run_folder

    experiment = tiny.experiment(epochs=1, folds=0)
    plan = cross_validation.Plan(data, np.arange(len(data)) % 2, 2)
    folder = run_folder.RunFolder(tmp_path / "run")
    run_folder.begin(folder, "tiny", experiment, data, plan.split, {})
    rows = np.arange(len(data))
    for k in (0, 1):
        folder.fold(k).mkdir()
        job = cross_validation.Fold(k, data, rows[8:], rows[:4], rows[4:8], folder.fold(k))
        experiment.train_fold(job)
    shutil.copy(folder.fold(0) / "state.npz", folder.fold(1) / "state.npz")
    with pytest.raises(EcglabError, match=r"another fold or run \(.*/fold-0, not .*/fold-1\)"):
        experiment.train_fold(job)
