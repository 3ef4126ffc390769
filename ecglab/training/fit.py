"""One model trained on one split: epoch by epoch, with everything it needs to go on on disk."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import keras
import numpy as np

from ecglab import models
from ecglab.datasets.dataset import Dataset, one_hot, record_weights
from ecglab.ecg.record import FS, LABELS
from ecglab.evaluation.metrics import f1_scores
from ecglab.training.network import Network
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing

BUCKET_SECONDS = 10
"""Batches are padded to a multiple of this, so that few shapes are ever compiled."""


def padded(dataset: Dataset, rows, n: int) -> dict[str, np.ndarray]:
    """The records at `rows` as a model's inputs: signal and valid, (len(rows), n) float32."""
    signal = np.zeros((len(rows), n), np.float32)
    valid = np.zeros((len(rows), n), np.float32)
    for k, row in enumerate(rows):
        x = dataset.signal(row)
        signal[k, : x.size], valid[k, : x.size] = x, 1
    return {"signal": signal, "valid": valid}


class Batches:
    """One epoch of shuffled batches: inputs, targets (batch, 4), weights (batch,).

    Every batch has one shape. The records that do not fill the last batch are left out of the
    epoch, others in each.
    """

    def __init__(self, dataset, rows, targets, batch_size, record_weight, rng):
        self.targets = targets
        self.dataset, self.batch_size = dataset, min(batch_size, len(rows))
        self.order = rng.permutation(rows)
        self.n = int(dataset.lengths[rows].max())
        self.record_weight = record_weight

    def __len__(self):
        return len(self.order) // self.batch_size

    def __iter__(self):
        for i in range(len(self)):
            rows = self.order[i * self.batch_size : (i + 1) * self.batch_size]
            inputs = padded(self.dataset, rows, self.n)
            yield inputs, self.targets[rows], self.record_weight[rows]


def predict(model, dataset: Dataset, rows, batch_size: int) -> np.ndarray:
    """Probabilities (len(rows), 4) of records of any length, in the order of `rows`."""
    rows = np.asarray(rows)
    probabilities = np.empty((rows.size, len(LABELS)), np.float32)
    order = np.argsort(dataset.lengths[rows], kind="stable")
    for start in range(0, rows.size, batch_size):
        part = order[start : start + batch_size]
        bucket = round(BUCKET_SECONDS * FS)
        n = bucket * math.ceil(dataset.lengths[rows[part]].max() / bucket)
        # The last batch is filled up with its first record: one shape less to compile.
        filled = np.concatenate([part, np.repeat(part[:1], batch_size - part.size)])
        batch = model.predict_on_batch(padded(dataset, rows[filled], n))
        probabilities[part] = np.asarray(batch)[: part.size]
    return probabilities


@dataclass
class State:
    """What training must remember: it is written after every epoch and read to go on.

    history: one dict an epoch; arrays: of the model and its optimizer; best: of the model alone
    """

    history: list[dict] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)

    def write(self, path: Path) -> None:
        named = {f"now_{i}": a for i, a in enumerate(self.arrays)}
        named |= {f"best_{i}": a for i, a in enumerate(self.best)}
        with replacing(path) as file:
            np.savez(file, history=np.array(json.dumps(self.history)), **named)

    @classmethod
    def read(cls, path: Path) -> "State":
        """The state at `path`, a new one when there is none; EcglabError when it is damaged."""
        if not path.exists():
            return cls()
        try:
            with np.load(path, allow_pickle=False) as stored:
                history = json.loads(str(stored["history"]))
                return cls(history, _numbered(stored, "now_"), _numbered(stored, "best_"))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise EcglabError(
                f"{path} is damaged ({error}): delete it to train this fold anew"
            ) from None


def _reseed(model, rng) -> None:
    """New seeds for dropout and augmentation, drawn from the epoch's own generator."""
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            variable.assign(rng.integers(0, 2**31, size=variable.shape).astype("uint32"))


def _numbered(stored, prefix: str) -> list[np.ndarray]:
    """The arrays PREFIX0, PREFIX1, ... of a stored state."""
    return [stored[f"{prefix}{i}"] for i in range(sum(k.startswith(prefix) for k in stored))]


def train(
    experiment: Network,
    dataset: Dataset,
    rows: np.ndarray,
    inner: np.ndarray,
    folder: Path,
    seed: int,
    targets: np.ndarray | None = None,
    on_resume: Callable[[list[dict]], None] = lambda history: None,
    on_epoch: Callable[[list[dict]], None] = lambda history: None,
    on_batch: Callable[[int, int, int], None] = lambda epoch, batch, batches: None,
):
    """Train on the records at `rows`, going on from the last finished epoch in `folder`.

    inner: rows that choose the epoch, of which training sees nothing; may be empty for "last"
    targets: what the model is to say of each record of `dataset`, (n_records, 4), by default its
        label for certain
    seed: of weights, order, dropout and augmentation, each epoch's own: what is drawn in an epoch
        does not depend on whether training was interrupted before it
    on_resume: told the epochs that an earlier call finished, if any
    on_epoch: told all finished epochs, the newest last, once they are safe on disk; an epoch is
        {"epoch", "seconds", "loss", "accuracy", "inner_loss", "inner_F1_NAO", ...}
    on_batch: told (epoch, batch, batches) as they go
    Returns the trained Keras model, with the weights that `experiment.choose` asks for.
    """
    if experiment.choose == "best" and not len(inner):
        raise EcglabError("choose=best has no inner records to choose on: set choose=last")
    keras.utils.set_random_seed(seed)
    model = compiled(experiment, len(rows))
    state = State.read(folder / "state.npz")
    variables = [*model.variables, *model.optimizer.variables]
    if state.arrays:
        _restore(variables, state.arrays, folder)
        on_resume(state.history)
    weight = np.zeros(len(dataset), np.float32)  # by the classes of the records trained on alone
    weight[rows] = record_weights(dataset.labels[rows], experiment.class_weight)
    targets = one_hot(dataset.labels) if targets is None else targets
    for epoch in range(len(state.history), experiment.epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([seed, epoch])
        batches = Batches(dataset, rows, targets, experiment.batch_size, weight, rng)
        _reseed(model, rng)
        # Batch by batch and not `fit`, which on TensorFlow feeds them through tf.data: that took
        # twice the time on two cores.
        logs = []
        for i, batch in enumerate(batches):
            logs.append(model.train_on_batch(*batch, return_dict=True))
            on_batch(epoch + 1, i + 1, len(batches))
        # The batches are of one size, so the epoch's value is the mean of theirs.
        means = {name: float(np.mean([log[name] for log in logs])) for name in logs[0]}
        entry = {"epoch": epoch + 1, "loss": means["loss"], "accuracy": means["accuracy"]}
        if not math.isfinite(entry["loss"]):
            raise EcglabError(
                f"the loss became {entry['loss']} in epoch {epoch + 1}: lower learning_rate"
            )
        if len(inner):
            probabilities = predict(model, dataset, inner, experiment.batch_size)
            entry |= _inner_scores(dataset.labels[inner], probabilities)
        entry["seconds"] = time.perf_counter() - started
        state.history.append(entry)
        state.arrays = _copies(variables)
        if experiment.choose == "best" and _is_best(state.history):
            state.best = _copies(model.variables)
        state.write(folder / "state.npz")
        on_epoch(state.history)
    if state.best:
        _restore(model.variables, state.best, folder)
    elif experiment.ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    return model


def compiled(experiment: Network, n_records: int):
    """The experiment's model with its loss and optimizer, for so many training records."""
    model = models.build(experiment.model, experiment.network, experiment.augment)
    steps = experiment.epochs * max(n_records // experiment.batch_size, 1)
    warmup = round(experiment.warmup * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        experiment.learning_rate / 20 if warmup else experiment.learning_rate,
        max(steps - warmup, 1),
        warmup_target=experiment.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=experiment.weight_decay,
        global_clipnorm=5.0,
        use_ema=experiment.ema > 0,
        ema_momentum=experiment.ema or 0.99,  # which is not used then
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
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


def _copies(variables) -> list[np.ndarray]:
    """Copies: on a CPU a converted variable may share its memory and change with it."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def _restore(variables, arrays, folder: Path) -> None:
    shapes = [tuple(v.shape) for v in variables], [a.shape for a in arrays]
    if shapes[0] != shapes[1]:
        raise EcglabError(
            f"the state in {folder} is of another network: "
            "train with --fresh, or with the code that began it"
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _inner_scores(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    chosen = np.array(LABELS)[probabilities.argmax(axis=1)]
    truth = probabilities[np.arange(len(labels)), one_hot(labels).argmax(axis=1)]
    cross_entropy = float(-np.log(np.maximum(truth, 1e-7)).mean())
    return {
        "inner_loss": cross_entropy,
        **{f"inner_{k}": v for k, v in f1_scores(labels, chosen).items()},
    }


def _is_best(history: list[dict]) -> bool:
    return history[-1]["inner_F1_NAO"] >= max(entry["inner_F1_NAO"] for entry in history)
