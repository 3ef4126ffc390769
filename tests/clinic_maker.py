"""Finished runs on a small data set of two classes at 200 Hz, made without training."""

import numpy as np
import package_maker

from ecglab.datasets import dataset
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.record import Record
from ecglab.training import cross_validation, run_folder
from ecglab.training.committee import Committee
from ecglab.training.ensemble import Ensemble
from ecglab.training.run_folder import RunFolder
from ecglab.training.trees import Trees
from ecglab.utils.files import write_json

CLASSES = package_maker.AF
N = 40


def make_data(simulated: bool = False, seed: int = 0, patients: int = N) -> None:
    """The data set `clinic`: 40 records of 10 s of two classes, by default a patient each."""
    rng = np.random.default_rng(seed)
    spec = Spec(
        name="clinic",
        description="Noise.",
        classes=CLASSES,
        fs=200.0,
        n_records=N,
        grouped=True,
        simulated=simulated,
    )
    dataset.write(
        spec,
        (
            Example(
                Record(rng.normal(size=2000), 200.0, id=f"r{i:02}"),
                {"labels": CLASSES.codes[i % 2]},
                f"patient {i % patients}",
            )
            for i in range(N)
        ),
    )


def trees(**keys) -> Trees:
    return Trees(**{"data": "clinic", "iterations": 2, **keys})


def make(experiment=None, name: str = "rr_trees", noise: float = 1.0, done=True) -> RunFolder:
    """The run of an experiment on `clinic`, whose models only look at the mean of the signal.

    noise: how much its predictions err; the members of an ensemble are made first
    """
    experiment = experiment or trees()
    rng = np.random.default_rng(round(1000 * noise))
    data, fold, _ = planned = cross_validation.plan(experiment)
    run = run_folder.locate(name, experiment, data, planned.split, fresh=True)
    run_folder.begin(run, name, experiment, data, planned.split, {})
    run_folder.add_environment(run, {"device": "cpu:0"})
    members = []
    if isinstance(experiment, Ensemble):
        members = [make(trees(**experiment.shared), member) for member in experiment.members]
    write_json(run.path / "members.json", [member.name for member in members])
    for k in run.folds:
        run.fold(k).mkdir()
        if members:
            parts = [{"run": member.name, "exponent": 0.6} for member in members]
            write_json(run.fold(k) / "ensemble.json", parts)
        else:
            _write_models(run, k, experiment)
        scored, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        for table, rows in ("predictions", scored), ("validation", rest[:4]):
            logit = rng.normal(0, noise, (rows.size, 2)) + 2 * CLASSES.one_hot(data.labels[rows])
            p = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
            run.write_table(k, data, rows, p, table)
        write_json(run.fold(k) / "history.json", [{"epoch": 1, "seconds": 60.0, "loss": 1.0}])
        run.end_fold(k)
    if done:
        run.end()
    return run


def _write_models(run: RunFolder, k: int, experiment) -> None:
    folders = [run.fold(k)]
    if isinstance(experiment, Committee):
        folders = [run.fold(k) / f"part-{j}" for j in range(experiment.parts)]
    for seed, folder in enumerate(folders):
        folder.mkdir(exist_ok=True)
        model = package_maker.model({"probabilities": 2}, seed=10 * k + seed)
        (folder / "model.onnx").write_bytes(model.SerializeToString())
