"""Which record is in which fold: a committed list, stratified, duplicates together.

The folds are made of records. Patient ids were never published with this data, so folds by
patient are impossible, and a patient with several records may be on both sides.
"""

import csv
import hashlib

import numpy as np

from ecglab.datasets import cinc2017
from ecglab.datasets.dataset import Dataset
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import EXPERIMENTS

N_FOLDS = 5


def fold_of(dataset: Dataset) -> np.ndarray:
    """The fold (n_records,) of each record, 0 to 4.

    Recordings: from the committed list `experiments/folds/NAME.csv`, so that an excerpt, another
    label version or another machine gives every record the same fold. Synthetic records: dealt
    out by class in the order of their ids.
    """
    if dataset.kind == "synthetic":
        return deal(dataset.ids, dataset.labels, seed=0)
    listed = read_list(dataset.name)
    missing = [record for record in dataset.ids if record not in listed]
    if missing:
        raise EcglabError(
            f"{missing[0]} and {len(missing) - 1} more records of {dataset.name} are in no fold "
            f"of experiments/folds/{dataset.name}.csv"
        )
    return np.array([listed[record] for record in dataset.ids])


def read_list(name: str) -> dict[str, int]:
    """The committed list of a data set, {record: fold}."""
    path = EXPERIMENTS / "folds" / f"{name}.csv"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {row["record"]: int(row["fold"]) for row in csv.DictReader(file)}
    except OSError as error:
        raise EcglabError(f"cannot read the list of folds {path}: {error.strerror}") from None


def deal(ids, labels, seed: int, n_folds: int = N_FOLDS) -> np.ndarray:
    """A fold (n_records,) for each record: classes dealt out evenly, duplicates as one card."""
    fold = np.full(len(ids), -1)
    dealt = 0
    twin_of = _twins(ids)
    for cards in _shuffled_classes(labels, twin_of, seed):
        fold[cards] = (np.arange(cards.size) + dealt) % n_folds
        dealt += cards.size
    for second, first in twin_of.items():
        fold[second] = fold[first]
    return fold


def inner_split(dataset: Dataset, rows: np.ndarray, share: float, seed: int):
    """(training rows, inner rows) of these rows: `share` of each class held back for choosing."""
    held = np.zeros(len(rows), bool)
    twin_of = _twins(dataset.ids[rows])
    for cards in _shuffled_classes(dataset.labels[rows], twin_of, seed):
        held[cards[: round(share * cards.size)]] = True
    for second, first in twin_of.items():
        held[second] = held[first]
    return rows[~held], rows[held]


def _twins(ids) -> dict[int, int]:
    """{place of a record: place of its duplicate} for the pairs that are both among the ids."""
    at = {record: i for i, record in enumerate(ids)}
    return {at[b]: at[a] for a, b in cinc2017.DUPLICATES if a in at and b in at}


def _shuffled_classes(labels, twin_of: dict[int, int], seed: int):
    """For each class the places of its records in random order, of duplicates the first only."""
    rng = np.random.default_rng(seed)
    labels = np.array(list(labels))
    alone = np.ones(labels.size, bool)
    alone[list(twin_of)] = False
    for label in np.unique(labels):
        yield rng.permutation(np.flatnonzero((labels == label) & alone))


def digest(dataset: Dataset) -> str:
    """SHA-256 over the folds of these records."""
    lines = (f"{r},{f}\n" for r, f in zip(dataset.ids, fold_of(dataset), strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
