"""Commands that train and list runs: train, track, runs."""

from pathlib import Path

from ecglab.cli import text
from ecglab.cli.common import add_set, command
from ecglab.utils.errors import EcglabError


def add(commands) -> None:
    train = command(commands, "train", _train, "train an experiment: all folds, logged, resumable")
    train.add_argument("experiment", help="name of a file of experiments/")
    train.add_argument("--data", metavar="NAME", help="another data set than the experiment's own")
    add_set(train)
    train.add_argument("--records", type=int, metavar="N", help="train on an excerpt of N records")
    train.add_argument("--no-track", action="store_true", help="log nothing to MLflow")
    train.add_argument("--fresh", action="store_true", help="begin anew beside an earlier run")

    what = "log a run folder that was computed elsewhere to MLflow"
    track = command(commands, "track", _track, what)
    track.add_argument("folder", type=Path, help="the run folder")

    command(commands, "runs", _runs, "list the runs in MLflow, newest first")


def _train(options) -> None:
    from ecglab.training import cross_validation, experiment

    keys = list(options.keys)
    keys += [] if options.data is None else [f"data={options.data}"]
    keys += [] if options.records is None else [f"records={options.records}"]
    chosen = experiment.load(options.experiment).set(keys)
    if options.no_track:
        run = cross_validation.run(options.experiment, chosen, options.fresh)
        print(f"\nnot logged; 'ecglab track {run.path}' logs it")
    else:
        from ecglab.tracking import tracker

        run = tracker.train(options.experiment, chosen, options.fresh)
    print(text.run(run))


def _track(options) -> None:
    from ecglab.tracking.tracker import Tracker
    from ecglab.training.run_folder import RunFolder

    run = RunFolder(options.folder.resolve())
    run.check()
    Tracker(run).sync()
    state = "" if run.is_done else " (unfinished: no scores and no model of the whole run yet)"
    print(f"logged {run.name}{state}")


def _runs(options) -> None:
    from ecglab.tracking import tracker

    found = tracker.parents()
    if not found:
        raise EcglabError("there are no runs yet: 'ecglab train resnet1d' makes one")
    # Runs of one data set have the same columns; a class of another one stays empty.
    named = dict.fromkeys(m for run in found for m in run.data.metrics)
    f1 = [name for name in named if name.startswith("f1/") and not name.endswith(("_low", "_high"))]
    header = ["run", "id", "status", *(f"F1 {name[3:]}" for name in f1)]
    header += ["challenge F1 (95 %)", "mean F1", "min", "scope"]
    print(text.columns(header, [_row(run, f1) for run in found]))


def _row(run, f1: list[str]) -> list[str]:
    metrics, info = run.data.metrics, run.info

    def show(name):
        return f"{metrics[name]:.3f}" if name in metrics else "-"

    interval = ""
    if "challenge_f1_low" in metrics:
        interval = f" ({show('challenge_f1_low')} to {show('challenge_f1_high')})"
    seconds = metrics.get("training_seconds")
    return [
        info.run_name,
        info.run_id[:8],
        info.status.lower(),
        *(show(name) for name in f1),
        show("challenge_f1") + interval,
        show("mean_f1"),
        "-" if seconds is None else f"{seconds / 60:.1f}",
        run.data.tags.get("ecglab.scope", ""),
    ]
