"""Text files with a recording in one cell, a list such as [12, 15, 11]: Withings, Fitbit."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ecglab.readers.common import is_rate_name, is_unit_name, number_in
from ecglab.readers.leads import Lead
from ecglab.readers.text_layout import cells_of
from ecglab.utils.errors import RecordError

_FEWEST = 20


def holds_lists(lines: Sequence[str]) -> bool:
    """Whether one of the first lines of a text file holds a list in a cell."""
    return any(_list_in(line) is not None for line in lines[:3])


def _list_in(line: str) -> str | None:
    """The text between the first [ and ] of a line, where it is a list of numbers."""
    start, end = line.find("["), line.rfind("]")
    inside = line[start + 1 : end] if 0 <= start < end else ""
    return inside if len(inside[:10_000].replace(",", " ").split()) >= _FEWEST else None


def leads_of_lists(path: Path, lines: Sequence[str]) -> list[Lead]:
    """Each row as a lead, named by its number where there are several.

    The rate is that of a column such as `frequency`, the unit that of a column `units`.
    Raises RecordError for a list that holds other things than numbers.
    """
    separator = next((s for s in ";\t," if s in lines[0]), ",")
    names = [name.strip(" \"'") for name in cells_of(lines[0], separator)]
    leads = []
    for i, line in enumerate(lines[1:], 2):
        inside = _list_in(line)
        if inside is None:
            continue
        cells = cells_of(line.replace(inside, "", 1), separator)
        row = dict(zip(names, cells, strict=False))
        values = _numbers(inside)
        if values is None:
            raise RecordError(f"{path}: line {i}: its list holds what is not a number")
        leads.append((_rate(row), _unit(row), values))
    if not leads:
        raise RecordError(f"{path}: empty, no row holds a list of values")
    return [
        Lead(str(i) if len(leads) > 1 else "", unit, fs, values)
        for i, (fs, unit, values) in enumerate(leads)
    ]


def _rate(row: Mapping[str, str]) -> float | None:
    return next((number_in(cell) for name, cell in row.items() if is_rate_name(name)), None)


def _unit(row: Mapping[str, str]) -> str:
    return next((cell.strip() for name, cell in row.items() if is_unit_name(name)), "")


def _numbers(text: str) -> np.ndarray | None:
    """The numbers of a text, separated by commas, semicolons or blanks."""
    plain = text.replace(",", " ").replace(";", " ").replace("null", "nan").replace('"', " ")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(plain, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
