"""What the groups of commands share."""

import argparse
from collections.abc import Callable

from ecglab.utils.errors import EcglabError


def command(
    commands, name: str, run: Callable[[argparse.Namespace], int | None], text: str
) -> argparse.ArgumentParser:
    """The parser of a new command.

    commands: what `add_subparsers` returned; text: one line that says what the command does
    run: takes the parsed options and returns the exit status, None for 0
    """
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add `--set KEY=VALUE`, which collects assignments in `options.keys`."""
    what = "a setting of the experiment, such as epochs=2 or network.dropout=0.1; may be repeated"
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="keys", help=what
    )


def mapping(pairs: list[str]) -> dict[str, str]:
    """{label: class} of `--map LABEL=CLASS`."""
    given: dict[str, str] = {}
    for pair in pairs:
        label, equals, code = (part.strip() for part in pair.rpartition("="))
        if not equals or not label:
            raise EcglabError(f"--map {pair}: give LABEL=CLASS, such as --map SR=N")
        if given.get(label, code) != code:
            raise EcglabError(f"--map {pair}: {label} is mapped to {given[label]} already")
        given[label] = code
    return given
