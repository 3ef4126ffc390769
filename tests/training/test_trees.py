"""Boosted trees: what is kept is what predicts, nothing is seen that must not be."""

import dataclasses
import json

import numpy as np
import pytest

from ecglab.datasets import dataset, splits
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.training import cross_validation, trees_onnx
from ecglab.training import features as kept_features
from ecglab.training.experiment import Fold
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError

SMALL = Trees(
    data="synthetic",
    folds=2,
    validation=0.2,
    iterations=5,
    leaves=4,
    min_leaf=2,
    bags=2,
    learning_rate=0.3,
)


@pytest.fixture
def data(packed, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    return dataset.open("synthetic")


def fold_of(data, folder) -> Fold:
    folder.mkdir(parents=True, exist_ok=True)
    fold = splits.folds(data)
    rows, validation = splits.validation_split(data, np.flatnonzero(fold != 0), 0.2, seed=0)
    return Fold(0, data, rows, validation, np.flatnonzero(fold == 0), folder)


@pytest.fixture
def trained(data, tmp_path):
    """A trained fold and its predictor."""
    fold = fold_of(data, tmp_path / "fold")
    return fold, SMALL.train_fold(fold)


# What is kept


def test_onnx_gives_the_probabilities_of_scikit_learn(data, tmp_path):
    vectors = kept_features.stored(data).copy()
    vectors[::3, ::4] = np.nan
    models = SMALL.fit(vectors, data.labels, data.classes)
    path = tmp_path / "round.onnx"
    path.write_bytes(trees_onnx.exported(models, vectors.shape[1], 4))
    found = trees_onnx.loaded(path)(vectors)
    expected = np.mean([model.predict_proba(vectors) for model in models], axis=0)
    assert found.shape == (60, 4) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_onnx_of_two_classes_gives_those_of_scikit_learn(data, tmp_path):
    vectors = kept_features.stored(data)
    two = Classes({"AF": "atrial fibrillation", "other": "no atrial fibrillation"})
    labels = np.where(data.labels == "A", "AF", "other")
    models = SMALL.fit(vectors, labels, two)
    (tmp_path / "two.onnx").write_bytes(trees_onnx.exported(models, vectors.shape[1], 2))
    expected = np.mean([model.predict_proba(vectors) for model in models], axis=0)
    found = trees_onnx.loaded(tmp_path / "two.onnx")(vectors)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (two.predicted(found) == labels).mean() > 0.9


def test_a_group_that_is_left_out_has_no_say(data):
    vectors = kept_features.stored(data)
    of_rr = [name.startswith("rr_") for name in features.names]
    changed = np.where(of_rr, vectors + 1, vectors)
    for without in ("rr", "beat"):
        model, *_ = dataclasses.replace(SMALL, without=without).fit(
            vectors, data.labels, data.classes
        )
        same = np.array_equal(model.predict_proba(vectors), model.predict_proba(changed))
        assert same == (without == "rr")


def test_onnx_has_one_input_and_one_output(trained):
    import onnxruntime

    fold, _ = trained
    session = onnxruntime.InferenceSession(fold.folder / "model.onnx")
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type) == ("features", "tensor(float)")
    assert taken.shape[1] == len(features.names)
    assert given.name == "probabilities" and given.shape[1] == 4
    alone = session.run(None, {"features": np.full((1, len(features.names)), np.nan, np.float32)})
    assert np.isfinite(alone[0]).all()


def test_the_predictor_is_the_file(trained, data):
    fold, predict = trained
    vectors = kept_features.stored(data)
    np.testing.assert_array_equal(
        predict(fold.scored), trees_onnx.loaded(fold.folder / "model.onnx")(vectors[fold.scored])
    )


def test_history_is_one_entry(trained):
    fold, _ = trained
    (entry,) = json.loads((fold.folder / "history.json").read_text())
    assert entry["epoch"] == 1 and entry["seconds"] > 0
    assert 0 < entry["loss"] < np.log(4)


def test_trees_learn_the_synthetic_classes(trained, data):
    fold, predict = trained
    right = data.classes.predicted(predict(fold.rows)) == data.labels[fold.rows]
    assert right.mean() > 0.9


# What it depends on


def test_two_runs_give_the_same_file(trained, data, tmp_path):
    fold, _ = trained
    again = fold_of(data, tmp_path / "again")
    SMALL.train_fold(again)
    kept = [(f.folder / "model.onnx").read_bytes() for f in (fold, again)]
    assert kept[0] == kept[1]
    dataclasses.replace(SMALL, seed=2).train_fold(again)
    assert (again.folder / "model.onnx").read_bytes() != kept[0]


def test_labels_of_validation_and_scored_records_change_nothing(trained, data, tmp_path):
    fold, _ = trained
    other = data.select(np.arange(len(data)))
    away = np.concatenate([fold.validation, fold.scored])
    other.labels = other.labels.copy()
    other.labels[away] = np.random.default_rng(0).permutation(other.labels[away])
    assert (other.labels != data.labels).any()
    hidden = dataclasses.replace(fold, data=other, folder=tmp_path / "hidden")
    hidden.folder.mkdir()
    SMALL.train_fold(hidden)
    kept = [(f.folder / "model.onnx").read_bytes() for f in (fold, hidden)]
    assert kept[0] == kept[1]


def test_a_class_that_is_missing_is_named(data):
    vectors = kept_features.stored(data)
    rows = data.labels != "~"
    with pytest.raises(EcglabError, match="no record of class ~ to train on: use more records"):
        SMALL.fit(vectors[rows], data.labels[rows], data.classes)


@pytest.mark.parametrize(
    "key", ["iterations", "learning_rate", "min_leaf", "share", "bags", "l2", "class_weight"]
)
def test_impossible_values_are_refused(key):
    with pytest.raises(EcglabError, match=f"{key}=-1 is impossible"):
        dataclasses.replace(SMALL, **{key: -1})


# The stored features


@pytest.fixture
def few(data, tmp_path, monkeypatch):
    """Four records, the folder they are stored in, and how often features were extracted."""
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    count = []
    extract = features.extract
    monkeypatch.setattr(features, "extract", lambda *a: count.append(1) or extract(*a))
    return data.select(np.arange(4)), tmp_path, count


def test_features_are_extracted_once(few):
    data, folder, count = few
    first = kept_features.stored(data)
    again = kept_features.stored(data)
    assert len(count) == 4
    np.testing.assert_array_equal(first, again)
    assert [p.suffix for p in folder.iterdir() if not p.name.startswith(".")] == [".npz"]
    np.testing.assert_array_equal(first[2], features.extract(data.signal(2), data.fs))


@pytest.mark.parametrize("damage", [b"", b"nonsense", "cut", "flip", "shape", "values"])
def test_damaged_features_are_made_anew(few, damage):
    data, folder, count = few
    first = kept_features.stored(data)
    (path,) = folder.glob("features-*.npz")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "shape":
        np.savez(path, features=first[:, :5], sha256="x")
    elif damage == "values":
        np.savez(path, features=first + 1, sha256=np.load(path)["sha256"])
    elif damage == "flip":
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 4
        path.write_bytes(content)
    else:
        path.write_bytes(damage)
    np.testing.assert_array_equal(kept_features.stored(data), first)
    assert len(count) == 8
    kept_features.stored(data)
    assert len(count) == 8


def test_another_version_or_other_records_are_stored_apart(few, monkeypatch):
    data, folder, count = few
    kept_features.stored(data)
    kept_features.stored(data.select([1, 2]))
    monkeypatch.setattr(features, "VERSION", features.VERSION + 1)
    kept_features.stored(data)
    assert len(list(folder.glob("features-*.npz"))) == 3
    assert len(count) == 10


# Varied copies of the training records


def test_copies_are_excerpts_and_records_with_missing_parts_in_turn(few, monkeypatch):
    data, *_ = few
    signals = []
    monkeypatch.setattr(features, "extract", lambda x, fs: signals.append(x) or np.zeros(95))
    monkeypatch.setattr(features, "names", features.names[:95])
    assert kept_features.stored_copies(data, 2).shape == (2, 4, 95)
    for record, excerpt, gapped in zip(data, signals[:4], signals[4:], strict=True):
        assert min(9, record.seconds) * data.fs - 1 <= len(excerpt) <= 25 * data.fs
        assert excerpt.tobytes() in record.signal.tobytes()
        assert len(gapped) == record.n_samples
        assert 0.01 < np.isnan(gapped).mean() < 0.25
        known = ~np.isnan(gapped)
        np.testing.assert_array_equal(gapped[known], record.signal[known])


def test_copies_are_the_same_each_time_and_extracted_once(few):
    data, folder, count = few
    first = kept_features.stored_copies(data, 2)
    np.testing.assert_array_equal(kept_features.stored_copies(data, 2), first)
    np.testing.assert_array_equal(kept_features.stored_copies(data, 1), first[:1])
    assert len(count) == 8
    for path in folder.glob("features-*.npz"):
        path.unlink()
    np.testing.assert_array_equal(kept_features.stored_copies(data, 2), first)


def test_copies_count_as_much_as_their_records(data):
    x = np.zeros((len(data), len(features.names)))
    x[:, 0] = np.random.default_rng(1).normal(size=len(x))  # one feature: no two splits are equal
    trees = dataclasses.replace(SMALL, min_leaf=1)
    [alone, *_] = trees.fit(x, data.labels, data.classes)
    [tripled, *_] = trees.fit(np.stack([x, x, x]), data.labels, data.classes)
    np.testing.assert_allclose(tripled.predict_proba(x), alone.predict_proba(x), atol=1e-6)


# The whole protocol


def test_cross_validation_scores_every_record_once(data, monkeypatch):
    run = cross_validation.run("trees", SMALL)
    assert run.is_done and run.facts["kind"] == "trees"
    table = run.predictions()
    scored = np.isin(splits.folds(data), [0, 1])
    assert sorted(table["record"]) == sorted(data.ids[scored])
    assert run.training_seconds > 0
    before = (run.fold(0) / "model.onnx").stat().st_mtime_ns
    cross_validation.run("trees", SMALL)
    assert (run.fold(0) / "model.onnx").stat().st_mtime_ns == before
