"""Networks as ONNX: the recurrent layer by hand, models merged into one, constants halved."""

import functools
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from ecglab import models
from ecglab.packaging import onnx_files

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the export to ONNX is TensorFlow's"
)


def network(seed: int, **parameters):
    """A network with a GRU whose every weight is random: zero biases would prove little."""
    small = {"widths": (4, 6), "blocks": 1, "kernel": 3, "units": 5, **parameters}
    model = models.build("spectrogram_resnet", small)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


@functools.cache
def exported(seed: int, **parameters) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        network(seed, **parameters).save(path)
        return onnx_files.of_network(path)


@pytest.fixture(scope="module")
def inputs():
    """Records with their ends, their beginnings and their middles unknown."""
    rng = np.random.default_rng(1)
    valid = np.ones((5, 4000), np.float32)
    valid[1, 2500:] = 0
    valid[2, 1000:2200] = 0
    valid[3, :900] = 0
    valid[4, 1500:1600] = valid[4, 2000:2700] = valid[4, 3600:] = 0
    return {"signal": rng.normal(size=valid.shape).astype(np.float32) * valid, "valid": valid}


def said(model: onnx.ModelProto, inputs: dict) -> dict:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    outputs = [output.name for output in session.get_outputs()]
    return dict(zip(outputs, session.run(outputs, inputs), strict=True))


def test_the_gru_passes_over_what_is_unknown_as_keras_does(inputs):
    expected = network(0).predict_on_batch(inputs)
    assert np.ptp(expected, axis=0).max() > 0.01
    np.testing.assert_allclose(said(exported(0), inputs)["probabilities"], expected, atol=1e-5)
    operations = [node.op_type for node in exported(0).graph.node]
    assert operations.count("GRU") == 1
    assert "Loop" not in operations


def test_merged_models_say_what_each_says_and_share_what_they_have_in_common(inputs):
    each = {name: exported(seed) for seed, name in enumerate("ab")}
    whole = onnx_files.merged(each)
    found = said(whole, inputs)
    for name, model in each.items():
        alone = said(model, inputs)["probabilities"]
        np.testing.assert_allclose(found[f"{name}/probabilities"], alone, atol=1e-6)
    assert [given.name for given in whole.graph.input] == ["signal", "valid"]
    apart = sum(len(model.graph.initializer) for model in each.values())
    assert len(whole.graph.initializer) < apart


def test_a_model_merged_with_itself_holds_each_constant_once():
    model = exported(0)
    once, twice = onnx_files.merged({"a": model}), onnx_files.merged({"a": model, "b": model})
    assert len(once.graph.initializer) == len(twice.graph.initializer)


def test_large_constants_take_half_and_say_nearly_the_same(inputs):
    each = {"a": exported(0, widths=(32, 64), kernel=5)}
    whole, half = onnx_files.merged(each), onnx_files.merged(each, half=True)
    assert half.ByteSize() < 0.8 * whole.ByteSize()
    a, b = (said(model, inputs)["a/probabilities"] for model in (whole, half))
    assert 0 < np.abs(a - b).max() < 1e-2


def test_trees_and_networks_merge_with_the_inputs_of_both():
    from sklearn.ensemble import HistGradientBoostingClassifier

    from ecglab.training import trees

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)), np.arange(200) % 4
    forest = HistGradientBoostingClassifier(max_iter=2).fit(x, y)
    each = {
        "trees": onnx.load_from_string(trees.as_onnx([forest], 3)),
        "network": exported(0),
    }
    whole = onnx_files.merged(each)
    assert {given.name for given in whole.graph.input} == {"features", "signal", "valid"}
    assert {out.name for out in whole.graph.output} == {f"{x}/probabilities" for x in each}
