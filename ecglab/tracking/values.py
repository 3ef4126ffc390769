"""Metrics and parameters: how they are named, ordered and logged.

MLflow lists both in the order in which they are logged, and groups charts by what is before the
last slash of a metric's name; the rest is the title of a chart.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecglab.training.experiment import as_text

if TYPE_CHECKING:
    from mlflow import MlflowClient

MINUTES = "training/minutes"
"""Metric: minutes of training, over all folds."""


def curve(name: str) -> str:
    """The metric for a column of a fold's history, as "per epoch/validation F1 A".

    >>> curve("loss"), curve("val/f1/A")
    ('per epoch/training loss', 'per epoch/validation F1 A')
    """
    part, of = ("validation", name[4:]) if name.startswith("val/") else ("training", name)
    return f"per epoch/{part} {of.replace('/', ' ').replace('_', ' ').replace('f1', 'F1')}"


def interval(name: str) -> tuple[str, str]:
    """The metrics for the two ends of a score's 95 % interval.

    >>> interval("f1/A")
    ('uncertainty/f1/A_low', 'uncertainty/f1/A_high')
    """
    return f"uncertainty/{name}_low", f"uncertainty/{name}_high"


def log_scores(
    client: "MlflowClient", run_id: str, scores: Mapping, more: Mapping[str, float]
) -> None:
    """Log challenge F1, the other scores, then other metrics, then the intervals.

    scores: {"values": {name: value}, "intervals": {name: (low, high)}}, None for no value
    """
    given = {name: x for name, x in scores["values"].items() if x is not None}
    given = dict(sorted(given.items(), key=lambda item: item[0] != "challenge_f1"))
    ends: dict[str, float] = {}
    for name in given:
        if scores["intervals"].get(name):
            ends |= dict(zip(interval(name), scores["intervals"][name], strict=True))
    log_metrics(client, run_id, {**given, **more, **ends})


def log_metrics(
    client: "MlflowClient", run_id: str, values: Mapping[str, float], step: int = 0
) -> None:
    """Log metrics in one call, with six digits.

    MLflow's table cuts longer numbers off; fewer would be rounded twice where three are shown.
    """
    from mlflow.entities import Metric

    when = int(time.time() * 1000)
    rounded = {name: round(float(x), 6) for name, x in values.items()}
    client.log_batch(run_id, [Metric(k, x, when, step) for k, x in rounded.items()])


def log_params(client: "MlflowClient", run_id: str, values: Mapping) -> None:
    """Log parameters in one call; values as `--set` takes them."""
    from mlflow.entities import Param

    client.log_batch(run_id, params=[Param(key, as_text(x)) for key, x in values.items()])
