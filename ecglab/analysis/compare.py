"""Tables of predictions compared: scored, paired on the records that they share, side by side.

A table of predictions has a row for each record, with the columns record, label, a column of
probabilities for each class and, where groups are known, group: `RunFolder.predictions` returns it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.reports.results import Result
from ecglab.utils.errors import EcglabError
from ecglab.utils.types import Labels

if TYPE_CHECKING:
    import pandas as pd


def runs() -> "pd.DataFrame":
    """A table of the runs in MLflow, newest first: run, scope and a column for each metric.

    The run is the name of its folder.
    """
    import pandas as pd

    from ecglab.tracking import runs

    found = runs.parents()
    named = [
        {"run": runs.folder_of(x) or x.info.run_name, "scope": x.data.params.get("scope", "")}
        for x in found
    ]
    return pd.DataFrame([a | x.data.metrics for a, x in zip(named, found, strict=True)])


def predictions(
    records: Collection, labels: Labels, probabilities: np.ndarray, classes: Classes
) -> "pd.DataFrame":
    """A table of predictions; records, labels: (n,), probabilities: (n, n_classes)."""
    import pandas as pd

    named = dict(zip(classes, probabilities.T, strict=True))
    return pd.DataFrame({"record": records, "label": labels, **named})


def score(name: str, table: "pd.DataFrame", classes: Classes) -> dict:
    """{"name", "value", "low", "high"}: challenge F1 of a table, with its 95 % interval."""
    found = metrics.scores(table, classes)
    low, high = found["intervals"]["challenge_f1"]
    return {"name": name, "value": found["values"]["challenge_f1"], "low": low, "high": high}


def paired(tables: Mapping, base: str, classes: Classes) -> list[dict]:
    """Challenge F1 of each table minus that of `base`, on the records that both have.

    tables: {name: table of predictions}
    Returns a list of {"name", "difference", "low", "high"}, as `plots.differences` takes it.
    Raises EcglabError for tables without a common record.
    """
    found = []
    for name, table in tables.items():
        if name != base:
            both = _joined(table, tables[base], classes)
            columns = both["label"], both["predicted"], both["predicted_base"]
            groups = metrics.groups_of(both)
            difference, low, high = metrics.paired_difference(*columns, classes, groups=groups)
            found.append({"name": name, "difference": difference, "low": low, "high": high})
    return found


def disagreement(a: "pd.DataFrame", b: "pd.DataFrame", classes: Classes) -> "pd.DataFrame":
    """For each class: on how many records two tables of predictions differ, and which is right."""
    import pandas as pd

    both = _joined(a, b, classes)
    both = both[both["predicted"] != both["predicted_base"]]
    rows = {
        label: {
            "they differ on": len(part),
            "the first is right": int((part["predicted"] == label).sum()),
            "the second is right": int((part["predicted_base"] == label).sum()),
        }
        for label, part in ((x, both[both["label"] == x]) for x in classes)
    }
    return pd.DataFrame(rows).T


def clearly_best(tables: Mapping, pairs: list[dict], base: str, classes: Classes) -> str:
    """The name with the highest challenge F1 among `base` and those clearly better than it.

    pairs: as `paired` returns them; clearly better: the interval of the difference is above 0
    """
    clear = {base, *(pair["name"] for pair in pairs if pair["low"] > 0)}
    return max(
        (name for name in tables if name in clear),
        key=lambda name: metrics.scores(tables[name], classes)["values"]["challenge_f1"],
    )


def few(results: Iterable[Result], best: int = 2) -> list[Result]:
    """The best results, and the best one of each other kind of experiment, best first.

    results: best first, as `ecglab.reports.boards.full` returns them
    """
    found: list[Result] = []
    for result in results:
        if len(found) < best or result.facts["kind"] not in {x.facts["kind"] for x in found}:
            found.append(result)
    return found


def _joined(table: "pd.DataFrame", base: "pd.DataFrame", classes: Classes) -> "pd.DataFrame":
    """record, label, predicted, predicted_base (and group) of the records in both tables."""
    one = table.drop(columns=[*classes]).assign(predicted=metrics.predicted(table, classes))
    other = base[["record"]].assign(predicted_base=metrics.predicted(base, classes))
    both = one.merge(other, on="record")
    if both.empty:
        raise EcglabError("the two tables have no record in common: they cannot be compared")
    return both
