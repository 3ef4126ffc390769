"""Cross-validation: every fold trained, and scored on records it never saw; resumable."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecglab.datasets import dataset as datasets
from ecglab.datasets import splits
from ecglab.datasets.dataset import Dataset
from ecglab.evaluation.metrics import f1_scores, predicted
from ecglab.training import experiment as experiments
from ecglab.training import process, run_folder
from ecglab.training.experiment import Experiment, Fold
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, write_json
from ecglab.utils.progress import message

NESTED_FOLDS = 5
"""Into so many folds the records are split anew where a fold is held out."""


class Plan(NamedTuple):
    """data: all records of a run; fold: (n_records,) the fold that scores each; n_folds: of them"""

    data: Dataset
    fold: np.ndarray
    n_folds: int

    @property
    def split(self) -> dict:
        """What run.json holds of the split."""
        return {"folds": self.n_folds, "digest": splits.digest(self.data.ids, self.fold)}


def records(experiment: Experiment) -> Dataset:
    """The records that an experiment is about, without the fold that it holds out."""
    return plan(experiment).data


def plan(experiment: Experiment) -> Plan:
    """The records and folds of an experiment."""
    data = datasets.open(experiment.data, experiment.labels or None)
    data = data.excerpt(experiment.records) if experiment.records else data
    fold, n_folds = splits.folds(data), splits.n_folds(data)
    if experiment.held_out >= n_folds:
        raise EcglabError(
            f"held_out={experiment.held_out} is impossible: the folds of {data.name} are "
            f"0 to {n_folds - 1}"
        )
    if experiment.held_out >= 0:
        data, n_folds = data.select(fold != experiment.held_out), NESTED_FOLDS
        fold = splits.make(data, n_folds, seed=experiment.held_out)
    if experiment.folds > n_folds:
        raise EcglabError(
            f"folds={experiment.folds} is impossible: {data.name} is split into {n_folds} folds"
        )
    return Plan(data, fold, n_folds)


def run(
    name: str,
    experiment: Experiment,
    fresh: bool = False,
    on_change: Callable[[RunFolder], None] = lambda run: None,
    search: Mapping | None = None,
    *,
    attempts: int = 1,
    patience: float | None = None,
) -> RunFolder:
    """Train and score every fold of an experiment, going on from what an earlier call finished.

    Each fold is trained in a process of its own, so this one stays light, and several runs may go
    on in threads of one process.

    name: of the experiment; fresh: begin anew beside an earlier run
    on_change: called with the run folder whenever something in it has become final (an epoch, a
        fold, the run), also for the runs that this one needs
    search: of a trial, {"name", "trial", "values"}; kept in run.json
    attempts, patience: see `process.call`
    Returns the finished run folder. Raises EcglabError, also while another process trains it.
    """
    data, _, _ = planned = plan(experiment)
    folder = run_folder.locate(name, experiment, data, planned.split, fresh)
    with locked(folder.path, "training this run"):
        run_folder.begin(folder, name, experiment, data, planned.split, search or {})
        _check_parts(folder, experiment)
        version = f", labels {data.label_version}" if len(data.label_versions) > 1 else ""
        message(f"{name}: {folder.scope}{version}, in {folder.path}")
        if folder.is_done:
            folder.check()
            message("it is finished already; --fresh trains it anew")
        else:
            data.check()
            shared = experiment.shared
            needed = [
                run(other, replace(experiments.load(other), **shared), on_change=on_change)
                for other in experiment.needs
            ]
            write_json(folder.path / "members.json", [member.name for member in needed])
            experiment.prepare(data, message)
            for k in folder.folds:
                if not folder.is_fold_done(k):
                    _train_in_process(folder, k, on_change, attempts, patience)
                    on_change(folder)
            folder.end()
        on_change(folder)
    return folder


def _train_in_process(
    folder: RunFolder,
    k: int,
    on_change: Callable[[RunFolder], None],
    attempts: int,
    patience: float | None,
) -> None:
    try:
        process.call(
            ["ecglab.training.cross_validation", str(folder.path), str(k)],
            lambda: on_change(folder),
            attempts=attempts,
            patience=patience,
        )
    except process.EndedError as end:
        raise process.EndedError(f"fold {k}: {end}; the same command goes on from here") from None


def _check_parts(folder: RunFolder, experiment: Experiment) -> None:
    """EcglabError where what a run was made of has other settings by now."""
    before = folder.made_of
    changed = [
        name
        for name, settings in experiment.made_of().items()
        if name in before and experiments.digest_of(before[name]) != experiments.digest_of(settings)
    ]
    if changed:
        raise EcglabError(
            f"{folder.name} was made with other settings of {', '.join(changed)} than "
            "experiments/ has now: --fresh makes it anew"
        )


def train_fold(folder: RunFolder, k: int, changed: Callable[[], None] = lambda: None) -> None:
    """Train and score fold k of a run that was begun, in this process.

    changed: called when something in the run folder has become final
    """
    experiment = experiments.of(folder)
    data, fold, _ = planned = plan(experiment)
    began = folder.facts["data"]
    same = (data.digest, data.label_digest) == (began["digest"], began["label_digest"])
    if not same or planned.split != folder.facts["split"]:
        raise EcglabError(
            f"{folder.name} was begun on other records, labels or folds than {data.name} has now: "
            "--fresh trains it anew"
        )
    scored, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
    # One split for all experiments, so that what is selected among them can be selected on it.
    rows, validation = splits.validation_split(data, rest, experiment.validation, seed=k)
    rows, _ = splits.validation_split(data, rows, 1 - experiment.training_share, seed=k)
    if not scored.size or not rows.size:
        raise EcglabError(f"fold {k} of {len(data)} records has none to train or score: use more")
    path = folder.fold(k)
    path.mkdir(parents=True, exist_ok=True)
    run_folder.add_environment(folder, experiment.environment())
    changed()
    after = sum(j > k and not folder.is_fold_done(j) for j in folder.folds)
    predict = experiment.train_fold(
        Fold(k, data, rows, validation, scored, path, changed, message, after)
    )
    for name, part in (("validation", validation), ("predictions", scored)):
        folder.write_table(k, data, part, predict(part), name)
    folder.end_fold(k)
    table, classes = folder.predictions(k), data.classes
    f1 = f1_scores(table["label"], predicted(table, classes), classes)
    shown = "/".join(f"{f1[classes.metric(code)]:.3f}" for code in classes)
    message(
        f"fold {k}: out-of-fold F1 {'/'.join(classes)} {shown}, "
        f"challenge F1 {f1['challenge_f1']:.3f}"
    )


def _main(path: str, k: str) -> None:
    """The child process: train fold k of the run folder at `path`."""
    folder = RunFolder(Path(path))

    def work(report: Callable[[], None]) -> None:
        # A parent that was killed has left its lock, and its child may need a moment to notice.
        with locked(folder.fold(int(k)), "training this fold", patience=10):
            if not folder.is_fold_done(int(k)):
                train_fold(folder, int(k), changed=report)

    process.serve(work)


if __name__ == "__main__":
    _main(*sys.argv[1:])
