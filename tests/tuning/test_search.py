"""The folder of a search: how it begins, what its trials see, what damage does, and the winner."""

import json
import subprocess
import sys

import pytest
import search_maker as maker
import tune_tiny

from ecglab.datasets import dataset, splits
from ecglab.training import cross_validation, experiment
from ecglab.tuning import search as searches
from ecglab.tuning import space
from ecglab.tuning.space import choice, integer
from ecglab.utils import paths
from ecglab.utils.errors import EcglabError

VALUES = {"learning_rate": "0.3", "leaves": "4", "l2": "5"}


def test_the_same_arguments_have_the_same_folder_and_others_another(use):
    use("trees")
    first = maker.begin(seed=0)
    assert maker.begin(seed=0, trials=50).path == first.path
    others = [{"seed": 1}, {"seed": 0, "tuner": "random"}, {"seed": 0, "folds": 3}]
    others += [{"seed": 0, "records": 50}, {"seed": 0, "keys": ["l2=1"]}]
    paths = {maker.begin(**given).path for given in others}
    assert len(paths | {first.path}) == 6
    assert searches.find("tiny").path in paths


def test_a_key_that_is_set_is_not_searched(use):
    use("trees")
    search = maker.begin(keys=["l2=1"])
    assert set(search.space) == {"learning_rate", "leaves"}
    assert search.experiment.l2 == 1
    with pytest.raises(EcglabError, match="there is nothing to search"):
        maker.begin(keys=["l2=1", "leaves=3", "learning_rate=0.1"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tuner": "grid"}, "there is no tuner 'grid': there are bayesian, random, hyperband"),
        ({"tuner": "hyperband"}, "hyperband varies the epochs, and tiny has none"),
        ({"epochs": 3}, "unknown key 'epochs'"),
        ({"records": 1000}, "1000"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"folds": 0}, "folds at least 1"),
        ({"folds": 6}, "folds=6 is impossible"),
        ({"trials": 0}, "trials and folds at least 1"),
        ({"keys": ["leave=3"]}, "unknown key 'leave': did you mean leaves?"),
    ],
)
def test_what_is_impossible_is_refused_and_leaves_nothing(use, given, words):
    use("trees")
    with pytest.raises(EcglabError) as caught:
        maker.begin(**given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not searches.searches_dir().exists()


def test_an_unknown_key_of_the_space_is_one_line_before_anything_runs(use, ecglab):
    use("trees", leafs=integer(2, 3))
    status, _, error = ecglab("tune", "tiny")
    assert status == 1
    assert error == "ecglab: the space: unknown key 'leafs': did you mean leaves?\n"
    assert not searches.searches_dir().exists()


def test_an_experiment_without_a_space_says_how_to_declare_one(ecglab):
    status, _, error = ecglab("tune", "demo")
    assert status == 1
    assert error.startswith("ecglab: experiments/demo.py declares no space to search: add one")


@pytest.mark.parametrize(
    "name", [n for n in experiment.names() if hasattr(experiment._module(n), "space")]
)
def test_the_spaces_of_the_experiments_are_possible(name):
    chosen = experiment.load(name)
    space.check(experiment.space(name), chosen)
    assert space.own(experiment.space(name), chosen), "the first trial is the experiment itself"


@pytest.mark.parametrize("folds", [1, 3])
def test_a_trial_never_sees_fold_0(use, folds):
    use("trees")
    search = maker.begin(folds=folds)
    trained = search.trained(searches.Trial("0000", VALUES))
    data, fold, n_folds = cross_validation.plan(trained)
    everything = dataset.open("synthetic")
    zero = set(everything.ids[splits.folds(everything) == 0])
    assert zero
    assert not zero & set(data.ids)
    assert trained.folds == folds
    assert n_folds == 5
    assert set(fold) == set(range(5))


def test_a_trial_is_the_experiment_with_its_keys_set(use):
    use("trees")
    search = maker.begin(keys=["bags=2"], records=50)
    values = {"learning_rate": "0.0625", "leaves": "7", "l2": "2.5"}
    expected = tune_tiny.TREES.set(
        ["bags=2", "records=50", "held_out=0", "folds=1", *(f"{k}={x}" for k, x in values.items())]
    )
    assert search.trained(searches.Trial("0000", values)) == expected


def test_hyperband_decides_the_epochs_of_a_trial(use):
    use("network")
    search = maker.begin(tuner="hyperband")
    values = {"learning_rate": "0.001", "network.widths": "4,8"}
    assert search.trained(searches.Trial("0000", values, epochs=2)).epochs == 2


# Damage


def flipped(text: str) -> str:
    at = text.index("trial") if "trial" in text else text.index("leaves")
    return text[:at] + "T" + text[at + 1 :]


@pytest.mark.parametrize("name", ["search.json", "oracle.json"])
@pytest.mark.parametrize("damage", ["a byte flipped", "truncated", "empty", "of another search"])
def test_damage_is_one_line_that_says_how_to_go_on(use, name, damage):
    use("trees")
    search, other = maker.begin(), maker.begin(seed=2)
    maker.state_of(search, {"values": VALUES, "score": 0.5})
    maker.state_of(other, {"values": VALUES, "score": 0.6})
    path, text = search.path / name, (search.path / name).read_text()
    if damage == "of another search":
        text = (other.path / name).read_text()
    elif damage == "a byte flipped":
        text = flipped(text)
    else:
        text = text[: len(text) // 2] if damage == "truncated" else ""
    path.write_text(text)
    with pytest.raises(EcglabError) as caught:
        _ = searches.Search(search.path).trials
    assert str(path) in str(caught.value)
    assert f"delete {search.path} and search again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_search_without_its_state_begins_with_the_runs_that_are_there(use):
    use("trees")
    search = maker.begin()
    maker.state_of(search, {"values": VALUES, "score": 0.5})
    (search.path / "oracle.json").unlink()
    assert search.trials == []


# The winner


@pytest.fixture
def own_experiments(tmp_path, monkeypatch):
    folder = tmp_path / "experiments"
    folder.mkdir()
    monkeypatch.setattr(paths, "EXPERIMENTS", folder)
    return folder


def test_the_winner_is_written_and_loads_as_what_won(use, own_experiments, ecglab):
    use("trees", leaves=choice(4, 8))
    search = maker.begin(records=50, keys=["seed=3"])
    tries = [("0.3", "4", "5"), ("0.1", "8", "2.5")]
    keys = ("learning_rate", "leaves", "l2")
    trials = [dict(zip(keys, values, strict=True)) for values in tries]
    maker.state_of(search, {"values": trials[0], "score": 0.4}, {"values": trials[1], "score": 0.6})
    status, said, _ = ecglab("tune", "--best", search.name)
    path = own_experiments / "tiny_tuned.py"
    assert (status, said) == (0, f"wrote {path}\n")
    won = experiment._module("tiny_tuned").experiment
    settings = ["learning_rate=0.1", "leaves=8", "l2=2.5", "seed=3"]
    assert won == tune_tiny.TREES.set(settings), "at its own length and on all records"
    text = " ".join(path.read_text().split())
    assert "    ecglab train tiny_tuned" in path.read_text().splitlines()
    assert "had the best challenge F1, 0.600" in text
    assert "The settings of tiny itself scored 0.400." in text
    for command in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=True)

    status, _, error = ecglab("tune", "--best", search.name)
    assert status == 1
    assert "is there already: give another name with --as" in error
    assert ecglab("tune", "--best", "tiny", "--as", "other")[0] == 0
    assert experiment._module("other").experiment == won


def test_the_winner_of_a_network_loads_as_what_won(use, own_experiments, ecglab):
    use("network")
    search = maker.begin(epochs=2, keys=["batch_size=4"])
    values = {"learning_rate": "0.003", "network.widths": "8,8"}
    maker.state_of(search, {"values": values, "score": 0.6})
    assert ecglab("tune", "--best", search.name)[0] == 0
    won = experiment._module("tiny_tuned").experiment
    known = tune_tiny.of_kind("network")[0]
    assert won == known.set(["learning_rate=0.003", "network.widths=8,8", "batch_size=4"])
    path = own_experiments / "tiny_tuned.py"
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", str(path)], check=True)


def test_what_cannot_be_written_is_one_line(use, ecglab):
    use("trees")
    search = maker.begin()
    for arguments, words in [
        (("--best", "nothing"), "there is no search 'nothing'"),
        (("--best", search.name), "no trial has a score yet"),
        (("--best", search.name, "--as", "../x"), "--as ../x: use letters"),
        ((), "name an experiment to search, or a search with --best"),
        (("tiny", "--best", search.name), "name an experiment to search, or a search"),
        (("tiny", "--workers", "0"), "workers=0 is impossible"),
    ]:
        status, _, error = ecglab("tune", *arguments)
        assert status == 1
        assert words in error
        assert error.count("\n") == 1


def test_rows_hold_what_the_runs_found(use):
    use("trees")
    search = maker.begin()
    run = maker.train_nothing("tiny", search.trained(searches.Trial("0000", VALUES)))
    score = searches.scores_of(run)["challenge_f1"]
    maker.state_of(
        search,
        {"values": VALUES, "score": score, "run": run.name},
        {"values": VALUES, "status": "FAILED", "reason": "no luck"},
    )
    first, second = searches.rows(search)
    assert first["scores"]["challenge_f1"] == score
    assert (first["epochs"], first["seconds"]) == (2, 3.0)
    assert (second["status"], second["reason"], second["scores"]) == ("failed", "no luck", {})
    assert json.dumps([first, second])
