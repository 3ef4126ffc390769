"""A search without its processes: its folder, one trial, the early stop, MLflow, the winner."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import search_maker as maker
import tune_tiny

from ecglab.datasets import dataset, folds
from ecglab.tracking import tracker as tracking
from ecglab.training import experiment
from ecglab.training.trees import Trees
from ecglab.tuning import searches, supervisor
from ecglab.tuning import tracking as search_tracking
from ecglab.tuning import trials as trials_of
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json


@pytest.fixture
def use(packed, monkeypatch):
    """Let the experiment "tiny" be of a kind of `tune_tiny`."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))

    def of(kind, **changed):
        known, space = tune_tiny.KINDS[kind]
        monkeypatch.setattr(experiment, "load", lambda name: known)
        monkeypatch.setattr(experiment, "space", lambda name: space | changed)

    return of


TREE_VALUES = {"learning_rate": "0.3", "leaves": "4", "l2": "5.0"}


# Beginning


def test_the_same_arguments_have_the_same_folder_and_others_another(use):
    use("trees")
    first = maker.begin(seed=0)
    assert maker.begin(seed=0, trials=50).path == first.path
    others = [{"seed": 1}, {"seed": 0, "tuner": "random"}, {"seed": 0, "inner_folds": 3}]
    others += [{"seed": 0, "records": 50}, {"seed": 0, "keys": ["l2=1"]}]
    paths = {maker.begin(**given).path for given in others}
    assert len(paths | {first.path}) == 6


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
        ({"tuner": "hyperband"}, "hyperband tries few epochs first, and tiny has none"),
        ({"epochs": 3}, "unknown key 'epochs'"),
        ({"records": 1000}, "an excerpt of 1000 records cannot be drawn"),
        ({"seed": -1}, "seed is at least 0"),
        ({"inner_folds": 1}, "inner-folds 0 or at least 2"),
        ({"trials": 0}, "trials at least 1"),
        ({"keys": ["leave=3"]}, "unknown key 'leave': did you mean leaves?"),
    ],
)
def test_what_is_impossible_is_refused_and_leaves_nothing(use, given, words):
    use("trees")
    with pytest.raises(EcglabError, match=words.replace("?", r"\?")):
        maker.begin(**given)
    assert not searches.searches_dir().exists()


def test_an_unknown_key_of_the_space_is_one_line_before_anything_runs(use, ecglab):
    use("trees", leafs=tune_tiny.integer(2, 3))
    status, _, error = ecglab("tune", "tiny")
    assert status == 1
    assert error == "ecglab: the space: unknown key 'leafs': did you mean leaves?\n"
    assert not searches.searches_dir().exists()


def test_an_experiment_without_a_space_says_how_to_declare_one(ecglab):
    status, _, error = ecglab("tune", "demo")
    assert status == 1
    assert error.startswith("ecglab: experiments/demo.py declares no space to search: add one")


@pytest.mark.parametrize(
    "name",
    [n for n in experiment.names() if hasattr(experiment._module(n), "space")],
)
def test_the_spaces_of_the_experiments_are_possible(name):
    from ecglab.tuning import space

    chosen = experiment.load(name)
    space.check(experiment.space(name), chosen)
    assert space.own(experiment.space(name), chosen), "the first trial is the experiment itself"


# What a trial sees


@pytest.mark.parametrize("inner_folds", [0, 3])
def test_a_trial_never_sees_fold_0(use, monkeypatch, inner_folds):
    use("trees")
    seen = []

    def train_fold(self, fold):
        seen.append(fold)
        return lambda rows: np.eye(4)[np.zeros(len(rows), int)]

    monkeypatch.setattr(Trees, "train_fold", train_fold)
    search = maker.begin(inner_folds=inner_folds)
    trial = search.trial("0000")
    trial.begin(TREE_VALUES, None, "local-0")
    trials_of.train(search, trial)
    everything = dataset.open("synthetic")
    scored = set(everything.ids[folds.fold_of(everything) == 0])
    assert len(seen) == max(inner_folds, 1)
    judged = []
    for fold in seen:
        assert not scored & set(fold.data.ids), "fold 0 is not even in the data"
        assert not set(fold.rows) & set(fold.inner)
        assert not fold.scored.size
        judged += list(fold.inner)
    if inner_folds:
        assert sorted(judged) == list(range(len(seen[0].data))), "each is judged once"
    else:
        assert len(judged) == pytest.approx(0.2 * len(seen[0].data), abs=2)


def test_a_trial_is_the_experiment_with_its_keys_set(use, monkeypatch):
    use("trees")
    trained = []
    monkeypatch.setattr(Trees, "train_fold", lambda self, fold: trained.append(self) or 1 / 0)
    search = maker.begin()
    trial = search.trial("0000")
    trial.begin({"learning_rate": "0.0625", "leaves": "7", "l2": "2.5"}, None, "local-0")
    with pytest.raises(ZeroDivisionError):
        trials_of.train(search, trial)
    assert trained[0] == search.experiment.set(["learning_rate=0.0625", "leaves=7", "l2=2.5"])


def test_inner_folds_are_averaged(use):
    use("trees")
    search = maker.begin(inner_folds=3)
    trial = search.trial("0000")
    trial.begin(TREE_VALUES, None, "local-0")
    trials_of.train(search, trial)
    each = [json.loads((trial.split(j) / "scores.json").read_text()) for j in range(3)]
    assert trial.score == pytest.approx(np.mean([score["F1_NAO"] for score in each]))
    assert trial.result["status"] == "completed"
    assert {path.name for path in trial.split(0).iterdir()} == {"history.json", "scores.json"}


# The early stop


def courses(search, *courses):
    for i, course in enumerate(courses):
        maker.trial(search, f"{i:04}", {"learning_rate": "0.001"}, course)


def test_the_median_rule(use):
    use("network")
    search = maker.begin()  # of 6 epochs
    courses(search, [0.2] * 6, [0.4] * 6, [0.6] * 6)

    def poor(*course):
        now = maker.trial(search, "0009", {}, course, status="running")
        shown = trials_of.is_poor(search, now, 6)
        shutil.rmtree(now.path)
        return shown

    assert not poor(0.1), "before a third of the epochs"
    assert poor(0.1, 0.3)
    assert not poor(0.1, 0.4), "as good as the median"
    assert not poor(0.5, 0.1), "its best counts"
    assert not poor(0.1, 0.1, 0.1, 0.1, 0.1, 0.1), "at the last there is nothing to save"


def test_the_median_rule_needs_three_that_came_as_far(use):
    use("network")
    search = maker.begin()
    courses(search, [0.9] * 6, [0.9] * 6, [0.9] * 2)
    maker.trial(search, "0003", {}, [0.9] * 6, status="running")
    now = maker.trial(search, "0009", {}, [0.1] * 3, status="running")
    assert not trials_of.is_poor(search, now, 6)
    courses_more = maker.trial(search, "0004", {}, [0.9] * 6)
    assert courses_more.result
    assert trials_of.is_poor(search, now, 6)


def test_hyperband_has_a_rule_of_its_own(use):
    use("network")
    search = maker.begin(tuner="hyperband")
    courses(search, *[[0.9] * 6] * 4)
    now = maker.trial(search, "0009", {}, [0.1] * 3, status="running")
    assert not trials_of.is_poor(search, now, 6)


def test_a_poor_trial_stops_and_goes_on_where_it_was_interrupted(use):
    use("network")
    search = maker.begin(records=40)
    courses(search, *[[0.99] * 6] * 3)
    trial = search.trial("0003")
    trial.begin({"learning_rate": "0.001", "network.widths": "4,8"}, None, "local-0")
    with pytest.raises(KeyboardInterrupt):  # as a kill after the first epoch
        trials_of.train(search, trial, changed=lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert [entry["epoch"] for entry in trial.history()] == [1]
    first = trial.history()[0]
    trials_of.train(search, trial)
    assert trial.result["status"] == "stopped"
    assert [entry["epoch"] for entry in trial.history()] == [1, 2], "a third of six"
    assert trial.history()[0] == first
    assert trial.score == max(entry["inner_F1_NAO"] for entry in trial.history())
    assert not list(trial.path.glob("*/state.npz"))


# MLflow


def runs_of(search):
    client = tracking.mlflow().MlflowClient()
    found = client.search_runs([tracking.experiment_id("synthetic", "searches")], max_results=999)
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    return (
        client,
        parents,
        {run.data.tags["ecglab.trial"]: run for run in found if run not in parents},
    )


def test_mlflow_shows_what_the_folder_holds_and_nothing_twice(use):
    use("network")
    search = maker.begin()
    keys = {"learning_rate": "0.001", "network.widths": "4,8"}
    maker.trial(search, "0000", keys, [0.2, 0.5])
    maker.trial(search, "0001", keys | {"learning_rate": "0.002"}, [0.3], status="running")
    maker.trial(search, "0002", keys, [0.1], status="failed", reason="the loss became nan")
    tracker = search_tracking.SearchTracker(search)
    tracker.sync()
    client, (parent,), children = runs_of(search)
    states = {key: run.info.status for key, run in children.items()}
    assert states == {"0000": "FINISHED", "0001": "RUNNING", "0002": "FAILED"}
    tracker.finish("KILLED")
    _, (parent,), children = runs_of(search)
    assert children["0001"].info.status == parent.info.status == "KILLED"

    maker.trial(search, "0001", {}, [0.3, 0.6, 0.7])
    again = search_tracking.SearchTracker(search)
    again.finish("FINISHED")
    search_tracking.SearchTracker(search).finish("FINISHED")
    client, (parent,), children = runs_of(search)
    states = {key: run.info.status for key, run in children.items()}
    assert states == {"0000": "FINISHED", "0001": "FINISHED", "0002": "FAILED"}
    assert children["0001"].data.params == {"learning_rate": "0.002", "network.widths": "4,8"}
    assert children["0001"].data.metrics["F1_A"] == pytest.approx(0.7)
    assert children["0001"].data.metrics["training_seconds"] == 3
    assert children["0002"].data.tags["ecglab.reason"] == "the loss became nan"
    curve = client.get_metric_history(children["0001"].info.run_id, "inner_F1_NAO")
    assert [(point.step, point.value) for point in curve] == [(1, 0.3), (2, 0.6), (3, 0.7)]
    assert parent.data.tags["ecglab.best"] == "0001"
    best = client.get_metric_history(parent.info.run_id, "best_F1_NAO")
    assert [point.value for point in best] == [0.5, 0.7]
    assert parent.data.metrics["trials_failed"] == 1
    pictures = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert {"parallel_coordinates.png", "importance.png", "course.png"} <= pictures


def test_a_trial_that_is_logged_late_has_the_times_that_it_had(use):
    use("trees")
    search = maker.begin()
    trial = maker.trial(search, "0000", TREE_VALUES, [0.5])
    for name, key, moment in (("trial", "began", "12:00:00"), ("result", "ended", "12:01:30")):
        path = trial.path / f"{name}.json"
        write_json(path, read_json(path) | {key: f"2020-02-02T{moment}+00:00"})
    search_tracking.SearchTracker(search).sync()
    info = runs_of(search)[2]["0000"].info
    assert (info.start_time, info.end_time - info.start_time) == (1_580_644_800_000, 90_000)


def test_searches_do_not_stand_among_the_runs(use):
    use("trees")
    search = maker.begin()
    maker.trial(search, "0000", TREE_VALUES, [0.5])
    search_tracking.SearchTracker(search).finish("FINISHED")
    assert tracking.parents() == []


def test_a_store_that_is_away_does_not_end_the_search(use, monkeypatch, capsys):
    from mlflow.exceptions import MlflowException

    use("trees")
    search = maker.begin()
    done = []

    def away(self, *arguments):
        raise MlflowException("the server\nis away")

    def run(search, trials, who, on_change):
        on_change()
        maker.trial(search, "0000", TREE_VALUES, [0.5])
        done.append(True)
        return searches.ALL

    monkeypatch.setattr(supervisor, "run", run)
    for name in ("sync", "finish"):
        monkeypatch.setattr(search_tracking.SearchTracker, name, away)
    with pytest.raises(
        EcglabError, match=r"^MLflow cannot be told \(the server is away\): all is in"
    ):
        search_tracking.run(search, 1, None)
    assert done
    assert "MLflow cannot be told for now: the server is away" in capsys.readouterr().err


def test_two_commands_do_not_run_one_search(use, monkeypatch):
    from ecglab.utils.files import locked

    use("trees")
    search = maker.begin()
    maker.trial(search, "0000", TREE_VALUES, [0.5], status="running")
    search_tracking.SearchTracker(search).sync()
    who = supervisor.team(0, None)
    with (
        locked(search.path / "search.json", "running this search"),
        pytest.raises(EcglabError, match="another process is running this search"),
    ):
        search_tracking.run(search, 3, who)
    assert {run.info.status for run in runs_of(search)[2].values()} == {"RUNNING"}


# The winner


@pytest.fixture
def own_experiments(tmp_path, monkeypatch):
    folder = tmp_path / "experiments"
    folder.mkdir()
    monkeypatch.setattr(experiment, "EXPERIMENTS", folder)
    return folder


def test_the_winner_is_written_and_loads_as_what_won(use, own_experiments, ecglab, monkeypatch):
    load = experiment._module
    use("network")
    search = maker.begin(epochs=2, records=50, keys=["augment.crop=6", "batch_size=4"])
    keys = {"learning_rate": "0.01", "network.widths": "4,8"}
    maker.trial(search, "0000", keys, [0.4])
    maker.trial(search, "0001", {"learning_rate": "0.003", "network.widths": "8,8"}, [0.6])
    status, said, _ = ecglab("tune", "--best", search.name)
    path = own_experiments / "tiny_tuned.py"
    assert (status, said) == (0, f"wrote {path}\n")
    won = load("tiny_tuned").experiment
    known = tune_tiny.KINDS["network"][0]
    settings = ["learning_rate=0.003", "network.widths=8,8", "augment.crop=6", "batch_size=4"]
    assert won == known.set(settings), "at its own length and on all records"
    text = path.read_text()
    assert "    ecglab train tiny_tuned" in text.splitlines()
    assert "0.600" in text
    assert "fold 0 alone saw no choice" in " ".join(text.split())
    for command in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=True)

    status, _, error = ecglab("tune", "--best", search.name)
    assert status == 1
    assert "is there already: give another name with --as" in error
    assert ecglab("tune", "--best", "tiny", "--as", "other")[0] == 0
    assert load("other").experiment == won


def test_what_cannot_be_written_is_one_line(use, ecglab):
    use("trees")
    search = maker.begin()
    for arguments, words in [
        (("--best", "nothing"), "there is no search 'nothing'"),
        (("--best", search.name), "no trial has a score yet"),
        (("--best", search.name, "--as", "../x"), "--as ../x: take letters"),
        ((), "name an experiment to search, or a search with --best"),
        (("tiny", "--best", search.name), "name an experiment to search, or a search"),
    ]:
        status, _, error = ecglab("tune", *arguments)
        assert status == 1
        assert words in error
        assert error.count("\n") == 1
