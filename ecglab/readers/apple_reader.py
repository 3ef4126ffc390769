"""The ECG export of an Apple Watch: lines of names and values, then one value per line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglab.readers.common import millivolts, number_in, text_of
from ecglab.readers.leads import Lead
from ecglab.readers.recording import Recording
from ecglab.readers.text_layout import number
from ecglab.utils.errors import RecordError

FORMAT = "Apple Watch"
SUFFIXES = (".csv",)
LIBRARY = "NumPy"
RATE, UNIT = "head or --fs", "head or --units"
SAMPLE = "tests/readers/test_apple_reader.py"

_HEAD_LINES = 40
_LONGEST = 200


def matches(path: Path, head: bytes) -> bool:
    """Whether a file begins with names and values, of which one is a watch or two rate and unit."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8", "ignore")
    values = [value for _, value in _head(text.splitlines())]
    watch = any("Watch" in value and any(map(str.isdigit, value)) for value in values)
    rate_and_unit = any(map(_rate, values)) and any(millivolts(v) for v in values)
    return len(values) > 2 and (watch or rate_and_unit)


def read(path: Path) -> Recording:
    """Read the export of a watch in any language: the head is recognised by its structure.

    The rate is a number with a word behind it (`Sample Rate,512 hertz`), the unit a voltage
    (`Unit,µV`), and the lead the last word of the line before the unit (`Lead,Lead I`).
    Raises RecordError for a line of values that is not a number.
    """
    lines = text_of(path).splitlines()
    head = _head(lines)
    values = [value for _, value in head]
    rate = next((rate for value in values if (rate := _rate(value))), None)
    at = next((i for i, value in enumerate(values) if millivolts(value)), None)
    unit = "" if at is None else values[at]
    lead = values[at - 1].split()[-1:] if at else []
    first = head[-1][0] + 1
    filled = [i for i in range(first, len(lines)) if lines[i].strip()]
    if not filled:
        raise RecordError(f"{path}: empty, it holds no values")
    signal = np.array([_number(path, i, lines[i]) for i in range(filled[0], filled[-1] + 1)])
    return Recording(path, FORMAT, [Lead("".join(lead), unit, rate, signal)], _start(values))


def _head(lines: Sequence[str]) -> list[tuple[int, str]]:
    """(number, value) of the lines of a name and a value, before the first that is a number."""
    found = []
    for i, line in enumerate(lines[:_HEAD_LINES]):
        if not line.strip():
            continue
        line = line[:_LONGEST].lstrip("\ufeff")
        at = min((line.find(mark) for mark in ",;\t" if mark in line), default=-1)
        name, value = line[: max(at, 0)].strip(' "'), line[at + 1 :].strip(' \t";,')
        if at < 0 or not name or _is_number(name):
            break
        found.append((i, value))
    return found


def _rate(value: str) -> float | None:
    """The rate in Hz of `512 hertz`, `511,1 герц` or `511.1Hz`; None for other values."""
    digits = value.rstrip()
    while digits and not digits[-1].isdigit():
        digits = digits[:-1]
    word = value[len(digits) :].strip()
    if not digits or not word.isalpha() or len(digits.split()) > 1:
        return None
    return number_in(digits)


def _start(values: Sequence[str]) -> str:
    """The value that is a date and a time."""
    return next((v for v in values if len(v) > 18 and v[4:5] == "-" and v[13:14] == ":"), "")


def _number(path: Path, line: int, text: str) -> float:
    try:
        return number(text.strip('" \t'))
    except ValueError:
        raise RecordError(
            f"{path}: line {line + 1}: {text.strip()[:40]!r} is not a number"
        ) from None


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True
