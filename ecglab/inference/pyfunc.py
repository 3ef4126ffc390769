"""A packaged model as MLflow serves it: what `mlflow.pyfunc.load_model` returns.

The packages `utils`, `ecg` and `inference` travel inside every logged model under the name
`ecglab_model`, so that a process without ecglab can load it, and one with ecglab does not import an
old copy of it. That is why they import each other relatively, and nothing else of ecglab.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..ecg.record import Record
from ..utils.errors import RecordError
from .predictor import Predictor


class TablePredictor:
    """Predicts the rows of a table. A row that cannot be predicted has an error instead."""

    def __init__(self, folder: str):
        self.predictor = Predictor(folder)

    def predict(self, table: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        """A table of predictions, one row for each row of the input.

        table: columns `signal` (list of mV, missing samples NaN) and `fs` (Hz)
        Returns the columns of `Predictor.predict` that say something of the signal, and `error`:
        why there is no prediction for the row, whose other columns are empty then.
        """
        given = zip(table["signal"], table["fs"], strict=True)
        rows = [self._row(i, signal, fs) for i, (signal, fs) in enumerate(given)]
        kinds = columns(self.predictor.classes)
        result = pd.DataFrame(rows, columns=list(kinds), index=table.index)
        return result.astype({name: kind for name, kind in kinds.items() if kind is float})

    def _row(self, i: int, signal: np.ndarray, fs: float) -> dict:
        try:
            [row] = self.predictor.rows(Record(signal, fs, id=f"row {i}"))
        except RecordError as error:
            return {"error": str(error)}
        return {**row, **row["probabilities"], "findings": ", ".join(row["findings"])}


def columns(classes: Iterable[str]) -> dict[str, type]:
    """{column: str or float} of the predictions by a model of these classes."""
    return {
        "label": str,
        **dict.fromkeys(classes, float),
        "verdict": str,
        "reason": str,
        "quality": float,
        "heart_rate": float,
        "findings": str,
        "error": str,
    }


def _load_pyfunc(path: str) -> TablePredictor:
    """What MLflow calls with the folder of the package."""
    return TablePredictor(path)
