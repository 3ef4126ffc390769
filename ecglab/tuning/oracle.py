"""The oracle of a search: KerasTuner samples the next trial, given the scores so far.

This is the only module that imports KerasTuner. What its oracles (1.4.8) do otherwise:

- seed=0 is ignored, and neighbouring seeds draw the same numbers one step apart: seeds are hashed
- the state is several files, which a kill leaves half-written: here it is one dictionary
- after three failures in a row it raises and keeps its lock for ever: the driver counts failures
- values are finer than what is trained: here they are what `--set` gets
- Bayesian search proposes values again that were tried: here others are drawn at random instead
"""

import sys
import tempfile

import numpy as np

from ecglab.tuning import space
from ecglab.tuning.search import OBJECTIVE, Search
from ecglab.tuning.space import Choice
from ecglab.utils import quiet

if "keras_tuner" not in sys.modules:
    quiet.load_keras()  # else KerasTuner chooses a backend that this process could not train with

import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine import base_tuner
from keras_tuner.engine import trial as trials


class _FirstAsItIs:
    """An oracle whose first trial is the experiment as it is, if the space holds its values.

    search, first: set by `Oracle`; first is {key: value as KerasTuner samples it}, or empty
    """

    trials: dict
    first: dict
    space: dict

    def populate_space(self, trial_id: str) -> dict:
        response = super().populate_space(trial_id)  # type: ignore[misc]  # of the oracle beside it
        values = response.get("values")
        if values:  # none where the oracle waits for other trials, or has nothing more to try
            values |= {} if self.trials else self.first
            values |= {k: entry.sampled(entry.text(values[k])) for k, entry in self.space.items()}
        return response


class _Random(_FirstAsItIs, oracles.RandomSearchOracle):
    """Values at random."""


class _Bayesian(_FirstAsItIs, oracles.BayesianOptimizationOracle):
    """Values where a Gaussian process expects the best, or knows least."""

    def populate_space(self, trial_id: str) -> dict:
        response = super().populate_space(trial_id)
        if response["values"] in [trial.hyperparameters.values for trial in self.trials.values()]:
            return oracles.RandomSearchOracle.populate_space(self, trial_id)
        return response


class _Hyperband(_FirstAsItIs, oracles.HyperbandOracle):
    """Many settings with few epochs, and the better third of them again with three times as many.

    Each is trained anew, because the course of the learning rate depends on the number of epochs.
    """


class Oracle:
    """Draws the values of trials and keeps their scores. Not thread-safe.

    search: whose space is searched; its state is taken up where there is one
    """

    def __init__(self, search: Search):
        self.search = search
        facts = search.facts
        kind, options = _Random, {}
        if facts["tuner"] == "bayesian":
            # KerasTuner's own number, three times the number of keys, leaves little of a short
            # search. A good tenth of the variance between trials is chance, as each is scored on
            # some hundred records: KerasTuner's own alpha of 1e-4 would follow the chance.
            points = max(4, min(3 * len(facts["space"]), facts["planned"] // 3))
            kind, options = _Bayesian, {"alpha": 0.1, "num_initial_points": points}
        elif facts["tuner"] == "hyperband":
            # Rounds follow on each other until there are as many trials as are wanted.
            epochs = search.settings["epochs"]
            kind = _Hyperband
            options = {"max_epochs": epochs, "factor": 3, "hyperband_iterations": 10**6}
        self.oracle = kind(
            objective=keras_tuner.Objective(OBJECTIVE, "max"),
            hyperparameters=hyperparameters(search.space),
            allow_new_entries=False,
            tune_new_entries=False,
            seed=int(np.random.SeedSequence(facts["seed"]).generate_state(1)[0]) or 1,
            max_consecutive_failed_trials=10**9,
            **options,
        )
        self.oracle.max_trials, self.oracle.verbose = 9999, 0  # the ids have four digits
        self.oracle.space = search.space
        own = space.own(search.space, search.experiment) or {}
        self.oracle.first = {key: search.space[key].sampled(text) for key, text in own.items()}
        # KerasTuner's files go where nobody reads them: `state` is what is kept.
        self.folder = tempfile.TemporaryDirectory()
        base_tuner.BaseTuner(self.oracle, directory=self.folder.name, project_name="oracle")
        self.runs, self.over = {}, ""
        stored = search.state
        if stored["oracle"]:
            found = [trials.Trial.from_state(state) for state in stored["trials"]]
            self.oracle.trials = {trial.trial_id: trial for trial in found}
            self.oracle.set_state(stored["oracle"])
            self.runs = stored["runs"]

    def save(self) -> None:
        """Write the state to the search folder, whole or not at all."""
        self.search.write_state(
            {
                "oracle": self.oracle.get_state(),
                "trials": [trial.get_state() for trial in self.oracle.trials.values()],
                "runs": self.runs,
                "over": self.over,
            }
        )

    @property
    def n_trials(self) -> int:
        return len(self.oracle.trials)

    @property
    def running(self) -> list[str]:
        """Ids of the trials that were given out and have not ended."""
        return [trial.trial_id for trial in self.oracle.ongoing_trials.values()]

    def ask(self) -> str | None:
        """Id of a new trial. None means none for now, or none at all if no trial is running."""
        # An id of a worker that is new: KerasTuner gives a worker that it knows its old trial.
        trial = self.oracle.create_trial(f"trial {self.n_trials}")
        if trial.status != "RUNNING":
            return None
        self.save()
        return trial.trial_id

    def began(self, trial_id: str, run: str) -> None:
        """Record the name of a trial's run folder."""
        if self.runs.get(trial_id) != run:
            self.runs[trial_id] = run
            self.save()

    def tell(self, trial_id: str, score: float) -> None:
        """Record the score of a trial that has ended."""
        self.oracle.update_trial(trial_id, {OBJECTIVE: score})
        self._end(trial_id, "COMPLETED", None)

    def tell_failed(self, trial_id: str, reason: str) -> None:
        """Record why a trial has no score."""
        self._end(trial_id, "FAILED", reason)

    def _end(self, trial_id: str, status: str, message: str | None) -> None:
        trial = self.oracle.get_trial(trial_id)
        trial.status, trial.message = status, message
        self.oracle.end_trial(trial)
        self.save()


def hyperparameters(entries: dict) -> keras_tuner.HyperParameters:
    """A space as KerasTuner has it; a choice is among texts, so that it may hold anything."""
    found = keras_tuner.HyperParameters()
    for key, entry in entries.items():
        if isinstance(entry, Choice):
            found.Choice(key, list(entry.texts))
        elif entry.whole:
            found.Int(key, int(entry.low), int(entry.high))
        else:
            sampling = "log" if entry.log else "linear"
            found.Float(key, float(entry.low), float(entry.high), sampling=sampling)
    return found
