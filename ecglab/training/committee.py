"""An experiment trained several times in each fold, each time without a part of its records."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ecglab.datasets import folds
from ecglab.ecg.record import LABELS
from ecglab.inference.predictor import pooled
from ecglab.training import experiment as experiments
from ecglab.training.experiment import Experiment, Fold, Judge
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json


@dataclass(frozen=True, kw_only=True)
class Committee(Experiment):
    """Models that judge together what none of them saw, beside `Experiment`.

    What makes it worth its time is the table `fold-K/training.csv`: of each training record of the
    fold it has the opinion of the one model that was trained without it. A label with which that
    model disagrees is more often wrong than others, and a network that has such opinions for a part
    of its targets learns less of the wrong ones (`Network.teacher`). No record that
    is scored or held back in the fold has a part in them.

    of: name of the experiment; parts: number of models
    """

    of: str
    parts: int = 5

    kind: ClassVar[str] = "committee"
    fixed: ClassVar[tuple[str, ...]] = ("of",)

    def __post_init__(self):
        super().__post_init__()
        self.check(("parts", 2 <= self.parts <= 20, "from 2 to 20"))

    @property
    def consists_of(self) -> tuple[str, ...]:
        return (self.of,)

    def train_fold(self, fold: Fold) -> Judge:
        """Train a model without each part of `fold.rows`; keeps them in `part-J`."""
        one = replace(experiments.load(self.of), **self.on_the_same_records)
        if one.consists_of:
            raise EcglabError(
                f"of={self.of} is made of {', '.join(one.consists_of)}: a committee is of an "
                "experiment that stands alone"
            )
        ids, labels = fold.data.ids[fold.rows], fold.data.labels[fold.rows]
        part = folds.deal(ids, labels, seed=self.seed, n_folds=self.parts)
        opinions = np.empty((len(fold.rows), len(LABELS)))
        judges, seconds = [], 0.0
        for j in range(self.parts):
            folder = fold.folder / f"part-{j}"
            folder.mkdir(exist_ok=True)
            rows, own = fold.rows[part != j], fold.rows[part == j]
            job = replace(fold, rows=rows, inner=own[:0], scored=own, folder=folder)
            judges.append(one.train_fold(job))
            opinions[part == j] = judges[-1](own)
            seconds += sum(entry["seconds"] for entry in read_json(folder / "history.json"))
        run = RunFolder(fold.folder.parent)
        run.write_predictions(fold.k, fold.data, fold.rows, opinions, "training")
        truth = opinions[labels[:, None] == np.array(LABELS)]
        loss = float(-np.log(np.maximum(truth, 1e-7)).mean())  # of what each did not see
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        return lambda rows: pooled(
            np.stack([judge(rows) for judge in judges]), [1 / self.parts] * self.parts
        )
