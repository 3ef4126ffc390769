"""Predictions of changed records by models that were not trained on the records."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglab.datasets import splits
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.record import Record
from ecglab.evaluation import external
from ecglab.inference.predictor import Predictor
from ecglab.utils.errors import EcglabError, RecordError


class OutOfFold:
    """A package that predicts each record by the member of its fold, which never saw it.

    A data set that the model was not trained on is predicted by the mean of all members.

    folder: of the package; data: the records; those that every member was trained on are left out
    data: the records that are predicted; model: the package as a whole
    by_fold: whether each is predicted by the member of its fold

    Raises EcglabError where a part of the records was trained on under the name of another data
    set, so that their folds are not known, and where no record is left.
    """

    def __init__(self, folder: Path, data: Dataset):
        self.model = Predictor(folder)
        trained = external.trained_on(self.model, data)
        self.by_fold = bool(trained.any())
        if not self.by_fold:
            self.data, self._parts = data, [(np.arange(len(data)), self.model)]
            return
        card = self.model.card
        whole = data.whole()
        if (
            data.name != card["data"]["name"]
            or splits.digest(whole.ids, splits.folds(whole)) != card["split"]["digest"]
        ):
            raise EcglabError(
                f"{self.model.name} was trained on {trained.sum():,} of these records of "
                f"{data.name}, and it is not known with which folds: use other records"
            )
        fold = splits.folds(data)
        members = sorted(map(int, card["members"]))
        kept = np.isin(fold, members)
        if not kept.any():
            raise EcglabError(f"{self.model.name} was trained on all of these records: use others")
        self.data, fold = data.select(kept), fold[kept]
        self._parts = [
            (np.flatnonzero(fold == k), Predictor(folder, members=[k]))
            for k in members
            if (fold == k).any()
        ]

    def predict_proba(self, records: Sequence[Record | None]) -> np.ndarray:
        """Probabilities (n_records, n_classes); NaN of a record that is None or refused.

        records: those of `data` in their order, changed in any way
        """
        found = np.full((len(records), len(self.model.classes)), np.nan)
        for rows, predictor in self._parts:
            for start in range(0, rows.size, external.BATCH):
                part = [i for i in rows[start : start + external.BATCH] if records[i] is not None]
                try:
                    if part:
                        found[part] = predictor.predict_proba([records[i] for i in part])
                except RecordError:  # of one of them: the others can be classified
                    for i in part:
                        found[i] = _one(predictor, records[i], found.shape[1])
        return found


def _one(predictor: Predictor, record: Record, n_classes: int) -> np.ndarray:
    try:
        return predictor.predict_proba(record)[0]
    except RecordError:
        return np.full(n_classes, np.nan)
