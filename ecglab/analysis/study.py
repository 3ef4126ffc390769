"""Small experiments on a network: what it costs, what augmentation does, how it learns."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.datasets import splits
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.prepare import batch
from ecglab.ecg.record import Record
from ecglab.training.inputs import inputs_of
from ecglab.training.network import Network
from ecglab.utils import progress

if TYPE_CHECKING:
    import keras

    from ecglab.layers.augment import Augmentation

SECONDS = 30
"""Length of the records that `cost` measures, in s."""


def cost(experiment: Network, data: Dataset, batches: int = 3) -> dict:
    """Size of an experiment's network, and its seconds per 1,000 records on this machine.

    Batches have the experiment's size and records of up to 30 s; the first batch, which compiles,
    is not timed. Returns {"parameters", "training", "prediction"}.
    """
    from ecglab.training import fit

    model = fit.compiled(experiment, data, len(data))
    taken = inputs_of(experiment.model, data)
    rows = np.flatnonzero(data.lengths <= SECONDS * data.fs)[: experiment.batch_size]
    n = round(SECONDS * taken.rate)
    inputs = taken.batch([taken.of(i)[:n] for i in rows], n)
    labels = data.classes.one_hot(data.labels[rows])
    weights = np.ones(len(rows), np.float32)

    def train() -> object:
        return model.train_on_batch(inputs, labels, weights)

    return {
        "parameters": model.count_params(),
        "training": _timed(train, batches) * 1000 / len(rows),
        "prediction": _timed(lambda: model.predict_on_batch(inputs), batches) * 1000 / len(rows),
    }


def _timed(work: Callable[[], object], times: int) -> float:
    work()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def augmented(record: Record, layer: "Augmentation", seed: int = 0) -> Record:
    """The record after a layer of `ecglab.layers.augment`, as training would see it."""
    import keras

    keras.utils.set_random_seed(seed)
    layer.seed_generator = keras.random.SeedGenerator(seed)
    inputs = batch([record.signal])
    changed, mask = layer([inputs["signal"], inputs["mask"]], training=True)
    changed, mask = (np.asarray(keras.ops.convert_to_numpy(x))[0] for x in (changed, mask))
    return Record(np.where(mask > 0, changed, np.nan), record.fs, id=record.id, lead=record.lead)


def train_once(experiment: Network, data: Dataset) -> tuple["keras.Model", list[dict], np.ndarray]:
    """Train an experiment's network on all folds but 0, with a progress bar; nothing is kept.

    Returns (model, history as `plots.learning_curves` takes it, rows of fold 0).
    """
    from ecglab.training import fit

    fold = splits.folds(data)
    others = np.flatnonzero(fold != 0)
    rows, validation = splits.validation_split(data, others, experiment.validation, seed=0)
    steps = experiment.epochs * max(len(rows) // min(experiment.batch_size, len(rows)), 1)
    histories: list[list[dict]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        progress.bar(total=steps, desc="training", unit="batch") as bar,
    ):
        model = fit.train(
            experiment,
            data,
            rows,
            validation,
            Path(folder),
            seed=experiment.seed,
            on_epoch=histories.append,
            on_batch=lambda epoch, batch, of: bar.update(),
        )
    return model, histories[-1], np.flatnonzero(fold == 0)
