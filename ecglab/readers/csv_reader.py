"""Text files: one value per line, columns, or the ECG export of an Apple Watch."""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.readers.common import millivolts, text_of
from ecglab.readers.leads import Lead
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "CSV"
SUFFIXES = (".csv", ".tsv", ".txt")
LIBRARY = "NumPy"
SAMPLE = "tests/readers/test_csv_reader.py"

_MISSING = ("", "nan", "na", "n/a", "null")
_INDEX = ("", "index", "sample", "samples", "n", "unnamed: 0")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "microseconds"), 1e-6),
}
_TIME_NAME = re.compile(
    r"(?:time|t)(?:[\s_/(\[]+(?P<unit>[a-zµ]+)[)\]]?)?|(?P<alone>seconds|milliseconds)",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"(?P<name>.*?)[\s_]*[(\[]\s*(?P<unit>.*?)\s*[)\]]")
_SUFFIXED = re.compile(
    r"(?:(?P<name>.*?)[\s_/-]+)?(?P<unit>[mun\u00b5\u03bc]v|(?:milli|micro)volts?)", re.IGNORECASE
)
_UNEVEN = 0.01

_HEAD_LINES = 40
_HEAD_LINE = re.compile(r'\s*"?(?P<key>[^,;\t"]+)"?\s*[,;\t]\s*"?(?P<value>[^"]*?)"?[\s,;]*')
_HERTZ = re.compile(r"(?P<rate>\d+(?:[.,]\d+)?)\s*[^\W\d_]+")


@dataclass(frozen=True)
class _Table:
    """Columns of text: rows of (line number, cells); rate in Hz where the head has one."""

    names: list[str]
    units: list[str]
    rows: list[tuple[int, list[str]]]
    rate: float | None = None


def matches(path: Path, head: bytes) -> bool:
    """Whether a file is text by its suffix: there is no signature."""
    return path.suffix.lower() in SUFFIXES


def read(path: Path) -> Recording:
    """Read the columns of a text file.

    Columns: one value per line or several, separated by semicolon, tab or comma, with or without a
    line of names. Empty cells (in a single column: empty lines) and NaN are missing samples.
    Decimal commas are understood, between commas only in quotes. The unit is that in the name of a
    column (`ecg_mV`, `ecg (uV)`, `signal_uv`). A column `time`, `t`, `time_s`, `time_ms` or
    `seconds` gives the rate. A column that only counts (`index`, `sample`, or values that only
    rise in a column without a name or unit) is no lead, nor is a column of words.

    The ECG export of an Apple Watch: a head of names and values that ends with the rate, the
    lead and the unit (`Sample Rate,512 hertz`, `Lead,Lead I`, `Unit,µV`), then one value per line.
    Names and numbers may be in any language: the head is recognised by its structure.

    Raises RecordError for other files.
    """
    lines = text_of(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    table = _watch_export(lines) or _columns(path, lines)
    if not table.rows:
        raise RecordError(f"{path}: empty, it holds no values")
    fs, columns = table.rate, []
    for column, name in enumerate(table.names):
        scale = _seconds_of(name)
        if scale and len(table.names) > 1:
            fs = fs or _rate(path, table, column, scale)
        elif name.strip(" '#").lower() not in _INDEX or table.units[column]:
            columns.append(column)
    leads = []
    for column in columns or [0]:
        if not any(_is_number(cells[column]) for _, cells in table.rows) and len(columns) > 1:
            continue
        name, values = table.names[column], _values(path, table, column)
        steps = np.diff(values[~np.isnan(values)])
        if steps.size and np.all(steps > 0) and not table.units[column]:
            continue
        name = "" if name.isdecimal() and len(columns) == 1 else name
        leads.append(Lead(name, table.units[column], fs, values))
    if not leads:
        raise RecordError(f"{path}: its values only rise, as time or a count do: it has no signal")
    return Recording(path, FORMAT, leads)


def _columns(path: Path, lines: list[str]) -> _Table:
    """The columns of a plain file."""
    numbered = _trimmed(lines)
    if not numbered:
        raise RecordError(f"{path}: empty, it holds no values")
    before = numbered[0][0] - 1
    lines = [line for _, line in numbered]
    # Where the first line has no separator there is one value a line, and a comma is decimal.
    separator = next((s for s in ";\t," if s in lines[0]), None)
    try:
        reader = csv.reader(lines, delimiter=separator or "\t", skipinitialspace=True)
        rows = [(before + reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise RecordError(f"{path}: not a CSV file ({error})") from None
    names, units = [str(i) for i in range(len(rows[0][1]))], [""] * len(rows[0][1])
    named = any(not _is_number(cell) for cell in rows[0][1])
    if named:
        heads = [cell.strip(" #'") for cell in rows.pop(0)[1]]
        names, units = map(list, zip(*map(_name_and_unit, heads), strict=True))
    if len(names) == 1:
        rows = [(number, cells or [""]) for number, cells in rows]
    else:
        rows = [(number, cells) for number, cells in rows if cells]
    for number, cells in rows:
        if len(cells) < len(names) or any(cells[len(names) :]):
            raise RecordError(
                f"{path}: line {number} has {len(cells)} values where {len(names)} are expected: "
                "is the file cut, or are there decimal commas between commas?"
            )
    if not named and separator == "," and len(names) == 2:
        _check_not_decimal_commas(path, (cells for _, cells in rows))
    return _Table(names, units, rows)


def _check_not_decimal_commas(path: Path, rows: Iterable[list[str]]) -> None:
    """RecordError for lines such as `0,123`: one value with a decimal comma, or two columns?"""
    if all(re.fullmatch(r"-?\d+,\d+", ",".join(cells)) for cells in rows):
        raise RecordError(
            f"{path}: each line may be one value with a decimal comma or two columns: "
            "write decimal points, or a first line with the name of each column"
        )


def _watch_export(lines: list[str]) -> _Table | None:
    """The values of an Apple Watch's export, None where the file has no such head."""
    rate, previous = None, ""
    for i, line in enumerate(lines[:_HEAD_LINES]):
        match = _HEAD_LINE.fullmatch(line)
        if not match:
            continue
        value = match["value"].strip()
        hertz = _HERTZ.fullmatch(value)
        if hertz:
            rate = float(hertz["rate"].replace(",", "."))
        elif rate and value and millivolts(value):
            rows = [(number, [line.strip('" \t')]) for number, line in _trimmed(lines, i + 1)]
            return _Table([previous.split()[-1] if previous else ""], [value], rows, rate)
        previous = value
    return None


def _trimmed(lines: list[str], start: int = 0) -> list[tuple[int, str]]:
    """The lines from `start` on with their numbers, less the blank ones at both ends."""
    filled = [i for i in range(start, len(lines)) if lines[i].strip()]
    return [(i + 1, lines[i]) for i in range(filled[0], filled[-1] + 1)] if filled else []


def _name_and_unit(head: str) -> tuple[str, str]:
    """Name and unit of a column: `ecg_mV` is ("ecg", "mV"); without a unit ("ecg", "")."""
    match = None if _seconds_of(head) else _BRACKETED.fullmatch(head) or _SUFFIXED.fullmatch(head)
    return ((match["name"] or "").strip(), match["unit"]) if match else (head, "")


def _seconds_of(name: str) -> float | None:
    """How many seconds one unit of a time column is; None for another column."""
    match = _TIME_NAME.fullmatch(name.strip())
    if not match:
        return None
    return _SECONDS.get((match["unit"] or match["alone"] or "s").lower())


def _rate(path: Path, table: _Table, column: int, scale: float) -> float:
    """The rate in Hz of a time column; RecordError where its steps are not uniform within 1 %."""
    times = _values(path, table, column)
    if times.size < 2 or np.isnan(times).any():
        raise RecordError(f"{path}: in column {table.names[column]!r} times are missing")
    steps = np.diff(times)
    step = (times[-1] - times[0]) / steps.size
    # Times are written with so many decimals: a step is rounded by up to one of the last.
    texts = (cells[column].strip().replace(",", ".") for _, cells in table.rows)
    rounding = 10.0 ** -max(len(text.partition(".")[2]) for text in texts)
    worst = int(np.argmax(np.abs(steps - step)))
    if step <= 0 or rounding > step or abs(steps[worst] - step) > _UNEVEN * step + rounding:
        raise RecordError(
            f"{path}: the times in column {table.names[column]!r} are not uniform within 1 % "
            f"(line {table.rows[worst + 1][0]}): mark missing samples by lines without a value"
        )
    return 1 / (step * scale)


def _values(path: Path, table: _Table, column: int) -> np.ndarray:
    """The values (n_samples,) of a column, NaN where missing."""
    values = np.empty(len(table.rows))
    for i, (number, cells) in enumerate(table.rows):
        try:
            values[i] = _number(cells[column])
        except ValueError:
            raise RecordError(
                f"{path}: line {number}: {cells[column][:40]!r} is not a number"
            ) from None
    return values


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _number(cell: str) -> float:
    """A number with a decimal point or comma, NaN where it is missing; ValueError."""
    text = cell.strip().lower()
    if text in _MISSING:
        return math.nan
    return float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))
