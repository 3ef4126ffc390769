"""What a network takes of each record of a data set: its waveform, or its beats."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecglab import models
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.features.beat_windows import batch_of_beats
from ecglab.ecg.prepare import batch
from ecglab.training.features import Message, stored_beats

BUCKET_SECONDS = 10
"""Whole records are padded to a multiple of this, so that few shapes are compiled."""


@dataclass(frozen=True)
class Inputs:
    """What a network takes of each record, by its row in the data set.

    lengths: (n_records,) number of samples, or of beats
    rate: of them in a second; of beats the mean over the data set
    of: (row) -> what is taken of the record, `lengths[row]` long
    batch: (several of these, length) -> the inputs of the network, padded to this length
    """

    lengths: np.ndarray
    rate: float
    of: Callable[[int], np.ndarray]
    batch: Callable[[list[np.ndarray], int], dict[str, np.ndarray]]

    def bucketed(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows),) int: their lengths rounded up to a multiple of `BUCKET_SECONDS`.

        None exceeds the longest, so that the longest records are not padded either.
        """
        lengths, bucket = self.lengths[rows], max(round(BUCKET_SECONDS * self.rate), 1)
        return np.minimum(-(-lengths // bucket) * bucket, lengths.max(initial=1)).clip(1)


def inputs_of(model: str, data: Dataset, message: Message = lambda text: None) -> Inputs:
    """What the model of this name takes of the records of a data set.

    message: called with a line where the beats of all records have to be extracted first
    """
    if models.takes(model) == "beats":
        beats = stored_beats(data, message)
        lengths = np.array([len(one) for one in beats])
        rate = lengths.sum() * data.fs / data.lengths.sum()
        return Inputs(lengths, float(rate), beats.__getitem__, batch_of_beats)
    return Inputs(data.lengths, data.fs, data.signal, batch)
