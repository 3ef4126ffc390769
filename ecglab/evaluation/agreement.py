"""How far several models err on the same records, and what the best choice among them would give.

Tables of predictions have a row for each record: record, label and a column of probabilities for
each class. They are compared on the records that all of them have.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics

if TYPE_CHECKING:
    import pandas as pd


def errors(tables: Mapping[str, "pd.DataFrame"], classes: Classes) -> "pd.DataFrame":
    """Whether each model's prediction is wrong: bool, a row for each record, a column for each."""
    import pandas as pd

    columns = {
        name: pd.Series(
            metrics.predicted(table, classes) != table["label"].to_numpy(), table["record"]
        )
        for name, table in tables.items()
    }
    return pd.concat(columns, axis=1, join="inner")


def overlap(wrong: "pd.DataFrame") -> "pd.DataFrame":
    """Share of the errors of the row's model that the column's model makes as well.

    wrong: as `errors` returns it; NaN in the row of a model without errors
    """
    both = wrong.astype(float)
    counts = both.T @ both
    return counts.div(np.diagonal(counts), axis=0)


def shared(wrong: "pd.DataFrame", model: str, others: list[str]) -> "pd.Series":
    """(n_errors,) int: how many of the others also err on each record on which the model errs."""
    return wrong.loc[wrong[model], others].sum(axis=1)


def oracle(tables: Mapping[str, "pd.DataFrame"], classes: Classes) -> "pd.DataFrame":
    """The best choice among the models for each record: record, label, predicted.

    It is the label where any of them is right, and otherwise the prediction of the first: no
    selection of one model for each record has more records right.
    """
    wrong = errors(tables, classes)
    first = next(iter(tables.values()))
    found = first.assign(predicted=metrics.predicted(first, classes)).set_index("record")
    found = found.loc[wrong.index]
    found["predicted"] = found["predicted"].where(wrong.all(axis=1), found["label"])
    kept = [name for name in ("label", "group", "predicted") if name in found]
    return found[kept].reset_index()
