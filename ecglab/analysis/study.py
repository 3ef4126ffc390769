"""What one does with a network to know it: what it costs, what augmentation does, how it learns."""

import tempfile
import time
from pathlib import Path

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.datasets.folds import fold_of, inner_split
from ecglab.ecg.record import Record
from ecglab.utils import progress


def cost(experiment, data: Dataset, batches: int = 3) -> dict:
    """Size of an experiment's network, and seconds for 1,000 records here and now.

    In batches of the experiment's size; the first is not counted, since it compiles.
    {"parameters", "training", "judging"}
    """
    from ecglab.training import fit as training

    model = training.compiled(experiment, len(data))
    n = round(30 * data.fs)
    rows = np.flatnonzero(data.lengths <= n)[: experiment.batch_size]
    inputs = training.padded(data, rows, n)
    batch = (inputs, training.one_hot(data.labels[rows]), np.ones(len(rows), np.float32))
    return {
        "parameters": model.count_params(),
        "training": _timed(lambda: model.train_on_batch(*batch), batches) * 1000 / len(rows),
        "judging": _timed(lambda: model.predict_on_batch(inputs), batches) * 1000 / len(rows),
    }


def _timed(work, times: int) -> float:
    work()
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def augmented(record: Record, layer, seed: int = 0) -> Record:
    """The record as a layer of `ecglab.layers.augment` gives it to training."""
    import keras

    keras.utils.set_random_seed(seed)
    layer.seed_generator = keras.random.SeedGenerator(seed)
    signal = record.signal[None, :]
    changed, valid = layer([signal, np.ones_like(signal)], training=True)
    changed, valid = (np.asarray(keras.ops.convert_to_numpy(x))[0] for x in (changed, valid))
    return Record(np.where(valid > 0, changed, np.nan), record.fs, id=record.id, lead=record.lead)


def watched(experiment, data: Dataset):
    """Train an experiment's network on fold 0's part of some records, with a bar of the batches.

    Nothing is kept. (model, the epochs as `plots.learning_curves` takes them,
    rows that it never saw)
    """
    from ecglab.training import fit as training

    fold = fold_of(data)
    rows, inner = inner_split(data, np.flatnonzero(fold != 0), experiment.inner, seed=0)
    steps = experiment.epochs * max(len(rows) // min(experiment.batch_size, len(rows)), 1)
    histories = []
    with (
        tempfile.TemporaryDirectory() as folder,
        progress.bar(total=steps, desc="training", unit="batch") as bar,
    ):
        model = training.train(
            experiment,
            data,
            rows,
            inner,
            Path(folder),
            seed=experiment.seed,
            on_epoch=histories.append,
            on_batch=lambda epoch, batch, of: bar.update(),
        )
    return model, histories[-1], np.flatnonzero(fold == 0)
