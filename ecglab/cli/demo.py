"""The main job on the embedded synthetic data: data, training, MLflow, registry, prediction."""

import sys

from ecglab import readers
from ecglab.cli import text as report
from ecglab.datasets import dataset
from ecglab.inference.predictor import Predictor
from ecglab.tracking import registry
from ecglab.tracking import tracker as tracking
from ecglab.training import experiment
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing


def run() -> None:
    """Do everything and print what came of it; EcglabError where a step fails."""
    # In a pipe, too, every line in its order among those that training writes.
    sys.stdout.reconfigure(line_buffering=True)
    _step("1/4  the synthetic data set")
    data = dataset.open("synthetic")
    counts = ", ".join(f"{label} {n}" for label, n in data.counts().items())
    print(f"{len(data)} SYNTHETIC records: {counts}")

    _step("2/4  training a small network, two folds, logged to MLflow")
    run = tracking.train("demo", experiment.load("demo"), fresh=False)
    print(report.result(run))

    _step("3/4  the registry")
    try:
        promotion = registry.promote(run.name)
        print(f"{run.name} is {registry.MODEL} version {promotion.version}, the champion")
        uri = registry.DEFAULT
    except EcglabError as error:
        # A champion that was trained on recordings keeps its place: the demo shows its own.
        print(error)
        uri = str(registry.package_of(run.name))

    _step("4/4  one prediction, from a file")
    fold = run.predictions(0)
    example = data.record(fold["record"][fold["label"] == "A"].iloc[0])
    path = dataset.data_dir() / "examples" / f"{example.id}.csv"
    with replacing(path, "w") as file:
        file.write("time_s,ecg_mV\n")
        file.writelines(f"{i / example.fs:.6f},{x:.3f}\n" for i, x in enumerate(example.signal))
    predictor = Predictor(registry.locate(uri), members=[0])
    print(report.OPINION_HEADER)
    print(report.opinion(predictor.judge([readers.read(path)])[0]))
    print(f"(the simulator made {example.id} as A; the network of fold 0 never saw it)")

    _step("what to do next")
    print(
        f"ecglab predict {path}\n"
        "                                by the champion that comes with ecglab; with --model\n"
        f"                                {registry.DEFAULT} by this one\n"
        "ecglab ui                       the run and its pictures, in a browser\n"
        "ecglab data fetch               the real recordings (about 95 MB)\n"
        "ecglab train resnet1d           cross-validation on them, resumable\n"
        "(the command is .venv/bin/ecglab; 'source .venv/bin/activate' makes it ecglab)"
    )


def _step(text: str) -> None:
    print(f"\n== {text}")
