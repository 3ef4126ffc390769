"""Networks as ONNX: the recurrent layer by hand, models merged into one, constants halved."""

import functools
import subprocess
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from ecglab import models
from ecglab.packaging import onnx_files
from ecglab.utils.errors import EcglabError

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the export to ONNX is TensorFlow's"
)


def network(seed: int, **hyperparameters):
    """A network with a GRU whose every weight is random: zero biases would prove little."""
    small = {"widths": (4, 6), "blocks": 1, "kernel": 3, "units": 5, **hyperparameters}
    model = models.build("spectrogram_resnet", 300.0, 4, small)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


@functools.cache
def exported(seed: int, **hyperparameters) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        network(seed, **hyperparameters).save(path)
        return onnx_files.of_network(path)


@pytest.fixture(scope="module")
def inputs():
    """Records with their ends, their beginnings and their middles missing."""
    rng = np.random.default_rng(1)
    mask = np.ones((5, 4000), np.float32)
    mask[1, 2500:] = 0
    mask[2, 1000:2200] = 0
    mask[3, :900] = 0
    mask[4, 1500:1600] = mask[4, 2000:2700] = mask[4, 3600:] = 0
    return {"signal": rng.normal(size=mask.shape).astype(np.float32) * mask, "mask": mask}


def outputs_of(model: onnx.ModelProto, inputs: dict) -> dict:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    outputs = [output.name for output in session.get_outputs()]
    return dict(zip(outputs, session.run(outputs, inputs), strict=True))


def test_the_gru_passes_over_missing_frames_as_keras_does(inputs):
    expected = network(0).predict_on_batch(inputs)
    assert np.ptp(expected, axis=0).max() > 0.01
    found = outputs_of(exported(0), inputs)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    operations = [node.op_type for node in exported(0).graph.node]
    assert operations.count("GRU") == 1
    assert "Loop" not in operations


def test_a_network_without_a_gru_is_exported_too(inputs):
    expected = network(3, units=0).predict_on_batch(inputs)
    found = outputs_of(exported(3, units=0), inputs)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_merged_models_give_what_each_gives_and_share_what_they_have_in_common(inputs):
    each = {name: exported(seed) for seed, name in enumerate("ab")}
    whole = onnx_files.merged(each)
    found = outputs_of(whole, inputs)
    for name, model in each.items():
        alone = outputs_of(model, inputs)["probabilities"]
        np.testing.assert_allclose(found[f"{name}/probabilities"], alone, atol=1e-6)
    assert {given.name for given in whole.graph.input} == {"signal", "mask"}
    apart = sum(len(model.graph.initializer) for model in each.values())
    assert len(whole.graph.initializer) < apart


def test_a_model_merged_with_itself_holds_each_constant_once():
    model = exported(0)
    once, twice = onnx_files.merged({"a": model}), onnx_files.merged({"a": model, "b": model})
    assert len(once.graph.initializer) == len(twice.graph.initializer)


def test_large_constants_take_half_the_size_for_nearly_the_same_result(inputs):
    each = {"a": exported(0, widths=(32, 64), kernel=5)}
    whole, half = onnx_files.merged(each), onnx_files.merged(each, half=True)
    assert half.ByteSize() < 0.8 * whole.ByteSize()
    a, b = (outputs_of(model, inputs)["a/probabilities"] for model in (whole, half))
    assert 0 < np.abs(a - b).max() < 1e-2


def test_trees_and_networks_merge_with_the_inputs_of_both():
    from sklearn.ensemble import HistGradientBoostingClassifier

    from ecglab.training import trees_onnx

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)), np.arange(200) % 3
    forest = HistGradientBoostingClassifier(max_iter=2).fit(x, y)
    each = {
        "trees": onnx.load_from_string(trees_onnx.exported([forest], 3, 3)),
        "network": exported(0),
    }
    whole = onnx_files.merged(each)
    assert {given.name for given in whole.graph.input} == {"features", "signal", "mask"}
    assert {out.name for out in whole.graph.output} == {f"{x}/probabilities" for x in each}


def test_an_export_is_kept_and_a_damaged_one_is_made_again(tmp_path, inputs, monkeypatch):
    runs = []

    def run(command, **keys):  # in this process, which has loaded TensorFlow
        runs.append(command)
        onnx_files._export(*map(Path, command[-2:]))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(onnx_files.subprocess, "run", run)
    network(0).save(tmp_path / "model.keras")
    [file] = onnx_files.exported([tmp_path / "model"])
    whole = file.read_bytes()
    expected = network(0).predict_on_batch(inputs)
    found = outputs_of(onnx.load(file), inputs)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert onnx_files.exported([tmp_path / "model"]) == [file]
    assert len(runs) == 1
    file.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    assert onnx_files.exported([tmp_path / "model"]) == [file]
    assert len(runs) == 2
    network(1).save(tmp_path / "model.keras")
    [other] = onnx_files.exported([tmp_path / "model"])
    assert other != file
    assert len(runs) == 3


def test_models_that_are_onnx_already_stay_as_they_are(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    assert onnx_files.exported([tmp_path / "model"]) == [tmp_path / "model.onnx"]


def test_a_network_that_cannot_be_exported_gives_one_line(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"not a model")
    with pytest.raises(EcglabError, match=r"^the ONNX export failed: [^\n]+$"):
        onnx_files.exported([tmp_path / "broken"])
