"""Searches and runs as tests need them: made in a moment, with nothing trained."""

import numpy as np

from ecglab.training import cross_validation, run_folder
from ecglab.tuning import search as searches
from ecglab.utils.files import write_json


def begin(keys=(), **given) -> searches.Search:
    """A search of what `tune_tiny.use` has named."""
    return searches.begin("tiny", list(keys), **given)


def train_nothing(
    name, experiment, fresh=False, on_change=lambda run: None, search=None, **options
):
    """What `cross_validation.run` leaves behind, where predictions err at random."""
    data, fold, _ = planned = cross_validation.plan(experiment)
    run = run_folder.locate(name, experiment, data, planned.split, fresh)
    if not run.is_done:
        run_folder.begin(run, name, experiment, data, planned.split, search or {})
        rng = np.random.default_rng(int(experiment.digest[:8], 16))
        for k in run.folds:
            run.fold(k).mkdir(exist_ok=True)
            for epoch in range(1, 3):
                entries = [*run.history(k), {"epoch": epoch, "seconds": 1.5, "loss": 1 / epoch}]
                write_json(run.fold(k) / "history.json", entries)
                on_change(run)
            for table, rows in ("validation", fold != k), ("predictions", fold == k):
                rows = np.flatnonzero(rows)
                share = data.classes.one_hot(data.labels[rows])
                share = share + rng.uniform(0, 1.5, share.shape)
                run.write_table(k, data, rows, share / share.sum(1, keepdims=True), table)
            run.end_fold(k)
        run.end()
    on_change(run)
    return run


def state_of(search: searches.Search, *trials: dict) -> None:
    """Write the state of a search: {"values", "score", "status", "reason", "run"} of each trial."""
    stored = [
        {
            "trial_id": f"{i:04}",
            "hyperparameters": {
                "values": {k: search.space[k].sampled(x) for k, x in trial["values"].items()}
            },
            "status": trial.get("status", "COMPLETED"),
            "score": trial.get("score"),
            "message": trial.get("reason"),
        }
        for i, trial in enumerate(trials)
    ]
    runs = {f"{i:04}": trial["run"] for i, trial in enumerate(trials) if "run" in trial}
    search.write_state({"oracle": None, "trials": stored, "runs": runs, "over": ""})
