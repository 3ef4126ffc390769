"""The command `ecglab`. Every command imports what it needs when it runs: `predict` stays quick."""

import argparse
import os
import sys
from collections.abc import Sequence

from ecglab.cli import (
    data,
    demo,
    evaluate,
    formats,
    models,
    predict,
    report,
    results,
    robustness,
    servers,
    train,
    tune,
)
from ecglab.cli.common import Formatter, UsageError
from ecglab.utils import extras
from ecglab.utils.errors import EcglabError
from ecglab.utils.text import printable

GROUPS = (
    demo,
    data,
    train,
    tune,
    results,
    models,
    predict,
    report,
    formats,
    evaluate,
    robustness,
    servers,
)
"""Modules with `add(commands)`, in the order of the help."""

RESUMABLE = tuple(f"ecglab.cli.{name}" for name in ("demo", "train", "tune"))
"""Groups whose commands go on where they were interrupted."""

_EPILOG = """\
examples:
  ecglab predict recording.csv
  ecglab train rr_trees --data synthetic
  ecglab train --help
to complete commands and names with the Tab key, add to ~/.bashrc:
  eval "$(register-python-argcomplete ecglab)"
or to ~/.zshrc:
  autoload -Uz compinit && compinit
  eval "$(register-python-argcomplete ecglab)"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0, 1 for what went wrong, 2 for wrong usage."""
    commands = parser()
    if "_ARGCOMPLETE" in os.environ:  # the shell asks for completions, and nothing is run
        import argcomplete

        argcomplete.autocomplete(commands)
    options = commands.parse_args(arguments)
    try:
        status = options.run(options) or 0
        sys.stdout.flush()  # so that a pipe whose reader has gone is noticed here
        return status
    except EcglabError as error:
        print(f"ecglab: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except ModuleNotFoundError as error:
        line = extras.missing(error)
        if line is None:
            raise
        print(f"ecglab: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        resumable = getattr(options.run, "__module__", "") in RESUMABLE
        hint = "; the same command goes on from here" if resumable else ""
        print(f"ecglab: interrupted{hint}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `ecglab predict ... | head`: nothing to report.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # What no one foresaw, such as a disk that is full while a library writes.
        line = printable(f"{error.strerror or error} {error.filename or ''}")
        print(f"ecglab: {line}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; without one, the help is printed."""
    parser = argparse.ArgumentParser(
        prog="ecglab",
        description="Detects atrial fibrillation in single-lead ECGs. "
        "For research; not a medical device.",
        epilog=_EPILOG,
        formatter_class=Formatter,
    )
    version = f"ecglab {sys.modules['ecglab'].__version__}"
    parser.add_argument("--version", action="version", version=version)
    parser.set_defaults(run=lambda options: parser.print_help())
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for group in GROUPS:
        group.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
