"""The batches that a network is trained on: random windows, or whole records of like length."""

from collections.abc import Iterator

import numpy as np

from ecglab.training.inputs import Inputs


class Batches:
    """One epoch of batches: (inputs, targets (batch, n_classes), weights (batch,)).

    All batches have the same number of records. Those that do not fill the last one are left out
    of the epoch, other ones in each epoch.

    inputs: of the data set; rows: of it to train on; batch_size: records in a batch
    targets: (n_records, n_classes); weights: (n_records,), of all records of the data set
    crop: length in s of the random window that is cut from a longer record; 0 for whole records,
        which share a batch with others of like length
    rng: draws the order of the records and the windows
    """

    def __init__(
        self,
        inputs: Inputs,
        rows: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        batch_size: int,
        crop: float,
        rng: np.random.Generator,
    ):
        self.inputs, self.targets, self.weights = inputs, targets, weights
        order = rng.permutation(rows)
        size = min(batch_size, order.size)
        order = order[: order.size // size * size]
        if crop:
            longest = min(round(crop * inputs.rate), int(inputs.lengths[order].max()))
            self._lengths = np.full(order.size // size, longest)
        else:
            buckets = inputs.bucketed(order)
            by_length = np.argsort(buckets, kind="stable")
            order = order[by_length]
            self._lengths = buckets[by_length].reshape(-1, size).max(axis=1)
        beyond = np.maximum(inputs.lengths[order] - np.repeat(self._lengths, size), 0)
        self.starts = rng.integers(0, beyond + 1).reshape(-1, size)
        self.rows = order.reshape(-1, size)
        self._turn = np.arange(len(self.rows)) if crop else rng.permutation(len(self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        for i in self._turn:
            n, rows = int(self._lengths[i]), self.rows[i]
            places = zip(rows, self.starts[i], strict=True)
            windows = [self.inputs.of(row)[start : start + n] for row, start in places]
            yield self.inputs.batch(windows, n), self.targets[rows], self.weights[rows]
