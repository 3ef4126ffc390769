"""An experiment whose folds are averages of other experiments' folds, calibrated."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ecglab.ecg.record import LABELS
from ecglab.inference.predictor import pooled
from ecglab.training.experiment import Experiment, Fold, Judge
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json


@dataclass(frozen=True, kw_only=True)
class Ensemble(Experiment):
    """The weighted geometric mean of other experiments' probabilities, beside `Experiment`.

    The exponents of the pool (`predictor.pooled`) are fitted to the inner records by maximum
    likelihood, so that it is calibrated as by a temperature (Guo et al. 2017, arXiv:1706.04599):
    the scored fold has no part in them.

    members: names of experiments, trained first where they are not yet
    weights: "equal" fits one exponent for all members, "inner" one for each
    """

    members: tuple = ()
    weights: str = "equal"

    kind: ClassVar[str] = "ensemble"
    fixed: ClassVar[tuple[str, ...]] = ("members",)

    def __post_init__(self):
        super().__post_init__()
        self.check(
            ("members", len(self.members) > 0, "at least one experiment"),
            ("weights", self.weights in ("equal", "inner"), "'equal' or 'inner'"),
            ("seed", self.seed == 1, "1: nothing is drawn here, only by the members"),
            ("inner", self.inner > 0, "above 0: the exponents are fitted on inner records"),
        )

    @property
    def needs(self) -> tuple[str, ...]:
        return self.members

    def train_fold(self, fold: Fold) -> Judge:
        """Fit the exponents on `fold.inner`; keeps them as `ensemble.json`."""
        import pandas as pd

        runs = RunFolder(fold.folder.parent).members
        began = time.perf_counter()
        tables = [
            pd.concat([run.table(fold.k, name) for name in ("inner", "predictions")]).set_index(
                "record"
            )
            for run in runs
        ]

        def opinions(rows):
            return np.stack([_opinions(table, fold.data.ids[rows]) for table in tables])

        exponents, loss = fit_exponents(
            opinions(fold.inner), fold.data.labels[fold.inner], self.weights == "equal"
        )
        parts = [
            {"run": run.name, "exponent": float(x)} for run, x in zip(runs, exponents, strict=True)
        ]
        write_json(fold.folder / "ensemble.json", parts)
        seconds = time.perf_counter() - began
        seconds += sum(entry["seconds"] for run in runs for entry in run.history(fold.k))
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        said = ", ".join(f"{part['run']} {part['exponent']:.2f}" for part in parts)
        fold.say(f"fold {fold.k}: exponents {said}, inner loss {loss:.4f}")
        fold.changed()

        return lambda rows: pooled(opinions(rows), exponents)


def fit_exponents(
    opinions: np.ndarray, labels: np.ndarray, equal: bool
) -> tuple[np.ndarray, float]:
    """The exponents (members,), at least 0, of greatest likelihood, and their cross-entropy.

    opinions: probabilities (members, n, 4); labels: (n,); equal: one exponent for all
    """
    from scipy.optimize import minimize

    members = len(opinions)
    truth = np.asarray(labels)[:, None] == np.array(LABELS)

    def loss(given):
        exponents = np.broadcast_to(given, members)
        return float(-np.log(np.maximum(pooled(opinions, exponents)[truth], 1e-12)).mean())

    start = np.full(1 if equal else members, 1 / members)
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, 10)] * start.size)
    return np.broadcast_to(found.x, members).copy(), float(found.fun)


def _opinions(table, ids) -> np.ndarray:
    """A table's probabilities (len(ids), 4), by record, in the order of these ids."""
    missing = [record for record in ids if record not in table.index]
    if missing:
        raise EcglabError(f"a member has not judged {missing[0]} and {len(missing) - 1} more")
    return table.loc[ids, list(LABELS)].to_numpy(float)
