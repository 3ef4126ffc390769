"""KerasTuner's oracles as they are mended here, asked for trials without training any."""

import json

import pytest
import search_maker as maker
import tiny
import tune_tiny

from ecglab.training import experiment
from ecglab.tuning import searches
from ecglab.tuning.space import choice
from ecglab.utils import quiet

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

KINDS = ("random", "bayesian", "hyperband")


@pytest.fixture(scope="module")
def tuning():
    quiet.load_keras()  # else KerasTuner would load it for this whole process without a backend
    from ecglab.tuning import tuning

    return tuning


@pytest.fixture
def made(tuning, monkeypatch):
    """Makes an oracle over the tiny network's space, as a chief that is started (again) has it."""
    tiny.make_data()
    known, usual = tune_tiny.KINDS["network"]
    monkeypatch.setattr(experiment, "load", lambda name: known)

    def make(
        tuner="random", wanted=6, here=("local-1", "local-2"), patience=100.0, space=usual, **given
    ):
        monkeypatch.setattr(experiment, "space", lambda name: space)
        search = maker.begin(tuner=tuner, **given)
        oracle = tuning.ORACLES[tuner](search, wanted, patience, list(here))
        tuning.Tuner(oracle, search)  # reloads what there is
        return oracle

    return make


def finish(oracle, trial, score=0.5):
    oracle.update_trial(trial.trial_id, {"F1_NAO": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def fail(oracle, trial):
    trial.status = "FAILED"
    oracle.end_trial(trial)


def run(oracle, worker="local-1") -> list[dict]:
    """All that one worker is given, each ended with a score of its own: their values."""
    given = []
    while (trial := oracle.create_trial(worker)).status == "RUNNING":
        given.append(dict(trial.hyperparameters.values))
        finish(oracle, trial, 0.5 + 0.01 * len(given))
    assert trial.status == "STOPPED"
    return given


@pytest.mark.parametrize("tuner", KINDS)
def test_so_many_trials_of_different_values_the_experiment_itself_first(made, tuner):
    oracle = made(tuner, wanted=9)
    given = run(oracle)
    assert len(given) == 9
    assert given[0]["learning_rate"] == pytest.approx(2e-3)
    assert given[0]["network.widths"] == "4,8"
    assert len({json.dumps(values, sort_keys=True) for values in given}) == 9
    assert list(oracle.trials) == [f"{i:04}" for i in range(9)]
    assert oracle.search.over == searches.ALL
    for values in given:
        assert 1e-4 <= values["learning_rate"] <= 1e-2
        assert values["network.widths"] in ("4,8", "8,8")


def test_hyperband_asks_for_few_epochs_first_and_for_all_in_the_end(made):
    epochs = [values["tuner/epochs"] for values in run(made("hyperband", wanted=9))]
    assert min(epochs) < 6
    assert epochs.count(6)


def test_seed_0_is_a_seed_and_neighbours_share_nothing(made, tmp_path, monkeypatch):
    def drawn(seed, store):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / store))
        return [values["learning_rate"] for values in run(made(seed=seed))][1:]

    first, second = drawn(0, "a"), drawn(0, "b")
    assert first == second
    assert not set(first) & set(drawn(1, "a"))


@pytest.mark.parametrize("tuner", KINDS)
def test_what_was_given_out_is_not_lost_when_the_chief_ends(made, tuner):
    oracle = made(tuner)
    done, one, two = oracle.create_trial("local-1"), None, oracle.create_trial("local-2")
    finish(oracle, done)
    one = oracle.create_trial("local-1")
    again = made(tuner)  # after a kill
    assert again.create_trial("local-2").trial_id == two.trial_id, "it keeps what it had"
    assert again.create_trial("local-1").trial_id == one.trial_id
    assert again.trials[done.trial_id].status == "COMPLETED"
    assert again.trials[done.trial_id].score == 0.5
    assert len(again.trials) == 3


def test_a_trial_whose_worker_is_no_more_is_given_to_another(made):
    oracle = made()
    theirs = oracle.create_trial("local-2")
    again = made(here=["local-1"])
    assert again.create_trial("local-1").trial_id == theirs.trial_id
    assert not again._retry_queue


def test_a_kill_while_a_trial_is_ended_does_not_run_it_again(made, tuning, monkeypatch):
    oracle = made()
    trial = oracle.create_trial("local-1")
    with monkeypatch.context() as patch:
        # KerasTuner saves once before it forgets the trial, and is killed before we save again.
        saves = []

        def save(self):
            if not saves:
                saves.append(1)
                tuning.write_json(
                    self.search.path / "oracle.json",
                    {
                        "state": self.get_state(),
                        "trials": [t.get_state() for t in self.trials.values()],
                    },
                )

        patch.setattr(tuning.Kept, "save", save)
        finish(oracle, trial)
    again = made()
    assert not again.ongoing_trials
    assert again.create_trial("local-1").trial_id == "0001"


def test_who_asks_waits_while_others_are_at_work(made):
    oracle = made(wanted=2)
    one, two = oracle.create_trial("local-1"), oracle.create_trial("local-2")
    finish(oracle, one)
    assert oracle.create_trial("local-1").status == "IDLE"
    finish(oracle, two)
    assert oracle.create_trial("local-1").status == "STOPPED"
    assert oracle.create_trial("local-2").status == "STOPPED"


def test_a_trial_of_which_nothing_is_heard_is_given_to_another(made, tuning, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(tuning.time, "monotonic", lambda: clock[0])
    oracle = made(wanted=2, patience=10)
    theirs, mine = oracle.create_trial("elsewhere"), oracle.create_trial("local-1")
    finish(oracle, mine)
    assert oracle.create_trial("local-1").status == "IDLE"
    clock[0] += 19
    maker.trial(oracle.search, theirs.trial_id, {}, [0.1], status="running")
    assert oracle.create_trial("local-1").status == "IDLE", "it has finished an epoch"
    clock[0] += 21
    taken = oracle.create_trial("local-1")
    assert taken.trial_id == theirs.trial_id
    finish(oracle, taken)
    finish(oracle, theirs, 0.9)  # who was believed lost comes back: it counts once
    assert oracle.end_order == ["0001", "0000"]
    assert oracle.trials["0000"].score == 0.5
    assert oracle.create_trial("local-1").status == "STOPPED"


def test_more_trials_are_asked_for_later(made):
    first = run(made(wanted=3))
    more = run(made(wanted=12))
    assert len(more) == 9
    assert not {v["learning_rate"] for v in first} & {v["learning_rate"] for v in more}
    assert list(made(wanted=12).trials) == [f"{i:04}" for i in range(12)]


@pytest.mark.parametrize("tuner", ["random", "bayesian"])
def test_a_space_that_holds_no_more_ends_the_search(made, tuner):
    oracle = made(tuner, wanted=9, space={"network.widths": choice((4, 8), (8, 8))})
    assert len(run(oracle)) == 2
    assert oracle.search.over == searches.EMPTY


def test_failures_in_a_row_end_the_search_until_it_is_started_again(made, tuning):
    oracle = made(wanted=20)
    for _ in range(tuning.FAILURES):
        fail(oracle, oracle.create_trial("local-1"))
    assert oracle.create_trial("local-1").status == "STOPPED"
    assert oracle.search.over == "the last 5 trials failed"
    again = made(wanted=20)
    assert again.create_trial("local-1").trial_id == "0005"
    assert [t.status for t in again.trials.values()] == ["FAILED"] * 5 + ["RUNNING"]


def test_a_failure_among_others_does_not_end_it(made):
    oracle = made(wanted=12)
    for i in range(12):
        trial = oracle.create_trial("local-1")
        fail(oracle, trial) if i % 2 else finish(oracle, trial)
    assert oracle.create_trial("local-1").status == "STOPPED"
    assert oracle.search.over == searches.ALL


def test_bayesian_search_does_not_spend_a_short_search_on_chance(made):
    assert made("bayesian", wanted=30, trials=30).num_initial_points == 6
    assert made("bayesian", wanted=9, trials=9, seed=2).num_initial_points == 4
