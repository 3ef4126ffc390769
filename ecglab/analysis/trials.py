"""The trials of a search as a table, and their predictions on records that no trial has seen."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.analysis import compare
from ecglab.datasets import splits
from ecglab.training import cross_validation
from ecglab.training.experiment import Experiment, Fold
from ecglab.tuning.search import Search, rows
from ecglab.utils import progress

if TYPE_CHECKING:
    import pandas as pd


def table(search: Search) -> "pd.DataFrame":
    """DataFrame of all trials, the best first: trial, status, scores, seconds, searched values."""
    import pandas as pd

    classes = search.classes
    scores = {"challenge F1": "challenge_f1", **{f"F1 {x}": classes.metric(x) for x in classes}}
    found = pd.DataFrame(
        {
            "trial": row["trial"],
            "status": row["status"],
            **{name: row["scores"].get(key) for name, key in scores.items()},
            "s": row["seconds"],
            **row["values"],
        }
        for row in rows(search)
    )
    return found.sort_values("challenge F1", ascending=False).reset_index(drop=True)


def trained(search: Search) -> dict[str, Experiment]:
    """{trial: the experiment that it trained} of every trial with a score."""
    return {t.id: search.trained(t) for t in search.trials if t.score is not None}


def retrained(
    search: Search, experiments: Mapping[str, Experiment], whole: bool = False
) -> tuple[dict, dict]:
    """Predictions of experiments that are trained again as the first fold of a trial is.

    experiments: those of `trained`, or others with the data and folds of the search
    whole: predict fold 0 of all records of the data set, not only of the excerpt of the search
    Returns two of {name: table of record, label and probabilities}: on the records that score a
    trial (the same predictions as in its run folder), and on fold 0, which no trial has seen.
    Do not select by the latter: they would be unseen no longer.
    """
    tried = search.experiment
    plan = cross_validation.plan(tried)
    scored, rest = np.flatnonzero(plan.fold == 0), np.flatnonzero(plan.fold != 0)
    training, validation = splits.validation_split(plan.data, rest, tried.validation, seed=0)
    data = cross_validation.records(
        replace(tried, held_out=-1, folds=0, records=0 if whole else tried.records)
    )
    place = {record: i for i, record in enumerate(data.ids)}
    places = np.array([place[record] for record in plan.data.ids])
    unseen = np.setdiff1d(np.flatnonzero(splits.folds(data) == 0), places)
    tables: tuple[dict, dict] = ({}, {})
    for name, experiment in progress.bar(experiments.items(), "training"):
        with tempfile.TemporaryDirectory() as folder:
            own, held, tested = (places[part] for part in (training, validation, scored))
            predict = experiment.train_fold(Fold(0, data, own, held, tested, Path(folder)))
            for found, part in zip(tables, (places[scored], unseen), strict=True):
                found[name] = compare.predictions(
                    data.ids[part], data.labels[part], predict(part), data.classes
                )
    return tables
