"""Run folders in MLflow: what is logged, interruption, and a store that is away."""

import json
import shutil
import threading
from types import SimpleNamespace

import pytest
import search_maker as maker
import store_maker
import tiny
import tune_tiny
from mlflow.exceptions import MlflowException

from ecglab.evaluation import metrics
from ecglab.tracking import models, notes, runs, tracker, values, views
from ecglab.training import cross_validation, experiment
from ecglab.training.run_folder import RunFolder
from ecglab.utils.files import read_json, write_json


@pytest.fixture(autouse=True)
def _data_and_store(packed, tmp_path, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    store_maker.put(tmp_path / "mlruns")


@pytest.fixture
def bare(monkeypatch):
    """Runs are logged without models, as nothing was trained, and without figures."""
    monkeypatch.setattr(models, "log_model", lambda run, folds: None)
    monkeypatch.setattr(tracker.Tracker, "_draw", lambda *given: None)


@pytest.fixture
def run(bare):
    """A finished run of a tiny network, two folds of two epochs, of which nothing was trained."""
    return maker.train_nothing("tiny", tiny.experiment())


@pytest.fixture(scope="module")
def logged(packed, tmp_path_factory):
    """A run of trees, trained and logged as `ecglab train` does it; tests only read it."""
    folder = tmp_path_factory.mktemp("logged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(packed))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder))
        run = tracker.train("tiny", tune_tiny.TREES.set(["folds=2"]))
    return SimpleNamespace(folder=folder, run=run)


@pytest.fixture
def stored(logged, monkeypatch):
    """`logged`, with the environment pointing at it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(logged.folder))
    return logged


def client():
    return tracker.mlflow().MlflowClient()


def children(parent):
    return client().search_runs(
        [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    )


def everything() -> list[tuple]:
    """Every MLflow run with the number of its epochs."""
    found = runs._all_runs()
    curves = [client().get_metric_history(x.info.run_id, values.curve("loss")) for x in found]
    of_runs = zip(found, curves, strict=True)
    return sorted((x.info.run_id, x.info.status, len(curve)) for x, curve in of_runs)


# What is logged


def test_the_parent_holds_scores_that_its_table_gives(stored):
    (parent,) = runs.parents()
    table, classes = stored.run.predictions(), stored.run.classes
    f1 = metrics.f1_scores(table["label"], metrics.predicted(table, classes), classes)
    assert set(f1) == {"f1/N", "f1/A", "f1/O", "f1/noise", "challenge_f1", "mean_f1"}
    found = parent.data.metrics
    for name, value in f1.items():
        assert found[name] == round(value, 6)
        low, high = (found[end] for end in values.interval(name))
        assert low <= found[name] <= high
    assert 0 <= found["ece"] <= 1
    assert found[values.MINUTES] == pytest.approx(stored.run.training_seconds / 60, abs=0.005)
    assert parent.info.status == "FINISHED"


def test_scores_come_first_and_intervals_last(stored):
    (parent,) = runs.parents()
    shown = list(parent.data.metrics)
    results = ["challenge_f1", "f1/N", "f1/A", "f1/O", "f1/noise", "mean_f1", "ece"]
    assert shown[:8] == [*results, values.MINUTES]
    assert {name.partition("/")[0] for name in shown[8:]} == {"uncertainty"}


def test_the_parent_says_what_was_trained_on_what(stored):
    (parent,) = runs.parents()
    facts, params = stored.run.facts, parent.data.params
    assert params["iterations"] == "3"
    assert params["data.digest"] == facts["data"]["digest"]
    assert params["split.digest"] == facts["split"]["digest"]
    assert params["labels"] == facts["data"]["labels"]
    assert (params["folds"], params["records"]) == ("2", str(facts["data"]["records"]))
    assert not [key for key in params if key.startswith("search.")]
    assert "SIMULATED" in params["scope"]
    names = {item.path for item in client().list_artifacts(parent.info.run_id)}
    figures = {"confusion.png", "precision_recall.png", "reliability.png", "learning_curves.png"}
    assert figures | {"predictions.csv", "run.json"} <= names


def test_each_fold_is_a_child_with_its_scores_and_model(stored):
    (parent,) = runs.parents()
    folds = children(parent)
    assert sorted(child.data.params["fold"] for child in folds) == ["0", "1"]
    for child in [*folds, parent]:
        assert "f1/A" in child.data.metrics
        assert child.outputs.model_outputs
        assert child.info.status == "FINISHED"


def test_curves_have_a_point_an_epoch(run):
    tracker.Tracker(run).sync()
    (parent,) = runs.parents()
    for child in children(parent):
        curve = client().get_metric_history(child.info.run_id, values.curve("loss"))
        assert [(point.step, point.value) for point in curve] == [(1, 1.0), (2, 0.5)]


def test_simulated_data_is_kept_apart(run, tmp_path):
    tracker.Tracker(run).sync()
    real = copied(run, tmp_path / "real", simulated=False)
    tracker.Tracker(real).sync()
    names = {
        client().get_experiment(x.info.experiment_id).name: runs.folder_of(x)
        for x in runs.parents()
    }
    assert names == {"ecglab": "real", "ecglab-synthetic": run.name}


# Names, notes and pages


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], "rr_trees"),
        (["seed=2"], "rr_trees · seed=2"),
        (["records=60", "folds=2", "leaves=4"], "rr_trees · leaves=4, records=60, folds=2"),
    ],
)
def test_a_run_is_named_after_what_it_changes(bare, changes, expected):
    given = experiment.load("rr_trees").set(["data=synthetic", *changes])
    made = maker.train_nothing("rr_trees", given)
    both = ", " if changes else " · "
    assert notes.title(made) == f"{expected}{both}data=synthetic"
    parent = client().get_run(tracker.Tracker(made).sync())
    assert parent.info.run_name == notes.title(made)
    names = [f"fold {k} · {notes.title(made)}" for k in made.folds]
    assert sorted(child.info.run_name for child in children(parent)) == names


def test_a_run_without_the_file_of_its_experiment_has_its_name(run):
    assert notes.title(run) == "tiny"
    assert notes.expected("tiny") == ""


def test_a_long_name_is_cut_off(bare):
    given = experiment.load("rr_trees").set(["data=synthetic", "folds=1"])
    tried = {f"setting{i}": "0.123456789" for i in range(40)}
    search = {"name": "s", "trial": "1", "values": tried}
    made = maker.train_nothing("rr_trees", given, search=search)
    assert len(notes.title(made)) == notes.LIMIT
    assert notes.title(made).startswith("trial 1 · setting0=0.123456789, setting1=")


def test_the_note_says_command_data_expectation_and_result(bare):
    given = experiment.load("rr_trees").set(["data=synthetic", "folds=1", "seed=3"])
    made = maker.train_nothing("rr_trees", given)
    parent = client().get_run(tracker.Tracker(made).sync())
    note = parent.data.tags[tracker.NOTE]
    score, (low, high) = (
        metrics.scores(made.predictions(), made.classes)[key]["challenge_f1"]
        for key in ("values", "intervals")
    )
    assert f"Challenge F1 **{score:.3f}**, 95 % interval {low:.3f} to {high:.3f}, on" in note
    assert "| F1 of A (atrial fibrillation)&emsp; | " in note
    assert "without changes: a challenge F1 of about 0.80." in note
    assert f"**Data:** {made.scope}" in note
    assert "ecglab train rr_trees --set data=synthetic --set folds=1 --set seed=3" in note
    (fold,) = children(parent)
    assert "fold 0" in fold.data.tags[tracker.NOTE]


def test_a_run_has_few_tags(stored):
    (parent,) = runs.parents()
    shown = [key for key in parent.data.tags if not key.startswith("mlflow.")]
    assert sorted(shown) == ["changed", tracker.FOLDER, tracker.LOGGED, tracker.RUN]


def test_the_pages_of_the_ui_open_on_the_columns_that_compare_runs(stored):
    pages = dict(views.pages(5001))
    experiment_id = tracker.experiment_id(True)
    address = f"http://127.0.0.1:5001/#/experiments/{experiment_id}/runs?viewStateShareKey=ecglab"
    assert pages["runs on simulated data"].startswith(address)
    assert pages["models"].startswith("http://127.0.0.1:5001/#/models")
    tags = client().get_experiment(experiment_id).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    view = json.loads(tags["mlflow.sharedViewState.ecglab"])
    (parent,) = runs.parents()
    held = {"metrics": parent.data.metrics, "params": parent.data.params, "tags": parent.data.tags}
    for column in view["selectedColumns"]:
        kind, _, name = column.partition(".")
        assert name.strip("`") in held[kind]
    assert set(view["selectedColumns"]) < set(view["columnOrder"])
    assert set(view["columnWidths"]) == set(view["columnOrder"])


# Again, and after an interruption


def copied(run: RunFolder, folder, **data) -> RunFolder:
    """A copy of a run folder under an id of its own, with facts of its data changed."""
    shutil.copytree(run.path, folder)
    facts = read_json(folder / "run.json")
    facts |= {"id": f"copy-{folder.name}", "data": facts["data"] | data}
    write_json(folder / "run.json", facts)
    made = RunFolder(folder)
    if made.is_done:
        made.end()
    return made


def test_logging_again_changes_nothing(run):
    parent = tracker.Tracker(run).sync()
    before = everything()
    assert tracker.Tracker(run).sync() == parent
    assert everything() == before


def test_a_run_that_was_cut_off_is_completed_without_doubles(run, tmp_path):
    part = RunFolder(tmp_path / "part")
    shutil.copytree(run.path, part.path)
    shutil.rmtree(part.fold(1))
    (part.path / "done.json").unlink()
    (part.fold(0) / "manifest.json").unlink()
    write_json(part.fold(0) / "history.json", part.history(0)[:1])

    first = tracker.Tracker(part)
    parent = first.sync()
    assert client().get_run(parent).info.status == "RUNNING"
    first.stop("KILLED")
    assert {status for _, status, _ in everything()} == {"KILLED"}

    assert tracker.Tracker(run).sync() == parent
    found = everything()
    assert [status for _, status, _ in found] == ["FINISHED"] * 3
    assert sorted(epochs for *_, epochs in found) == [0, 2, 2]


def test_a_kill_at_the_very_end_of_a_run_leaves_nothing_running(run, monkeypatch):
    from mlflow import MlflowClient

    with monkeypatch.context() as patch:
        set_tag = MlflowClient.set_tag

        def killed(self, run_id, key, value):
            if key == tracker.LOGGED:
                raise KeyboardInterrupt
            set_tag(self, run_id, key, value)

        patch.setattr(MlflowClient, "set_tag", killed)
        with pytest.raises(KeyboardInterrupt):
            tracker.Tracker(run).sync()
    tracker.Tracker(run).sync()
    assert {status for _, status, _ in everything()} == {"FINISHED"}


def test_track_logs_a_folder_computed_elsewhere(run, tmp_path, ecglab):
    copy = copied(run, tmp_path / "from-a-gpu-node")
    status, said, _ = ecglab("track", copy.path)
    assert status == 0
    assert "logged from-a-gpu-node" in said
    status, said, _ = ecglab("runs")
    assert status == 0
    assert "from-a-gpu-node" in said
    assert "SIMULATED" in said


def test_track_refuses_what_is_no_run_folder(tmp_path, ecglab):
    status, _, error = ecglab("track", tmp_path)
    assert status == 1
    assert "is not a run folder" in error
    assert error.count("\n") == 1


def test_train_ends_with_scores_and_does_not_train_twice(stored, monkeypatch, ecglab):
    monkeypatch.setattr(experiment, "load", lambda name: tune_tiny.TREES.set(["folds=2"]))
    monkeypatch.setattr("ecglab.training.process.call", None)
    status, said, error = ecglab("train", "tiny")
    assert status == 0
    assert "it is finished already" in error
    assert "challenge_f1" in said


def test_a_run_is_found_by_its_name_and_by_its_id(run):
    with pytest.raises(tracker.EcglabError, match=f"is not logged .*'ecglab track {run.path}'"):
        runs.find(run.name)
    parent = tracker.Tracker(run).sync()
    assert runs.find(run.name).info.run_id == parent
    assert runs.find(parent[:12]).info.run_id == parent
    assert runs.find(notes.title(run)).info.run_id == parent
    with pytest.raises(tracker.EcglabError, match="there is no run 'nonesuch'"):
        runs.find("nonesuch")


# While it is trained


def begun(run, tmp_path) -> RunFolder:
    """A copy of a run that is not done yet."""
    copy = copied(run, tmp_path / "begun")
    (copy.path / "done.json").unlink()
    return copy


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "KILLED"), (ZeroDivisionError, "FAILED")]
)
def test_what_ends_early_is_marked(run, tmp_path, monkeypatch, error, status):
    copy = begun(run, tmp_path)

    def train(name, experiment, fresh, on_change):
        on_change(copy)
        raise error

    monkeypatch.setattr(cross_validation, "run", train)
    with pytest.raises(error):
        tracker.train("tiny", None)
    (parent,) = runs.parents()
    assert parent.info.status == status
    assert "**Found:** Nothing yet" in parent.data.tags[tracker.NOTE]


def test_a_store_that_is_away_ends_no_training(run, monkeypatch, capsys):
    sync = tracker.Tracker.sync
    calls = []

    def away(self):
        calls.append(1)
        raise MlflowException("the server\nis away")

    def train(name, experiment, fresh, on_change):
        for _ in range(3):
            on_change(run)
        monkeypatch.setattr(tracker.Tracker, "sync", sync)  # it is back when the run ends
        return run

    monkeypatch.setattr(tracker.Tracker, "sync", away)
    monkeypatch.setattr(cross_validation, "run", train)
    assert tracker.train("tiny", None) is run
    error = capsys.readouterr().err
    assert error == "MLflow's store is tried again later: the server is away\n"
    assert len(calls) == 1
    (parent,) = runs.parents()
    assert parent.info.status == "FINISHED"


@pytest.mark.parametrize("damage", ["truncated", "no database", "a folder"])
def test_a_damaged_store_ends_no_training_and_says_what_to_do(
    run, tmp_path, monkeypatch, capsys, damage
):
    store = tmp_path / "damaged" / "mlflow.db"
    store.parent.mkdir()
    if damage == "a folder":
        store.mkdir()
    else:
        store.write_bytes(b"SQLite format 3\0" if damage == "truncated" else b"no" * 5000)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(store.parent))
    monkeypatch.setattr(cross_validation, "run", lambda *given, on_change: on_change(run) or run)
    assert tracker.train("tiny", None) is run
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith(f"MLflow's store is tried again later: {store} cannot be used (")
    assert last.startswith(f"ecglab: not logged to MLflow ({store} cannot be used (")
    assert last.endswith("'ecglab track FOLDER' logs the run folder later")


def test_a_damaged_store_is_one_line_for_other_commands(tmp_path, ecglab):
    path = tmp_path / "mlruns" / "mlflow.db"
    path.write_bytes(path.read_bytes()[:2000])
    status, _, error = ecglab("runs")
    assert status == 1
    assert error.startswith(f"ecglab: {path} cannot be used (")
    assert "restore it from a copy, or move it away" in error
    assert error.count("\n") == 1


def test_runs_are_logged_from_several_threads(bare):
    searched = {"name": "search", "trial": "0000", "values": {}}
    runs = [
        maker.train_nothing("tiny", tiny.experiment(seed=seed), search=searched)
        for seed in range(1, 4)
    ]
    live = tracker.Live()
    threads = [threading.Thread(target=live, args=(run,)) for run in runs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert live.end("KILLED", "")
    experiment = tracker.experiment_id(True, tracker.SEARCHES)
    found = client().search_runs([experiment])
    assert len(found) == 1 + 3 * 3
    above = [x for x in found if "mlflow.parentRunId" not in x.data.tags]
    assert [x.info.run_name for x in above] == ["search"]
    assert {x.info.status for x in found if x not in above} == {"FINISHED"}
