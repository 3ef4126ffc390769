"""Kept results: their scores, and the leaderboard that compares them."""

import argparse
import sys

from ecglab.cli import text
from ecglab.cli.common import command
from ecglab.utils.errors import EcglabError


def add(commands) -> None:
    score = command(commands, "score", _score, "compute the scores of results from their tables")
    what = "name or file of a kept result, or name or folder of a run"
    score.add_argument("results", nargs="+", metavar="RESULT", help=what)
    what = "also score the records on whose label all versions of the data set's labels agree"
    score.add_argument("--agreed", action="store_true", help=what)

    what = "keep the results of finished runs, and write the leaderboard of all kept results"
    leaderboard = command(commands, "leaderboard", _leaderboard, what)
    what = "name or folder of a finished run to keep"
    leaderboard.add_argument("runs", nargs="*", metavar="RUN", help=what)
    what = "name of the result of one RUN; by default the experiment and its changed settings"
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
            print(f"ecglab: {result.problem}", file=sys.stderr)
    return int(failed)


def _print(result) -> None:
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
