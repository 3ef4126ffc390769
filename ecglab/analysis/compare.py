"""Runs side by side: read back from MLflow, paired on the records that they share."""

from collections.abc import Mapping

from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics
from ecglab.evaluation.metrics import F1_NAMES
from ecglab.utils.errors import EcglabError


def runs():
    """A table of the finished parent runs of the store, newest first.

    Columns: run, scope, F1 of each class, NAO, low, high, mean, ECE, minutes, id, folder
    """
    import pandas as pd

    from ecglab.tracking import tracker as tracking

    rows = [_row(run) for run in tracking.parents() if "F1_NAO" in run.data.metrics]
    columns = ["run", "scope", *LABELS, "NAO", "low", "high", "mean", "ECE", "minutes"]
    return pd.DataFrame(rows, columns=[*columns, "id", "folder"])


def _row(run) -> list:
    from ecglab.utils.paths import runs_dir

    found, info = run.data.metrics, run.info
    scores = [found.get(F1_NAMES[label]) for label in LABELS]
    scores += [found.get(x) for x in ("F1_NAO", "F1_NAO_low", "F1_NAO_high", "F1_mean")]
    minutes = found.get("training_seconds", float("nan")) / 60
    scope = run.data.tags.get("ecglab.scope", "")
    error = found.get("calibration_error")
    return [info.run_name, scope, *scores, error, minutes, info.run_id, runs_dir() / info.run_name]


def paired(tables: Mapping, base: str) -> list[dict]:
    """NAO of each table of predictions less the base's on the records that both judged.

    tables: {name: table with record, label, N, A, O, ~}
    A list of {"name", "difference", "low", "high"}, as `plots.differences` takes it.
    """
    found = []
    for name, table in tables.items():
        if name == base:
            continue
        both = _both(table, tables[base])
        of = metrics.paired_difference(both["label"], both["said"], both["said_base"])
        found.append({"name": name, **dict(zip(("difference", "low", "high"), of, strict=True))})
    return found


def _both(table, base):
    """record, label, said, said_base of the records in both tables."""
    one = table[["record", "label"]].assign(said=metrics.chosen(table))
    other = base[["record"]].assign(said_base=metrics.chosen(base))
    both = one.merge(other, on="record")
    if both.empty:
        raise EcglabError("the two runs judged no record in common: they cannot be compared")
    return both


def disagreement(a, b):
    """Of each class the records on which two tables of predictions disagree: who is right."""
    import pandas as pd

    both = _both(a, b)
    both = both[both["said"] != both["said_base"]]
    rows = {
        label: {
            "disagree on": len(part),
            "the first is right": int((part["said"] == label).sum()),
            "the second is right": int((part["said_base"] == label).sum()),
        }
        for label, part in ((x, both[both["label"] == x]) for x in LABELS)
    }
    return pd.DataFrame(rows).T


def promotable(tables: Mapping, pairs: list[dict], base: str) -> str:
    """The name with the highest NAO, but the base's unless its lead over that is more than luck."""
    nao = {name: metrics.scores(table)["values"]["F1_NAO"] for name, table in tables.items()}
    sure = {pair["name"] for pair in pairs if pair["low"] > 0}
    return max((name for name in nao if name == base or name in sure), key=nao.get)


def champion() -> dict:
    """The card of the model that judges when none is named; {} where there is none."""
    import json

    from ecglab.tracking import registry

    try:
        package = registry.default()
    except EcglabError:
        return {}
    return json.loads((package / "card.json").read_text(encoding="utf-8"))
