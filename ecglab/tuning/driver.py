"""Runs the trials of a search: what `ecglab tune` does, for Python as well.

from ecglab.tuning import driver
search, why = driver.tune("rr_trees", ["bags=1"], trials=20, records=2000)

The driver holds the oracle and gives its trials to threads; each trains one trial after the other
with `cross_validation.run`, whose folds are processes of their own.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ecglab.training import cross_validation
from ecglab.training.run_folder import RunFolder
from ecglab.tuning import search as searches
from ecglab.tuning.search import OBJECTIVE, Search
from ecglab.utils import progress, quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked
from ecglab.utils.progress import message

if TYPE_CHECKING:
    from ecglab.tracking.tracker import Live

ATTEMPTS = 3
"""How often the training process of a trial may be killed before the trial has failed."""

FAILURES = 5
"""After so many failed trials in a row a search ends: there is something to mend."""

ALL, EMPTY = "all trials have ended", "the space has no more values"
LIMIT = "the time limit is reached"
"""Why a search ends."""


class _StoppedError(Exception):
    """The search ends while a trial is being trained."""


def tune(
    name: str,
    keys: Sequence[str] = (),
    *,
    trials: int = 30,
    workers: int = 1,
    limit: float | None = None,
    patience: float = 1800.0,
    track: bool = True,
    light: bool = False,
    **how: Any,
) -> tuple[Search, str]:
    """Search an experiment's space; returns the search, and why it ended.

    keys: assignments as `--set` takes them; a key that is set is not searched
    trials: how many in all, those of earlier calls included; workers: how many at once
    limit: seconds after which it ends, when the epoch (or fold) that is being trained is finished
    patience: seconds without a finished epoch after which a training process is started again
    track: whether the trials are logged to MLflow
    light: load KerasTuner without TensorFlow, where possible; this process cannot train then
    how: tuner, seed, epochs, records, folds, as `search.begin` takes them
    A search with the same arguments goes on where it was interrupted; `trials`, `workers`, `limit`
    and `patience` may differ. Raises EcglabError, also while another process runs it.
    """
    if workers < 1:
        raise EcglabError(f"workers={workers} is impossible: it must be at least 1")
    search = searches.begin(name, list(keys), trials=trials, **how)
    show, status = None, "FAILED"
    if track:
        from ecglab.tracking.tracker import Live

        show = Live()
    with locked(search.path / "search.json", "running this search"):
        try:
            why = ALL  # which is known without KerasTuner
            if not _is_complete(search, trials):
                if light:
                    quiet.load_keras_tuner()
                why = _Driver(search, trials, patience, show).run(workers, limit)
            status = "KILLED" if why == LIMIT else "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            if show:
                _log(search, show, status)
    return search, why


def _is_complete(search: Search, wanted: int) -> bool:
    ended = [trial.status != "running" for trial in search.trials]
    return all(ended) and len(ended) >= wanted


class _Driver:
    """The oracle and the threads that train its trials."""

    def __init__(self, search: Search, wanted: int, patience: float, show: Callable | None):
        from ecglab.tuning.oracle import Oracle

        self.search, self.wanted, self.patience, self.show = search, wanted, patience, show
        self.oracle = Oracle(search)
        self.waiting = self.oracle.running  # what an earlier call left unfinished
        self.turn = threading.Condition()  # held by who asks or tells the oracle
        self.stopped = threading.Event()
        self.failures = 0
        self.error: BaseException | None = None
        self.began, self.before = time.monotonic(), self.ended()  # of this call
        self.over("")

    def run(self, workers: int, limit: float | None) -> str:
        """Train until there is no trial left, or the limit is reached; why it ended."""
        self.deadline = time.monotonic() + limit if limit is not None else float("inf")
        tried = self.search.experiment
        tried.prepare(cross_validation.records(tried), message)
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(workers)]
        why = ""
        try:
            with _cores_shared(workers):
                for thread in threads:
                    thread.start()
                while any(thread.is_alive() for thread in threads):
                    time.sleep(0.05)
                    if time.monotonic() > self.deadline and not self.stopped.is_set():
                        why = LIMIT
                        self.stop()
        finally:
            self.stop()  # Ctrl-C does not wait for the threads: the processes end with this one
        if self.error:
            raise self.error
        return why or self.oracle.over

    def stop(self) -> None:
        """End the threads at the next change of their runs, or while they wait for a trial."""
        self.stopped.set()
        with self.turn:
            self.turn.notify_all()

    def work(self) -> None:
        """What one thread does: train one trial after the other."""
        try:
            while (trial_id := self.next_trial()) is not None:
                self.train(trial_id)
        except _StoppedError:
            pass
        except BaseException as error:
            self.error = error
            self.stop()

    def next_trial(self) -> str | None:
        """Id of the next trial to train; None where there is none left."""
        with self.turn:
            while not self.stopped.is_set():
                if self.waiting:
                    return self.waiting.pop(0)
                if self.failures >= FAILURES:
                    self.over(f"the last {FAILURES} trials failed")
                    return None
                if self.oracle.n_trials >= self.wanted:
                    self.over(ALL)
                    return None
                trial_id = self.oracle.ask()
                if trial_id is not None:
                    return trial_id
                if not self.oracle.running:
                    self.over(EMPTY)
                    return None
                self.turn.wait()  # what the others find may make a trial possible
        return None

    def ended(self) -> int:
        """How many trials have ended, those of earlier calls included."""
        return sum(trial.status != "running" for trial in self.search.trials)

    def left(self) -> str:
        """The time left for the trials that are planned, in words."""
        now, ended = time.monotonic(), self.ended()
        seconds = (now - self.began) / (ended - self.before) * (self.wanted - ended)
        return progress.left(min(seconds, self.deadline - now))

    def over(self, why: str) -> None:
        if self.oracle.over != why:
            self.oracle.over = why
            self.oracle.save()

    def train(self, trial_id: str) -> None:
        """Train a trial and tell the oracle what came of it."""
        trial = next(trial for trial in self.search.trials if trial.id == trial_id)
        message(f"trial {trial.id}: {' '.join(trial.keys)}")
        facts = {"name": self.search.name, "trial": trial.id, "values": dict(trial.values)}

        def on_change(run: RunFolder) -> None:
            if self.stopped.is_set():
                raise _StoppedError
            with self.turn:
                self.oracle.began(trial.id, run.name)
            if self.show:
                self.show(run)

        try:
            run = cross_validation.run(
                self.search.facts["name"],
                self.search.trained(trial),
                on_change=on_change,
                search=facts,
                attempts=ATTEMPTS,
                patience=self.patience,
            )
            score = searches.scores_of(run)[OBJECTIVE]
        except EcglabError as error:
            reason = " ".join(str(error).split())
            message(f"trial {trial.id} FAILED: {reason}")
            with self.turn:
                self.failures += 1
                self.oracle.tell_failed(trial.id, reason)
                self.turn.notify_all()
            return
        with self.turn:
            self.failures = 0
            self.oracle.began(trial.id, run.name)
            self.oracle.tell(trial.id, score)
            left = self.left()
            self.turn.notify_all()
        message(f"trial {trial.id}: challenge F1 {score:.3f} in {run.training_seconds:.1f} s{left}")


@contextlib.contextmanager
def _cores_shared(workers: int) -> Iterator[None]:
    """Let the training processes of several workers share the cores."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS") if workers > 1 else ()
    added = [name for name in names if name not in os.environ]
    os.environ |= dict.fromkeys(added, str(max(1, (os.cpu_count() or 1) // workers)))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _log(search: Search, show: "Live", status: str) -> None:
    """Log to MLflow what is not there yet of the trials, and then the search itself."""
    from ecglab.tracking import searches as logged

    for trial in search.trials:
        if trial.run and trial.status == "failed":
            show.fail(trial.run, trial.reason)
        elif trial.run:
            show(trial.run)
    if not show.end("KILLED", "the same command logs the search later"):
        return
    rows = searches.rows(search)
    logged.log(search.name, search.facts, search.scope, rows, _figures(search, rows), status)


def _figures(search: Search, rows: list[dict]) -> dict:
    """{name: figure} of a search."""
    from ecglab import plots

    options = {"simulated": search.simulated}
    return {
        "parallel_coordinates": plots.parallel_coordinates(rows, search.space, **options),
        "importance": plots.importance(rows, search.space, **options),
        "course": plots.course(rows, **options),
    }
