"""Explanations of one prediction: which features are unusual, what the parts of a record do."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.analysis import explore
from ecglab.datasets import splits
from ecglab.datasets.dataset import Dataset
from ecglab.ecg import features
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.evaluation.external import trained_on
from ecglab.inference.predictor import Predictor

if TYPE_CHECKING:
    import pandas as pd


def probability_without(probability: float, change: float) -> float:
    """The probability of a label when a part of the record is hidden.

    probability: of the label for the whole record
    change: fall of its log odds when the part is hidden, as `Predictor.explain` returns it
    """
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return float(1 / (1 + np.exp(change - np.log(p) + np.log1p(-p))))


def unusual(
    record: Record, data: Dataset, vectors: np.ndarray, base: str, other: str, n: int = 8
) -> "pd.DataFrame":
    """The features in which a record differs most from the records of a class, as a table.

    vectors: (n_records, n_features) features of the records of `data`
    base, other: labels; the distance is to the median of `base`, in its interquartile ranges
    Columns: feature, meaning, this record, and the medians of both classes; most unusual first.
    """
    import pandas as pd

    own = features.extract(prepare(record, data.fs), data.fs)
    known = np.isfinite(own)
    for label in base, other:
        known &= np.isfinite(vectors[data.labels == label]).any(axis=0)
    own, vectors, names = own[known], vectors[:, known], np.array(features.names)[known]
    low, middle, high = np.nanpercentile(vectors[data.labels == base], [25, 50, 75], axis=0)
    order = np.argsort(-np.abs(own - middle) / np.maximum(high - low, 1e-9))[:n]
    return pd.DataFrame(
        {
            "feature": names[order],
            "meaning": [features.meaning[name] for name in names[order]],
            "this record": own[order],
            f"median of {base}": middle[order],
            f"median of {other}": np.nanmedian(vectors[data.labels == other], axis=0)[order],
        }
    )


def unseen_record(data: Dataset, package: Path, label: str) -> tuple[str, Predictor]:
    """(id, Predictor): a record of a class, and a predictor that was not trained on it.

    A package averages one member per fold, and all but one of these were trained on a record of
    their data set: for a record of that data set the predictor is the one other member.
    """
    predictor = Predictor(package)
    if not trained_on(predictor, data).any():
        return explore.random_records(data, label, 1)[0], predictor
    fold = min(map(int, predictor.card["members"]))
    rows = splits.folds(data) == fold
    part = data.select(np.flatnonzero(rows))
    return explore.random_records(part, label, 1)[0], Predictor(package, [fold])
