"""The oracle of a search: which values it draws, and that nothing is lost by a kill."""

import json

import pytest
import search_maker as maker

from ecglab.tuning.space import choice, integer, log

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

KINDS = ("random", "bayesian", "hyperband")
SPACE = {"learning_rate": log(0.05, 0.5), "leaves": integer(2, 8)}


@pytest.fixture
def made(keras_tuner, use):
    """Makes the oracle of a search, as a driver that is started (again) has it."""

    def make(tuner="random", space=None, **given):
        if tuner == "hyperband":
            use("network")
        else:
            use("trees", space or SPACE)
        return keras_tuner.Oracle(maker.begin(tuner=tuner, **given))

    return make


def values_of(oracle) -> list[dict]:
    return [dict(trial.values) | {"epochs": trial.epochs} for trial in oracle.search.trials]


def run(oracle, n=100) -> list[dict]:
    """Ask for trials and end each with a score of its own, at most n: the values of all."""
    for i in range(n):
        trial_id = oracle.ask()
        if trial_id is None:
            break
        oracle.tell(trial_id, 0.5 + 0.01 * i)
    return values_of(oracle)


@pytest.mark.parametrize("tuner", KINDS)
def test_values_differ_and_the_first_are_the_experiment_s_own(made, tuner):
    oracle = made(tuner)
    given = run(oracle, 9)
    own = oracle.search.experiment.flat()
    for key in oracle.search.space:
        assert given[0][key] == oracle.search.space[key].text(own[key])
    assert len({json.dumps(values, sort_keys=True) for values in given}) == 9
    assert [trial.id for trial in oracle.search.trials] == [f"{i:04}" for i in range(9)]
    for values in given:
        for key, entry in oracle.search.space.items():
            assert entry.holds(values[key])


def test_the_first_values_are_drawn_where_the_space_lacks_the_experiment_s_own(made):
    oracle = made(space={"learning_rate": log(0.01, 0.02)})
    (first,) = run(oracle, 1)
    assert 0.01 <= float(first["learning_rate"]) <= 0.02


def test_hyperband_begins_with_few_epochs_and_ends_with_all(made):
    epochs = [values["epochs"] for values in run(made("hyperband"), 9)]
    assert min(epochs) < 6
    assert epochs.count(6)


def test_seed_0_is_a_seed_and_neighbours_share_nothing(made, tmp_path, monkeypatch):
    def drawn(seed, store):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / store))
        return [values["learning_rate"] for values in run(made(seed=seed), 6)][1:]

    first, second = drawn(0, "a"), drawn(0, "b")
    assert first == second
    assert not set(first) & set(drawn(1, "a"))


@pytest.mark.parametrize("tuner", KINDS)
def test_a_kill_loses_no_trial(made, tuner):
    oracle = made(tuner)
    done, running = oracle.ask(), oracle.ask()
    oracle.tell(done, 0.5)
    oracle.began(running, "tiny-1234")
    again = made(tuner)  # after a kill
    assert again.running == [running]
    trials = again.search.trials
    assert [trial.status for trial in trials] == ["completed", "running"]
    assert trials[0].score == 0.5
    assert trials[1].run.name == "tiny-1234"
    again.tell(running, 0.6)
    assert made(tuner).running == []
    before = values_of(again)
    assert run(again, 2)[:2] == before


def test_what_is_drawn_does_not_depend_on_a_kill(made, tmp_path, monkeypatch):
    whole = run(made(seed=3), 6)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "other"))
    run(made(seed=3), 3)
    assert run(made(seed=3), 3) == whole


@pytest.mark.parametrize("tuner", ["random", "bayesian"])
def test_a_space_without_further_values_gives_no_trial(made, tuner):
    oracle = made(tuner, space={"leaves": choice(4, 8)})
    assert [values["leaves"] for values in run(oracle)] == ["4", "8"]
    assert oracle.ask() is None


def test_a_failed_trial_keeps_its_reason(made):
    oracle = made()
    oracle.tell_failed(oracle.ask(), "the loss is NaN")
    (trial,) = made().search.trials
    assert (trial.status, trial.score, trial.reason) == ("failed", None, "the loss is NaN")


def test_many_failures_do_not_stop_kerastuner(made):
    oracle = made()
    for _ in range(5):
        oracle.tell_failed(oracle.ask(), "no luck")
    assert oracle.ask() == "0005"


def test_bayesian_search_does_not_spend_a_short_search_on_chance(made):
    assert made("bayesian", trials=30).oracle.num_initial_points == 6
    assert made("bayesian", trials=9, seed=2).oracle.num_initial_points == 4
