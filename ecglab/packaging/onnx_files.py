"""Networks as ONNX, and several ONNX models as one file that shares what they have in common."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from ecglab.utils import digests
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing
from ecglab.utils.quiet import load_keras, stderr_on_error

if TYPE_CHECKING:
    import keras

OPSET = 17
IR = 8
"""Opset and format of 2022, which every later onnxruntime reads."""

_SMALL = 10_000
"""A constant of fewer numbers stays float32: there is little to save, and a filter or the waves of
a spectrogram, whose rounding would show in its quiet bins, have no more."""


_EXAMPLE = 10_000
"""Samples, or beats, of the zeros on which a network is traced: more than any layer needs."""


def exported(stems: Sequence[Path]) -> list[Path]:
    """The ONNX file of each model: STEM.onnx, or what is exported once from STEM.keras.

    An export is kept in `onnx/` beside the Keras file, under that one's digest and with a digest of
    its own; a damaged one is made again. Raises EcglabError, one line, where an export fails.
    """
    networks = {stem: stem.with_suffix(".keras") for stem in stems}
    networks = {stem: path for stem, path in networks.items() if path.exists()}
    files = {
        stem: path.parent / "onnx" / f"{digests.sha256_of(path)[:16]}.onnx"
        for stem, path in networks.items()
    }
    missing = [stem for stem in networks if not _is_whole(files[stem])]
    if missing:
        # In a process of its own: only the TensorFlow backend exports every layer, and what it
        # takes of memory comes back only with the end of its process.
        pairs = [str(path) for stem in missing for path in (networks[stem], files[stem])]
        done = subprocess.run(
            [sys.executable, "-m", "ecglab.packaging.onnx_files", *pairs],
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
            raise EcglabError(f"the ONNX export failed: {reason}")
    return [files.get(stem, stem.with_suffix(".onnx")) for stem in stems]


def _is_whole(file: Path) -> bool:
    try:
        digests.check(file.parent, "", [file.name])
    except EcglabError:
        return False
    return True


def _export(network: Path, file: Path) -> None:
    with replacing(file) as opened:
        opened.write(of_network(network).SerializeToString(deterministic=True))
    digests.write_manifest(file.parent, [file.name])


def of_network(path: Path) -> onnx.ModelProto:
    """A Keras file's ONNX model: "signal", "mask" (batch, n) to "probabilities" (batch, n_classes).

    The exporter makes a loop of some twenty small operations a step out of a recurrent layer, so
    the network is exported around its bidirectional GRU, which ONNX has as one operation.
    """
    load_keras()
    import keras

    # Register the layers that the file names.
    import ecglab.layers.augment
    import ecglab.layers.beats  # noqa: F401

    # From its file and not as it stands in memory: Keras rewires the tensors of a model that is cut
    # in two, and it could not be saved afterwards.
    model = keras.models.load_model(path, compile=False)
    whole = keras.Model(model.inputs, model.outputs)
    zeros = [keras.ops.zeros((1, _EXAMPLE, *given.shape[2:])) for given in model.inputs]
    return _named(_of_part(whole, zeros), "probabilities")


def _of_part(model: "keras.Model", example: list) -> onnx.ModelProto:
    """A Keras model with a list of inputs, of which it is given an example."""
    gru = next((layer for layer in model.layers if _is_bidirectional_gru(layer)), None)
    if gru is None:
        return _exported(model, example)
    import keras

    first = keras.Model(model.inputs, gru.input)
    then = keras.Model([*model.inputs, gru.output], model.outputs)
    x, mask = first(example)
    before = _exported(first, example)
    y = keras.ops.convert_to_numpy(gru(x, mask=mask))  # without the mask that hangs on a tensor
    after = _of_part(then, [*example, keras.ops.convert_to_tensor(y)])
    outside = {given.name for given in model.inputs}
    [read] = [given.name for given in after.graph.input if given.name not in outside]
    ends = [f"before/{output.name}" for output in before.graph.output]
    wires = {**dict(zip(("gru/x", "gru/mask"), ends, strict=True)), f"after/{read}": "gru/y"}
    parts = {"before": before, "gru": _bidirectional_gru(gru), "after": after}
    return _assembled(parts, [f"after/{output.name}" for output in after.graph.output], wires)


def _is_bidirectional_gru(layer: "keras.Layer") -> bool:
    cell = getattr(getattr(layer, "forward_layer", None), "cell", None)
    return type(cell).__name__ == "GRUCell"


def _exported(model: "keras.Model", example: list) -> onnx.ModelProto:
    model(example)  # Keras exports only what has been called
    with TemporaryDirectory() as folder, stderr_on_error():
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False, opset_version=OPSET)
        return onnx.load(path)


def _bidirectional_gru(layer: "keras.Layer") -> onnx.ModelProto:
    """The layer alone: x (batch, time, channels), mask (batch, time) to y (batch, time, 2 units).

    As Keras, it passes over the frames whose mask is 0: the others are moved to the front, in their
    order, and back again.
    """
    sides = layer.forward_layer.cell, layer.backward_layer.cell
    units = sides[0].units
    w, r, b = zip(*(cell.get_weights() for cell in sides), strict=True)
    channels = w[0].shape[0]
    constants = {
        "w": np.stack([a.T for a in w]),
        "r": np.stack([a.T for a in r]),
        "b": np.stack([a.reshape(-1) for a in b]),
        "zero": np.array(0),
        "one": np.array(1),
        "last": np.array([-1]),
        "first": np.array([1]),
        "flat": np.array([0, 0, 2 * units]),
    }
    node = helper.make_node
    nodes = [
        node("Shape", ["mask"], ["frames"], start=1),
        node("Squeeze", ["frames"], ["n"]),
        node("Range", ["zero", "n", "one"], ["place"]),
        node("Cast", ["place"], ["place_float"], to=TensorProto.FLOAT),
        node("Cast", ["frames"], ["n_float"], to=TensorProto.FLOAT),
        node("Mul", ["mask", "n_float"], ["rank"]),
        node("Sub", ["rank", "place_float"], ["key"]),
        node("TopK", ["key", "frames"], ["sorted_key", "order"], axis=1),
        node("TopK", ["order", "frames"], ["sorted_order", "back"], axis=1, largest=0),
        node("Unsqueeze", ["order", "last"], ["order_x"]),
        node("Shape", ["x"], ["shape_x"]),
        node("Expand", ["order_x", "shape_x"], ["gather_x"]),
        node("GatherElements", ["x", "gather_x"], ["packed"], axis=1),
        node("Transpose", ["packed"], ["by_time"], perm=[1, 0, 2]),
        node("ReduceSum", ["mask", "first"], ["count"], keepdims=0),
        node("Cast", ["count"], ["lengths"], to=TensorProto.INT32),
        node(
            "GRU",
            ["by_time", "w", "r", "b", "lengths"],
            ["states"],
            hidden_size=units,
            direction="bidirectional",
            linear_before_reset=int(sides[0].reset_after),
        ),
        node("Transpose", ["states"], ["by_record"], perm=[2, 0, 1, 3]),
        node("Reshape", ["by_record", "flat"], ["read"]),
        node("Unsqueeze", ["back", "last"], ["back_y"]),
        node("Shape", ["read"], ["shape_y"]),
        node("Expand", ["back_y", "shape_y"], ["gather_y"]),
        node("GatherElements", ["read", "gather_y"], ["y"], axis=1),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "gru",
        [
            value("x", TensorProto.FLOAT, ["batch", "time", channels]),
            value("mask", TensorProto.FLOAT, ["batch", "time"]),
        ],
        [
            value("y", TensorProto.FLOAT, ["batch", "time", 2 * units]),
        ],
        [numpy_helper.from_array(a, name) for name, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)


def merged(models: Mapping[str, onnx.ModelProto], half: bool = False) -> onnx.ModelProto:
    """One model with the outputs "NAME/probabilities" of several.

    Inputs of one name are one input, and equal constants are one constant: by that onnxruntime
    sees where networks compute the same, as in the filter and the spectrogram, and does it once.
    half: keep large constants as float16, of 11 significant bits
    """
    outputs = [f"{name}/{out.name}" for name, m in models.items() for out in m.graph.output]
    return _assembled(models, outputs, {}, half)


def _assembled(
    parts: Mapping[str, onnx.ModelProto],
    outputs: Sequence[str],
    wires: Mapping[str, str],
    half: bool = False,
) -> onnx.ModelProto:
    """One model of several, whose names become "PART/NAME".

    outputs: those of the whole; wires: {input of a part: output of an earlier part}; the other
        inputs are the whole's, by their own name
    """
    inputs: dict[str, onnx.ValueInfoProto] = {}
    values: dict[str, onnx.ValueInfoProto] = {}
    nodes: list[onnx.NodeProto] = []
    opsets: dict[str, int] = {}
    kept: dict[tuple, TensorProto] = {}
    for name, part in parts.items():
        for opset in part.opset_import:
            opsets[opset.domain] = max(opset.version, opsets.get(opset.domain, 0))
        inputs |= {x.name: x for x in part.graph.input if f"{name}/{x.name}" not in wires}
        same = {f"{name}/{x.name}": wires.get(f"{name}/{x.name}", x.name) for x in part.graph.input}
        graph = compose.add_prefix(part, f"{name}/").graph
        for constant in graph.initializer:
            content = numpy_helper.to_array(constant).tobytes()
            first = kept.setdefault((constant.data_type, *constant.dims, content), constant)
            same[constant.name] = first.name
        _reconnect(graph, same)
        nodes += graph.node
        values |= {output.name: output for output in graph.output}
    constants = list(kept.values())
    if half:
        constants, casts = _halved(constants)
        nodes = casts + nodes
    ends = [values[name] for name in outputs]
    graph = helper.make_graph(nodes, "ecglab", list(inputs.values()), ends, constants)
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    whole = helper.make_model(graph, opset_imports=imports, ir_version=IR)
    onnx.checker.check_model(whole)
    return whole


def _reconnect(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Let the nodes of a graph, and of the graphs inside them, read other names."""
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = names.get(name, name)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _reconnect(attribute.g, names)


def _halved(constants: list[TensorProto]) -> tuple[list[TensorProto], list[onnx.NodeProto]]:
    """The constants with the large ones in float16, and the nodes that widen these again."""
    kept, casts = [], []
    for constant in constants:
        numbers = numpy_helper.to_array(constant)
        if numbers.dtype == np.float32 and numbers.size > _SMALL:
            name = f"{constant.name}/half"
            kept.append(numpy_helper.from_array(numbers.astype(np.float16), name))
            casts.append(helper.make_node("Cast", [name], [constant.name], to=TensorProto.FLOAT))
        else:
            kept.append(constant)
    return kept, casts


def _named(model: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """The model with this name for its only output."""
    last = model.graph.output[0]
    model.graph.node.append(helper.make_node("Identity", [last.name], [output]))
    last.name = output
    return model


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    for network, file in zip(paths[::2], paths[1::2], strict=True):
        _export(network, file)
