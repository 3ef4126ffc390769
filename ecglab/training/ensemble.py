"""An experiment whose folds are averages of other experiments' folds, calibrated."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.inference.predictor import pooled
from ecglab.training.experiment import Experiment, Fold, Predict
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Ensemble(Experiment):
    """The weighted geometric mean of other experiments' probabilities, beside `Experiment`.

    The exponents of the pool (`predictor.pooled`) are fitted to the validation records by maximum
    likelihood, which calibrates it as a temperature does (Guo et al. 2017, arXiv:1706.04599). The
    scored fold has no part in them.

    members: names of experiments, trained first where they are not yet
    weights: "equal" fits one exponent for all members, "fitted" one for each
    """

    members: tuple[str, ...] = ()
    weights: str = "equal"

    kind: ClassVar[str] = "ensemble"
    fixed: ClassVar[tuple[str, ...]] = ("members",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(
            ("members", len(self.members) > 0, "at least one experiment"),
            ("weights", self.weights in ("equal", "fitted"), "'equal' or 'fitted'"),
            ("seed", self.seed == 1, "1: only the members draw at random"),
            ("validation", self.validation > 0, "above 0: the exponents are fitted on it"),
        )

    @property
    def needs(self) -> tuple[str, ...]:
        return self.members

    def train_fold(self, fold: Fold) -> Predict:
        """Fit the exponents on `fold.validation`; keeps them as `ensemble.json`."""
        import pandas as pd

        runs, classes = RunFolder(fold.folder.parent).members, fold.data.classes
        began = time.perf_counter()
        tables = [
            pd.concat([run.validation(fold.k), run.predictions(fold.k)]).set_index("record")
            for run in runs
        ]

        def members(rows: np.ndarray) -> np.ndarray:
            return np.stack([_of_records(t, fold.data.ids[rows], classes) for t in tables])

        exponents, loss = fit_exponents(
            members(fold.validation),
            classes.index(fold.data.labels[fold.validation]),
            self.weights == "equal",
        )
        parts = [
            {"run": run.name, "exponent": float(x)} for run, x in zip(runs, exponents, strict=True)
        ]
        write_json(fold.folder / "ensemble.json", parts)
        seconds = time.perf_counter() - began
        seconds += sum(entry["seconds"] for run in runs for entry in run.history(fold.k))
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        shown = ", ".join(f"{part['run']} {part['exponent']:.2f}" for part in parts)
        fold.message(f"fold {fold.k}: exponents {shown}, validation loss {loss:.4f}")
        fold.changed()
        return lambda rows: pooled(members(rows), exponents)


def fit_exponents(
    probabilities: np.ndarray, truth: np.ndarray, equal: bool
) -> tuple[np.ndarray, float]:
    """The maximum-likelihood exponents (members,), at least 0, and their cross-entropy.

    probabilities: (members, n, n_classes); truth: (n,) index of the right class
    equal: one exponent for all members
    """
    from scipy.optimize import minimize

    members, rows = len(probabilities), np.arange(len(truth))

    def loss(given: np.ndarray) -> float:
        exponents = np.broadcast_to(given, members)
        right = pooled(probabilities, exponents)[rows, truth]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    start = np.full(1 if equal else members, 1 / members)
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, 10)] * start.size)
    return np.broadcast_to(found.x, members).copy(), float(found.fun)


def _of_records(table: "pd.DataFrame", ids: np.ndarray, classes: Classes) -> np.ndarray:
    """A table's probabilities (len(ids), n_classes) of these records, in their order."""
    missing = [record for record in ids if record not in table.index]
    if missing:
        raise EcglabError(
            f"a member has no predictions for {missing[0]} and {len(missing) - 1} more records"
        )
    return table.loc[ids, list(classes)].to_numpy(float)
