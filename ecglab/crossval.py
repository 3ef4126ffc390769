"""Cross-validation by record: every fold trained, scored on records it never saw, resumable."""

import sys
import time
from collections.abc import Callable

import numpy as np

from ecglab import dataset as datasets
from ecglab import folds, runs
from ecglab.errors import EcglabError
from ecglab.experiment import Experiment, Fold
from ecglab.files import locked, write_json
from ecglab.metrics import chosen, f1_scores
from ecglab.runs import RunFolder


def run(
    name: str,
    experiment: Experiment,
    fresh: bool = False,
    on_change: Callable[[RunFolder], None] = lambda run: None,
) -> RunFolder:
    """Train and score every fold of an experiment, going on from what an earlier call finished.

    on_change: told the run folder whenever something in it has become final (an epoch, a fold,
        the run): what it shows elsewhere can always be derived from the folder.
    Returns the finished run folder. Raises EcglabError, also while another process is at it.
    """
    data = datasets.open(experiment.data, experiment.labels or None)
    if experiment.records:
        data = data.excerpt(experiment.records)
    fold = folds.fold_of(data)
    fold_digest = folds.digest(data)
    run = runs.find(name, experiment, data, fold_digest, fresh)
    with locked(run.path, "training this run"):
        runs.begin(run, name, experiment, data, fold_digest)
        _say(f"{name}: {run.scope}, labels {data.label_version}, in {run.path}")
        if run.is_done:
            _say("it is finished already; --fresh trains it anew")
        began = time.perf_counter()
        on_change(run)
        for k in run.folds:
            if not run.is_fold_done(k):
                _train_fold(run, experiment, data, fold, k, on_change)
                on_change(run)
        if not run.is_done:
            done = {"ended": runs.now(), "seconds_of_last_call": time.perf_counter() - began}
            write_json(run.path / "done.json", done)
        on_change(run)
    return run


def _train_fold(run, experiment, data, fold, k, on_change) -> None:
    scored = np.flatnonzero(fold == k)
    rest = np.flatnonzero(fold != k)
    # One split for all experiments, so that what is chosen among them can be chosen on it.
    rows, inner = folds.inner_split(data, rest, experiment.inner, seed=k)
    if not scored.size or not rows.size:
        raise EcglabError(f"fold {k} has no records of {len(data)}: use more records")
    folder = run.fold(k)
    folder.mkdir(parents=True, exist_ok=True)
    job = Fold(k, data, rows, inner, scored, folder, changed=lambda: on_change(run), say=_say)
    judge = experiment.train_fold(job)
    for name, judged in (("inner", inner), ("predictions", scored)):  # the latter ends the fold
        run.write_predictions(k, data, judged, judge(judged), name)
    table = run.predictions(k)
    f1 = f1_scores(table["label"], chosen(table))
    _say(f"fold {k}: out of fold F1 N/A/O/~ " + "/".join(f"{v:.3f}" for v in list(f1.values())[:4]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
