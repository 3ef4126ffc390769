"""`ecglab package`, `promote` and `demote`: from a run to the model that predicts."""

import argparse
from pathlib import Path

from ecglab.cli import names
from ecglab.cli.common import Commands, command, complete
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message


def add(commands: Commands) -> None:
    text = (
        "Make a package of a run. It is a folder with the model of every fold and a model card, "
        "and predicts where only ecglab is installed, without the training libraries."
    )
    examples = (
        "ecglab package rr_trees-1b2c3d4e -o my_model",
        "ecglab package rr_trees-1b2c3d4e -o my_model --force",
    )
    package = command(commands, "package", _package, text, *examples)
    what = "name or folder of a finished run"
    given = package.add_argument("run_name", metavar="RUN", help=what)
    complete(given, names.runs, files=True)
    place = package.add_mutually_exclusive_group(required=True)
    what = "new folder for the package"
    place.add_argument("-o", "--output", type=Path, metavar="FOLDER", help=what)
    what = "make it the model of this name that comes with ecglab: default or fast"
    place.add_argument("--as", metavar="NAME", dest="pretrained", help=what)
    what = "replace the package that is in FOLDER"
    package.add_argument("--force", action="store_true", help=what)

    text = (
        "Make a run's model the one that predicts when no other is named. It is registered in "
        "MLflow and becomes the champion, if it scores at least as well as the present one."
    )
    promote = command(commands, "promote", _promote, text, "ecglab promote rr_trees-1b2c3d4e")
    what = "name or id, as 'ecglab runs' shows it"
    complete(promote.add_argument("run_name", metavar="RUN", help=what), names.runs)
    what = (
        "promote a model even if it scores lower, is of another data set or other classes, or was "
        "trained on simulated data, on an excerpt or in only some folds"
    )
    promote.add_argument("--force", action="store_true", help=what)

    text = "Revert a promotion. The champion before it predicts again, or else the model default."
    command(commands, "demote", _demote, text, "ecglab demote")


def _package(options: argparse.Namespace) -> None:
    from ecglab.packaging import package as packaging
    from ecglab.training import run_folder

    run = run_folder.find(options.run_name)
    if options.pretrained:
        folder = packaging.pretrained(run, options.pretrained)
    else:
        folder = options.output
        if not options.force and folder.is_dir() and any(folder.iterdir()):
            raise EcglabError(
                f"{folder} is there already: give another folder, or --force to replace the "
                "package in it"
            )
        packaging.package(run, folder)
    print(f"wrote {folder}")
    message(f"next: ecglab predict --model {options.pretrained or folder} FILE")


def _promote(options: argparse.Namespace) -> None:
    from ecglab.tracking import registry

    done = registry.promote(options.run_name, options.force)
    line = f"{done.promoted['name']} is the champion now (version {done.version}"
    line += f" of {registry.MODEL}, {registry.scored(done.promoted)})"
    if done.promoted["name"] != done.card["name"]:
        line += f", but {done.card['name']} still predicts by default: this model is SIMULATED"
    elif done.before["name"] != done.card["name"]:
        line += f" and predicts instead of {done.before['name']} ({registry.scored(done.before)})"
    print(line)


def _demote(options: argparse.Namespace) -> None:
    from ecglab.tracking import registry

    done = registry.demote()
    print(
        f"{done.promoted['name']} is no longer the champion: {done.card['name']} "
        f"({registry.scored(done.card)}) predicts"
    )
