"""A search launched from Python, read back from MLflow, and its trials on records unseen by it."""

import inspect

import pytest
import search_maker as maker
import tune_tiny

from ecglab.analysis import searched
from ecglab.cli import main as cli
from ecglab.datasets import dataset, folds, synthetic
from ecglab.evaluation import metrics
from ecglab.tracking import tracker as tracking
from ecglab.training import experiment
from ecglab.tuning import launch, searches, supervisor, trials, tuned
from ecglab.tuning import tracking as search_tracking
from ecglab.utils.errors import EcglabError

N = 80


@pytest.fixture(autouse=True)
def _trees(tmp_path_factory, monkeypatch):
    """The experiment "tiny" is of trees, on records that all tests here share."""
    folder = tmp_path_factory.getbasetemp() / "searched"
    monkeypatch.setenv("ECGLAB_DATA", str(folder))
    if not folder.exists():
        synthetic.pack(N, seed=3)
    known, space = tune_tiny.KINDS["trees"]
    monkeypatch.setattr(experiment, "load", lambda name: known)
    monkeypatch.setattr(experiment, "space", lambda name: dict(space))


def ended(*values, **given):
    """A search whose trials, with these learning rates, were trained in this process."""
    search = maker.begin(**given)
    for i, value in enumerate(values):
        trial = search.trial(f"{i:04}")
        trial.begin({"learning_rate": value, "leaves": "4", "l2": "5"}, None, "local-0")
        trials.train(search, trial)
    return search


# Launched


@pytest.fixture
def launched(monkeypatch):
    """What is run, instead of processes: (by whom, search, trials, team, options) of each."""
    seen = []

    def run_of(module, name):
        def run(search, trials, who, **options):
            seen.append((name, search, trials, who, options))
            return searches.ALL

        monkeypatch.setattr(module, "run", run)

    run_of(supervisor, "untracked")
    run_of(search_tracking, "tracked")
    return seen


def test_the_command_and_a_call_are_one_search(launched, ecglab):
    command = "tune tiny --set l2=1 --trials 7 --seed 3 --records 60 --tuner random --workers 2"
    assert ecglab(*command.split(), "--limit", 0.5, "--patience", 2)[0] == 0
    search, why = launch.tune(
        "tiny",
        ["l2=1"],
        trials=7,
        seed=3,
        records=60,
        tuner="random",
        workers=2,
        limit=1800,
        patience=120,
    )
    (by, one, *told), (by_call, other, *told_by_call) = launched
    assert (by, by_call, why) == ("tracked", "tracked", searches.ALL)
    assert one == other == search
    assert (told[0], told[2]) == (told_by_call[0], told_by_call[2])
    assert told[1].workers == told_by_call[1].workers == ("local-1", "local-2")
    assert told[2] == {"limit": 1800, "patience": 120}


def test_what_is_not_said_is_the_same_in_both():
    parser = cli._parser().parse_args(["tune", "tiny"])
    begin = inspect.signature(searches.begin).parameters
    own = inspect.signature(launch.tune).parameters
    for name in ("tuner", "seed", "epochs", "records", "inner_folds"):
        assert getattr(parser, name) == begin[name].default
    for name in ("trials", "workers", "address", "limit"):
        assert getattr(parser, name) == own[name].default
    assert 60 * parser.patience == own["patience"].default


def test_mlflow_is_not_told_where_that_was_said(launched):
    launch.tune("tiny", track=False)
    assert [name for name, *_ in launched] == ["untracked"]


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="epoch"):
        launch.tune("tiny", epoch=3)


# Read back


def test_what_mlflow_tells_is_what_the_folder_holds():
    search = ended("0.3", "0.1", records=60)
    maker.trial(search, "0002", search.trials[0].values, status="failed", reason="no luck")
    maker.trial(search, "0003", search.trials[0].values, status="running")
    search_tracking.SearchTracker(search).finish("FINISHED")
    logged = searched.read(search.name)
    rows = searches.table(search)
    assert [row["trial"] for row in logged.rows] == [row["trial"] for row in rows]
    for told, row in zip(logged.rows, rows, strict=True):
        for key in ("status", "values", "reason", "epochs", "ended"):
            assert told[key] == row[key], key
        for key in ("score", "seconds", "scores"):
            assert told[key] == pytest.approx(row[key]), key
    assert logged.space == search.space
    table = logged.table
    assert list(table.columns[:3]) == ["trial", "status", "NAO"]
    assert table["NAO"][0] == search.best.score
    assert set(table.columns) >= {"N", "A", "O", "~", "learning_rate", "leaves", "l2"}


def test_searches_are_found_in_the_store_and_runs_are_not():
    assert tracking.parents(search_tracking.NAME) == []
    search = ended("0.3", records=60)
    with pytest.raises(EcglabError, match="MLflow knows no search"):
        searched.read(search.name)
    search_tracking.SearchTracker(search).finish("FINISHED")
    tracking.mlflow().MlflowClient().create_run(tracking.experiment_id("synthetic"))
    assert [run.info.run_name for run in tracking.parents(search_tracking.NAME)] == [search.name]


# Judged


def test_trials_are_judged_again_as_they_were_and_on_fold_0():
    search = ended("0.3", "0.05")
    inner, unseen = searched.judged(search, searched.settings(search))
    assert list(inner) == list(unseen) == ["0000", "0001"]
    for trial in search.trials:
        table = inner[trial.id]
        found = metrics.f1_scores(table["label"], metrics.chosen(table))
        assert found["F1_NAO"] == trial.score, "the score that it was chosen by"
    data = dataset.open("synthetic")
    zero = data.ids[folds.fold_of(data) == 0]
    assert sorted(unseen["0000"]["record"]) == sorted(zero)
    assert not set(unseen["0000"]["record"]) & set(search.data().ids)
    assert not set(inner["0000"]["record"]) - set(search.data().ids)


def test_what_is_unseen_of_all_records_was_in_no_trial():
    search = ended("0.3", records=40)
    _, part = searched.judged(search, searched.settings(search))
    _, whole = searched.judged(search, searched.settings(search), whole=True)
    assert set(part["0000"]["record"]).isdisjoint(search.data().ids)
    assert set(whole["0000"]["record"]).isdisjoint(search.data().ids)
    excerpt = set(dataset.open("synthetic").excerpt(40).ids)
    assert set(part["0000"]["record"]) <= excerpt
    assert set(whole["0000"]["record"]) - excerpt, "beyond the excerpt"


# The winner


def test_the_winner_can_be_written_elsewhere(tmp_path):
    before = experiment.names()
    search = ended("0.3", records=60)
    path = tuned.write(search, folder=tmp_path)
    assert path == tmp_path / "tiny_tuned.py"
    assert "learning_rate=0.3" in path.read_text()
    assert experiment.names() == before
