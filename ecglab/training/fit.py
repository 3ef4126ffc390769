"""Training of one network on one split. The state is kept on disk after every epoch."""

import hashlib
import io
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecglab import models
from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.ecg.classes import Classes
from ecglab.evaluation.metrics import f1_scores
from ecglab.training.batches import Batches
from ecglab.training.inputs import Inputs, inputs_of
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing

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


_HEX = 64
"""Characters of a SHA-256 in hex."""


@dataclass
class State:
    """The state of training: written after every epoch, and read to resume.

    history: one dict an epoch; arrays: of the model and its optimizer; best: of the model alone
    """

    history: list[dict] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)

    def write(self, path: Path, owner: str) -> None:
        """Write the state as an .npz file, followed by the SHA-256 of its bytes in hex.

        owner: names the run and fold whose state it is
        """
        named: dict[str, Any] = {f"now_{i}": a for i, a in enumerate(self.arrays)}
        named |= {f"best_{i}": a for i, a in enumerate(self.best)}
        buffer = io.BytesIO()
        facts = json.dumps({"owner": owner, "history": self.history})
        np.savez(buffer, facts=np.array(facts), **named)
        content = buffer.getvalue()
        with replacing(path) as file:
            file.write(content)
            file.write(hashlib.sha256(content).hexdigest().encode())

    @classmethod
    def read(cls, path: Path, owner: str) -> "State":
        """The state at `path`, a new one where there is none.

        Raises EcglabError where the file is damaged or has another owner.
        """
        if not path.exists():
            return cls()
        stored = path.read_bytes()
        content, digest = stored[:-_HEX], stored[-_HEX:]
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise EcglabError(f"{path} is damaged: delete it to train this fold anew")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            if facts["owner"] != owner:
                raise EcglabError(
                    f"{path} is the state of another fold or run ({facts['owner']}, not {owner}): "
                    "delete it to train this fold anew"
                )
            return cls(facts["history"], _numbered(arrays, "now_"), _numbered(arrays, "best_"))


def _reseed(model: keras.Model, rng: np.random.Generator) -> None:
    """New seeds for dropout and augmentation, drawn from the epoch's own generator."""
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            variable.assign(rng.integers(0, 2**31, size=variable.shape).astype("uint32"))


def _numbered(stored: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    """The arrays PREFIX0, PREFIX1, ... of a stored state."""
    return [stored[f"{prefix}{i}"] for i in range(sum(k.startswith(prefix) for k in stored))]


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
    on_resume: called with the epochs that an earlier call finished, if any
    on_epoch: called with all finished epochs, the newest last, once they are safe on disk; an epoch
        is {"epoch", "seconds", "loss", "accuracy", "val/loss", "val/challenge_f1", ...}
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
        _restore(variables, state.arrays, folder)
        on_resume(state.history)
    weights = np.zeros(len(data), np.float32)  # from the classes of the training records alone
    weights[rows] = record_weights(data.labels[rows], data.classes, experiment.class_weight)
    targets = data.classes.one_hot(data.labels) if targets is None else targets
    inputs = inputs or inputs_of(experiment.model, data)
    for epoch in range(len(state.history), experiment.epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([seed, epoch])
        batches = Batches(
            inputs, rows, targets, weights, experiment.batch_size, _window(experiment), rng
        )
        _reseed(model, rng)
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
        state.history.append(entry)
        state.arrays = _copies(variables)
        if experiment.checkpoint == "best" and _is_best(state.history):
            state.best = _copies(model.variables)
        state.write(path, owner)
        on_epoch(state.history)
    if state.best:
        _restore(model.variables, state.best, folder)
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


def _copies(variables: Iterable[keras.Variable]) -> list[np.ndarray]:
    """Copies: on a CPU a converted variable may share its memory and change with it."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def _restore(
    variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray], folder: Path
) -> None:
    shapes = [tuple(v.shape) for v in variables], [a.shape for a in arrays]
    if shapes[0] != shapes[1]:
        raise EcglabError(
            f"the state in {folder} belongs to another network: "
            "train with --fresh, or with the code that wrote the state"
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _scores(labels: np.ndarray, probabilities: np.ndarray, classes: Classes) -> dict[str, float]:
    """{"val/loss", "val/f1/CLASS", ..., "val/challenge_f1", "val/mean_f1"}"""
    truth = probabilities[np.arange(len(labels)), classes.index(labels)]
    cross_entropy = float(-np.log(np.maximum(truth, 1e-7)).mean())
    found = f1_scores(labels, classes.predicted(probabilities), classes)
    return {"val/loss": cross_entropy, **{f"val/{name}": value for name, value in found.items()}}


def _is_best(history: list[dict]) -> bool:
    scores = [entry["val/challenge_f1"] for entry in history]
    return scores[-1] >= max(scores)
