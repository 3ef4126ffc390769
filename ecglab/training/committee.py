"""An experiment trained several times in each fold, each time without a part of its records."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ecglab.datasets import splits
from ecglab.inference.predictor import pooled
from ecglab.training import experiment as experiments
from ecglab.training.experiment import Experiment, Fold, Predict
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json


@dataclass(frozen=True, kw_only=True)
class Committee(Experiment):
    """Models trained on all parts of the training records but one each, beside `Experiment`.

    Its use is the table `fold-K/training.csv`: for each training record of the fold the
    probabilities of the one model that was trained without it. A label with which that model
    disagrees is more often wrong than others, and a student that takes a part of its targets from
    such a teacher learns less of the wrong ones (`Network.teacher`). No scored or validation record
    of the fold has a part in them.

    of: name of the experiment; parts: number of models
    """

    of: str
    parts: int = 5

    kind: ClassVar[str] = "committee"
    fixed: ClassVar[tuple[str, ...]] = ("of",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(("parts", 2 <= self.parts <= 20, "from 2 to 20"))

    @property
    def consists_of(self) -> tuple[str, ...]:
        return (self.of,)

    def train_fold(self, fold: Fold) -> Predict:
        """Train a model without each part of `fold.rows`; keeps them in `part-J`."""
        one = replace(experiments.load(self.of), **self.shared)
        if one.consists_of:
            raise EcglabError(
                f"of={self.of} consists of {', '.join(one.consists_of)}: a committee needs an "
                "experiment that consists of one model"
            )
        classes, labels = fold.data.classes, fold.data.labels[fold.rows]
        part = splits.make(fold.data.select(fold.rows), self.parts, seed=self.seed)
        probabilities = np.empty((len(fold.rows), len(classes)))
        predictors: list[Predict] = []
        seconds = 0.0
        for j in range(self.parts):
            folder = fold.folder / f"part-{j}"
            folder.mkdir(exist_ok=True)
            rows, own = fold.rows[part != j], fold.rows[part == j]
            after = (fold.after + 1) * self.parts - j - 1
            task = replace(
                fold, rows=rows, validation=own[:0], scored=own, folder=folder, after=after
            )
            predictors.append(one.train_fold(task))
            probabilities[part == j] = predictors[-1](own)
            seconds += sum(entry["seconds"] for entry in read_json(folder / "history.json"))
        run = RunFolder(fold.folder.parent)
        run.write_table(fold.k, fold.data, fold.rows, probabilities, "training")
        truth = probabilities[np.arange(len(labels)), classes.index(labels)]
        loss = float(-np.log(np.maximum(truth, 1e-7)).mean())  # out of sample
        write_json(fold.folder / "history.json", [{"epoch": 1, "seconds": seconds, "loss": loss}])
        equal = [1 / self.parts] * self.parts
        return lambda rows: pooled(np.stack([predict(rows) for predict in predictors]), equal)
