"""A layer called on plain arrays, as the tests of the layers do."""

import keras
import numpy as np


def arrays(outputs):
    """What a layer gives, as a list of NumPy arrays."""
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [keras.ops.convert_to_numpy(x) for x in outputs]


def call(layer, *inputs):
    """The layer on arrays (float32 whatever they are), as a list of arrays."""
    inputs = [np.asarray(x, np.float32) for x in inputs]
    return arrays(layer(inputs if len(inputs) > 1 else inputs[0]))
