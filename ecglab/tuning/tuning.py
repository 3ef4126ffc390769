"""Every word said to KerasTuner: who is given which trial, and what came of it.

Run as `python -m ecglab.tuning.tuning SEARCH TRIALS PATIENCE IDS`, it is one process of a search:
the chief, which holds the oracle that draws the trials' values; a worker, which asks the chief for
trials and runs them; or, without KerasTuner's three environment variables, both in one. Seen in
keras-tuner 1.4.8, and mended here:

- the oracle's state is several files, not written whole: here it is one that is whole or not there
- a chief that is started again hands running trials out a second time: here their workers keep them
- a worker that ends while another is at its last trial cannot take that over: here it waits
- a trial whose worker never comes back is never finished: here it is given to another in the end
- seed=0 is ignored, and neighbouring seeds draw the same numbers a step apart
- trial ids change their width with the number of trials; Bayesian search may try values again
- any error in a worker, such as a chief that is away for a moment, makes the trial FAILED
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np

from ecglab.training import process
from ecglab.tuning import trials
from ecglab.tuning.searches import ALL, CHIEF, EMPTY, LOCAL, OBJECTIVE, Search
from ecglab.tuning.space import Choice, own
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, read_json, write_json

quiet.load_keras_tuner()

import keras_tuner  # noqa: E402
from keras_tuner import errors, oracles  # noqa: E402
from keras_tuner.engine import base_tuner, trial  # noqa: E402

FAILURES = 5
"""After so many failed trials in a row, something is to be mended before a search can go on."""

CHIEF_PULSE = 2.0
"""Seconds between two signs of life of the chief."""


class Kept:
    """What all our oracles do otherwise than KerasTuner's.

    search: whose space is searched; wanted: number of trials; patience: seconds after which a
        trial without a sign of life is given to another worker
    here: ids of the workers that are started along with this oracle
    """

    def __init__(self, search: Search, wanted: int, patience: float, here: list[str], **options):
        self.search, self.wanted, self.patience, self.here = search, wanted, patience, here
        self._failures = 0
        self._signs: dict[str, tuple[float, float]] = {}
        scrambled = np.random.SeedSequence(search.facts["seed"]).generate_state(1)[0]
        super().__init__(
            objective=keras_tuner.Objective(OBJECTIVE, "max"),
            hyperparameters=hyperparameters(search),
            allow_new_entries=False,
            tune_new_entries=False,
            seed=int(scrambled) or 1,
            max_consecutive_failed_trials=10**9,  # it would raise, and keep its lock for ever
            **options,
        )
        self.max_trials = 9999  # the ids have four digits; `wanted` is what ends the search
        self.verbose = 0
        # KerasTuner's chief ends with the last worker that it knows of, which may not be the last
        # one that there is: ours is ended by who started it.
        self.tuner_ids.add(CHIEF)

    def populate_space(self, trial_id: str) -> dict:
        """The values of the next trial, or that there is none: see `Oracle.populate_space`."""
        if self._failures >= FAILURES:
            return self._none(f"the last {FAILURES} trials failed")
        if len(self.trials) >= self.wanted:
            return self._none(ALL)
        response = super().populate_space(trial_id)
        first = own(self.search.space, self.search.experiment) if not self.trials else None
        if response["status"] == "RUNNING" and first:  # what is there to be beaten
            response["values"] |= _drawn(self.search, first)
        if response["status"] != "RUNNING":
            return self._none(EMPTY)
        return response

    def _none(self, why: str) -> dict:
        """While others are at work, who asks is to wait: their trials may yet need someone."""
        if self.ongoing_trials:
            return {"status": "IDLE"}
        self.search.say_over(why)
        return {"status": "STOPPED"}

    @keras_tuner.synchronized
    def create_trial(self, tuner_id: str):
        for owner, running in list(self.ongoing_trials.items()):
            if owner != tuner_id and self._is_lost(running.trial_id):
                _say(f"trial {running.trial_id} is taken from {owner}, of which nothing is heard")
                del self.ongoing_trials[owner]
                self._retry_queue.append(running.trial_id)
        return super().create_trial(tuner_id)

    def _is_lost(self, trial_id: str) -> bool:
        """Whether nothing has changed in a trial's folder for twice the patience."""
        files = self.search.trial(trial_id).path.glob("**/*")
        newest = max((file.stat().st_mtime for file in files), default=0.0)
        before, since = self._signs.get(trial_id, (None, 0.0))
        now = time.monotonic()  # another machine's clock may differ, so it is ours that counts
        if newest != before:
            self._signs[trial_id] = (newest, now)
            return False
        return now - since > 2 * self.patience

    @keras_tuner.synchronized
    def end_trial(self, ended) -> None:
        if ended.trial_id not in self.end_order:  # or two workers had it, and the other was first
            failed = ended.status == trial.TrialStatus.FAILED
            self._failures = self._failures + 1 if failed else 0
            super().end_trial(ended)
        self.save()  # KerasTuner saves before it forgets that the trial is running

    def _save_trial(self, trial) -> None:
        """It is saved with the rest."""

    def save(self) -> None:
        told = {"state": self.get_state()}
        told["trials"] = [trial.get_state() for trial in self.trials.values()]
        write_json(self.search.path / "oracle.json", told)

    def reload(self) -> None:
        told = read_json(self.search.path / "oracle.json")
        found = [trial.Trial.from_state(state) for state in told["trials"]]
        self.trials = {one.trial_id: one for one in found}
        self.set_state(told["state"])
        for owner, running in list(self.ongoing_trials.items()):
            ended = running.trial_id in self.end_order
            gone = owner.startswith(LOCAL) and owner not in self.here
            if ended or gone:
                del self.ongoing_trials[owner]
            if gone and not ended:
                self._retry_queue.append(running.trial_id)

    @keras_tuner.synchronized
    def is_alive(self) -> bool:
        """True, once nothing else holds the oracle's lock."""
        return True


class RandomOracle(Kept, oracles.RandomSearchOracle):
    """Values drawn at random."""


class BayesianOracle(Kept, oracles.BayesianOptimizationOracle):
    """Values where a Gaussian process expects the best, or knows least."""

    def __init__(self, search: Search, *given, **options):
        # KerasTuner's own, three times the number of keys, would leave little of a short search.
        points = 3 * len(search.facts["space"])
        options["num_initial_points"] = max(4, min(points, search.facts["asked"] // 3))
        # A good tenth of the variance between trials is chance: they are judged on a few hundred
        # records. KerasTuner's own 1e-4 would run after it.
        super().__init__(search, *given, alpha=0.1, **options)

    def populate_space(self, trial_id: str) -> dict:
        response = super().populate_space(trial_id)
        if response["status"] == "RUNNING" and self._duplicate(response["values"]):
            values = self._random_values()
            return {"status": "RUNNING", "values": values} if values else self._none(EMPTY)
        return response


class HyperbandOracle(Kept, oracles.HyperbandOracle):
    """Many settings with few epochs, and the better third of them again with three times as many.

    Each is trained anew, as the learning rate's course belongs to the number of epochs.
    """

    def __init__(self, search: Search, *given, **options):
        epochs = search.facts["experiment"]["epochs"]
        # Round after round until there are as many trials as were wanted.
        rounds = {"max_epochs": epochs, "factor": 3, "hyperband_iterations": 10**6}
        super().__init__(search, *given, **rounds, **options)


ORACLES = {"random": RandomOracle, "bayesian": BayesianOracle, "hyperband": HyperbandOracle}


class Tuner(base_tuner.BaseTuner):
    """Runs the trials that its oracle, or the chief's, gives out."""

    def __init__(self, oracle: Kept, search: Search):
        self.folder = search
        self._asked = 0.0
        super().__init__(oracle, directory=str(search.path.parent), project_name=search.name)

    def _get_tuner_fname(self) -> str:
        return str(self.folder.path / "oracle.json")  # all that is to be reloaded

    def save(self) -> None:
        if not self._is_worker():
            self.oracle.save()

    def reload(self) -> None:
        if not self._is_worker():
            self.oracle.reload()

    def pre_create_trial(self) -> None:
        # Who is told to wait asks again at once.
        time.sleep(max(0.0, self._asked + 1 - time.monotonic()))
        self._asked = time.monotonic()
        self.pulse()

    def pulse(self) -> None:
        _touch(self.folder.pulse(self.tuner_id))

    def run_trial(self, trial) -> dict[str, float]:
        """The trial's score; FailedTrialError, with the reason, where it has none."""
        values = trial.hyperparameters.values
        space = self.folder.space
        texts = {key: entry.text(values[key]) for key, entry in space.items()}
        mine = self.folder.trial(trial.trial_id)
        mine.begin(texts, values.get("tuner/epochs"), self.tuner_id)
        self.pulse()
        result = trials.run(self.folder, mine, on_change=self.pulse)
        if result["status"] == "failed":
            raise errors.FailedTrialError(result["reason"])
        return {OBJECTIVE: result["scores"][OBJECTIVE]}

    def _run_and_update_trial(self, trial, *arguments, **named) -> None:
        try:
            super()._run_and_update_trial(trial, *arguments, **named)
        except errors.FailedTrialError:
            raise
        except Exception as error:
            # The trial is not to blame: this process ends, and begins again with the same trial.
            raise errors.FatalRuntimeError(f"{type(error).__name__}: {error}") from error


def hyperparameters(search: Search) -> keras_tuner.HyperParameters:
    """The space in KerasTuner's terms; a choice is among texts, so that it may hold anything."""
    found = keras_tuner.HyperParameters()
    for key, entry in search.space.items():
        if isinstance(entry, Choice):
            found.Choice(key, list(entry.texts))
        elif entry.whole:
            found.Int(key, int(entry.low), int(entry.high))
        else:
            sampling = "log" if entry.log else "linear"
            found.Float(key, entry.low, entry.high, sampling=sampling)
    return found


def _drawn(search: Search, texts: dict[str, str]) -> dict:
    """Values as KerasTuner draws them, from those that `--set` takes."""
    kinds = {
        key: str if isinstance(entry, Choice) else int if entry.whole else float
        for key, entry in search.space.items()
    }
    return {key: kinds[key](text) for key, text in texts.items()}


def serve(search: Search, wanted: int, patience: float, here: list[str]) -> None:
    """Be the process of a search that the environment says, until there is nothing left to do."""
    from contextlib import ExitStack

    from keras_tuner.src.distribute import oracle_client, utils

    oracle_client.TIMEOUT = max(patience, 60)  # of a request, to a chief that may be starting
    oracle = ORACLES[search.facts["tuner"]](search, wanted, patience, here)
    with ExitStack() as stack:
        if not utils.has_chief_oracle() or utils.is_chief_oracle():
            leading = locked(search.path / "oracle.json", "leading this search", patience=30)
            stack.enter_context(leading)
        tuner = Tuner(oracle, search)
        if utils.is_chief_oracle():
            threading.Thread(target=_show_life, args=(tuner,), daemon=True).start()
        tuner.search()


def _show_life(tuner: Tuner) -> None:
    while tuner.oracle.is_alive():
        tuner.pulse()
        time.sleep(CHIEF_PULSE)


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _main(path: str, wanted: str, patience: str, here: str) -> None:
    process.end_with_parent()
    status = 1
    try:
        serve(Search(Path(path)), int(wanted), float(patience), here.split(","))
        status = 0
    except EcglabError as error:
        _say(f"ecglab: {error}")
    except Exception:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)  # not to wait for gRPC's threads


if __name__ == "__main__":
    _main(*sys.argv[1:])
