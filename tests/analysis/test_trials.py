"""The trials of a search as a table, and trained again on records that none of them has seen."""

import pytest
import search_maker as maker
import tune_tiny

from ecglab.analysis import trials
from ecglab.datasets import dataset, splits
from ecglab.evaluation import metrics
from ecglab.training import cross_validation, experiment
from ecglab.tuning.search import Trial, scores_of


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    """A data folder with 140 synthetic records, of which a search may use an excerpt."""
    folder = tmp_path_factory.mktemp("trials")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(140, seed=3)
    return folder


@pytest.fixture(autouse=True)
def _trees(data_folder, monkeypatch):
    """The experiment "tiny" is of trees."""
    monkeypatch.setenv("ECGLAB_DATA", str(data_folder))
    known, space = tune_tiny.of_kind("trees")
    monkeypatch.setattr(experiment, "load", lambda name: known)
    monkeypatch.setattr(experiment, "space", lambda name: dict(space))


def ended(run, *rates, **given):
    """A search whose trials have these learning rates; run: what trains them."""
    search, states = maker.begin(**given), []
    for rate in rates:
        values = {"learning_rate": rate, "leaves": "4", "l2": "5"}
        made = run("tiny", search.trained(Trial("", values)))
        states.append(
            {"values": values, "score": scores_of(made)["challenge_f1"], "run": made.name}
        )
    maker.state_of(search, *states)
    return search


def test_the_table_has_the_best_trial_first():
    search = ended(maker.train_nothing, "0.3", "0.1")
    found = trials.table(search)
    assert found["trial"][0] == search.best.id
    assert found["challenge F1"][0] == search.best.score
    assert set(found.columns) >= {"F1 N", "F1 A", "F1 O", "F1 ~", "learning_rate", "leaves", "l2"}


def test_trials_are_trained_again_as_they_were_and_predict_fold_0():
    search = ended(cross_validation.run, "0.3", "0.05")
    scored, unseen = trials.retrained(search, trials.trained(search))
    assert list(scored) == list(unseen) == ["0000", "0001"]
    data = dataset.open("synthetic")
    for trial in search.trials:
        table, classes = scored[trial.id], data.classes
        f1 = metrics.f1_scores(table["label"], metrics.predicted(table, classes), classes)
        assert f1["challenge_f1"] == trial.score, "the score that it was selected by"
        assert list(table["record"]) == list(trial.run.predictions()["record"])
    zero = data.ids[splits.folds(data) == 0]
    assert sorted(unseen["0000"]["record"]) == sorted(zero)
    assert not set(unseen["0000"]["record"]) & set(cross_validation.records(search.experiment).ids)


def test_what_is_unseen_of_all_records_was_in_no_trial():
    search = ended(maker.train_nothing, "0.3", records=75)
    seen = set(cross_validation.records(search.experiment).ids)
    _, part = trials.retrained(search, trials.trained(search))
    _, whole = trials.retrained(search, trials.trained(search), whole=True)
    excerpt = set(dataset.open("synthetic").excerpt(75).ids)
    assert set(part["0000"]["record"]).isdisjoint(seen)
    assert set(whole["0000"]["record"]).isdisjoint(seen)
    assert set(part["0000"]["record"]) <= excerpt
    assert set(whole["0000"]["record"]) - excerpt, "beyond the excerpt"
