"""An experiment whose folds are gradient-boosted trees on `ecglab.ecg.features`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.training import trees_onnx
from ecglab.training.experiment import Experiment, Fold, Predict
from ecglab.training.features import stored, stored_copies
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing, write_json
from ecglab.utils.progress import left

GROUPS = tuple(dict.fromkeys(name.partition("_")[0] for name in features.names))
"""The groups of features, by the prefix of their names."""


@dataclass(frozen=True, kw_only=True)
class Trees(Experiment):
    """Gradient-boosted trees on the features of each record, beside `Experiment`.

    The trees are scikit-learn's HistGradientBoostingClassifier, for which a feature that is not
    defined is a value of its own. They are kept as ONNX, and predict from there.

    iterations: boosting rounds, each of one tree per class
    learning_rate: factor by which each round changes the prediction
    leaves: greatest number of leaves of a tree; min_leaf: least number of records in a leaf
    l2: penalty on the squared values of leaves
    share: share of the features that each split may choose from
    copies: varied copies of each training record, excerpts and such with missing parts in turn. All
        together they count as much as the record
    class_weight: power of the inverse class frequency by which a record counts; 0 for none
    without: group of features that is left out, by its prefix (rr, beat, p, f or quality)
    bags: models that differ by their seed, whose probabilities are averaged
    seed: seed of the random choice of features for each split
    """

    iterations: int = 200
    learning_rate: float = 0.06
    leaves: int = 8
    min_leaf: int = 20
    l2: float = 5.0
    share: float = 0.3
    copies: int = 2
    class_weight: float = 0.5
    without: str = ""
    bags: int = 3

    kind: ClassVar[str] = "trees"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(
            ("iterations", self.iterations >= 1, "at least 1"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("leaves", self.leaves >= 2, "at least 2"),
            ("min_leaf", self.min_leaf >= 1, "at least 1"),
            ("l2", self.l2 >= 0, "at least 0"),
            ("share", 0 < self.share <= 1, "above 0 and at most 1"),
            ("copies", self.copies >= 0, "at least 0"),
            ("class_weight", self.class_weight >= 0, "at least 0"),
            ("bags", self.bags >= 1, "at least 1"),
            ("without", self.without in ("", *GROUPS), f"one of {', '.join(GROUPS)}"),
        )

    def prepare(self, data: Dataset, message: Callable[[str], None]) -> None:
        stored(data, message)
        stored_copies(data, self.copies, message)

    def train_fold(self, fold: Fold) -> Predict:
        """Fit the fold's trees on `fold.rows`; keeps them as `model.onnx`."""
        vectors, classes = stored(fold.data, fold.message), fold.data.classes
        copies = stored_copies(fold.data, self.copies, fold.message)
        began = time.perf_counter()
        x, labels = vectors[fold.rows], fold.data.labels[fold.rows]
        models = self.fit(np.stack([x, *copies[:, fold.rows]]), labels, classes, fold.k)
        path = fold.folder / "model.onnx"
        with replacing(path) as file:
            file.write(trees_onnx.exported(models, x.shape[1], len(classes)))
        predict = trees_onnx.loaded(path)
        truth = predict(x)[np.arange(len(labels)), classes.index(labels)]
        loss = float(-np.log(np.maximum(truth, 1e-7)).mean())
        seconds = time.perf_counter() - began
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        fold.message(
            f"fold {fold.k}: {self.bags} x {self.iterations} rounds, loss {loss:.4f}, "
            f"{seconds:.1f} s{left(seconds * fold.after)}"
        )
        fold.changed()
        return lambda rows: predict(vectors[rows])

    def fit(self, x: np.ndarray, labels: np.ndarray, classes: Classes, k: int = 0) -> list:
        """The fitted scikit-learn models, one per bag.

        x: features (n, n_features), or (1 + copies, n, n_features) of records and of their copies
        labels: (n,), of the classes; k: number of the fold
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        missing = sorted(set(classes) - set(labels))
        if missing:
            raise EcglabError(
                f"fold {k} has no record of class {', '.join(missing)} to train on: "
                "use more records"
            )
        left_out = [name.startswith(f"{self.without}_") for name in features.names]
        x = np.where(left_out, 0, x)  # no tree can split on a constant
        x = x.reshape(-1, x.shape[-1])
        n = len(x) // len(labels)
        shares = np.array([1.0] if n == 1 else [0.5] + [0.5 / (n - 1)] * (n - 1))
        weights = np.outer(shares, record_weights(labels, classes, self.class_weight)).ravel()
        targets = np.tile(classes.index(labels), n)
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
            ).fit(x, targets, sample_weight=weights)
            for bag in range(self.bags)
        ]
