"""What the groups of commands share: their help, their options, and the names that complete."""

import argparse
import textwrap
from collections.abc import Callable, Generator, Iterable

from ecglab.utils.errors import EcglabError


class UsageError(EcglabError):
    """A command that was given something it cannot begin with: exit status 2."""


class Formatter(argparse.HelpFormatter):
    """Help with the default of every option, and with examples as they are written."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = []
        for line in text.splitlines():
            indented = line.startswith("  ")
            lines.append(line if indented else super()._fill_text(line, width, indent))
        return "\n".join(lines)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _iter_indented_subactions(
        self, action: argparse.Action
    ) -> Generator[argparse.Action, None, None]:
        yield from action._get_subactions() if hasattr(action, "_get_subactions") else ()

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        commands = isinstance(action, argparse._SubParsersAction)  # their title stands above
        return text.partition("\n")[2] if commands else text

    def _get_help_string(self, action: argparse.Action) -> str:
        default, text = action.default, action.help or ""
        none = default is None or default is False or default in ([], argparse.SUPPRESS)
        return text if none or "default" in text else f"{text} (default: %(default)s)"


Commands = argparse._SubParsersAction
"""What `add_subparsers` returns: commands are added to it."""


def command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int | None] | None,
    text: str,
    *examples: str,
) -> argparse.ArgumentParser:
    """The parser of a new command.

    run: takes the parsed options and returns the exit status, None for 0
    text: what the command does, in sentences; the first one stands in the list of commands
    examples: command lines, at least one
    """
    title = "examples:" if examples[1:] else "example:"
    parser = commands.add_parser(
        name,
        help=text.partition(". ")[0].rstrip("."),
        description=text,
        epilog="\n".join([title, *(f"  {example}" for example in examples)]),
        formatter_class=Formatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_set(parser: argparse._ActionsContainer) -> None:
    """Add `--set KEY=VALUE`, which collects assignments in `options.keys`."""
    what = "a setting of the experiment, such as epochs=2 or network.dropout=0.1; may be repeated"
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="keys", help=what
    )


def complete(
    action: argparse.Action, names: Callable[[], Iterable[str]], files: bool = False
) -> None:
    """Let the shell complete an argument with names, which are looked up when it asks.

    files: whether the argument may also be a path
    """

    def completer(prefix: str, **_: object) -> list[str]:
        from argcomplete.completers import FilesCompleter

        return [*names(), *(FilesCompleter()(prefix) if files else ())]

    action.completer = completer  # type: ignore[attr-defined]  # where argcomplete looks


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
