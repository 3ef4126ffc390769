"""Run under another backend: what it makes of the models another one saved.

    KERAS_BACKEND=jax python backend_outputs.py FOLDER

FOLDER holds inputs.npz (signal, valid) and models, *.keras. Beside each model comes an .npz with
its outputs and, where it can be trained, the loss of one training step and how far that moved
the weights.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from ecglab.layers import augment  # noqa: F401  (loading a model needs its layers registered)
from ecglab.record import LABELS


def outputs(model, inputs) -> dict[str, np.ndarray]:
    """{"output_0": ..., ...}: what the model predicts."""
    given = keras.tree.flatten(model(inputs))
    return {f"output_{k}": keras.ops.convert_to_numpy(x) for k, x in enumerate(given)}


def training_step(model, inputs) -> dict[str, float]:
    """The loss of one step on any labels, and the greatest change of a weight."""
    labels = np.eye(len(LABELS), dtype=np.float32)[np.arange(len(inputs["signal"])) % len(LABELS)]
    before = [np.array(v) for v in model.trainable_variables]
    model.compile("adam", "categorical_crossentropy")
    loss = model.train_on_batch(inputs, labels)
    moved = [np.abs(v - b).max() for v, b in zip(model.trainable_variables, before, strict=True)]
    return {"loss": float(loss), "moved": float(max(moved))}


def main(folder: Path):
    with np.load(folder / "inputs.npz") as stored:
        inputs = dict(stored)
    for path in sorted(folder.glob("*.keras")):
        model = keras.models.load_model(path)
        results = outputs(model, inputs)
        if model.trainable_variables:
            results |= training_step(model, inputs)
        np.savez(path.with_suffix(".npz"), backend=keras.backend.backend(), **results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
