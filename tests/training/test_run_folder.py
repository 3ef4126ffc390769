"""The run folder: what it holds, and that damage is one line that says what to do."""

import json
import shutil

import pytest

from ecglab.training import run_folder
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError


def refusal(function, *arguments) -> str:
    with pytest.raises(EcglabError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_finished_run_is_whole(finished):
    run = finished()
    assert run.is_done and all(run.is_fold_done(k) for k in run.folds)
    run.check()
    assert len(run.predictions()) == 300
    assert list(run.predictions(1)["fold"].unique()) == [1]
    assert run.scope == "300 of 8,528 records of cinc2017"
    assert finished(folds=2, simulated=True).scope.endswith("SIMULATED, 2 of 5 folds")


def test_no_fold_is_no_score(tmp_path, finished):
    run = finished(done=False)
    for k in run.folds:
        (run.fold(k) / "manifest.json").unlink()
    assert "no fold is finished yet" in refusal(run.predictions)
    assert "is not a run folder" in refusal(lambda: RunFolder(tmp_path).facts)
    assert "there is no run 'nothing'" in refusal(run_folder.find, "nothing")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("damage", [flip, cut, lambda path: path.unlink()])
@pytest.mark.parametrize("file", ["fold-1/predictions.csv", "fold-1/manifest.json", "run.json"])
def test_damage_is_noticed_before_a_run_is_scored(finished, damage, file):
    run = finished()
    damage(run.path / file)
    message = refusal(run.predictions)
    assert str(run.path) in message


def test_a_swapped_table_or_fold_is_noticed(finished):
    run, other = finished(), finished(noise=2.0)
    shutil.copyfile(other.fold(0) / "predictions.csv", run.fold(0) / "predictions.csv")
    assert "predictions.csv is damaged" in refusal(run.predictions, 0)
    shutil.rmtree(run.fold(0))
    shutil.copytree(other.fold(0), run.fold(0))
    message = refusal(run.predictions)
    assert "has changed since the run was finished" in message and "train again" in message


def test_a_missing_fold_is_noticed(finished):
    run = finished()
    shutil.rmtree(run.fold(2))
    assert "a fold is missing" in refusal(run.predictions)


def test_a_fold_that_is_not_done_yet_is_read_without_a_manifest(finished):
    run = finished(done=False)
    (run.fold(0) / "manifest.json").unlink()
    assert len(run.table(0, "predictions")) == 60
    assert len(run.predictions()) == 240


@pytest.mark.parametrize("key", run_folder.REQUIRED)
def test_a_key_that_is_missing_is_named(finished, key):
    run = finished()
    facts = {name: value for name, value in run.facts.items() if name != key}
    (run.path / "run.json").write_text(json.dumps(facts))
    assert f"has no {key!r}" in refusal(lambda: run.facts)


def test_what_is_no_json_is_one_line(finished):
    run = finished()
    (run.path / "run.json").write_text("{")
    assert "is not a run folder: run.json: it is no JSON" in refusal(lambda: run.facts)
    (run.fold(0) / "history.json").write_text("[")
    assert "the epochs of fold 0 are lost" in refusal(run.history, 0)
