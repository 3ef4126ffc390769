"""Kept results: their scores, and the leaderboard that compares them."""

import argparse
from typing import TYPE_CHECKING

from ecglab.cli import names, text
from ecglab.cli.common import Commands, command, complete
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message

if TYPE_CHECKING:
    from ecglab.reports.results import Result


def add(commands: Commands) -> None:
    what = (
        "Show the scores of results. They are computed anew from the table of predictions of each "
        "result, without recordings and models."
    )
    score = command(commands, "score", _score, what, "ecglab score rr_trees")
    what = "name or file of a kept result, or name or folder of a run"
    given = score.add_argument("results", nargs="+", metavar="RESULT", help=what)
    complete(given, names.results, files=True)
    what = "also score the records on whose label all versions of the data set's labels agree"
    score.add_argument("--agreed", action="store_true", help=what)

    what = (
        "Write the leaderboard, the page experiments/README.md that compares all kept results. "
        "Finished runs that are named are first kept as results, for others to score again."
    )
    examples = ("ecglab leaderboard", "ecglab leaderboard rr_trees-1b2c3d4e")
    leaderboard = command(commands, "leaderboard", _leaderboard, what, *examples)
    what = "name or folder of a finished run to keep"
    given = leaderboard.add_argument("runs", nargs="*", metavar="RUN", help=what)
    complete(given, names.runs, files=True)
    what = "name of the result of one RUN; by default its experiment and the changed settings"
    leaderboard.add_argument("--as", metavar="NAME", dest="name", help=what)


def _score(options: argparse.Namespace) -> int:
    from ecglab.reports import results

    failed = False
    for name in options.results:
        result = results.find(name)
        _print(result)
        if options.agreed:
            _print(results.agreed(result))
        if result.problem:
            failed = True
            message(f"ecglab: {result.problem}")
    return int(failed)


def _print(result: "Result") -> None:
    table = text.scores(result.scores)
    print(f"{result.name}\n{table}\n{len(result.table):,} records\n", flush=True)


def _leaderboard(options: argparse.Namespace) -> None:
    from ecglab.reports import leaderboard, results
    from ecglab.training import run_folder

    if options.name and len(options.runs) != 1:
        raise EcglabError("--as names the result of one run: name exactly one RUN")
    # All runs are looked up before the first is kept.
    for run in [run_folder.find(name) for name in options.runs]:
        print(f"kept {results.keep(run, options.name)}", flush=True)
    print("\n".join(leaderboard.write()))
