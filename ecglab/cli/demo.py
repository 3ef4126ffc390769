"""The command demo: data, training, MLflow, registry and prediction on synthetic records."""

import json
import sys

from ecglab.cli import text
from ecglab.cli.common import command
from ecglab.utils.errors import EcglabError


def add(commands) -> None:
    what = "the main job on synthetic data, in a few minutes"
    command(commands, "demo", _demo, what)


def _demo(options) -> None:
    """Do everything and print what came of it; EcglabError where a step fails."""
    from ecglab import readers
    from ecglab.datasets import dataset
    from ecglab.inference.predictor import Predictor
    from ecglab.tracking import registry, tracker
    from ecglab.training import experiment
    from ecglab.utils.files import replacing
    from ecglab.utils.paths import data_dir

    # In a pipe, too, every line in its order among those that training writes.
    sys.stdout.reconfigure(line_buffering=True)
    _step("1/4  the synthetic data set")
    data = dataset.open("synthetic")
    counts = ", ".join(f"{label} {n}" for label, n in data.counts().items())
    print(f"{len(data)} SIMULATED records: {counts}")

    _step("2/4  training a small network, two folds, logged to MLflow")
    run = tracker.train("demo", experiment.load("demo"), fresh=False)
    print(text.run(run))

    _step("3/4  the registry")
    try:
        registry.promote(run.name)
    except EcglabError as error:
        print(f"as it should be: {error}")

    _step("4/4  one prediction, from a file")
    fold = run.predictions(0)
    example = data.record(fold["record"][fold["label"] == "A"].iloc[0])
    path = data_dir() / "examples" / f"{example.id}.csv"
    with replacing(path, "w") as file:
        file.write("time_s,ecg_mV\n")
        file.writelines(f"{i / example.fs:.6f},{x:.3f}\n" for i, x in enumerate(example.signal))
    package = registry.package_of(run.name)
    [prediction] = Predictor(package, members=[0]).predict([readers.read(path)])
    print(json.dumps(prediction, ensure_ascii=False))
    print(f"(the simulator made {example.id} as A; the network of fold 0 never saw it)")

    _step("what to do next")
    print(
        f"ecglab predict {path}\n"
        "                                by the model that comes with ecglab\n"
        "ecglab ui                       the run and its pictures, in a browser\n"
        "ecglab data fetch               the real recordings (about 95 MB)\n"
        "ecglab train resnet1d           cross-validation on them, resumable\n"
        "(the command is .venv/bin/ecglab; 'source .venv/bin/activate' makes it ecglab)"
    )


def _step(title: str) -> None:
    print(f"\n== {title}")
