"""Text files of columns: CSV, TSV, tables of a spreadsheet, and one value per line."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np

from ecglab.readers.columns import Column, is_time, leads_of_columns
from ecglab.readers.lists import holds_lists, leads_of_lists
from ecglab.readers.plain_file import open_plain
from ecglab.readers.recording import Recording
from ecglab.readers.text_layout import HEAD_LINES, Layout, cells_of, layout_of, number
from ecglab.utils.errors import RecordError

FORMAT = "CSV, TSV"
SUFFIXES = (".csv", ".tsv", ".txt")
LIBRARY = "NumPy"
RATE, UNIT = "column of times, head or --fs", "name of the column, head or --units"
SAMPLE = "tests/readers/test_csv_reader.py"

_TEXT = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(0x20, 0x100)) - {0x7F})
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHER_TEXTS = (b"<", b"{", b"%PDF", b"%!PS")
_BLOCK = 1 << 20


def matches(path: Path, head: bytes) -> bool:
    """Whether a file is text and no other kind of text: there is no signature."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(_MARKS) or (
        not head.translate(None, _TEXT) and not start.startswith(_OTHER_TEXTS)
    )


def read(path: Path) -> Recording:
    """Read the columns of a text file.

    Columns are separated by semicolon, tab, bar, comma or blanks. The first line may name them,
    and lines before it may state the rate (`Sampling rate: 250 Hz`) and the unit. Empty cells (in
    a single column: empty lines) and NaN are missing samples. Decimal commas are understood,
    between commas only in quotes. The unit is that in the name of a column (`ecg_mV`, `ecg (uV)`).
    A column of times (`time`, `time_ms`, `timestamp [ns]`, dates of ISO 8601, seconds since 1970)
    gives the rate. A cell with a list, as in exports of Withings and Fitbit, is a recording.

    Raises RecordError for other files.
    """
    with _opened(path) as file:
        blocks = _blocks(path, file)
        block = next(blocks, [])
        head = block[:HEAD_LINES]
        if holds_lists(head):
            return Recording(path, FORMAT, leads_of_lists(path, list(chain(block, *blocks))))
        layout = layout_of(path, head)
        values = _Values(path, layout)
        for part in chain([block[layout.first :]], blocks):
            values.add(part)
    columns = values.columns()
    if not any(name for name, _ in layout.heads) or layout.heads[0][0] == "0":
        columns = _upright(columns)
    leads = leads_of_columns(path, columns, layout.fs, layout.unit, values.place)
    return Recording(path, FORMAT, leads)


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """The text of a file, in UTF-8, UTF-16 with its mark, or else Latin-1."""
    with open_plain(path) as file:
        start = file.read(1 << 16)
        file.seek(0)
        encoding = "utf-16" if start.startswith(_MARKS) else "utf-8-sig"
        try:
            start.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(start) - 4:  # else the limit cuts a character
                encoding = "latin-1"
        with io.TextIOWrapper(file, encoding, errors="replace") as text:
            yield text


def _blocks(path: Path, file: io.TextIOWrapper) -> Iterator[list[str]]:
    """The lines of a file, in lists of about 1 MB."""
    while block := file.readlines(_BLOCK):
        if any("\0" in line for line in block):
            raise RecordError(f"{path}: is not text: does the suffix match the format?")
        yield block


def _upright(columns: list[Column]) -> list[Column]:
    """The columns, or the rows where a table without names is wider than long: time is longer."""
    if len(columns) <= max(10, columns[0].values.size):
        return columns
    rows = np.array([column.values for column in columns], float).T
    return [Column(str(i) if len(rows) > 1 else "", "", row) for i, row in enumerate(rows)]


class _Values:
    """The values of the columns of a text file, added block by block."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path, self._layout = path, layout
        times = [i for i, h in enumerate(layout.heads) if is_time(Column(*h, np.empty(0)))]
        numbers = [i for i, numeric in enumerate(layout.numeric) if numeric]
        # Times in words are slow to read: only where there are none in numbers.
        needed = times if not set(times) & set(numbers) else []
        self._kept = sorted({*numbers, *needed})
        self._parts: list[list[np.ndarray]] = [[] for _ in self._kept]
        self._next_line = layout.first + 1
        self._blank_lines: list[int] = []
        self._n_blank_at_end = 0

    def add(self, lines: list[str]) -> None:
        """Add lines of values; RecordError, with the number of the line, where they are none."""
        table = self._numbers(lines)
        columns = self._cells(lines) if table is None else list(table.T)
        for part, column in zip(self._parts, columns, strict=True):
            part.append(column)
        self._next_line += len(lines)

    def columns(self) -> list[Column]:
        """All columns that hold numbers or times."""
        found = []
        for i, parts in zip(self._kept, self._parts, strict=True):
            values = np.concatenate(parts)
            found.append(
                Column(*self._layout.heads[i], values[: values.size - self._n_blank_at_end])
            )
        if not found or not found[0].values.size:
            raise RecordError(f"{self._path}: empty, it holds no values")
        return found

    def place(self, row: int) -> str:
        """Where a row is, such as "line 7"."""
        line = self._layout.first + 1 + row
        for blank in self._blank_lines:
            line += blank <= line
        return f"line {line}"

    def _numbers(self, lines: list[str]) -> np.ndarray | None:
        """(n_lines, n_columns) float where all cells are plain numbers, else None."""
        separator, n_columns = self._layout.separator, len(self._layout.heads)
        text = "".join(lines)
        if separator == " " or not all(self._layout.numeric) or not text.isascii() or '"' in text:
            return None
        content = text.encode() + (b"" if text.endswith("\n") else b"\n")
        if self._layout.decimal_comma:
            content = content.replace(b",", b".")
        if separator:
            codes = np.frombuffer(content, "u1")
            per_line = np.diff(np.cumsum(codes == ord(separator))[codes == 10], prepend=0)
            if np.any(per_line != n_columns - 1):
                return None
            content = content.replace(separator.encode(), b" ")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                values = np.fromstring(content, sep=" ")
            except (DeprecationWarning, ValueError):
                return None
        if values.size != len(lines) * n_columns:
            return None
        self._n_blank_at_end = 0
        return values.reshape(-1, n_columns)

    def _cells(self, lines: list[str]) -> list[np.ndarray]:
        """(n_rows,) of each kept column, cell by cell."""
        layout, width = self._layout, len(self._layout.heads)
        rows, numbers = [], []
        for line_number, line in enumerate(lines, self._next_line):
            if not line.strip():
                self._n_blank_at_end += width == 1
                if width > 1:
                    self._blank_lines.append(line_number)
                    continue
            else:
                self._n_blank_at_end = 0
            cells = cells_of(line, layout.separator)
            if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                raise RecordError(
                    f"{self._path}: line {line_number} has {len(cells)} values where {width} are "
                    "expected: is the file cut, or are there decimal commas between commas?"
                )
            rows.append(cells)
            numbers.append(line_number)
        return [self._column(i, rows, numbers) for i in self._kept]

    def _column(self, i: int, rows: list[list[str]], numbers: list[int]) -> np.ndarray:
        texts = [cells[i] for cells in rows]
        if not self._layout.numeric[i]:
            return np.array(texts, object)
        try:
            return np.array(list(map(float, texts)))
        except ValueError:
            return np.array(
                [self._number(t, n) for t, n in zip(texts, numbers, strict=True)], float
            )

    def _number(self, text: str, line_number: int) -> float:
        try:
            return number(text)
        except ValueError:
            raise RecordError(
                f"{self._path}: line {line_number}: {text.strip()[:40]!r} is not a number"
            ) from None
