"""A search that was run: read back from MLflow, and its trials on records that none of them saw."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecglab.datasets import folds
from ecglab.ecg.record import LABELS
from ecglab.evaluation.metrics import F1_NAMES
from ecglab.tracking import tracker as tracking
from ecglab.training import cross_validation as crossval
from ecglab.training import run_folder as runs
from ecglab.training.experiment import Experiment, Fold
from ecglab.tuning import space
from ecglab.tuning import tracking as search_tracking
from ecglab.tuning.searches import OBJECTIVE, Search
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError


@dataclass(frozen=True)
class Logged:
    """A search as MLflow tells it, which needs nothing but the store.

    parent: its MLflow run; rows: of the trials, as `ecglab.tuning.searches.table` has them;
    space: {key: its choice or range}
    """

    parent: object
    rows: list[dict]
    space: dict

    @property
    def name(self) -> str:
        return self.parent.info.run_name

    @property
    def table(self):
        """trial, status, NAO, F1 of each class, s, and the searched values; the best first."""
        import pandas as pd

        table = pd.DataFrame(
            {
                "trial": row["trial"],
                "status": row["status"],
                "NAO": row["score"],
                **{label: row["scores"].get(F1_NAMES[label]) for label in LABELS},
                "s": row["seconds"],
                **row["values"],
            }
            for row in self.rows
        )
        return table.sort_values("NAO", ascending=False).reset_index(drop=True)


def read(name: str) -> Logged:
    """The search of this name, from MLflow; EcglabError where the store has none."""
    found = tracking.parents(search_tracking.NAME)
    parent = next((run for run in found if run.info.run_name == name), None)
    if parent is None:
        raise EcglabError(f"MLflow knows no search {name!r}: 'ecglab tune' without --no-track")
    module = tracking.mlflow()
    source = f"{parent.info.artifact_uri}/search.json"
    told = module.artifacts.load_dict(source)["space"]
    children = module.MlflowClient().search_runs(
        [parent.info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
        max_results=50_000,
    )
    rows = sorted((_row(run, told) for run in children), key=lambda row: row["trial"])
    return Logged(parent, rows, {key: space.from_dict(entry) for key, entry in told.items()})


def _row(run, searched: Mapping) -> dict:
    """A child run as the row that `ecglab.tuning.searches.table` has of its trial."""
    found, tags = run.data.metrics, run.data.tags
    scores = {key: value for key, value in found.items() if key.startswith("F1_")}
    return {
        "trial": tags["ecglab.trial"],
        "status": tags.get("ecglab.status", "running"),
        "score": scores.get(OBJECTIVE),
        "values": {key: run.data.params[key] for key in searched},
        "reason": tags.get("ecglab.reason", ""),
        "scores": scores,
        "epochs": int(found.get("epochs_trained", 0)),
        "seconds": found.get("training_seconds", 0.0),
        "ended": tags.get(tracking.FINISHED, ""),
    }


def settings(search: Search) -> dict[str, Experiment]:
    """{trial id: what it trained} of every trial with a score."""
    return {t.id: search.trained(t) for t in search.trials if t.score is not None}


def judged(
    search: Search, experiments: Mapping[str, Experiment], whole: bool = False
) -> tuple[dict, dict]:
    """What each experiment says of the inner records of a search, and of records no trial saw.

    Each is trained in this process as a trial is, on the same records (of the first inner split),
    and judges both; so of a trial's own settings the first is what its score was of.
    whole: unseen is fold 0 of all records of the data set, not of the search's excerpt alone
    Two of {name: table of record, label, N, A, O, ~}. To be looked at, never to choose by.
    """
    seen = search.data()
    rows, inner = search.splits(seen)[0]
    tried = search.experiment
    data = crossval.records(replace(tried, records=0) if whole else tried)
    at = {record: i for i, record in enumerate(data.ids)}
    places = np.array([at[record] for record in seen.ids])
    unseen = np.setdiff1d(np.flatnonzero(folds.fold_of(data) == 0), places)
    tables = ({}, {})
    for name, experiment in progress.bar(experiments.items(), "judged"):
        with tempfile.TemporaryDirectory() as folder:
            fold = Fold(0, data, places[rows], places[inner], unseen, Path(folder))
            judge = experiment.train_fold(fold)
            for table, where in zip(tables, (places[inner], unseen), strict=True):
                table[name] = runs.opinions(data, where, judge(where))
    return tables
