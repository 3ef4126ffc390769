"""`ecglab formats`: the formats of recordings that are read, by what, and how they were tested."""

import argparse
import importlib.util
import json
from types import ModuleType

from ecglab.cli import text
from ecglab.cli.common import Commands, command
from ecglab.utils.progress import message

COLUMNS = {
    "format": "format",
    "suffixes": "usual suffixes",
    "rate": "sampling rate from",
    "unit": "unit from",
    "library": "read by",
    "sample": "tested with",
}


def add(commands: Commands) -> None:
    what = (
        "List the formats of recordings that are read. A format is recognised by the content of a "
        "file; its suffix decides only where a format has no signature."
    )
    examples = ("ecglab formats", "ecglab formats --json")
    formats = command(commands, "formats", _formats, what, *examples)
    formats.add_argument("--json", action="store_true", help="print one JSON object per format")


def rows() -> list[dict[str, str | bool]]:
    """One row per reader, in the order in which they are asked; the columns are COLUMNS.

    `installed` tells whether all libraries that it may need are there.
    """
    from ecglab.readers import READERS

    return [_row(reader) for reader in READERS]


def _row(reader: ModuleType) -> dict[str, str | bool]:
    libraries = reader.LIBRARY.split(", ")
    return {
        "format": reader.FORMAT,
        "suffixes": " ".join(reader.SUFFIXES),
        "rate": reader.RATE,
        "unit": reader.UNIT,
        "library": reader.LIBRARY,
        "installed": all(importlib.util.find_spec(name.lower()) for name in libraries),
        "sample": reader.SAMPLE,
    }


def _formats(options: argparse.Namespace) -> None:
    found = rows()
    if options.json:
        for row in found:
            print(json.dumps(row, ensure_ascii=False))
        return
    shown = [
        [*(str(row[key]) for key in COLUMNS if key != "library"), _library(row)] for row in found
    ]
    header = [COLUMNS[key] for key in COLUMNS if key != "library"] + [COLUMNS["library"]]
    print(text.columns(header, shown))
    if not all(row["installed"] for row in found):
        message("To read all of them: pip install 'ecglab[formats]'")


def _library(row: dict[str, str | bool]) -> str:
    return f"{row['library']}" + ("" if row["installed"] else " (not installed)")
