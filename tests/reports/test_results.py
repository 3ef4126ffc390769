"""Committed results: what they claim is what their tables give, and what is kept is read again."""

import json
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from ecglab.datasets import dataset
from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics
from ecglab.reports import leaderboard as ladder
from ecglab.reports import results
from ecglab.training import experiment
from ecglab.training.run_folder import RunFolder
from ecglab.utils import files
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

COMMITTED = sorted(results.RESULTS.glob("*.json"))
NONE = pytest.param(Path("none"), marks=pytest.mark.skip("NO RESULTS ARE COMMITTED YET"))
ONE_A_RESULT = pytest.mark.parametrize("path", COMMITTED or [NONE], ids=lambda path: path.stem)

load = experiment.load


@pytest.fixture(autouse=True)
def _own_results(own_results):
    """Nothing is written where results are committed."""


# What is committed


@ONE_A_RESULT
def test_claims_of_a_committed_result_are_what_its_table_gives(path):
    result = results.read(path)
    assert result.problem == ""
    assert result.name == result.facts["name"] == path.stem
    assert results.name_of(result.facts["experiment"], result.facts["differs"]) == path.stem


@ONE_A_RESULT
def test_committed_result_is_of_recordings_by_the_committed_folds(path):
    from ecglab.datasets import folds

    result = results.read(path)
    listed = folds.read_list(result.facts["data"]["name"])
    assert [listed[record] for record in result.table["record"]] == list(result.table["fold"])
    assert result.table["fold"].nunique() == result.facts["settings"]["folds"]
    np.testing.assert_allclose(result.table[list(LABELS)].sum(axis=1), 1, atol=3e-4)
    assert b"\r" not in path.with_name(f"{path.stem}.csv").read_bytes()


# There and back


def test_what_is_kept_is_read_again(finished):
    run = finished(seed=2)
    path = results.keep(run)
    assert path == results.RESULTS / "resnet1d-seed=2.json"
    assert sorted(p.name for p in results.RESULTS.iterdir()) == [
        "resnet1d-seed=2.csv",
        "resnet1d-seed=2.json",
    ]
    (result,) = results.all_results()
    facts = result.facts
    assert result.problem == ""
    assert facts["differs"] == {"seed": 2}
    assert facts["settings"]["network.widths"] == [16, 32]
    assert (facts["experiment"], facts["kind"], facts["scope"]) == (
        "resnet1d",
        "network",
        run.scope,
    )
    assert facts["environment"] == {"device": "cpu:0", "numpy": "2.0"}
    assert (facts["training_seconds"], facts["records_scored"]) == (300, 300)
    assert facts["parameters"] is None
    whole = run.predictions().sort_values("record", ignore_index=True)
    assert list(result.table["record"]) == list(whole["record"]) == sorted(whole["record"])
    np.testing.assert_allclose(result.table[list(LABELS)], whole[list(LABELS)], atol=5.1e-5)
    assert facts["scores"]["values"] == metrics.scores(result.table)["values"]


def test_table_is_text_with_four_decimals_and_labels_that_stay_labels(finished):
    text = results.keep(finished()).with_suffix(".csv")
    raw = text.read_bytes()
    assert raw.startswith(b"record,fold,label,N,A,O,~\nA00000,0,") and b"\r" not in raw
    assert re.fullmatch(rb"A00001,1,[NAO~](,[01]\.\d{4}){4}", raw.splitlines()[2])
    again = pd.read_csv(text, keep_default_na=False)
    assert set(again["label"]) == set(LABELS)


def test_keeping_again_changes_nothing_and_a_full_disk_leaves_the_old_pair(finished, monkeypatch):
    run = finished()
    path = results.keep(run)
    table = path.with_suffix(".csv")
    before = path.read_bytes(), table.read_bytes()
    assert results.keep(run) == path
    assert (path.read_bytes(), table.read_bytes()) == before

    def full(descriptor):
        raise OSError(28, "No space left on device")

    other = finished(noise=2.0)
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(EcglabError, match="No space left"):
        results.keep(other)
    assert (path.read_bytes(), table.read_bytes()) == before
    assert len(list(results.RESULTS.iterdir())) == 2


def test_run_of_older_code_is_kept(finished):
    """It tells no kind, lacks a key and has one that is gone."""
    run = finished()
    facts = run.facts
    del facts["kind"], facts["experiment"]["epochs"]
    facts["experiment"]["augment"]["flip"] = 0.5
    write_json(run.path / "run.json", facts)
    result = results.read(results.keep(RunFolder(run.path)))
    assert result.name == "resnet1d-augment.flip=0.5"
    assert result.facts["kind"] == "network"
    ladder.write()


def test_differs_is_what_the_real_experiment_differs_in(finished, monkeypatch):
    monkeypatch.setattr(experiment, "load", load)
    own = experiment.load("resnet1d")
    changed = own.set(["epochs=3", "network.widths=8,16", "augment.polarity=0", "folds=2"])
    differs = results.differing(
        "resnet1d", experiment.flat(json.loads(json.dumps(changed.as_dict())))
    )
    assert differs == {
        "folds": 2,
        "epochs": 3,
        "augment.polarity": 0,
        "network.widths": [8, 16],
    }
    assert list(differs) == ["folds", "epochs", "augment.polarity", "network.widths"]


def test_parameters_are_those_of_the_weights_alone(finished):
    run = finished()
    weights = run.path / "weights.h5"
    with h5py.File(weights, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((5, 3))
        file["layers/norm/vars/0"] = np.zeros(7)
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2)
        file["optimizer/vars/0"] = np.zeros((5, 3))
    with zipfile.ZipFile(run.fold(0) / "model.keras", "w") as file:
        file.write(weights, "model.weights.h5")
    assert results.parameters(run) == 22
    write_json(run.path / "run.json", {**run.facts, "kind": "trees"})
    assert results.parameters(run) is None


# Names


@pytest.mark.parametrize(
    ("differs", "name"),
    [
        ({}, "resnet1d"),
        ({"seed": 2}, "resnet1d-seed=2"),
        (
            {"folds": 2, "epochs": 12, "augment.polarity": 0.0},
            "resnet1d-folds=2,epochs=12,augment.polarity=0",
        ),
        ({"network.widths": [16, 32], "inner": 0.1}, "resnet1d-network.widths=16+32,inner=0.1"),
        ({"choose": "best", "network.flag": True}, "resnet1d-choose=best,network.flag=True"),
    ],
)
def test_name_says_what_differs(differs, name):
    assert results.name_of("resnet1d", differs) == name


def test_name_is_safe_short_and_one_of_its_kind():
    strange = [{"data": "~/a b"}, {"data": "_/a b"}, {"data": "../x"}, {"data": "é|\n"}]
    long = [{f"network.key{i}": n for i in range(30)} for n in (1, 2)]
    names = [results.name_of("resnet1d", differs) for differs in strange + long]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"resnet1d-[A-Za-z0-9._+=,-]+", name)
        assert len(name) <= results.LONGEST


# Refusals


def refusal(action, *arguments) -> str:
    with pytest.raises(EcglabError) as caught:
        action(*arguments)
    message = str(caught.value)
    assert "\n" not in message and not list(results.RESULTS.glob("*"))
    return message


def test_what_is_not_kept_says_why(finished):
    message = refusal(results.keep, finished(done=False))
    assert "unfinished, 5 of 5 folds are scored: 'ecglab train resnet1d'" in message
    assert "SYNTHETIC" in refusal(results.keep, finished(data="synthetic"))
    assert "there is no run 'x': name a run folder" in refusal(results.find_run, "x")
    assert "no results in experiments/results yet" in refusal(ladder.write)


@pytest.mark.parametrize("name", ["nothing", "", ".", "/", "..", "~", "a/b.json"])
def test_name_of_nothing_is_one_line(name):
    assert f"there is no result {name!r}" in refusal(results.find, name)


def test_near_name_is_suggested(finished):
    results.keep(finished())
    with pytest.raises(EcglabError, match=r"did you mean resnet1d\?"):
        results.find("resnet")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("record,fold\nA1,0\n", "it needs record,fold,label,N,A,O,~"),
        ("record,fold,label,N,A,O,~\n", "it needs"),
        ("record,fold,label,N,A,O,~\nA1,0,X,1,0,0,0\n", "a label is none of N, A, O, ~"),
        ("record,fold,label,N,A,O,~\nA1,0,N,x,0,0,0\n", "no table of predictions"),
        ("record,fold,label,N,A,O,~\n" + 2 * "A1,0,N,1,0,0,0\n", "a record is scored twice"),
        ("", "no table of predictions"),
    ],
)
def test_table_that_cannot_be_scored_says_why(tmp_path, table, words):
    (tmp_path / "x.csv").write_text(table)
    assert words in refusal(results.read, tmp_path / "x")


@pytest.mark.parametrize("claims", ["{", "[]", '{"scores": {}}', '{"scores": null}', None])
def test_json_that_claims_nothing_to_be_read_says_so(finished, claims):
    path = results.keep(finished())
    if claims is None:
        path.with_suffix(".csv").unlink()
    else:
        path.write_text(claims)
    with pytest.raises(EcglabError, match=r"^[^\n]*resnet1d[^\n]*$"):
        results.read(path)


# ecglab score


def test_score_takes_a_name_a_file_and_a_run(ecglab, finished):
    run = finished()
    path = results.keep(run)
    base = path.with_name("resnet1d")
    outs = []
    for name in ("resnet1d", "resnet1d.json", path, base, path.with_suffix(".csv"), run.path):
        status, out, err = ecglab("score", name)
        assert (status, err) == (0, "")
        outs.append(out)
    assert ecglab("score", run.name)[1] == outs[-1]
    assert len({out.partition("\n")[2] for out in outs}) == 1
    lines = outs[0].splitlines()
    assert lines[0] == "resnet1d" and lines[-2] == "300 records"
    assert [line.split("  ")[0] for line in lines[2:-2]] == [
        *(f"F1 {label}" for label in LABELS),
        *("NAO", "mean", "ECE"),
    ]
    found = results.read(path).facts["scores"]
    low, high = found["intervals"]["F1_NAO"]
    assert f"{found['values']['F1_NAO']:.3f}  {low:.3f} to {high:.3f}" in outs[0]
    assert f"{found['values']['calibration_error']:.3f}" in outs[0]


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("scores", "values", "F1_NAO"), 0.99, "F1_NAO 0.99 where the table gives 0."),
        (("scores", "intervals", "F1_A"), [0.1, 1.0], "F1_A low 0.1 where the table gives"),
        (("scores", "values", "calibration_error"), float("nan"), "calibration_error nan where"),
        (("scores", "values", "accuracy"), 1.0, "accuracy 1 where the table gives nothing"),
        (("records_scored",), 7500, "records 7500 where the table gives 300"),
    ],
)
def test_score_finds_a_claim_that_was_changed(ecglab, finished, place, value, words):
    path = results.keep(finished())
    facts = json.loads(path.read_text())
    at = facts
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    path.write_text(json.dumps(facts))
    results.keep(finished(seed=2))
    status, out, err = ecglab("score", "resnet1d", "resnet1d-seed=2")
    assert status == 1
    assert out.count("300 records") == 2
    assert err.startswith("ecglab: resnet1d.json claims ") and err.count("\n") == 1
    assert words in err


def test_score_finds_a_table_that_was_changed(ecglab, finished):
    path = results.keep(finished())
    table = path.with_suffix(".csv")
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n")
    status, _, err = ecglab("score", "resnet1d")
    assert status == 1 and "records 300 where the table gives 299" in err


def test_score_of_a_run_that_is_not_finished_says_so(ecglab, finished):
    status, out, _ = ecglab("score", finished(done=False).path)
    assert status == 0 and "unfinished: 5 folds are scored)" in out


# ecglab score --agreed


def pack(result, changed=0, ids=None, versions=("v1", "v3")):
    """A data set of the result's records, of which the first `changed` had another label in v1."""
    ids = list(result.table["record"]) if ids is None else ids
    latest = list(result.table["label"])[: len(ids)]
    other = ["A" if label == "N" else "N" for label in latest[:changed]] + latest[changed:]
    columns = {"v1": other, "v3": latest}
    signals = [np.zeros(1, np.int16)] * len(ids)
    kept = {version: columns[version] for version in versions}
    dataset.write("cinc2017", "recordings", ids, signals, kept, "v3", published=8528)


def test_score_where_label_versions_agree_is_of_those_records_alone(ecglab, finished):
    result = results.read(results.keep(finished()))
    pack(result, changed=40)
    status, out, err = ecglab("score", "resnet1d", "--agreed")
    assert (status, err) == (0, "")
    assert "resnet1d, where labels v1, v3 agree\n" in out and "260 records" in out
    rest = results.agreed(result)
    assert list(rest.table["record"]) == list(result.table["record"])[40:]
    assert rest.scores["values"] == metrics.scores(result.table.iloc[40:])["values"]
    assert rest.problem == "" and len(result.table) == 300


def test_agreement_that_cannot_be_known_says_why(ecglab, finished):
    result = results.read(results.keep(finished()))
    for packed, words in (
        ({"versions": ("v3",)}, "cinc2017 has labels v3 alone: import it again"),
        ({"ids": list(result.table["record"])[:298]}, "lacks 2 records of resnet1d, such as A00"),
        ({"changed": 300}, "labels v1, v3 agree on no record"),
    ):
        pack(result, **packed)
        status, out, err = ecglab("score", "resnet1d", "--agreed")
        assert status == 1 and "300 records" in out
        assert words in err and err.count("\n") == 1
