"""Searches in MLflow: trials are children of the search, and stand apart from other runs."""

import pytest
import search_maker as maker
import store_maker
import tune_tiny

from ecglab.tracking import models, runs, tracker, values
from ecglab.training import cross_validation, experiment
from ecglab.tuning import driver
from ecglab.utils.errors import EcglabError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


@pytest.fixture(autouse=True)
def _trees(packed, tmp_path, monkeypatch):
    """Trials of trees, which train nothing and have no model."""
    store_maker.put(tmp_path / "mlruns")
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    known, space = tune_tiny.of_kind("trees")
    monkeypatch.setattr(experiment, "load", lambda name: known)
    monkeypatch.setattr(experiment, "space", lambda name: dict(space))
    monkeypatch.setattr(cross_validation, "run", maker.train_nothing)
    monkeypatch.setattr(models, "log_model", None)


def logged():
    """(the run of the search, {trial: its run}, {trial: the run of its fold})"""
    client = tracker.mlflow().MlflowClient()
    found = client.search_runs([tracker.experiment_id(True, tracker.SEARCHES)], max_results=999)
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    folds = [run for run in found if "fold" in run.data.params]
    trials = {x.info.run_id: x for x in found if "trial" in x.data.params and x not in folds}
    assert {x.data.tags["mlflow.parentRunId"] for x in trials.values()} <= {parent.info.run_id}
    by_trial = {x.data.params["trial"]: x for x in trials.values()}
    of_fold = {trials[x.data.tags["mlflow.parentRunId"]].data.params["trial"]: x for x in folds}
    return parent, by_trial, of_fold


def test_trials_are_children_of_their_search(monkeypatch):
    def run(name, experiment, search, on_change, **given):
        made = maker.train_nothing(name, experiment, search=search, on_change=on_change, **given)
        if search["trial"] == "0001":
            raise EcglabError("the loss is NaN")
        return made

    monkeypatch.setattr(cross_validation, "run", run)
    search, _ = driver.tune("tiny", tuner="random", trials=3)
    parent, trials, folds = logged()
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == search.name
    assert f"trial {search.best.id} is the best" in parent.data.tags[tracker.NOTE]
    assert parent.data.metrics["challenge_f1"] == pytest.approx(search.best.score)
    assert parent.data.metrics["trials_completed"] == 2
    assert parent.data.metrics["trials_failed"] == 1
    assert parent.data.params["search.tuner"] == "random"
    client = tracker.mlflow().MlflowClient()
    names = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert names == {"parallel_coordinates.png", "importance.png", "course.png", "search.json"}
    assert set(trials) == set(folds) == {"0000", "0001", "0002"}
    for trial in search.trials:
        made = trials[trial.id]
        assert made.data.params["search.leaves"] == trial.values["leaves"]
        assert made.data.params["held_out"] == "0"
        curve = client.get_metric_history(folds[trial.id].info.run_id, values.curve("loss"))
        assert [point.step for point in curve] == [1, 2]
        if trial.score is not None:
            assert made.info.status == "FINISHED"
            assert made.data.metrics["challenge_f1"] == pytest.approx(trial.score)
            assert made.info.run_name.startswith(f"trial {trial.id} · learning_rate=")
    best = f"'ecglab tune --best {search.name} --as NAME'"
    for text in search.name, trials["0000"].info.run_id[:12], search.best.run.name:
        with pytest.raises(EcglabError, match=f"belongs to the search {search.name}.*{best}"):
            runs.find(text)


def test_a_trial_that_fails_is_marked_with_its_reason(monkeypatch):
    def run(name, experiment, search, on_change, **given):
        def fail(run):
            on_change(run)
            raise EcglabError("the loss is NaN")

        return maker.train_nothing(name, experiment, search=search, on_change=fail, **given)

    monkeypatch.setattr(cross_validation, "run", run)
    driver.tune("tiny", tuner="random", trials=2)
    _, trials, folds = logged()
    for made in [*trials.values(), *folds.values()]:
        assert made.info.status == "FAILED"
        assert "**Found:** Nothing, it failed: the loss is NaN" in made.data.tags[tracker.NOTE]


def test_searches_do_not_stand_among_the_runs():
    driver.tune("tiny", tuner="random", trials=1)
    assert runs.parents() == []


def test_an_interrupted_search_is_marked_and_revived(monkeypatch):
    def run(name, experiment, search, on_change, **given):
        def interrupted(run):
            on_change(run)
            raise KeyboardInterrupt

        return maker.train_nothing(name, experiment, search=search, on_change=interrupted, **given)

    monkeypatch.setattr(cross_validation, "run", run)
    with pytest.raises(KeyboardInterrupt):
        driver.tune("tiny", tuner="random", trials=2)
    parent, trials, _ = logged()
    assert parent.info.status == "KILLED"
    assert [made.info.status for made in trials.values()] == ["KILLED"]
    monkeypatch.setattr(cross_validation, "run", maker.train_nothing)
    driver.tune("tiny", tuner="random", trials=2)
    parent, trials, folds = logged()
    for made in [parent, *trials.values(), *folds.values()]:
        assert made.info.status == "FINISHED"


def test_the_same_command_logs_what_a_store_that_was_away_lacks(monkeypatch, capsys):
    def away():
        raise OSError("the server is away")

    with monkeypatch.context() as patch:
        patch.setattr(tracker, "mlflow", away)
        search, why = driver.tune("tiny", tuner="random", trials=2)
    assert why == driver.ALL
    lines = [line for line in capsys.readouterr().err.splitlines() if "MLflow" in line]
    assert lines == [
        "MLflow's store is tried again later: the server is away",
        "ecglab: not logged to MLflow (the server is away): the same command logs the search later",
    ]
    assert driver.tune("tiny", tuner="random", trials=2) == (search, driver.ALL)
    parent, trials, _ = logged()
    assert parent.info.status == "FINISHED"
    assert [made.info.status for made in trials.values()] == ["FINISHED"] * 2
