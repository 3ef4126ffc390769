"""The command that searches for better settings: tune."""

import argparse
from typing import TYPE_CHECKING

from ecglab.cli import names, text
from ecglab.cli.common import Commands, add_set, command, complete
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message

if TYPE_CHECKING:
    from ecglab.ecg.classes import Classes
    from ecglab.tuning.search import Search


def add(commands: Commands) -> None:
    what = (
        "Search for better settings of an experiment. Each trial trains it with other values, "
        "without fold 0, and is logged to MLflow. The same command goes on where it was "
        "interrupted; --best then writes the best settings as a new experiment."
    )
    examples = (
        "ecglab tune rr_trees --data synthetic --trials 10",
        "ecglab tune --best rr_trees-1b2c3d4e --as rr_trees_mine",
    )
    tune = command(commands, "tune", _tune, what, *examples)
    what = "name of a file of experiments/ that declares a space, without .py"
    complete(tune.add_argument("experiment", nargs="?", help=what), names.experiments)
    _add_search(tune.add_argument_group("the search"))
    _add_trials(tune.add_argument_group("each trial"))
    best = tune.add_argument_group("the best settings of a search")
    what = "write the best settings of a search as a new experiment"
    complete(best.add_argument("--best", metavar="SEARCH", help=what), names.searches)
    best.add_argument("--as", metavar="NAME", dest="name", help="name of that experiment")


def _add_search(search: argparse._ArgumentGroup) -> None:
    what = "number of trials in all, those of earlier calls included"
    search.add_argument("--trials", type=int, default=30, metavar="N", help=what)
    what = (
        "how values are drawn: bayesian, random, or hyperband, which gives many trials "
        "few epochs and the best ones more; with the other two, every trial runs to its end"
    )
    tuners = ["bayesian", "random", "hyperband"]
    search.add_argument("--tuner", default="bayesian", choices=tuners, help=what)
    what = "seed of the values that are drawn"
    search.add_argument("--seed", type=int, default=1, help=what)
    what = "number of trials at once"
    search.add_argument("--workers", type=int, default=1, metavar="K", help=what)
    what = "stop the search after this time"
    search.add_argument("--limit", type=float, metavar="HOURS", help=what)
    what = "restart the training of a trial that finishes no epoch in this time"
    search.add_argument("--patience", type=float, default=30.0, metavar="MINUTES", help=what)
    search.add_argument("--no-track", action="store_true", help="log nothing to MLflow")


def _add_trials(trials: argparse._ArgumentGroup) -> None:
    what = "another data set than the experiment's own"
    complete(trials.add_argument("--data", metavar="NAME", help=what), names.data_sets)
    what = "let trials use an excerpt of N records, of which those of fold 0 are left out"
    trials.add_argument("--records", type=int, metavar="N", help=what)
    what = "epochs of a trial; the winner is trained in full"
    trials.add_argument("--epochs", type=int, metavar="N", help=what)
    what = (
        "trials never see fold 0; the other records are split into five folds, and a trial is "
        "trained and scored on N of them"
    )
    trials.add_argument("--folds", type=int, default=1, metavar="N", help=what)
    add_set(trials)


def _tune(options: argparse.Namespace) -> int:
    if bool(options.experiment) == bool(options.best):
        raise EcglabError("name an experiment to search, or a search with --best")
    if options.best:
        from ecglab.tuning import best, search

        print(f"wrote {best.write(search.find(options.best), options.name)}")
        return 0
    from ecglab.tuning import driver

    found, why = driver.tune(
        options.experiment,
        options.keys + ([] if options.data is None else [f"data={options.data}"]),
        tuner=options.tuner,
        seed=options.seed,
        epochs=options.epochs,
        records=options.records,
        folds=options.folds,
        trials=options.trials,
        workers=options.workers,
        limit=None if options.limit is None else 3600 * options.limit,
        patience=60 * options.patience,
        track=not options.no_track,
        light=True,
    )
    return _report(found, why, options.trials)


def _report(found: "Search", why: str, wanted: int) -> int:
    """Print the best trials and those that failed; the exit status."""
    from ecglab.tuning.search import rows

    trials = rows(found)
    ended = sum(trial["status"] != "running" for trial in trials)
    print(f"{found.name}: {why}, {ended} of {wanted} trials\n{found.scope}")
    scored = [trial for trial in trials if trial["score"] is not None]
    if scored:
        header = ["trial", "challenge F1", *(f"F1 {code}" for code in found.classes), "s"]
        best = sorted(scored, key=lambda trial: -trial["score"])[:10]
        cells = [_cells(trial, found.classes) for trial in best]
        print(text.columns([*header, *found.space], cells))
        message(f"next: ecglab tune --best {found.name}")
    failed = [trial for trial in trials if trial["status"] == "failed"]
    for trial in failed:
        print(f"trial {trial['trial']} FAILED: {trial['reason']}")
    if failed:
        some = "1 trial" if len(failed) == 1 else f"{len(failed)} trials"
        first = f"trial {failed[0]['trial']}: {failed[0]['reason']}"
        raise EcglabError(f"{why}; {some} failed, such as {first}")
    return 0


def _cells(trial: dict, classes: "Classes") -> list[str]:
    scores = [f"{trial['scores'][classes.metric(code)]:.3f}" for code in classes]
    values = trial["values"].values()
    return [trial["trial"], f"{trial['score']:.3f}", *scores, f"{trial['seconds']:.0f}", *values]
