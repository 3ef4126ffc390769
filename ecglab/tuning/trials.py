"""One trial of a search: the experiment with its keys set, trained and judged on inner records.

A trial is given the training records of fold 0 and no others: what is scored in the end, fold 0,
is not even in the data that it opens.
"""

import contextlib
import math
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ecglab.ecg.record import LABELS
from ecglab.evaluation.metrics import f1_scores
from ecglab.training import process
from ecglab.training.experiment import Fold
from ecglab.tuning.searches import OBJECTIVE, Search, Trial
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, read_json, write_json

ATTEMPTS = 3
"""How often the process of a trial may be ended from outside before the trial has failed."""

ENOUGH = 3
"""Other trials that must have come as far before one is stopped for being worse."""


class _StoppedEarlyError(Exception):
    """The trial is worse than others were at this epoch."""


def run(search: Search, trial: Trial, on_change: Callable[[], None]) -> dict:
    """The result of a trial, trained in a process of its own unless it has a result already.

    on_change: called when something in the trial's folder has become final
    What the trial itself cannot do becomes its result "failed", with the reason. A process that
    was killed says nothing of the trial: it is started again and goes on.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if not trial.result:
                process.call(["ecglab.tuning.trials", str(search.path), trial.id], on_change)
        except process.EndedError as end:
            print(f"trial {trial.id}, attempt {attempt}: {end}", file=sys.stderr, flush=True)
            if attempt == ATTEMPTS:
                trial.end("failed", {}, str(end))
        except EcglabError as error:
            trial.end("failed", {}, str(error))
        if trial.result:
            break
    return trial.result


def train(search: Search, trial: Trial, changed: Callable[[], None] = lambda: None) -> None:
    """Train and score a trial that was begun, in this process, and write its result."""
    experiment = search.trained(trial)
    data = search.data()
    scores, status = [], "completed"
    for j, (rows, inner) in enumerate(search.splits(data)):
        folder = trial.split(j)
        folder.mkdir(parents=True, exist_ok=True)
        judged = folder / "scores.json"
        if not judged.exists():

            def on_change(j=j):
                changed()
                if j == 0 and is_poor(search, trial, getattr(experiment, "epochs", 1)):
                    raise _StoppedEarlyError

            nothing = inner[:0]  # a trial has no records to be scored on in the end
            fold = Fold(j, data, rows, inner, nothing, folder, on_change, _say)
            try:
                judge = experiment.train_fold(fold)
            except _StoppedEarlyError:
                status = "stopped"
                best = max(trial.history(), key=lambda entry: entry[f"inner_{OBJECTIVE}"])
                scores = [{k[6:]: v for k, v in best.items() if k.startswith("inner_F1")}]
                break
            chosen = np.array(LABELS)[judge(inner).argmax(axis=1)]
            write_json(judged, f1_scores(data.labels[inner], chosen))
            for unneeded in ("state.npz", "model.keras", "model.onnx"):  # settings are what counts
                (folder / unneeded).unlink(missing_ok=True)
        scores.append(read_json(judged))
    mean = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
    trial.end(status, mean)
    for state in trial.path.glob("inner-*/state.npz"):
        state.unlink()


def is_poor(search: Search, trial: Trial, epochs: int) -> bool:
    """Whether a trial should stop here, after its newest epoch.

    The median rule of Golovin et al. 2017 (doi:10.1145/3097983.3098043): its best score so far is
    below the median, over the trials that came as far, of their average up to this epoch. Applied
    from a third of the epochs on. Hyperband has a rule of its own.
    """
    history = trial.history()
    done = len(history)
    if search.facts["tuner"] == "hyperband" or not math.ceil(epochs / 3) <= done < epochs:
        return False
    name = f"inner_{OBJECTIVE}"
    others = [other.history() for other in search.trials if other.id != trial.id and other.result]
    averages = [_mean(other[:done], name) for other in others if len(other) >= done]
    if len(averages) < ENOUGH or name not in history[-1]:
        return False
    return max(entry[name] for entry in history) < float(np.median(averages))


def _mean(history: Sequence[dict], name: str) -> float:
    return float(np.mean([entry[name] for entry in history]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _main(path: str, trial_id: str) -> None:
    """The child: train this trial of the search at `path`."""
    search = Search(Path(path))
    trial = search.trial(trial_id)

    def work(tell):
        with contextlib.ExitStack() as stack:
            held = locked(trial.path / "trial.json", "training this trial", patience=30)
            try:
                stack.enter_context(held)  # one that was killed may need a moment to notice
            except EcglabError as error:
                sys.exit(str(error))  # which is nothing that the trial could help
            if trial.result:
                return
            try:
                train(search, trial, changed=tell)
            except (EcglabError, OSError, MemoryError):
                raise
            except Exception as error:  # of whatever kind: it is what the settings led to
                traceback.print_exc()
                line = " ".join(str(error).split())
                raise EcglabError(f"{type(error).__name__}: {line[:300]}") from None

    process.serve(work)


if __name__ == "__main__":
    _main(*sys.argv[1:])
