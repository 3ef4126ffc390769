"""From a run folder to a package: every kind of run, its card, and what is refused."""

import clinic_maker
import numpy as np
import pytest

from ecglab.datasets import dataset
from ecglab.ecg.prepare import signal_digest
from ecglab.evaluation import metrics
from ecglab.inference.package import FILES
from ecglab.inference.predictor import Predictor, pooled
from ecglab.packaging import package as packaging
from ecglab.training.committee import Committee
from ecglab.training.ensemble import Ensemble
from ecglab.training.run_folder import RunFolder
from ecglab.utils.digests import MANIFEST
from ecglab.utils.errors import EcglabError


@pytest.fixture
def clinic():
    clinic_maker.make_data()
    return dataset.open("clinic")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Where pretrained packages are written instead."""
    monkeypatch.setattr(packaging, "PRETRAINED", tmp_path / "pretrained")
    return tmp_path / "pretrained"


def f1(table) -> float:
    codes = metrics.predicted(table, clinic_maker.CLASSES)
    return metrics.f1_scores(table["label"], codes, clinic_maker.CLASSES)["challenge_f1"]


def test_a_run_becomes_a_package_that_predicts(clinic, tmp_path):
    run = clinic_maker.make()
    card = packaging.package(run, tmp_path / "package")
    names = {path.name for path in (tmp_path / "package").iterdir()}
    assert names == {*FILES, MANIFEST, "README.md"}
    assert not list(tmp_path.glob("*.partial"))
    predictor = Predictor(tmp_path / "package")
    assert predictor.card == card | {"scores": predictor.card["scores"]}
    assert predictor.classes == clinic.classes
    assert predictor.fs == 200
    assert predictor.trained_on == {signal_digest(clinic.signal(i))[:16] for i in range(40)}
    [found] = predictor.rows([clinic.record(3)])
    assert (found["record"], found["model"]) == ("r03", run.name)
    assert set(found["probabilities"]) == {"AF", "other"}


def test_the_card_has_what_the_tables_give(clinic, tmp_path):
    run = clinic_maker.make()
    card = packaging.package(run, tmp_path / "package")
    table = run.predictions()
    assert card["scores"] == metrics.scores(table, clinic.classes)
    assert card["scored_out_of_fold"] == len(table) == 40
    for k in run.folds:
        fold = card["folds"][str(k)]
        assert fold == {
            "trained": 28,
            "validation": 4,
            "scored": 8,
            "challenge_f1": pytest.approx(f1(run.predictions(k))),
        }
    assert card["data"]["digest"] == clinic.digest
    assert card["split"] == run.facts["split"]
    assert card["cost"]["bytes"] == (tmp_path / "package" / "model.onnx").stat().st_size
    assert card["cost"]["milliseconds"] > 0
    assert card["cost"]["training_seconds"] == 300
    assert any("records of 10 to 10 s at 200 Hz of clinic" in limit for limit in card["limits"])
    assert not any("one patient" in limit for limit in card["limits"])


def test_the_card_in_words(clinic, tmp_path):
    run = clinic_maker.make()
    card = packaging.package(run, tmp_path / "package")
    text = (tmp_path / "package" / "README.md").read_text("utf-8")
    values, intervals = card["scores"]["values"], card["scores"]["intervals"]
    for score in ("challenge_f1", "f1/AF", "ece"):
        assert f"| {values[score]:.3f} |" in text
    assert "{:.3f} to {:.3f}".format(*intervals["challenge_f1"]) in text
    assert "AF (atrial fibrillation) or other (anything else)" in text
    folds = ", ".join(f"{f1(run.predictions(k)):.3f}" for k in run.folds)
    assert f"Challenge F1 of folds 0 to 4: {folds}." in text
    assert "was trained on 28 records, with 4 for validation, and scored on 8" in text
    assert f"ecglab package {run.name} -o FOLDER" in text


def test_the_card_names_the_settings_that_train_the_model_again(clinic, tmp_path):
    run = clinic_maker.make(clinic_maker.trees(seed=3))
    command = packaging.package(run, tmp_path / "package")["command"]
    assert command == "ecglab train rr_trees --set data=clinic --set seed=3 --set iterations=2"


def test_the_package_of_a_fold_is_of_that_fold_alone(clinic, tmp_path):
    run = clinic_maker.make(done=False)
    card = packaging.package(run, tmp_path / "package", [1])
    assert card["name"] == f"{run.name}/fold-1"
    assert list(card["members"]) == list(card["folds"]) == ["1"]
    assert card["scored_out_of_fold"] == 8
    assert card["scores"] == metrics.scores(run.predictions(1), clinic.classes)
    assert not any("mean of all folds' models" in limit for limit in card["limits"])
    whole = packaging.package(run, tmp_path / "whole")
    records = [clinic.record(i) for i in range(5)]
    one = Predictor(tmp_path / "package").predict_proba(records)
    same = Predictor(tmp_path / "whole", members=[1]).predict_proba(records)
    np.testing.assert_allclose(one, same, atol=1e-6)
    assert any("mean of all folds' models" in limit for limit in whole["limits"])


def test_an_ensemble_is_packaged_with_its_members(clinic, tmp_path):
    members = ("rr_trees", "rr_trees_tuned")
    run = clinic_maker.make(Ensemble(data="clinic", members=members), "network_and_trees")
    card = packaging.package(run, tmp_path / "package")
    assert card["members"]["2"] == [
        {"output": f"fold-2/{name}/probabilities", "exponent": 0.6} for name in members
    ]
    assert card["kind"] == "ensemble"
    record = clinic.record(0)
    for name, member in zip(members, run.members, strict=True):
        packaging.package(member, tmp_path / name, [2])
    each = [Predictor(tmp_path / name).predict_proba([record]) for name in members]
    found = Predictor(tmp_path / "package", members=[2]).predict_proba([record])
    np.testing.assert_allclose(found, pooled(np.stack(each), [0.6, 0.6]), atol=1e-6)


def test_a_committee_is_packaged_with_its_parts(clinic, tmp_path):
    run = clinic_maker.make(Committee(data="clinic", of="rr_trees", parts=2), "rr_committee")
    card = packaging.package(run, tmp_path / "package", [0])
    assert card["members"]["0"] == [
        {"output": f"fold-0/rr_committee-{j}/probabilities", "exponent": 0.5} for j in (0, 1)
    ]
    assert Predictor(tmp_path / "package").rows([clinic.record(0)])


def test_a_simulated_data_set_is_named_everywhere(tmp_path):
    clinic_maker.make_data(simulated=True)
    card = packaging.package(clinic_maker.make(), tmp_path / "package")
    assert card["simulated"] is True
    assert card["name"].endswith(" (SIMULATED)")
    assert any("SIMULATED" in limit for limit in card["limits"])
    assert "SIMULATED" in (tmp_path / "package" / "README.md").read_text("utf-8")


def test_a_package_replaces_a_package_and_nothing_else(clinic, tmp_path):
    run = clinic_maker.make()
    folder = tmp_path / "package"
    first = packaging.package(run, folder, [0])
    assert packaging.package(run, folder, [1])["name"] != first["name"]
    assert list(Predictor(folder).card["members"]) == ["1"]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(EcglabError, match=r"other files than a package \(notes\.txt\)"):
        packaging.package(run, folder)
    assert (folder / "notes.txt").read_text() == "mine"
    with pytest.raises(EcglabError, match="holds other files than a package"):
        packaging.package(run, folder / "notes.txt")


def test_what_fails_leaves_the_package_that_was_there(clinic, tmp_path, monkeypatch):
    run = clinic_maker.make()
    packaging.package(run, tmp_path / "package", [0])
    monkeypatch.setattr(packaging, "milliseconds", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        packaging.package(run, tmp_path / "package")
    assert Predictor(tmp_path / "package").name == f"{run.name}/fold-0"
    assert not list(tmp_path.glob("*.partial"))


def test_an_unfinished_fold_is_not_packaged(clinic, tmp_path):
    run = clinic_maker.make(done=False)
    (run.fold(3) / MANIFEST).unlink()
    with pytest.raises(
        EcglabError, match=r"^fold 3 of .* is unfinished: run 'ecglab train rr_trees'"
    ):
        packaging.package(run, tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_a_damaged_run_is_not_packaged(clinic, tmp_path):
    run = clinic_maker.make()
    path = run.fold(2) / "model.onnx"
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(EcglabError, match=r"fold-2/model\.onnx is damaged"):
        packaging.package(run, tmp_path / "package")


def test_a_damaged_member_of_an_ensemble_is_noticed(clinic, tmp_path):
    run = clinic_maker.make(Ensemble(data="clinic", members=("rr_trees",)), "network_and_trees")
    path = RunFolder(run.path.parent / run.members[0].name).fold(0) / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EcglabError, match=r"model\.onnx is damaged"):
        packaging.package(run, tmp_path / "package")


def test_other_records_than_the_run_was_trained_on_are_noticed(clinic, tmp_path):
    run = clinic_maker.make()
    clinic_maker.make_data(seed=1)
    with pytest.raises(EcglabError, match=r"was trained on other records than .* holds now"):
        packaging.package(run, tmp_path / "package")


# Packages that ship


def test_the_packages_that_ship(clinic, shelf):
    run = clinic_maker.make()
    for name, members in (("default", 5), ("fast", 1)):
        folder = packaging.pretrained(run, name)
        assert folder == shelf / name
        assert len(Predictor(folder).card["members"]) == members
        text = (folder / "README.md").read_text("utf-8")
        assert f"# The model `{name}`" in text
        assert f"ecglab package {run.name} --as {name}" in text


@pytest.mark.parametrize(
    ("keys", "done", "why"),
    [
        ({}, False, "is unfinished"),
        ({"folds": 3}, True, "only 3 of 5 folds were trained"),
        ({"records": 30}, True, "it was trained on an excerpt"),
        ({"held_out": 0, "folds": 1}, True, "an excerpt of the records and only 1 of 5 folds"),
    ],
)
def test_what_is_partial_does_not_ship(clinic, shelf, keys, done, why):
    run = clinic_maker.make(clinic_maker.trees(**keys), done=done)
    with pytest.raises(EcglabError, match=why):
        packaging.pretrained(run, "default")
    assert not shelf.exists()


def test_what_is_simulated_does_not_ship(shelf):
    clinic_maker.make_data(simulated=True)
    with pytest.raises(EcglabError, match="SIMULATED"):
        packaging.pretrained(clinic_maker.make(), "fast")


def test_other_names_do_not_ship(clinic, shelf):
    with pytest.raises(EcglabError, match="no model 'best' comes with ecglab: give default"):
        packaging.pretrained(clinic_maker.make(), "best")
