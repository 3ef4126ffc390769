"""Run under another backend: the outputs of models that this one saved.

    KERAS_BACKEND=jax python backend_outputs.py FOLDER

`under_jax` does so. FOLDER holds inputs.npz, arrays by the name of an input, and models, *.keras.
Beside each model comes an .npz with its outputs and, where it can be trained, the result of
`training_steps`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from ecglab.layers import augment, beats  # noqa: F401  (a model is loaded with its layers)


def named(outputs) -> dict[str, np.ndarray]:
    """{"output_0": ..., ...}: the outputs of a model as arrays."""
    flat = keras.tree.flatten(outputs)
    return {f"output_{k}": keras.ops.convert_to_numpy(x) for k, x in enumerate(flat)}


def under_jax(models: Mapping, inputs: Mapping, folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """{name: its outputs under JAX, and the result of its training} of models by name.

    inputs: arrays by name; folder: an empty one
    """
    np.savez(folder / "inputs.npz", **inputs)
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
    jax = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    subprocess.run([sys.executable, __file__, folder], env={**os.environ, **jax}, check=True)
    found = {}
    for name in models:
        with np.load(folder / f"{name}.npz") as stored:
            found[name] = dict(stored)
    return found


def training_steps(model, inputs) -> dict[str, float]:
    """Three steps of a fresh model on any labels: the last loss, and the weight that moved least.

    Three, as what starts at zero (the label's kernel, a block's last gain) lets nothing below it
    move before it has.
    """
    model = keras.models.clone_model(model)
    n_classes = model.output_shape[-1]
    n = len(next(iter(inputs.values())))
    labels = np.eye(n_classes, dtype=np.float32)[np.arange(n) % n_classes]
    before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    model.compile("adam", "categorical_crossentropy")
    losses = [model.train_on_batch(inputs, labels) for _ in range(3)]
    after = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    moved = [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
    return {"loss": float(losses[-1]), "moved": float(min(moved))}


def main(folder: Path):
    keras.utils.set_random_seed(0)
    with np.load(folder / "inputs.npz") as stored:
        inputs = dict(stored)
    for path in sorted(folder.glob("*.keras")):
        model = keras.models.load_model(path)
        results = named(model.predict_on_batch(inputs))  # compiled: called plainly it is slower
        if model.trainable_variables:
            results |= training_steps(model, inputs)
        np.savez(path.with_suffix(".npz"), backend=keras.backend.backend(), **results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
