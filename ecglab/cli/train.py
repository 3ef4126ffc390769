"""Commands that train and list runs: train, track, runs."""

import argparse
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.cli import names, text
from ecglab.cli.common import Commands, add_set, command, complete
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message

if TYPE_CHECKING:
    from mlflow.entities import Run

    from ecglab.training.experiment import Experiment


def add(commands: Commands) -> None:
    what = (
        "Train an experiment. Each fold is trained and scored on records it never saw, and logged "
        "to MLflow; the same command goes on where it was interrupted."
    )
    examples = (
        "ecglab train rr_trees --data synthetic",
        "ecglab train resnet1d --set epochs=8 --set network.dropout=0.1",
        "ecglab train resnet1d --help-settings",
    )
    train = command(commands, "train", _train, what, *examples)
    what = "name of a file of experiments/, without .py"
    complete(train.add_argument("experiment", help=what), names.experiments)
    trained = train.add_argument_group("what is trained")
    what = "another data set than the experiment's own"
    complete(trained.add_argument("--data", metavar="NAME", help=what), names.data_sets)
    what = "train on an excerpt of N records"
    trained.add_argument("--records", type=int, metavar="N", help=what)
    add_set(trained)
    what = "list the settings that --set takes, their values and meanings, and train nothing"
    trained.add_argument("--help-settings", action="store_true", help=what)
    run = train.add_argument_group("the run")
    run.add_argument("--no-track", action="store_true", help="log nothing to MLflow")
    run.add_argument("--fresh", action="store_true", help="begin anew beside an earlier run")

    what = "Log a run to MLflow, such as one that was trained elsewhere or with --no-track."
    track = command(commands, "track", _track, what, "ecglab track mlruns/runs/rr_trees-1b2c3d4e")
    track.add_argument("folder", type=Path, help="the run folder")

    what = "List the runs in MLflow, newest first. Each has its scores out of fold and its time."
    command(commands, "runs", _runs, what, "ecglab runs")


def _train(options: argparse.Namespace) -> None:
    from ecglab.training import cross_validation, experiment

    keys = list(options.keys)
    keys += [] if options.data is None else [f"data={options.data}"]
    keys += [] if options.records is None else [f"records={options.records}"]
    chosen = experiment.load(options.experiment).set(keys)
    if options.help_settings:
        print(_settings(chosen))
        return
    if options.no_track:
        run = cross_validation.run(options.experiment, chosen, options.fresh)
        message(f"not logged; 'ecglab track {run.path}' logs it")
    else:
        from ecglab.tracking import tracker

        run = tracker.train(options.experiment, chosen, options.fresh)
    print(text.run(run))
    if not options.no_track:
        message(f"next: ecglab runs, or ecglab package {run.name} -o FOLDER to predict with it")


def _settings(experiment: "Experiment") -> str:
    """KEY=VALUE and the meaning of every setting that `--set` takes."""
    from ecglab.training.experiment import as_text

    meanings, width = experiment.meanings(), min(shutil.get_terminal_size().columns, 100)
    keys = {k: x for k, x in experiment.flat().items() if k not in experiment.fixed}
    return "\n".join(
        textwrap.fill(
            meanings[key],
            width,
            initial_indent=f"{f'{key}={as_text(value)}':<32}  ",
            subsequent_indent=" " * 34,
        )
        for key, value in keys.items()
    )


def _track(options: argparse.Namespace) -> None:
    from ecglab.tracking.tracker import Tracker
    from ecglab.training.run_folder import RunFolder

    run = RunFolder(options.folder.resolve())
    run.check()
    Tracker(run).sync()
    state = "" if run.is_done else " (unfinished: no scores and no model of the whole run yet)"
    print(f"logged {run.name}{state}")


def _runs(options: argparse.Namespace) -> None:
    from ecglab.tracking import runs

    found = runs.parents()
    if not found:
        raise EcglabError("there are no runs yet: 'ecglab train resnet1d' makes one")
    # Runs of one data set have the same columns; a class of another one stays empty.
    named = dict.fromkeys(m for run in found for m in run.data.metrics)
    f1 = [name for name in named if name.startswith("f1/")]
    header = ["run", "id", "status", *(f"F1 {name[3:]}" for name in f1)]
    header += ["challenge F1 (95 %)", "mean F1", "min", "changed", "scope"]
    print(text.columns(header, [_row(run, f1) for run in found]))


def _row(run: "Run", f1: list[str]) -> list[str]:
    from ecglab.tracking import runs, tracker, values

    metrics, info = run.data.metrics, run.info
    low, high = values.interval("challenge_f1")

    def show(name: str) -> str:
        return f"{metrics[name]:.3f}" if name in metrics else "-"

    interval = ""
    if low in metrics:
        interval = f" ({show(low)} to {show(high)})"
    minutes = metrics.get(values.MINUTES)
    return [
        runs.folder_of(run) or info.run_name,
        info.run_id[:8],
        info.status.lower(),
        *(show(name) for name in f1),
        show("challenge_f1") + interval,
        show("mean_f1"),
        "-" if minutes is None else f"{minutes:.1f}",
        run.data.tags.get(tracker.CHANGED, ""),
        run.data.params.get("scope", ""),
    ]
