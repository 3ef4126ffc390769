"""How a text file of columns is laid out: separator, names, units, and where its values begin."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.readers.columns import Column, is_count, is_time, named
from ecglab.readers.common import is_rate_name, is_unit_name, millivolts, number_in
from ecglab.utils.errors import RecordError

HEAD_LINES = 64
MISSING = {"", "nan", "na", "n/a", "#n/a", "null", "none"}

_SEPARATORS = ";\t|,"
_LOOKED_AT = 5


@dataclass(frozen=True)
class Layout:
    """The layout of a text file.

    separator: empty where there is one value per line, a blank for any white space
    decimal_comma: whether commas are decimal in values without quotes
    first: index of the first line of values
    heads: (name, unit) of each column; numeric: whether it holds numbers
    fs, unit: rate in Hz and unit that the lines before the columns state
    """

    separator: str
    decimal_comma: bool
    first: int
    heads: list[tuple[str, str]]
    numeric: list[bool]
    fs: float | None
    unit: str


def number(cell: str) -> float:
    """A number with a decimal point or comma, NaN where it is missing; ValueError."""
    text = cell.strip(" \t'").casefold()
    if text in MISSING:
        return math.nan
    return float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line, without the quotes around them."""
    line = line.rstrip("\r\n")
    if not separator:
        return [line.strip(" \t\"'")]
    if separator == " ":
        return line.lstrip("# \t").split()
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:  # a cell of more than 128 kB
        return line.split(separator)


def layout_of(path: Path, head: Sequence[str]) -> Layout:
    """The layout, from the first lines. Raises RecordError where no line holds values."""
    filled = [i for i, line in enumerate(head) if line.strip()]
    if not filled:
        raise RecordError(f"{path}: empty, it holds no values")
    separator = _separator([head[i] for i in filled])
    rows = {i: cells_of(head[i], separator) for i in filled}
    width, numeric = _typical(path, rows)
    first = next(i for i in filled if _is_data(rows[i], width, numeric))
    before = [i for i in filled if i < first]
    heads = [(str(i) if width > 1 else "", "") for i in range(width)]
    names = _names(rows, before, width, head)
    if names is not None:
        heads = [named(cell) for cell in rows[names]]
        units = [cell.strip(" \t'\"[]()") for cell in rows[before[-1]]]
        if names != before[-1]:
            heads = [(name, unit or u) for (name, unit), u in zip(heads, units, strict=True)]
        before = [i for i in before if i < names]
    others = [i for i, head in enumerate(heads) if not is_time(Column(*head, np.empty(0)))]
    if not any(numeric[i] and not is_count(heads[i][0]) for i in others):
        numeric = [n or i in others for i, n in enumerate(numeric)]
    numeric = [n or millivolts(u) is not None for n, (_, u) in zip(numeric, heads, strict=True)]
    comma = separator != ","
    if separator == "," and width == 2 and all(numeric):
        _check_not_decimal_commas(path, [rows[i] for i in filled if i >= first], names is not None)
    fs, unit = _stated([head[i] for i in before])
    return Layout(separator, comma, first, heads, numeric, fs, unit)


def _separator(lines: Sequence[str]) -> str:
    """What separates the cells: the first character that the last lines all hold alike often."""
    tail = lines[-_LOOKED_AT:] if len(lines) > _LOOKED_AT else lines[-max(1, len(lines) - 1) :]
    for separator in _SEPARATORS:
        counts = {len(cells_of(line, separator)) for line in tail}
        if counts == {1}:
            continue
        if len(counts) == 1 or all(separator in line for line in tail):
            # Under a name without a comma, values such as 0,123 are one column.
            heads = [line for line in lines if not all(map(_is_number, line.split(separator)))]
            if separator == "," and counts == {2} and heads and "," not in heads[-1]:
                return ""
            return separator
    blanks = [line.split() for line in tail]
    if len(blanks[0]) > 1 and all(all(map(_is_number, cells)) for cells in blanks):
        return " "
    # Cut or uneven lines: what most of them are separated by.
    return next((s for s in _SEPARATORS if 2 * sum(s in x for x in lines) > len(lines)), "")


def _typical(path: Path, rows: dict[int, list[str]]) -> tuple[int, list[bool]]:
    """Number of columns and which hold numbers, by the last line of usual width with numbers."""
    last = list(rows)[::-1][: 4 * _LOOKED_AT]
    widths = [len(rows[i]) for i in last]
    width = max(widths, key=lambda w: (widths.count(w), w))
    for i in last:
        numeric = [_is_number(cell) for cell in rows[i]]
        filled = any(n and cell.strip() for n, cell in zip(numeric, rows[i], strict=True))
        if len(rows[i]) == width and filled:
            return width, numeric
    if len(rows) < 2:
        raise RecordError(f"{path}: empty, it holds no values")
    line = list(rows)[1]
    wrong = next((cell for cell in rows[line] if not _is_number(cell)), "")
    raise RecordError(f"{path}: line {line + 1}: {wrong.strip()[:40]!r} is not a number")


def _is_data(cells: Sequence[str], width: int, numeric: Sequence[bool]) -> bool:
    """Whether a line holds values: numbers, or nothing, in all columns of numbers."""
    if len(cells) != width:
        return False
    return all(map(_is_number, (c for c, n in zip(cells, numeric, strict=True) if n)))


def _names(
    rows: dict[int, list[str]], before: Sequence[int], width: int, head: Sequence[str]
) -> int | None:
    """The line of the names of the columns; the one of their units may be between it and values."""
    if not before or len(rows[before[-1]]) != width:
        return None
    last = before[-1]
    if width == 1 and _stated([head[last]]) != (None, ""):
        return None
    units = [cell.strip(" \t'\"[]()") for cell in rows[last]]
    if len(before) > 1 and len(rows[before[-2]]) == width and any(map(millivolts, units)):
        return before[-2]
    return last


def _stated(lines: Sequence[str]) -> tuple[float | None, str]:
    """Rate in Hz and unit in lines such as `Sampling rate: 250 Hz`, `fs,250`, `# unit = mV`."""
    fs, unit = None, ""
    for line in lines:
        text = line[:200].strip(" \t\r\n#%\"'")
        at = min((text.find(mark) for mark in "=:,;\t" if mark in text), default=-1)
        if at < 0:
            continue
        key, value = text[:at], text[at + 1 :].strip(" \t\"';,")
        bare, _, bracketed = key.partition("(")
        if is_rate_name(key) or (is_rate_name(bare) and bracketed.lower().startswith("h")):
            found = number_in(value)
            fs = found if fs is None else fs
        elif is_unit_name(key) and not unit:
            unit = value[:40]
    return fs, unit


def _check_not_decimal_commas(path: Path, rows: Sequence[list[str]], named: bool) -> None:
    """RecordError for lines such as `0,123`: one value with a decimal comma, or two columns?"""
    if not named and all(row[1].strip().isdecimal() for row in rows if len(row) == 2):
        whole = all(row[0].strip().lstrip("-").isdecimal() for row in rows if len(row) == 2)
        if whole:
            raise RecordError(
                f"{path}: each line may be one value with a decimal comma or two columns: "
                "write decimal points, or a first line with the name of each column"
            )


def _is_number(cell: str) -> bool:
    try:
        number(cell[:400])
    except ValueError:
        return False
    return True
