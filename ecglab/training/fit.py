"""Training of one network on one split. The state is kept on disk after every epoch."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecglab import models
from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.ecg.classes import Classes
from ecglab.evaluation.metrics import f1_scores
from ecglab.training import pretraining
from ecglab.training.batches import Batches
from ecglab.training.inputs import Inputs, inputs_of
from ecglab.training.optimizer import adamw
from ecglab.training.state import State, copies, reseed, restore
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError

quiet.load_keras()
import keras  # noqa: E402

Network = Any
"""`ecglab.training.network.Network`, which imports this module."""


def predict(model: keras.Model, inputs: Inputs, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Probabilities (len(rows), n_classes) of records of any length, in the order of `rows`."""
    rows = np.asarray(rows)
    probabilities = np.empty((rows.size, model.output_shape[-1]), np.float32)
    lengths = inputs.bucketed(rows)
    order = np.argsort(lengths, kind="stable")
    for start in range(0, rows.size, batch_size):
        part = order[start : start + batch_size]
        # The last batch is filled up with its first record: one shape less to compile.
        filled = np.concatenate([part, np.repeat(part[:1], batch_size - part.size)])
        given = inputs.batch([inputs.of(row) for row in rows[filled]], int(lengths[part].max()))
        found = model.predict_on_batch(given)
        probabilities[part] = np.asarray(found)[: part.size]
    return probabilities


def train(
    experiment: Network,
    data: Dataset,
    rows: np.ndarray,
    validation: np.ndarray,
    folder: Path,
    seed: int,
    inputs: Inputs | None = None,
    targets: np.ndarray | None = None,
    owner: str = "",
    on_pretraining: Callable[[list[dict]], None] = lambda history: None,
    on_resume: Callable[[list[dict]], None] = lambda history: None,
    on_epoch: Callable[[list[dict]], None] = lambda history: None,
    on_batch: Callable[[int, int, int], None] = lambda epoch, batch, batches: None,
) -> keras.Model:
    """Train on the records at `rows`, going on from the last finished epoch in `folder`.

    validation: rows that the checkpoint is selected on and training never sees; may be empty for
        checkpoint="last"
    seed: of weights, order, windows, dropout and augmentation. What is drawn in an epoch does not
        depend on whether training was interrupted before it
    inputs: of `data`, by default what the model takes of it
    targets: (n_records, n_classes) of all records of `data`, by default their labels
    owner: names the run and fold, so that the state of another one is not taken for this one's
    on_pretraining: called as `on_epoch`, with the finished epochs of pretraining: {"epoch",
        "seconds", "loss"}; and once with those that an earlier call finished, if any
    on_resume: called with the epochs that an earlier call finished, if any
    on_epoch: called with all finished epochs, the newest last, once they are safe on disk; an epoch
        is {"epoch", "seconds", "loss", "accuracy", "val/loss", "val/challenge_f1", ...}. The first
        one counts the seconds of pretraining as well, so that their sum is the time of training,
        and has the last loss of it, "loss_of_pretraining"
    on_batch: called with (epoch, batch, batches) after each batch
    Returns the trained Keras model, with the weights of the checkpoint that the experiment keeps.
    """
    if experiment.checkpoint == "best" and not len(validation):
        raise EcglabError(
            "checkpoint=best has no validation records to select on: set checkpoint=last"
        )
    keras.utils.set_random_seed(seed)
    model = compiled(experiment, data, len(rows))
    path = folder / "state.npz"
    state = State.read(path, owner)
    variables = [*model.variables, *model.optimizer.variables]
    if state.arrays:
        restore(variables, state.arrays, folder)
        on_resume(state.history)
    weights = np.zeros(len(data), np.float32)  # from the classes of the training records alone
    weights[rows] = record_weights(data.labels[rows], data.classes, experiment.class_weight)
    targets = data.classes.one_hot(data.labels) if targets is None else targets
    inputs = inputs or inputs_of(experiment.model, data)
    pretrained: list[dict] = []
    if experiment.pretrain and not state.history:
        pretrained = pretraining.pretrain(
            model, inputs, rows, experiment.pretrain, folder, seed, owner, on_pretraining
        )
    for epoch in range(len(state.history), experiment.epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([seed, epoch])
        batches = Batches(
            inputs, rows, targets, weights, experiment.batch_size, _window(experiment), rng
        )
        reseed(model, rng)
        # Batch by batch and not `fit`, which on TensorFlow feeds them through tf.data: that took
        # twice the time on two cores.
        logs = []
        for i, one in enumerate(batches):
            logs.append(model.train_on_batch(*one, return_dict=True))
            on_batch(epoch + 1, i + 1, len(batches))
        # The batches are of one size, so the value of the epoch is the mean of theirs.
        means = {name: float(np.mean([log[name] for log in logs])) for name in logs[0]}
        entry = {"epoch": epoch + 1, "loss": means["loss"], "accuracy": means["accuracy"]}
        if not math.isfinite(entry["loss"]):
            raise EcglabError(
                f"the loss became {entry['loss']} in epoch {epoch + 1}: lower learning_rate"
            )
        if len(validation):
            probabilities = predict(model, inputs, validation, experiment.batch_size)
            entry |= _scores(data.labels[validation], probabilities, data.classes)
        entry["seconds"] = time.perf_counter() - started
        if epoch == 0 and pretrained:
            entry["loss_of_pretraining"] = pretrained[-1]["loss"]
            entry["seconds"] += sum(each["seconds"] for each in pretrained)
        state.history.append(entry)
        state.arrays = copies(variables)
        if experiment.checkpoint == "best" and _is_best(state.history):
            state.best = copies(model.variables)
        state.write(path, owner)
        on_epoch(state.history)
    (folder / pretraining.STATE).unlink(missing_ok=True)
    if state.best:
        restore(model.variables, state.best, folder)
    elif experiment.ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    return model


def _window(experiment: Network) -> float:
    """Length in s of what is cut from a record: squeezed in time, it still fills the crop."""
    return experiment.crop * experiment.augment["resampling"]


def compiled(experiment: Network, data: Dataset, n_records: int) -> keras.Model:
    """The model of the experiment for this data set, with loss and optimizer.

    n_records: number of training records, from which the steps of the learning rate follow
    """
    model = models.build(
        experiment.model,
        data.fs,
        len(data.classes),
        experiment.network,
        experiment.augment,
        min(round(experiment.crop * data.fs), int(data.lengths.max())) or None,
    )
    steps = experiment.epochs * max(n_records // experiment.batch_size, 1)
    optimizer = adamw(
        experiment.learning_rate,
        steps,
        experiment.warmup,
        experiment.weight_decay,
        use_ema=experiment.ema > 0,
        ema_momentum=experiment.ema or 0.99,  # which is not used then
    )
    smoothing = {"label_smoothing": experiment.label_smoothing}
    if experiment.focal:
        loss = keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=experiment.focal, **smoothing
        )
    else:
        loss = keras.losses.CategoricalCrossentropy(**smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])
    optimizer.build(model.trainable_variables)
    return model


def _scores(labels: np.ndarray, probabilities: np.ndarray, classes: Classes) -> dict[str, float]:
    """{"val/loss", "val/f1/CLASS", ..., "val/challenge_f1", "val/mean_f1"}"""
    truth = probabilities[np.arange(len(labels)), classes.index(labels)]
    cross_entropy = float(-np.log(np.maximum(truth, 1e-7)).mean())
    found = f1_scores(labels, classes.predicted(probabilities), classes)
    return {"val/loss": cross_entropy, **{f"val/{name}": value for name, value in found.items()}}


def _is_best(history: list[dict]) -> bool:
    scores = [entry["val/challenge_f1"] for entry in history]
    return scores[-1] >= max(scores)
