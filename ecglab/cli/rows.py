"""The rows of a prediction as a table to read, as CSV, or as JSON."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence

from ecglab.ecg.classes import Classes
from ecglab.utils.text import printable, printable_json

NOT_CLASSIFIED = "not classified"


def keys(sets: bool = False) -> tuple[str, ...]:
    """Of the row of a recording, in their order: those of `Predictor.rows` between file and error.

    sets: with prediction sets
    In the row of a file that is not classified all are None but file, record, model and error.
    """
    from ecglab.inference.rows import ROW

    return ("file", *ROW, *(("prediction_set",) if sets else ()), "error")


class Table:
    """Rows to read, in columns of fixed widths, so that each can be printed as it comes."""

    def __init__(self, files: Sequence[str], classes: Classes, sets: bool = False):
        from ecglab.inference import verdict

        verdicts = [NOT_CLASSIFIED, verdict.UNCERTAIN, verdict.UNREADABLE, verdict.STRANGE]
        verdicts += verdict.words(classes).values()
        code = max(map(len, classes))
        self._widths = [
            max(20, *(len(printable(file)) for file in files)),
            max(map(len, verdicts)),
            max(len("probability"), code + 5),
            *map(len, ("heart rate", "quality")),
        ]
        self.header = self._line(["file", "verdict", "probability", "heart rate", "quality", "why"])

    def row(self, row: Mapping) -> str:
        """One line: what is known of a recording, and why."""
        label, rate, quality = row["label"], row["heart_rate"], row["quality"]
        return self._line(
            [
                row["file"],
                row["verdict"] or NOT_CLASSIFIED,
                f"{label} {row['probabilities'][label]:.2f}" if label else "-",
                "-" if rate is None else f"{rate:.0f}/min",
                "-" if quality is None else f"{quality:.2f}",
                row["error"] or row["reason"] + _may_be(row),
            ]
        )

    def _line(self, cells: Sequence[str]) -> str:
        shown = [printable(cell) for cell in cells]
        fixed = (f"{cell:<{width}}" for cell, width in zip(shown, self._widths, strict=False))
        return "  ".join([*fixed, shown[-1]]).rstrip()


class Csv:
    """Comma-separated values, with a column for the probability of each class."""

    def __init__(self, files: Sequence[str], classes: Classes, sets: bool = False):
        self._classes, self._keys = classes, keys(sets)
        columns: list[str] = []
        for key in self._keys:
            split = key == "probabilities"
            columns += [f"probability_{code}" for code in classes] if split else [key]
        self.header = _csv_line(columns)

    def row(self, row: Mapping) -> str:
        """One line; what is None is empty, and findings are separated by semicolons."""
        cells: list[object] = []
        for key in self._keys:
            value = row.get(key)
            if key == "probabilities":
                cells += [(value or {}).get(code) for code in self._classes]
            else:
                cells.append("; ".join(value) if isinstance(value, list) else value)
        return _csv_line([printable(x) if isinstance(x, str) else x for x in cells])


class Json:
    """One JSON object per line, with the keys of `keys`."""

    header = ""

    def __init__(self, files: Sequence[str], classes: Classes, sets: bool = False):
        self._keys = keys(sets)

    def row(self, row: Mapping) -> str:
        """One line."""
        ordered = {key: row.get(key) for key in self._keys}
        return printable_json(json.dumps(ordered, ensure_ascii=False, allow_nan=False))


Writer = Table | Csv | Json

WRITERS: dict[str, type[Writer]] = {"table": Table, "csv": Csv, "json": Json}
"""{format: what makes its lines}, of the files, the classes, and whether there are sets."""


def summary(verdicts: Mapping[str | None, int], column: str) -> str:
    """How many recordings have which verdict, in one line.

    verdicts: {verdict: number of recordings}, those that are not classified under None
    column: where their reason stands
    """
    known = Counter({verdict: n for verdict, n in verdicts.items() if verdict is not None})
    each = ", ".join(f"{n:,} {verdict}" for verdict, n in known.most_common())
    line = f"{known.total():,} classified" + (f" ({each})" if each else "")
    failed = verdicts.get(None, 0)
    return line + (f", {failed:,} not: see the column {column}" if failed else "")


def _may_be(row: Mapping) -> str:
    """The prediction set of a row in words; empty where none was asked for."""
    if row.get("prediction_set") is None:
        return ""
    return f"; may be {' or '.join(row['prediction_set']) or 'none of the classes'}"


def _csv_line(cells: Sequence[object]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow(cells)
    return file.getvalue()
