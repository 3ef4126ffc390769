"""Kept results: their scores are those of their tables, and damage is reported in one line."""

import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import clinic_maker
import h5py
import numpy as np
import pandas as pd
import pytest
from run_maker import CLASSES

from ecglab.datasets import cinc2017, dataset, splits
from ecglab.datasets.spec import Example
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.evaluation import metrics
from ecglab.reports import results
from ecglab.training import experiment
from ecglab.training.run_folder import RunFolder
from ecglab.utils import files
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

COMMITTED = sorted(results.RESULTS.glob("*.csv"))
NONE = pytest.param(Path("none"), marks=pytest.mark.skip("NO RESULTS ARE COMMITTED"))
EACH_RESULT = pytest.mark.parametrize("path", COMMITTED or [NONE], ids=lambda path: path.stem)

load = experiment.load


@pytest.fixture(autouse=True)
def _own_results(own_results):
    """Nothing is written where results are committed."""


def refusal(action, *arguments) -> str:
    with pytest.raises(EcglabError) as caught:
        action(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


# What is committed


@EACH_RESULT
def test_a_committed_result_has_the_scores_of_its_table(path):
    result = results.read(path)
    assert result.problem == ""
    assert len(result.table) == result.facts["records_scored"]
    assert len(path.stem) <= results.LONGEST and not re.search(r"[0-9a-f]{8}$", path.stem)


@EACH_RESULT
def test_a_committed_result_is_of_recordings_in_the_committed_folds(path):
    result = results.read(path)
    listed = pd.read_csv(splits.path_of(result.facts["data"]["name"])).set_index("record")["fold"]
    table, split = result.table, result.facts["split"]
    assert (table["fold"].to_numpy() == listed[table["record"]].to_numpy()).all()
    assert table["fold"].nunique() == (result.facts["settings"]["folds"] or split["folds"])
    assert table["record"].is_unique and not result.facts["data"]["simulated"]
    np.testing.assert_allclose(table[list(result.classes)].sum(axis=1), 1, atol=3e-4)


@EACH_RESULT
def test_a_committed_result_has_the_settings_of_its_experiment(path, monkeypatch):
    """So that `ecglab train` with what the result names trains the same."""
    monkeypatch.setattr(experiment, "load", load)
    facts = results.read(path).facts
    assert list(facts["settings"]) == list(load(facts["experiment"]).flat())
    assert experiment.differing(facts["experiment"], facts["settings"]) == facts["differs"]
    assert facts["kind"] == load(facts["experiment"]).kind


# There and back


def test_a_kept_result_is_read_again(finished):
    run = finished(seed=2)
    path = results.keep(run)
    assert path == results.RESULTS / "resnet1d, seed 2.csv"
    assert list(results.RESULTS.iterdir()) == [path]
    (result,) = results.all_results()
    facts = result.facts
    assert result.problem == "" and result.classes == CLASSES
    assert list(facts) == list(results.FACTS)
    assert facts["differs"] == {"seed": 2}
    assert facts["settings"]["network.widths"] == [16, 32]
    assert (facts["experiment"], facts["kind"], facts["scope"]) == (
        *("resnet1d", "network"),
        run.scope,
    )
    assert (facts["data"], facts["split"]) == (run.facts["data"], run.facts["split"])
    assert facts["environment"] == {"device": "cpu:0", "numpy": "2.0"}
    assert (facts["training_seconds"], facts["records_scored"]) == (300, 300)
    assert facts["parameters"] is None
    whole = run.predictions().sort_values("record", ignore_index=True)
    assert list(result.table["record"]) == list(whole["record"]) == sorted(whole["record"])
    np.testing.assert_allclose(result.table[list(CLASSES)], whole[list(CLASSES)], atol=5.1e-5)
    assert facts["scores"]["values"] == metrics.scores(result.table, CLASSES)["values"]


def test_groups_are_kept_and_drawn():
    clinic_maker.make_data(patients=20)
    run = clinic_maker.make()
    result = results.read(results.keep(run, "mine"))
    data = dataset.open("clinic")
    assert result.table["group"].tolist() == data.groups.tolist()
    found = result.facts["scores"]["intervals"]["challenge_f1"]
    alone = metrics.scores(result.table.drop(columns="group"), clinic_maker.CLASSES)
    assert found != list(alone["intervals"]["challenge_f1"]) and result.problem == ""


def test_the_file_is_a_table_of_text_under_its_facts(finished):
    path = results.keep(finished())
    raw = path.read_bytes()
    assert b"\r" not in raw
    lines = raw.decode().splitlines()
    header = [line for line in lines if line.startswith("# ")]
    assert lines[: len(header)] == header
    assert json.loads("".join(line[2:] for line in header))["experiment"] == "resnet1d"
    assert lines[len(header)] == "record,fold,label,N,A,O,~"
    assert re.fullmatch(r"A00001,1,[NAO~](,[01]\.\d{4}){4}", lines[len(header) + 2])
    table = pd.read_csv(path, comment="#", keep_default_na=False)
    assert set(table["label"]) == set(CLASSES) and len(table) == 300
    tail = subprocess.run(["tail", "-n", "+2", path], capture_output=True, check=True).stdout
    found = subprocess.run(["sha256sum"], input=tail, capture_output=True, check=True).stdout
    assert found.decode().split()[0] in lines[0]


def test_keeping_again_changes_nothing_and_a_full_disk_leaves_the_old_file(finished, monkeypatch):
    run = finished()
    path = results.keep(run)
    before = path.read_bytes()
    assert results.keep(run) == path and path.read_bytes() == before

    def full(descriptor):
        raise OSError(28, "No space left on device")

    other = finished(noise=2.0)
    monkeypatch.setattr(files.os, "fsync", full)
    assert "No space left" in refusal(results.keep, other)
    assert path.read_bytes() == before and list(results.RESULTS.iterdir()) == [path]


def test_a_result_with_other_classes_is_kept_and_read(tmp_path):
    classes = Classes({"AF": "atrial fibrillation", "not, AF": "anything else"}, ranked=("AF",))
    facts = dict.fromkeys(results.FACTS) | {
        "name": "two",
        "data": {"classes": classes.as_dict()},
        "scores": {"values": {}, "intervals": {}},
    }
    text = 'record,fold,label,AF,"not, AF"\nNA,0,AF,0.9,0.1\n007,1,"not, AF",0.2,0.8\n'
    results.write(tmp_path / "two.csv", facts, text)
    result = results.read(tmp_path / "two.csv")
    assert result.classes == classes
    assert list(result.table["record"]) == ["NA", "007"]
    assert result.scores["values"]["challenge_f1"] == 1


def test_settings_that_differ_from_the_experiment_are_named_in_a_fixed_order(monkeypatch):
    monkeypatch.setattr(experiment, "load", load)
    own = experiment.load("resnet1d")
    changed = own.set(["epochs=3", "network.widths=8,16", "augment.polarity=0", "folds=2"])
    differs = experiment.differing("resnet1d", changed.flat())
    expected = {"epochs": 3, "folds": 2, "augment.polarity": 0, "network.widths": [8, 16]}
    assert differs == expected and list(differs) == list(expected)


def test_parameters_are_those_of_the_weights_alone(finished):
    run = finished()
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((5, 3))
        file["layers/norm/vars/0"] = np.zeros(7)
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2)
        file["optimizer/vars/0"] = np.zeros((5, 3))
    with zipfile.ZipFile(run.fold(0) / "model.keras", "w") as file:
        file.writestr("model.weights.h5", weights.getvalue())
    assert results.parameters(run) == 22
    write_json(run.path / "run.json", {**run.facts, "kind": "trees"})
    assert results.parameters(run) is None


# Names


@pytest.mark.parametrize(
    ("differs", "name"),
    [
        ({}, "resnet1d"),
        ({"seed": 2}, "resnet1d, seed 2"),
        ({"epochs": 12, "folds": 1}, "resnet1d, 12 epochs, fold 0"),
        ({"records": 300, "folds": 2}, "resnet1d, 300 records, folds 0 to 1"),
        ({"data": "clinic", "augment.polarity": 0.0}, "resnet1d, data=clinic, augment.polarity=0"),
        ({"network.widths": [16, 32], "crop": 0.1}, "resnet1d, network.widths=16+32, crop=0.1"),
        ({"checkpoint": "best"}, "resnet1d, checkpoint=best"),
    ],
)
def test_a_name_says_what_differs(differs, name):
    assert results.name_of("resnet1d", differs) == name


@pytest.mark.parametrize("differs", [{f"network.key{i}": i for i in range(30)}, {"data": "a/b"}])
def test_a_name_that_no_file_should_have_is_asked_for(differs):
    assert "choose one with --as NAME" in refusal(results.name_of, "resnet1d", differs)


@pytest.mark.parametrize("name", ["a/b", "../x", ".hidden", "", "x" * 81, "a\nb"])
def test_a_chosen_name_is_checked(finished, name):
    if name:
        assert "a result cannot be named" in refusal(results.keep, finished(), name)
        assert not results.RESULTS.exists()


def test_a_result_is_not_replaced_by_one_of_other_settings_or_data(finished):
    path = results.keep(finished(), "mine, no. 1")
    assert path.stem == "mine, no. 1" and results.find("mine, no. 1").facts["name"] == path.stem
    assert results.keep(finished(noise=2.0), path.stem) == path
    before = path.read_bytes()
    assert "choose another name with --as" in refusal(results.keep, finished(seed=2), path.stem)
    other = finished()
    facts = other.facts
    facts["data"]["digest"] = "d2"
    write_json(other.path / "run.json", facts)
    other.end()
    assert "choose another name" in refusal(results.keep, RunFolder(other.path), path.stem)
    assert path.read_bytes() == before


# Refusals and damage


def test_what_is_not_kept_says_why(finished):
    message = refusal(results.keep, finished(done=False))
    assert "unfinished (5 of 5 folds are scored): continue it with 'ecglab train res" in message
    assert "SIMULATED" in refusal(results.keep, finished(simulated=True))
    damaged = finished()
    path = damaged.fold(2) / "predictions.csv"
    path.write_bytes(path.read_bytes().replace(b"0.1", b"0.2", 1))
    assert "predictions.csv" in refusal(results.keep, damaged)
    assert not results.RESULTS.exists()


@pytest.mark.parametrize("name", ["nothing", "", ".", "/", "..", "~", "a/b.csv"])
def test_the_name_of_nothing_is_one_line(name):
    assert f"there is no result and no run {name!r}" in refusal(results.find, name)


def test_a_near_name_is_suggested(finished):
    results.keep(finished(seed=2))
    assert "did you mean 'resnet1d, seed 2'?" in refusal(results.find, "resnet1d, sed 2")


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def test_each_flipped_byte_and_each_truncation_is_noticed(finished, rng):
    path = results.keep(finished())
    raw = path.read_bytes()
    whole = [flipped(raw, at) for at in [*range(0, 100, 7), *rng.integers(0, len(raw), 60)]]
    cut = [raw[:n] for n in (0, 1, 50, len(raw) // 2, len(raw) - 1)]
    for damaged in [*whole, *cut, b"\xff" + raw, raw + b"A9,0,N,1,0,0,0\n"]:
        path.write_bytes(damaged)
        message = refusal(results.read, path)
        assert str(path) in message and "git checkout" in message and "keep its run" in message


def test_a_table_or_file_of_another_result_is_noticed(finished):
    one, other = (results.keep(run) for run in (finished(), finished(noise=2.0, seed=2)))
    header, table = (
        [line for line in path.read_text().splitlines(True) if line.startswith("# ") == first]
        for path, first in ((one, True), (other, False))
    )
    kept = one.read_text()
    one.write_text("".join([*header, *table]))
    assert "is damaged" in refusal(results.read, one)
    one.write_text(other.read_text())
    assert "is the result 'resnet1d, seed 2'" in refusal(results.all_results)
    one.write_text(kept.replace("\n", "\r\n"))  # as git may check it out elsewhere
    assert results.read(one).problem == ""
    one.unlink()
    assert "no result and no run 'resnet1d': did you mean" in refusal(results.find, "resnet1d")


def test_a_header_without_a_fact_says_which(finished, monkeypatch):
    path = results.keep(finished())
    facts, text = dict(results.read(path).facts), path.read_text().partition("\nrecord,")[2]
    monkeypatch.setattr(results, "FACTS", [key for key in results.FACTS if key != "split"])
    results.write(path, facts, f"record,{text}")
    monkeypatch.undo()
    assert "has no 'split' in its header" in refusal(results.read, path)


# ecglab score


def test_score_takes_a_name_a_file_and_a_run(ecglab, finished):
    run = finished()
    path = results.keep(run)
    outs = []
    for name in ("resnet1d", path, run.path):
        status, out, err = ecglab("score", name)
        assert (status, err) == (0, "")
        outs.append(out)
    assert ecglab("score", run.name)[1] == outs[-1]
    assert len({out.partition("\n")[2] for out in outs}) == 1
    lines = outs[0].splitlines()
    assert lines[0] == "resnet1d" and lines[-2] == "300 records"
    found = results.read(path).facts["scores"]
    assert [line.split("  ")[0] for line in lines[2:-2]] == list(found["values"])
    low, high = found["intervals"]["challenge_f1"]
    assert f"{found['values']['challenge_f1']:.3f}  {low:.3f} to {high:.3f}" in outs[0]
    assert f"{found['values']['ece']:.3f}" in outs[0]


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("values", "challenge_f1", 0.99, "challenge_f1 0.99 instead of 0."),
        ("intervals", "f1/A", [0.1, 1.0], "f1/A low 0.1 instead of 0."),
        ("values", "ece", float("nan"), "ece nan instead of 0."),
        ("values", "accuracy", 1.0, "accuracy 1 instead of nan"),
    ],
)
def test_score_finds_scores_that_are_not_those_of_the_table(
    ecglab, finished, part, name, value, words
):
    """As after a change of the metrics: the file itself is whole."""
    path = results.keep(finished())
    facts = json.loads(json.dumps(results.read(path).facts))
    facts["scores"][part][name] = value
    results.write(path, facts, "record," + path.read_text().partition("\nrecord,")[2])
    results.keep(finished(seed=2))
    status, out, err = ecglab("score", "resnet1d", "resnet1d, seed 2")
    assert status == 1 and out.count("300 records") == 2
    assert err.startswith("ecglab: resnet1d.csv has scores that") and err.count("\n") == 1
    assert words in err


def test_score_of_an_unfinished_run_says_so(ecglab, finished):
    status, out, _ = ecglab("score", finished(done=False).path)
    assert status == 0 and "unfinished: 5 folds are scored)" in out


# ecglab score --agreed


def pack(result, changed=0, ids=None, versions=("v1", "v3")):
    """A data set of the result's records, of which the first `changed` had another label in v1."""
    ids = list(result.table["record"]) if ids is None else ids
    latest = list(result.table["label"])[: len(ids)]
    other = ["A" if label == "N" else "N" for label in latest[:changed]] + latest[changed:]
    columns = {"v1": other, "v3": latest}
    examples = (
        Example(Record(np.arange(1500) + i, 300, id=x), {v: columns[v][i] for v in versions})
        for i, x in enumerate(ids)
    )
    dataset.write(replace(cinc2017.SPEC, label_versions=versions), examples, len(ids))


def test_agreed_scores_only_records_on_which_label_versions_agree(ecglab, finished):
    result = results.read(results.keep(finished()))
    pack(result, changed=40)
    status, out, err = ecglab("score", "resnet1d", "--agreed")
    assert (status, err) == (0, "")
    assert "resnet1d, where labels v1, v3 agree\n" in out and "260 records" in out
    rest = results.agreed(result)
    assert list(rest.table["record"]) == list(result.table["record"])[40:]
    assert rest.scores["values"] == metrics.scores(result.table.iloc[40:], CLASSES)["values"]
    assert rest.problem == "" and len(result.table) == 300


def test_agreement_that_cannot_be_known_says_why(ecglab, finished):
    result = results.read(results.keep(finished()))
    for packed, words in (
        ({"versions": ("v3",)}, "cinc2017 has one version of labels (v3): import it again"),
        ({"ids": list(result.table["record"])[:298]}, "lacks 2 records of resnet1d, such as A00"),
        ({"changed": 300}, "labels v1, v3 agree on no record"),
    ):
        pack(result, **packed)
        status, out, err = ecglab("score", "resnet1d", "--agreed")
        assert status == 1 and "300 records" in out
        assert words in err and err.count("\n") == 1
