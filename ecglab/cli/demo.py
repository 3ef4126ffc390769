"""The command demo: data, training, MLflow, registry and prediction on synthetic records."""

import argparse
import io
import json
import sys
from typing import cast

from ecglab.cli import text
from ecglab.cli.common import Commands, command
from ecglab.utils import extras
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message


def add(commands: Commands) -> None:
    what = (
        "Train, log and predict on synthetic data, in a few minutes. It shows every step of the "
        "work; its scores say nothing about real recordings."
    )
    command(commands, "demo", _demo, what, "ecglab demo")


def _demo(options: argparse.Namespace) -> None:
    """Do everything and print what came of it; EcglabError where a step fails."""
    extras.require("train")
    from ecglab import readers
    from ecglab.datasets import dataset
    from ecglab.inference.predictor import Predictor
    from ecglab.tracking import registry, tracker
    from ecglab.training import experiment
    from ecglab.utils.files import replacing
    from ecglab.utils.paths import CHECKOUT, data_dir

    # In a pipe, too, every line in its order among those that training writes.
    cast(io.TextIOWrapper, sys.stdout).reconfigure(line_buffering=True)
    message("== 1/4  the synthetic data set")
    data = dataset.open("synthetic")
    counts = ", ".join(f"{label} {n}" for label, n in data.counts().items())
    print(f"{len(data)} SIMULATED records: {counts}")

    message("\n== 2/4  training a small network, two folds, logged to MLflow")
    run = tracker.train("demo", experiment.load("demo"), fresh=False)
    print(text.run(run))

    message("\n== 3/4  the registry")
    try:
        registry.promote(run.name)
    except EcglabError as error:
        message(f"expected, because the data are simulated: {error}")

    message("\n== 4/4  one prediction, from a file")
    fold = run.predictions(0)
    example = data.record(fold["record"][fold["label"] == "A"].iloc[0])
    path = data_dir() / "examples" / f"{example.id}.csv"
    with replacing(path, "w") as file:
        file.write("time_s,ecg_mV\n")
        file.writelines(f"{i / example.fs:.6f},{x:.3f}\n" for i, x in enumerate(example.signal))
    package = registry.package_of(run.name)
    [prediction] = Predictor(package, members=[0]).rows([readers.read(path)])
    print(json.dumps(prediction, ensure_ascii=False))
    message(f"(the simulator made {example.id} as A; the network of fold 0 never saw it)")

    message(
        "\n== what to do next\n"
        f"ecglab predict {path}\n"
        "                                with the model that comes with ecglab\n"
        "ecglab ui                       the run and its pictures, in a browser\n"
        "ecglab data fetch               the real recordings (about 95 MB)\n"
        "ecglab train resnet1d           cross-validation on them, resumable"
    )
    if CHECKOUT:
        message("(the command is .venv/bin/ecglab; 'source .venv/bin/activate' makes it ecglab)")
