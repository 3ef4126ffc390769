"""Committees: whose opinions they keep, how they judge, and what a network learns from them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
from ecglab.packaging.packaging.packaging import package

from ecglab.datasets import dataset, folds, synthetic
from ecglab.datasets.dataset import one_hot
from ecglab.ecg.record import LABELS
from ecglab.inference.predictor import Predictor
from ecglab.training import cross_validation as crossval
from ecglab.training import experiment, trees
from ecglab.training import run_folder as runs
from ecglab.training.committee import Committee
from ecglab.training.experiment import Fold
from ecglab.training.run_folder import RunFolder
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError

SMALL = Trees(data="synthetic", iterations=5, leaves=4, min_leaf=2, bags=1)
OF = Committee(data="synthetic", folds=1, inner=0.2, of="trees", parts=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The run of a committee of trees on 60 synthetic records, one fold, in this process."""
    folder = tmp_path_factory.mktemp("committee")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "store"))
        patch.setattr(experiment, "load", {"trees": SMALL}.get)
        synthetic.pack(60, seed=3)
        data = dataset.open("synthetic")
        run = runs.find("committee", OF, data, "f", fresh=False)
        runs.begin(run, "committee", OF, data, "f")
        crossval.train_fold(run, 0)
        vectors = trees.stored_features(data)
    return SimpleNamespace(run=run, data=data, vectors=vectors, folder=folder)


def test_each_opinion_is_of_the_model_that_did_not_see_the_record(made):
    table = made.run.table(0, "training").set_index("record")
    rest = np.flatnonzero(folds.fold_of(made.data) != 0)
    rows, _ = folds.inner_split(made.data, rest, OF.inner, seed=0)
    assert set(table.index) == set(made.data.ids[rows])
    part = folds.deal(made.data.ids[rows], made.data.labels[rows], OF.seed, OF.parts)
    for j in range(OF.parts):
        own, others = rows[part == j], rows[part != j]
        [model] = SMALL.fit(made.vectors[others], made.data.labels[others], 0)
        expected = model.predict_proba(made.vectors[own])
        said = table.loc[made.data.ids[own], list(LABELS)].to_numpy()
        np.testing.assert_allclose(said, expected, atol=1e-5)


def test_all_judge_what_none_saw_and_the_package_says_the_same(made, tmp_path):
    table = made.run.predictions(0)
    trained = set(made.run.table(0, "training")["record"])
    assert not trained & set(table["record"])
    package(made.run, tmp_path / "package")
    records = [made.data.record(record) for record in table["record"]]
    said = Predictor(tmp_path / "package").probabilities(records)
    np.testing.assert_allclose(said, table[list(LABELS)], atol=1e-4)


def test_a_network_is_taught_what_it_trusts(made, tmp_path):
    """Of its training records the target is the label and the opinion, of all others the label."""
    student = tiny.experiment(teacher="committee", trust=0.25)
    run = RunFolder(made.run.path.parent / "student")
    runs.note_members(run, [made.run])
    table = made.run.table(0, "training").set_index("record")
    rows = np.array([i for i, record in enumerate(made.data.ids) if record in table.index])
    fold = Fold(0, made.data, rows, rows[:0], rows[:0], run.fold(0))
    targets = student._targets(fold)
    labels = one_hot(made.data.labels)
    others = np.setdiff1d(np.arange(len(made.data)), rows)
    np.testing.assert_array_equal(targets[others], labels[others])
    opinions = table.loc[made.data.ids[rows], list(LABELS)].to_numpy()
    np.testing.assert_allclose(targets[rows], 0.75 * labels[rows] + 0.25 * opinions, atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(tiny.experiment()._targets(fold), labels)


def test_a_committee_tells_what_it_repeats_and_a_student_that_too(made, monkeypatch):
    monkeypatch.setattr(experiment, "load", {"trees": SMALL, "committee": OF}.get)
    assert made.run.made_of["trees"]["iterations"] == 5
    student = tiny.experiment(folds=1, teacher="committee", trust=0.5)
    assert student.made_of() == {
        "committee": OF.as_dict(),
        "trees": replace(SMALL, folds=1, inner=0.2).as_dict(),
    }


def test_a_committee_of_what_needs_others_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "load", {"trees": OF}.get)
    fold = Fold(0, made.data, np.arange(40), np.arange(40, 50), np.arange(50, 60), tmp_path)
    with pytest.raises(EcglabError, match="of=trees is made of trees: a committee is of"):
        OF.train_fold(fold)


def test_teacher_and_trust_go_together():
    for keys in ({"teacher": "committee"}, {"trust": 0.5}):
        with pytest.raises(EcglabError, match="set teacher and trust"):
            tiny.experiment(**keys)
    assert tiny.experiment(teacher="committee", trust=0.5).needs == ("committee",)
    assert tiny.experiment().needs == ()


def test_a_setting_that_is_off_leaves_a_run_what_it_was():
    config = tiny.experiment().as_dict()
    assert {"focal", "ema", "teacher", "trust"} <= {key for key, x in config.items() if not x}
    assert tiny.experiment().digest == tiny.experiment(focal=0.0, teacher="").digest
    assert tiny.experiment().digest != tiny.experiment(focal=2.0).digest
    assert tiny.experiment().digest != tiny.experiment(label_smoothing=0.0).digest
