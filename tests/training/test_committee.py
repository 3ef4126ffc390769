"""Committees: whose probabilities they keep, and what a student learns from them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset, splits
from ecglab.inference.predictor import Predictor
from ecglab.packaging.package import package
from ecglab.training import cross_validation, experiment, features, run_folder
from ecglab.training.committee import Committee
from ecglab.training.experiment import Fold
from ecglab.training.run_folder import RunFolder
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

SMALL = Trees(data="synthetic", iterations=5, leaves=4, min_leaf=2, bags=1, copies=0)
OF = Committee(data="synthetic", folds=1, validation=0.2, of="trees", parts=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The run of a committee of trees on 60 synthetic records, one fold, in this process."""
    folder = tmp_path_factory.mktemp("committee")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "store"))
        patch.setattr(experiment, "load", {"trees": SMALL}.get)
        dataset.make_synthetic(60, seed=3)
        data = dataset.open("synthetic")
        planned = cross_validation.plan(OF)
        run = run_folder.locate("committee", OF, data, planned.split, fresh=False)
        run_folder.begin(run, "committee", OF, data, planned.split, {})
        cross_validation.train_fold(run, 0)
        vectors = features.stored(data)
    return SimpleNamespace(run=run, data=data, vectors=vectors, folder=folder)


def test_each_record_has_the_probabilities_of_the_model_that_did_not_see_it(made):
    table = made.run.table(0, "training").set_index("record")
    rest = np.flatnonzero(splits.folds(made.data) != 0)
    rows, _ = splits.validation_split(made.data, rest, OF.validation, seed=0)
    assert set(table.index) == set(made.data.ids[rows])
    part = splits.make(made.data.select(rows), OF.parts, OF.seed)
    for j in range(OF.parts):
        own, others = rows[part == j], rows[part != j]
        [model] = SMALL.fit(made.vectors[others], made.data.labels[others], made.data.classes)
        expected = model.predict_proba(made.vectors[own])
        kept = table.loc[made.data.ids[own], list(made.data.classes)].to_numpy()
        np.testing.assert_allclose(kept, expected, atol=1e-5)


def test_all_predict_what_none_saw_and_the_package_does_the_same(made, tmp_path, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA", str(made.folder / "data"))
    table = made.run.predictions(0)
    trained = set(made.run.table(0, "training")["record"])
    assert not trained & set(table["record"])
    package(made.run, tmp_path / "package")
    records = [made.data.record(record) for record in table["record"]]
    found = Predictor(tmp_path / "package").predict_proba(records)
    np.testing.assert_allclose(found, table[list(made.data.classes)], atol=1e-4)


def test_a_student_learns_from_its_teacher_by_its_weight(made, tmp_path):
    """The targets of its training records are label and teacher, of all others the label."""
    student = tiny.experiment(teacher="committee", teacher_weight=0.25)
    run = RunFolder(made.run.path.parent / "student")
    write_json(run.path / "members.json", [made.run.name])
    table = made.run.table(0, "training").set_index("record")
    rows = np.array([i for i, record in enumerate(made.data.ids) if record in table.index])
    fold = Fold(0, made.data, rows, rows[:0], rows[:0], run.fold(0))
    targets = student._targets(fold)
    labels = made.data.classes.one_hot(made.data.labels)
    others = np.setdiff1d(np.arange(len(made.data)), rows)
    np.testing.assert_array_equal(targets[others], labels[others])
    teacher = table.loc[made.data.ids[rows], list(made.data.classes)].to_numpy()
    np.testing.assert_allclose(targets[rows], 0.75 * labels[rows] + 0.25 * teacher, atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(tiny.experiment()._targets(fold), labels)


def test_a_committee_names_what_it_repeats_and_a_student_does_too(made, monkeypatch):
    monkeypatch.setattr(experiment, "load", {"trees": SMALL, "committee": OF}.get)
    assert made.run.made_of["trees"]["iterations"] == 5
    student = tiny.experiment(folds=1, teacher="committee", teacher_weight=0.5)
    assert student.made_of() == {
        "committee": OF.as_dict(),
        "trees": replace(SMALL, folds=1, validation=0.2).as_dict(),
    }


def test_a_committee_of_what_needs_others_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "load", {"trees": OF}.get)
    fold = Fold(0, made.data, np.arange(40), np.arange(40, 50), np.arange(50, 60), tmp_path)
    with pytest.raises(
        EcglabError, match="of=trees consists of trees: a committee needs an experiment"
    ):
        OF.train_fold(fold)


def test_teacher_and_its_weight_go_together():
    for keys in ({"teacher": "committee"}, {"teacher_weight": 0.5}):
        with pytest.raises(EcglabError, match="set both teacher and teacher_weight"):
            tiny.experiment(**keys)
    assert tiny.experiment(teacher="committee", teacher_weight=0.5).needs == ("committee",)
    assert tiny.experiment().needs == ()
