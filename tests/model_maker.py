"""Models with drawn weights, for tests of what a model predicts."""

import keras
import numpy as np
import pytest

ROUNDING = 1e-5
"""Greatest difference of two probabilities that are the same but for the order of sums."""


tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the export to ONNX is TensorFlow's"
)


def predicted(model, inputs: dict) -> np.ndarray:
    """Probabilities (batch, n_classes) of inputs, as arrays by name."""
    return keras.ops.convert_to_numpy(model({name: np.float32(x) for name, x in inputs.items()}))


def drawn(model, inputs: dict):
    """The model with drawn weights that tell the records of these inputs apart.

    Fresh ones hide a part of it (gains of 0, means of 0), and of a model whose probabilities
    hardly move every claim of invariance would be true.
    """
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("beta", "bias", "moving_mean"):
            variable.assign(rng.normal(0, 0.3, variable.shape))
        elif variable.name in ("kernel", "recurrent_kernel"):
            fan_in = np.prod(variable.shape[:-1])
            variable.assign(rng.normal(0, np.sqrt(2 / fan_in), variable.shape))
    label = model.get_layer("label")
    features = predicted(keras.Model(model.inputs, label.input), inputs)
    kernel = rng.normal(size=label.kernel.shape) / (features.std(axis=0)[:, None] + 0.01)
    kernel *= 2 / np.sqrt(len(kernel))
    label.set_weights([kernel, -features.mean(axis=0) @ kernel])
    return model


def onnx_session(model, folder):
    """The onnxruntime session of the model, saved to a folder and exported from there."""
    import onnxruntime

    from ecglab.packaging import onnx_files

    model.save(folder / "model.keras")
    exported = onnx_files.of_network(folder / "model.keras")
    return onnxruntime.InferenceSession(exported.SerializeToString())
