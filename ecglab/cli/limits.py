"""Options of the commands that read recordings: what reading one file may take."""

import argparse
import math
from dataclasses import fields

from ecglab.utils.processes import Limits

_HELP = {
    "seconds": ("S", "seconds that reading a file may take"),
    "memory": ("MB", "memory that reading a file may take"),
    "size": ("MB", "size of a file"),
}


def add(group: argparse._ArgumentGroup) -> None:
    """Add `--max-seconds`, `--max-memory` and `--max-size` to a group of options."""
    for field in fields(Limits):
        unit, what = _HELP[field.name]
        name, default = f"--max-{field.name}", field.default
        group.add_argument(name, type=_positive, metavar=unit, default=default, help=what)


def start(options: argparse.Namespace) -> None:
    """Start the process that reads, with the limits of the options, while a model is loaded."""
    from ecglab.readers import worker

    names = [field.name for field in fields(Limits)]
    worker.start(Limits(**{name: getattr(options, f"max_{name}") for name in names}))


def _positive(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number > 0):
        raise ValueError
    return number


_positive.__name__ = "positive number"  # in the message of argparse
