"""Contrastive pretraining without labels: two windows of one record are a positive pair.

The windows of a batch go through the network up to its last layer, and two small layers that are
dropped afterwards. The contrastive loss is low where the two windows of a record come out alike and
those of other records different: Chen T et al. "A simple framework for contrastive learning of
visual representations" (SimCLR). ICML 2020, arXiv:2002.05709. That windows of one record make a
pair is from Kiyasseh D, Zhu T, Clifton DA. "CLOCS". ICML 2021, arXiv:2005.13249. There patients
make the pairs; here groups have no part, and several records of a patient count as different.
"""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.training.inputs import Inputs
from ecglab.training.optimizer import adamw
from ecglab.training.state import State, copies, reseed, restore
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError

quiet.load_keras()
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

STATE = "pretraining.npz"
"""File of the state, which is read until the first epoch with labels is finished."""

SECONDS = 12.0
"""Length of a window: two of a record of 30 s may lie apart, and hold beats enough for a rhythm."""

RECORDS = 96
"""In a batch: the more there are, the harder it is to find the right one."""

WIDTHS = (128, 64)
"""Of the two layers that are dropped afterwards."""

TEMPERATURE, LEARNING_RATE, WARMUP, WEIGHT_DECAY = 0.1, 2e-3, 0.05, 1e-3
"""Of the loss; of AdamW, as networks are trained here with labels."""


def contrastive_loss(_: Any, outputs: Any) -> Any:
    """(2 n,) loss of outputs (2 n, channels), whose rows i and n + i are of one record (NT-Xent).

    The cross-entropy of finding the other row of the record among all others, by cosine similarity
    over `TEMPERATURE`.
    """
    outputs = ops.cast(outputs, "float32")
    length = ops.sqrt(ops.sum(ops.square(outputs), axis=1, keepdims=True) + 1e-8)
    outputs = outputs / length
    n = ops.shape(outputs)[0] // 2
    itself = 1e9 * ops.eye(2 * n)
    similarity = ops.matmul(outputs, ops.transpose(outputs)) / TEMPERATURE - itself
    other = ops.concatenate([ops.arange(n, 2 * n), ops.arange(n)])
    return keras.losses.sparse_categorical_crossentropy(other, similarity, from_logits=True)


def pretrain(
    model: keras.Model,
    inputs: Inputs,
    rows: np.ndarray,
    epochs: int,
    folder: Path,
    seed: int,
    owner: str,
    on_epoch: Callable[[list[dict]], None],
) -> list[dict]:
    """Pretrain `model` but for its last layer, going on from the last finished epoch in `folder`.

    rows: the training records, whose labels are not used; `seed`, `owner` and `on_epoch` are those
    of `fit.train`; an epoch is {"epoch", "seconds", "loss"}
    Returns all its epochs. Raises EcglabError for fewer than two records.
    """
    if len(rows) < 2:
        raise EcglabError("pretraining needs two training records at least: set pretrain=0")
    size = min(RECORDS, len(rows))
    network = _with_head(model, epochs * (len(rows) // size))
    variables = [*network.variables, *network.optimizer.variables]
    path = folder / STATE
    state = State.read(path, owner)
    if state.arrays:
        restore(variables, state.arrays, folder)
        on_epoch(state.history)
    for epoch in range(len(state.history), epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([seed, epoch, epochs])  # another stream than in the training
        reseed(network, rng)
        losses = [
            float(network.train_on_batch(windows, np.zeros((2 * size, 1), np.float32)))
            for windows in _batches(inputs, rows, size, rng)
        ]
        loss = float(np.mean(losses))
        if not math.isfinite(loss):
            raise EcglabError(
                f"the loss of pretraining became {loss} in epoch {epoch + 1}: set pretrain=0"
            )
        seconds = time.perf_counter() - started
        state.history.append({"epoch": epoch + 1, "seconds": seconds, "loss": loss})
        state.arrays = copies(variables)
        state.write(path, owner)
        on_epoch(state.history)
    return state.history


def _with_head(model: keras.Model, steps: int) -> keras.Model:
    """The network from the inputs of `model` to the outputs that are compared, ready to train."""
    outputs = model.get_layer("label").input
    outputs = layers.Dense(WIDTHS[0], activation="relu")(outputs)
    network = keras.Model(model.input, layers.Dense(WIDTHS[1])(outputs))
    optimizer = adamw(LEARNING_RATE, steps, WARMUP, WEIGHT_DECAY)
    network.compile(optimizer, contrastive_loss)
    optimizer.build(network.trainable_variables)
    return network


def _batches(
    inputs: Inputs, rows: np.ndarray, size: int, rng: np.random.Generator
) -> Iterator[dict[str, np.ndarray]]:
    """The inputs of two windows of each of `size` records, all the first ones before the second.

    Records that do not fill the last batch are left out, other ones in each epoch.
    """
    order = rng.permutation(rows)
    n = min(round(SECONDS * inputs.rate), int(inputs.lengths[rows].max()))
    for start in range(0, order.size - size + 1, size):
        pairs = np.tile(order[start : start + size], 2)
        starts = rng.integers(0, np.maximum(inputs.lengths[pairs] - n, 0) + 1)
        places = zip(pairs, starts, strict=True)
        yield inputs.batch([inputs.of(row)[first : first + n] for row, first in places], n)
