"""Packages made in a moment, of a model that only looks at the mean of the signal."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.inference.novelty import Reference
from ecglab.inference.package import FORMAT, MODEL, TRAINED_ON
from ecglab.inference.parameters import Abstention, Conformal, Parameters
from ecglab.inference.verdict import words
from ecglab.packaging.package import seal, write_parameters
from ecglab.utils.files import write_text

RHYTHM = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"},
    ranked=("N", "A", "O"),
)
AF = Classes({"AF": "atrial fibrillation", "other": "anything else"})


def model(outputs: dict[str, int], seed: int = 0) -> onnx.ModelProto:
    """An ONNX model: {output: number of classes}; softmax(w * mean + b) of the known samples."""
    rng = np.random.default_rng(seed)
    node = helper.make_node
    nodes = [
        node("Mul", ["signal", "mask"], ["known"]),
        node("ReduceSum", ["known", "axis"], ["sum"], keepdims=1),
        node("ReduceSum", ["mask", "axis"], ["count"], keepdims=1),
        node("Div", ["sum", "count"], ["mean"]),
    ]
    constants = {"axis": np.array([1])}
    for i, (name, n) in enumerate(outputs.items()):
        constants |= {f"w{i}": rng.normal(size=(1, n)), f"b{i}": rng.normal(size=n)}
        nodes += [
            node("MatMul", ["mean", f"w{i}"], [f"x{i}"]),
            node("Add", [f"x{i}", f"b{i}"], [f"y{i}"]),
            node("Softmax", [f"y{i}"], [name], axis=1),
        ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "mean",
        [value(name, TensorProto.FLOAT, ["batch", "time"]) for name in ("signal", "mask")],
        [value(name, TensorProto.FLOAT, ["batch", n]) for name, n in outputs.items()],
        [
            numpy_helper.from_array(a if a.dtype.kind == "i" else a.astype(np.float32), name)
            for name, a in constants.items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def card(classes: Classes = RHYTHM, folds: int = 2, score: float = 0.8, **changes) -> dict:
    """A card of a model of the first folds of 2; changes: of its keys."""
    names = [*map(classes.metric, classes), "challenge_f1", "mean_f1"]
    made = {
        "format": FORMAT,
        "name": "tiny-1",
        "run": "tiny-1",
        "experiment": "tiny",
        "kind": "network",
        "classes": classes.as_dict(),
        "fs": 300.0,
        "features": features.VERSION,
        "simulated": False,
        "scope": "80 of 80 records of cinc2017",
        "data": {
            "name": "cinc2017",
            "simulated": False,
            "classes": classes.as_dict(),
            "fs": 300.0,
            "digest": "d" * 64,
            "labels": "labels",
            "records": 80,
            "published": 80,
            "counts": dict.fromkeys(classes, 20),
        },
        "split": {"folds": 2, "digest": "f" * 64},
        "members": {
            str(k): [{"output": f"fold-{k}/tiny/probabilities", "exponent": 1.0}]
            for k in range(folds)
        },
        "folds": {
            str(k): {"trained": 36, "validation": 4, "scored": 40, "challenge_f1": score}
            for k in range(folds)
        },
        "scored_out_of_fold": 40 * folds,
        "scores": {
            "values": {**dict.fromkeys(names, score), "ece": 0.02},
            "intervals": {name: [score - 0.1, score + 0.1] for name in names},
        },
        "calibration": {
            "class_eces": dict.fromkeys(classes, 0.02),
            "coverage": [[1.0, score], [0.9, score]],
        },
        "verdict": {
            "aurc": 0.05,
            "aurc_interval": [0.04, 0.06],
            "risk": [[0.5, 0.1], [1.0, 0.2]],
            "abstention": [{"coverage": 0.95, "kept": 0.94, "error": 0.1}],
            "conformal": [{"coverage": 0.9, "classes": dict.fromkeys(classes, 0.9), "size": 1.2}],
            "novelty": {"records": 0.01, "signals": {}},
        },
        "settings": {"records": 0, "folds": 0, "held_out": -1},
        "code": "0.1.0 abc",
        "environment": {"device": "cpu:0"},
        "cost": {"training_seconds": 60.0, "bytes": 1000, "milliseconds": 1.0},
        "limits": ["For research only."],
        "command": "ecglab train tiny",
    }
    return made | changes


def parameters(classes: Classes = RHYTHM, **changes) -> Parameters:
    """Of verdicts that name the class of whatever has beats; changes: of the fields."""
    n = len(features.names)
    half, whole = np.array([0.5, 1.0]), np.array([0.9, 0.0])
    made = {
        "verdicts": words(classes),
        "agreement": 0.0,
        "abstention": Abstention(half, whole, np.array([0.1, 0.2])),
        "conformal": Conformal(np.array([0.5, 0.9]), {c: np.array([0.6, 0.2]) for c in classes}),
        "novelty": Reference(
            np.zeros(n),
            np.ones(n),
            np.zeros(n),
            np.eye(n),
            np.zeros(n),
            0.0,
            np.array([10.0]),
            np.array([99.0]),
            -1.0,
        ),
    }
    return Parameters(**made | changes)


def make(folder: Path, seed: int = 0, classes: Classes = RHYTHM, **changes) -> Path:
    """A package in `folder`; changes: as in `card`."""
    made = card(classes, **changes)
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {part["output"]: len(classes) for parts in made["members"].values() for part in parts}
    (folder / MODEL).write_bytes(model(outputs, seed).SerializeToString())
    write_text(folder / TRAINED_ON, "0123456789abcdef\nfedcba9876543210\n")
    write_parameters(folder, parameters(classes))
    seal(folder, made)
    return folder
