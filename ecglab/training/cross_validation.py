"""Cross-validation by record: every fold trained, scored on records it never saw, resumable."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecglab.datasets import dataset as datasets
from ecglab.datasets import folds
from ecglab.datasets.dataset import Dataset
from ecglab.evaluation.metrics import chosen, f1_scores
from ecglab.training import experiment as experiments
from ecglab.training import process
from ecglab.training import run_folder as runs
from ecglab.training.experiment import Experiment, Fold
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, write_json


def run(
    name: str,
    experiment: Experiment,
    fresh: bool = False,
    on_change: Callable[[RunFolder], None] = lambda run: None,
) -> RunFolder:
    """Train and score every fold of an experiment, going on from what an earlier call finished.

    Each fold is trained in a process of its own, so this one stays light.

    on_change: told the run folder whenever something in it has become final (an epoch, a fold,
        the run): what it shows elsewhere can always be derived from the folder. Told also of the
        runs that this one is made of.
    Returns the finished run folder. Raises EcglabError, also while another process is at it.
    """
    data = records(experiment)
    fold_digest = folds.digest(data)
    folder = runs.find(name, experiment, data, fold_digest, fresh)
    with locked(folder.path, "training this run"):
        runs.begin(folder, name, experiment, data, fold_digest)
        _check_parts(folder, experiment)
        _say(f"{name}: {folder.scope}, labels {data.label_version}, in {folder.path}")
        if folder.is_done:
            _say("it is finished already; --fresh trains it anew")
        else:
            began = time.perf_counter()
            same = experiment.on_the_same_records
            needed = [
                run(other, replace(experiments.load(other), **same), on_change=on_change)
                for other in experiment.needs
            ]
            runs.note_members(folder, needed)
            for k in folder.folds:
                if not folder.is_fold_done(k):
                    process.train_fold(folder, k, on_change)
                    on_change(folder)
            done = {"ended": runs.now(), "seconds_of_last_call": time.perf_counter() - began}
            write_json(folder.path / "done.json", done)
        on_change(folder)
    return folder


def _check_parts(folder: RunFolder, experiment: Experiment) -> None:
    """EcglabError when what a run was made of has other settings by now."""
    were = folder.made_of
    changed = [
        name
        for name, config in experiment.made_of().items()
        if name in were and experiments.digest_of(were[name]) != experiments.digest_of(config)
    ]
    if changed:
        raise EcglabError(
            f"{folder.name} was made with other settings of {', '.join(changed)} than "
            "experiments/ has now: --fresh makes it anew"
        )


def train_fold(run: RunFolder, k: int, changed: Callable[[], None] = lambda: None) -> None:
    """Train and score fold k of a run that was begun, in this process.

    changed: called when something in the run folder has become final
    """
    experiment = experiments.of(run)
    data = records(experiment)
    fold = folds.fold_of(data)
    scored = np.flatnonzero(fold == k)
    rest = np.flatnonzero(fold != k)
    # One split for all experiments, so that what is chosen among them can be chosen on it.
    rows, inner = folds.inner_split(data, rest, experiment.inner, seed=k)
    if not scored.size or not rows.size:
        raise EcglabError(f"fold {k} has no records of {len(data)}: use more records")
    folder = run.fold(k)
    folder.mkdir(parents=True, exist_ok=True)
    runs.began_on(run, experiment.environment())
    changed()
    judge = experiment.train_fold(Fold(k, data, rows, inner, scored, folder, changed, _say))
    for name, judged in (("inner", inner), ("predictions", scored)):  # the latter ends the fold
        run.write_predictions(k, data, judged, judge(judged), name)
    table = run.predictions(k)
    f1 = f1_scores(table["label"], chosen(table))
    _say(f"fold {k}: out of fold F1 N/A/O/~ " + "/".join(f"{v:.3f}" for v in list(f1.values())[:4]))


def records(experiment: Experiment) -> Dataset:
    """The records that an experiment is about."""
    data = datasets.open(experiment.data, experiment.labels or None)
    return data.excerpt(experiment.records) if experiment.records else data


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
