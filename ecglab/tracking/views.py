"""The pages of MLflow's UI: which there are, and how each opens."""

import json
from typing import Any

from ecglab.tracking import evaluations, tracker
from ecglab.tracking.values import MINUTES

VIEW = "ecglab"
"""The key of the view that each experiment stores in its tags and that its page opens."""

_TAG = f"mlflow.sharedViewState.{VIEW}"

_TRAINING = "workflowType=machine_learning"
"""Part of an address: the UI lists the pages for training, not those for language models."""

_ABOUT = {
    tracker.RUNS: "Each row is a run, the newest first. A click on + shows its folds.",
    tracker.SEARCHES: "Each row is a search, the newest first. A click on + shows its trials.",
    evaluations.NAME: "Each row is an evaluation of a model on other data, the newest first.",
}


def pages(port: int) -> list[tuple[str, str]]:
    """The title and the address of each page for a server on this port of this machine.

    It stores in the MLflow experiments how their pages open, so a page shows the columns that
    compare runs: challenge F1, F1 of A, changed settings, folds, records and training time.
    Raises StoreError for a store that cannot be used.
    """
    server, found = f"http://127.0.0.1:{port}/#", []
    client = tracker.mlflow().MlflowClient()
    for data, simulated in ("recordings", False), ("simulated data", True):
        for name, about in _ABOUT.items():
            experiment = tracker.experiment_id(simulated, name)
            tags = {**tracker.KIND, tracker.NOTE: about, _TAG: json.dumps(view(name))}
            for key, value in tags.items():
                client.set_experiment_tag(experiment, key, value)
            page = f"{server}/experiments/{experiment}/runs?viewStateShareKey={VIEW}&{_TRAINING}"
            found.append((f"{'runs' if name == tracker.RUNS else name} on {data}", page))
    return [*found, ("models", f"{server}/models?{_TRAINING}")]


def view(name: str = tracker.RUNS) -> dict[str, Any]:
    """How the table of an MLflow experiment opens, as MLflow's UI stores a shared view.

    The names are those of MLflow 3.17; a UI that does not know one of them ignores it.
    """
    columns = {"metrics.`challenge_f1`": 110, "metrics.`f1/A`": 95}
    if name == evaluations.NAME:
        columns |= {"params.`model`": 240, "params.`data`": 160, "metrics.`records_scored`": 130}
    else:
        columns |= {f"tags.`{tracker.CHANGED}`": 240}
        columns |= {"params.`folds`": 60, "params.`records`": 80}
        columns |= {f"metrics.`{MINUTES}`": 140}
    before = {"attributes.`Run Name`": 290, "runDateAndNestInfo": 140}
    return {
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": list(columns),
        "columnOrder": [*before, *columns],
        "columnWidths": {**before, **columns},
    }
