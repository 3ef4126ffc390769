"""The batches that a network is trained on: random windows, or whole records of like length."""

from collections.abc import Iterator

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg.prepare import batch

BUCKET_SECONDS = 10
"""Whole records are padded to a multiple of this, so that few shapes are compiled."""


class Batches:
    """One epoch of batches: (inputs, targets (batch, n_classes), weights (batch,)).

    All batches have the same number of records. Those that do not fill the last one are left out
    of the epoch, other ones in each epoch.

    rows: records of the data set to train on; batch_size: of a batch
    targets: (n_records, n_classes); weights: (n_records,), of all records of the data set
    crop: length in s of the random window that is cut from a longer record; 0 for whole records,
        which share a batch with others of like length
    rng: draws the order of the records and the windows
    """

    def __init__(
        self,
        data: Dataset,
        rows: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        batch_size: int,
        crop: float,
        rng: np.random.Generator,
    ):
        self.data, self.targets, self.weights = data, targets, weights
        order = rng.permutation(rows)
        size = min(batch_size, order.size)
        order = order[: order.size // size * size]
        if crop:
            longest = min(round(crop * data.fs), int(data.lengths[order].max()))
            self._lengths = np.full(order.size // size, longest)
        else:
            buckets = bucketed(data.lengths[order], data.fs)
            by_length = np.argsort(buckets, kind="stable")
            order = order[by_length]
            self._lengths = buckets[by_length].reshape(-1, size).max(axis=1)
        beyond = np.maximum(data.lengths[order] - np.repeat(self._lengths, size), 0)
        self.starts = rng.integers(0, beyond + 1).reshape(-1, size)
        self.rows = order.reshape(-1, size)
        self._turn = np.arange(len(self.rows)) if crop else rng.permutation(len(self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        for i in self._turn:
            n, rows = int(self._lengths[i]), self.rows[i]
            places = zip(rows, self.starts[i], strict=True)
            signals = [self.data.signal(row)[start : start + n] for row, start in places]
            yield batch(signals, n), self.targets[rows], self.weights[rows]


def bucketed(lengths: np.ndarray, fs: float) -> np.ndarray:
    """(n,) int: lengths in samples at `fs` Hz, rounded up to a multiple of `BUCKET_SECONDS`.

    None exceeds the longest, so that the longest records are not padded either.
    """
    bucket = round(BUCKET_SECONDS * fs)
    return np.minimum(-(-lengths // bucket) * bucket, lengths.max(initial=0))
