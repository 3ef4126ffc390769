"""An experiment whose folds are gradient-boosted trees on `ecglab.ecg.features`."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.ecg import features
from ecglab.ecg.record import LABELS
from ecglab.training.experiment import Experiment, Fold, Judge
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, replacing, write_json
from ecglab.utils.paths import data_dir

GROUPS = tuple(dict.fromkeys(name.partition("_")[0] for name in features.names))
"""The groups of features, by the prefix of their names."""


@dataclass(frozen=True, kw_only=True)
class Trees(Experiment):
    """Gradient-boosted trees on the features of each record, beside `Experiment`.

    The trees are scikit-learn's HistGradientBoostingClassifier, for which a feature that is not
    defined is a value of its own. They are kept as ONNX, and judge from there.

    iterations: boosting rounds, each of a tree a class; learning_rate: of each round
    leaves: of a tree, at most; min_leaf: records in a leaf, at least; l2: of the values of leaves
    share: of the features that each split may choose from
    class_weight: power of the inverse class frequency by which a record counts; 0 for none
    without: group of features that is left out, by its prefix: "rr", "beat", "p", "f", "quality"
    bags: models that differ by their seed, whose probabilities are averaged
    seed: of which features each split may choose from
    """

    iterations: int = 200
    learning_rate: float = 0.06
    leaves: int = 8
    min_leaf: int = 20
    l2: float = 5.0
    share: float = 0.3
    class_weight: float = 0.5
    without: str = ""
    bags: int = 3

    kind: ClassVar[str] = "trees"

    def __post_init__(self):
        super().__post_init__()
        self.check(
            ("iterations", self.iterations >= 1, "at least 1"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("leaves", self.leaves >= 2, "at least 2"),
            ("min_leaf", self.min_leaf >= 1, "at least 1"),
            ("l2", self.l2 >= 0, "at least 0"),
            ("share", 0 < self.share <= 1, "above 0 and at most 1"),
            ("class_weight", self.class_weight >= 0, "at least 0"),
            ("bags", self.bags >= 1, "at least 1"),
            ("without", self.without in ("", *GROUPS), f"one of {', '.join(GROUPS)}"),
        )

    def prepare(self, data: Dataset, say) -> None:
        stored_features(data, say)

    def train_fold(self, fold: Fold) -> Judge:
        """Fit the fold's trees on `fold.rows`; keeps them as `model.onnx`."""
        vectors = stored_features(fold.data, fold.say)
        began = time.perf_counter()
        x, labels = vectors[fold.rows], fold.data.labels[fold.rows]
        models = self.fit(x, labels, fold.k)
        path = fold.folder / "model.onnx"
        with replacing(path) as file:
            file.write(as_onnx(models, x.shape[1]))
        judge = opened(path)
        truth = judge(x)[np.arange(len(labels)), _numbers(labels)]
        loss = float(-np.log(np.maximum(truth, 1e-7)).mean())
        seconds = time.perf_counter() - began
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        fold.say(
            f"fold {fold.k}: {self.bags} x {self.iterations} rounds, loss {loss:.4f}, "
            f"{seconds:.1f} s"
        )
        fold.changed()
        return lambda rows: judge(vectors[rows])

    def fit(self, x: np.ndarray, labels: np.ndarray, k: int = 0) -> list:
        """The fitted scikit-learn models, one a bag, on features (n, n_features)."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        missing = sorted(set(LABELS) - set(labels))
        if missing:
            raise EcglabError(
                f"fold {k} has no record of class {', '.join(missing)} to train on: "
                "use more records"
            )
        left_out = [name.startswith(f"{self.without}_") for name in features.names]
        x = np.where(left_out, 0, x)  # what is the same for all divides none
        weight = record_weights(labels, self.class_weight)
        return [
            HistGradientBoostingClassifier(
                max_iter=self.iterations,
                learning_rate=self.learning_rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.min_leaf,
                l2_regularization=self.l2,
                max_features=self.share,
                early_stopping=False,
                random_state=(self.seed * 1000 + k) * 1000 + bag,
            ).fit(x, _numbers(labels), sample_weight=weight)
            for bag in range(self.bags)
        ]


def _numbers(labels: np.ndarray) -> np.ndarray:
    """(n,) the place of each label in LABELS."""
    return (np.asarray(labels)[:, None] == np.array(LABELS)).argmax(axis=1)


def stored_features(dataset: Dataset, say=lambda text: None) -> np.ndarray:
    """The features (n_records, n_features) float32 of every record, extracted only once.

    They are kept in the data folder, whole or not at all, under a name that says of which
    records and by which version of the features; a damaged file is made anew.
    """
    key = ",".join([dataset.digest, str(features.VERSION), *features.names])
    name = f"features-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npy"
    path = data_dir() / name
    stored = _read(path, (len(dataset), len(features.names)))
    if stored is not None:
        return stored
    with locked(path, "extracting features"):
        say(f"extracting the features of {len(dataset):,} records into {path}")
        rows = progress.bar(range(len(dataset)), "features", unit=" records")
        vectors = np.stack([features.extract(dataset.signal(i), dataset.fs) for i in rows])
        with replacing(path) as file:
            np.save(file, vectors)
    return vectors


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """The array at `path`, None when it is not there or not what it should be."""
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return stored if stored.shape == shape and stored.dtype == np.float32 else None


def as_onnx(models: list, n_features: int) -> bytes:
    """One ONNX model: "features" (batch, n_features) to "probabilities" (batch, 4).

    models: fitted scikit-learn classifiers, whose probabilities are averaged
    Written out here, since skl2onnx 1.20 fails on such trees with protobuf 7 and rounds thresholds
    to the nearest float32, by which a value between two may change sides.
    """
    import onnx
    from onnx import helper

    nodes, each = [], []
    for i, model in enumerate(models):
        raw, probabilities = f"raw_{i}", f"probabilities_{i}"
        attributes = _ensemble(model)
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
        [helper.make_tensor_value_info("probabilities", kind, [None, len(LABELS)])],
    )
    # Opsets of 2022: whatever onnxruntime comes will read them.
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    whole = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(whole)
    return whole.SerializeToString(deterministic=True)


def _ensemble(model) -> dict:
    """The attributes of a TreeEnsembleRegressor that gives a classifier's scores (batch, 4)."""
    # The one place where private parts of scikit-learn are read: it has no public view of them.
    trees = [(k, tree.nodes) for trees in model._predictors for k, tree in enumerate(trees)]
    nodes = np.concatenate([tree for _, tree in trees])
    sizes = [len(tree) for _, tree in trees]
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    class_of = np.repeat([k for k, _ in trees], sizes)
    node_of = np.concatenate([np.arange(size) for size in sizes])
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "n_targets": len(LABELS),
        "base_values": model._baseline_prediction.ravel().tolist(),
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


def opened(path: Path):
    """Features (n, n_features) to probabilities (n, 4), by the ONNX model at `path`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda vectors: session.run(None, {"features": vectors.astype(np.float32)})[0]
