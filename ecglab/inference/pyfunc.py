"""The packaged model as MLflow serves it: what `mlflow.pyfunc.load_model` gives back.

This module, `predictor`, `features`, `record` and `errors` travel inside every logged model under
the name `ecglab_model`, so that a process without ecglab loads it, and one with ecglab does not get
an old copy of it. That is why these import each other relatively, and nothing else of ecglab.
"""

import pandas as pd

from ..ecg.record import LABELS, Record
from ..utils.errors import RecordError
from .predictor import Predictor


class Served:
    """Judges the rows of a table; a row that cannot be judged says so and spoils no other."""

    def __init__(self, package: str):
        self.predictor = Predictor(package)

    def predict(self, table: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        """One row out for each row in.

        table: columns `signal` (list of mV, missing samples NaN) and `fs` (Hz)
        Returns the columns `label`, the probabilities `N`, `A`, `O`, `~`, and `error`: in words,
        why the row could not be judged; the other columns are empty then.
        """
        given = zip(table["signal"], table["fs"], strict=True)
        rows = [self._row(i, signal, fs) for i, (signal, fs) in enumerate(given)]
        said = pd.DataFrame(rows, columns=["label", *LABELS, "error"], index=table.index)
        return said.astype(dict.fromkeys(LABELS, float))

    def _row(self, i: int, signal, fs) -> dict:
        try:
            opinion = self.predictor.judge([Record(signal, fs, id=f"row {i}")])[0]
        except RecordError as error:
            return {"error": str(error)}
        return {"label": opinion["label"], **opinion["probabilities"]}


def _load_pyfunc(path: str) -> Served:
    """What MLflow calls with the folder of the package."""
    return Served(path)
