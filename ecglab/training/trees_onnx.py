"""Gradient-boosted trees as ONNX."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def exported(models: list, n_features: int, n_classes: int) -> bytes:
    """One ONNX model: "features" (batch, n_features) to "probabilities" (batch, n_classes).

    models: fitted scikit-learn classifiers, whose probabilities are averaged
    Written out here, since skl2onnx 1.20 fails on such trees with protobuf 7 and rounds thresholds
    to the nearest float32, by which a value between two may change sides.
    """
    import onnx
    from onnx import helper

    nodes, each = [], []
    for i, model in enumerate(models):
        raw, probabilities = f"raw_{i}", f"probabilities_{i}"
        attributes = _ensemble(model, n_classes)
        nodes += [
            helper.make_node(
                "TreeEnsembleRegressor", ["features"], [raw], domain="ai.onnx.ml", **attributes
            ),
            helper.make_node("Softmax", [raw], [probabilities], axis=1),
        ]
        each.append(probabilities)
    nodes.append(helper.make_node("Mean", each, ["probabilities"]))
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info("features", kind, [None, n_features])],
        [helper.make_tensor_value_info("probabilities", kind, [None, n_classes])],
    )
    # Opsets of 2022: whatever onnxruntime comes will read them.
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    whole = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(whole)
    return whole.SerializeToString(deterministic=True)


def _ensemble(model: Any, n_classes: int) -> dict:
    """The attributes of a TreeEnsembleRegressor that gives scores (batch, n_classes).

    Of two classes scikit-learn has one score, that of the second; the first one's is 0 then.
    """
    # The one place where private parts of scikit-learn are read: it has no public view of them.
    first = n_classes - len(model._predictors[0])
    trees = [(k, tree.nodes) for trees in model._predictors for k, tree in enumerate(trees, first)]
    nodes = np.concatenate([tree for _, tree in trees])
    sizes = [len(tree) for _, tree in trees]
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    class_of = np.repeat([k for k, _ in trees], sizes)
    node_of = np.concatenate([np.arange(size) for size in sizes])
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "n_targets": n_classes,
        "base_values": [0.0] * first + model._baseline_prediction.ravel().tolist(),
        "nodes_treeids": tree_of.tolist(),
        "nodes_nodeids": node_of.tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_values": np.where(leaf, 0, _down(nodes["num_threshold"])).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).tolist(),
        "nodes_missing_value_tracks_true": np.where(leaf, 0, nodes["missing_go_to_left"]).tolist(),
        "target_treeids": tree_of[leaf].tolist(),
        "target_nodeids": node_of[leaf].tolist(),
        "target_ids": class_of[leaf].tolist(),
        "target_weights": nodes["value"][leaf].tolist(),
    }


def _down(threshold: np.ndarray) -> np.ndarray:
    """The largest float32 that is not above each float64: x <= it for the same float32 x."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def loaded(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """A function from features (n, n_features) to probabilities (n, n_classes), from a file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda vectors: session.run(None, {"features": vectors.astype(np.float32)})[0]
