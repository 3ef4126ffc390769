"""The driver of a search: threads, failures, limits and resumption, with nothing trained."""

import threading

import pytest
import search_maker as maker

from ecglab.training import cross_validation
from ecglab.tuning import driver
from ecglab.tuning import search as searches
from ecglab.tuning.space import choice
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


@pytest.fixture
def train(keras_tuner, use, monkeypatch):
    """Lets trials train nothing; replaces what they do where a test gives something else."""
    use("trees")

    def by(run):
        monkeypatch.setattr(cross_validation, "run", run)

    by(maker.train_nothing)
    return by


def tune(**given):
    return driver.tune("tiny", **{"tuner": "random", "track": False, **given})


@pytest.mark.parametrize("workers", [1, 3])
def test_so_many_trials_are_trained_each_once(train, workers):
    trained = []

    def run(name, experiment, **given):
        trained.append(experiment.digest)
        return maker.train_nothing(name, experiment, **given)

    train(run)
    search, why = tune(trials=7, workers=workers)
    assert why == search.over == driver.ALL
    assert len(set(trained)) == len(trained) == len(search.trials) == 7
    for trial in search.trials:
        assert trial.status == "completed"
        assert trial.score == searches.scores_of(trial.run)["challenge_f1"]
        facts = trial.run.facts
        expected = {"name": search.name, "trial": trial.id, "values": trial.values}
        assert facts["search"] == expected
        assert facts["settings"]["held_out"] == 0


def test_nothing_is_trained_twice_and_more_trials_may_be_asked_for(train, monkeypatch):
    first, _ = tune(trials=3)
    before = [(trial.id, dict(trial.values), trial.score) for trial in first.trials]
    train(None)
    again, why = tune(trials=3)
    assert (again, why) == (first, driver.ALL)
    train(maker.train_nothing)
    more, _ = tune(trials=5)
    now = [(trial.id, dict(trial.values), trial.score) for trial in more.trials]
    assert now[:3] == before
    assert len(now) == 5


def test_an_interrupted_search_goes_on_with_the_trials_that_were_running(train):
    def interrupted(name, experiment, **given):
        maker.train_nothing(name, experiment, **given)
        raise KeyboardInterrupt  # as a kill, before the oracle has the score

    train(interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune(trials=3, workers=2)
    left = searches.find("tiny").trials
    assert {trial.status for trial in left} == {"running"}
    train(maker.train_nothing)
    search, _ = tune(trials=3)
    assert [trial.values for trial in search.trials][: len(left)] == [t.values for t in left]
    assert {trial.status for trial in search.trials} == {"completed"}


def test_a_failed_trial_is_listed_and_the_others_are_trained(train, ecglab):
    def run(name, experiment, search, **given):
        if search["trial"] == "0001":
            raise EcglabError("the loss\nis NaN")
        return maker.train_nothing(name, experiment, search=search, **given)

    train(run)
    status, said, error = ecglab(
        "tune", "tiny", "--tuner", "random", "--trials", 3, "--no-track", "--workers", 2
    )
    assert status == 1
    assert "3 of 3 trials" in said
    assert "trial 0001 FAILED: the loss is NaN" in said
    assert error.splitlines()[-1] == (
        "ecglab: all trials have ended; 1 trial failed, such as trial 0001: the loss is NaN"
    )
    header, *rows = [line for line in said.splitlines() if line[:5] in ("trial", "0000 ", "0002 ")]
    assert header.split()[:3] == ["trial", "challenge", "F1"]
    assert len([row for row in rows if row[0] == "0"]) == 2


def test_failures_in_a_row_end_the_search_until_it_is_started_again(train):
    calls = []

    def run(name, experiment, **given):
        calls.append(1)
        raise EcglabError("no memory")

    train(run)
    search, why = tune(trials=20)
    assert (why, len(calls)) == ("the last 5 trials failed", driver.FAILURES)
    train(maker.train_nothing)
    search, why = tune(trials=7)
    assert [trial.status for trial in search.trials] == ["failed"] * 5 + ["completed"] * 2
    assert why == driver.ALL


def test_failures_among_others_do_not_end_it(train):
    def run(name, experiment, search, **given):
        if int(search["trial"]) % 2:
            raise EcglabError("no luck")
        return maker.train_nothing(name, experiment, search=search, **given)

    train(run)
    search, why = tune(trials=12)
    assert why == driver.ALL
    assert sum(trial.status == "failed" for trial in search.trials) == 6


def test_a_space_without_further_values_ends_the_search(train, use):
    use("trees", {"leaves": choice(4, 8)})
    search, why = tune(trials=9, workers=2)
    assert (why, len(search.trials)) == (driver.EMPTY, 2)


def test_a_limit_ends_the_search_at_the_next_change(train):
    waiting = threading.Event()

    def run(name, experiment, on_change, **given):
        def slowly(run):
            waiting.wait(0.3)
            on_change(run)

        return maker.train_nothing(name, experiment, on_change=slowly, **given)

    train(run)
    search, why = tune(trials=500, limit=1.0, workers=2)
    assert why == driver.LIMIT
    assert 1 <= len(search.trials) < 20
    waiting.set()
    train(maker.train_nothing)
    wanted = len(search.trials)
    assert tune(trials=wanted)[1] == driver.ALL
    assert {trial.status for trial in search.trials} == {"completed"}


def test_an_error_of_the_program_ends_the_search_and_blames_no_trial(train):
    def run(name, experiment, **given):
        raise ZeroDivisionError

    train(run)
    with pytest.raises(ZeroDivisionError):
        tune(trials=3)
    assert [trial.status for trial in searches.find("tiny").trials] == ["running"]


def test_two_commands_do_not_run_one_search(train):
    search = maker.begin(tuner="random")
    with (
        locked(search.path / "search.json", "running this search"),
        pytest.raises(EcglabError, match="another process is running this search"),
    ):
        tune(trials=3)


def test_hyperband_trains_the_better_ones_longer(train, use):
    use("network")
    search, _ = tune(tuner="hyperband", trials=9)
    epochs = {trial.id: trial.run.settings["epochs"] for trial in search.trials}
    assert set(epochs.values()) == {2, 6}
    assert search.winner.epochs == 6


def test_a_misspelled_argument_is_refused(train):
    with pytest.raises(TypeError, match="epoch"):
        tune(epoch=3)
