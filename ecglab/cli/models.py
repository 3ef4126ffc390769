"""`ecglab package`, `promote` and `demote`: from a run to the model that predicts."""

import argparse
from pathlib import Path

from ecglab.cli.common import command


def add(commands) -> None:
    package = command(commands, "package", _package, "make a run's package, a folder that predicts")
    package.add_argument("run_name", metavar="RUN", help="name or folder of a finished run")
    place = package.add_mutually_exclusive_group(required=True)
    place.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="of the package")
    what = "make it the model of this name that comes with ecglab: default or fast"
    place.add_argument("--as", metavar="NAME", dest="pretrained", help=what)

    promote = command(commands, "promote", _promote, "make a run's model the one that predicts")
    promote.add_argument("run_name", metavar="RUN", help="name or id, as 'ecglab runs' shows it")
    promote.add_argument(
        "--force",
        action="store_true",
        help="also a model that scores lower, or of simulated data, an excerpt or some folds",
    )

    command(commands, "demote", _demote, "revert a promotion")


def _package(options: argparse.Namespace) -> None:
    from ecglab.packaging import package as packaging
    from ecglab.training import run_folder

    run = run_folder.find(options.run_name)
    if options.pretrained:
        folder = packaging.pretrained(run, options.pretrained)
    else:
        folder = options.output
        packaging.package(run, folder)
    print(f"wrote {folder}: 'ecglab predict --model {options.pretrained or folder} FILE' uses it")


def _promote(options: argparse.Namespace) -> None:
    from ecglab.tracking import registry

    done = registry.promote(options.run_name, options.force)
    line = f"{done.promoted['name']} is the champion now (version {done.version}"
    line += f" of {registry.MODEL}, {registry.scored(done.promoted)})"
    if done.promoted["name"] != done.card["name"]:
        line += f", but without --model {done.card['name']} predicts: this one is SIMULATED"
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
