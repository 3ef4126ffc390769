"""The user's own recordings: a folder of files, and a table that labels them.

The table (CSV or Parquet) has one row a record, with the columns `file` (relative to the folder)
and `label`, and where they are known `group` (the patient), `lead` (name or number), `start` and
`end` (in s, where only a part of the file is meant), `fs` and `units` (rate in Hz and unit of the
samples, for a file that states none).

A file TABLE.toml beside TABLE.csv can name other columns and labels, and give classes a meaning:

    description = "Recordings of our clinic."
    ranked = ["N", "A"]                # the classes of the ranking score, by default all
    [columns]
    file = "path"
    group = "patient"
    [labels]                           # label in the table = class; "" leaves the row out
    SR = "N"
    AFIB = "A"
    [classes]                          # class = meaning
    N = "normal"
    A = "atrial fibrillation"
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab import readers
from ecglab.datasets import BUILT_IN, cinc2017, dataset, splits
from ecglab.datasets.dataset import Dataset
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.classes import Classes
from ecglab.ecg.height import doubt, height
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError, RecordError

COLUMNS = ("file", "label", "group", "lead", "start", "end", "fs", "units")
_TEXTS = ("description", "url", "licence", "citation")
_SHOWN = 3


@dataclass(frozen=True)
class _Row:
    """One row of the table, as text, empty where nothing is given.

    place: where it is, such as "line 7" of a CSV, whose first line is the header
    """

    place: str
    file: str
    label: str
    group: str = ""
    lead: str = ""
    start: str = ""
    end: str = ""
    fs: str = ""
    units: str = ""


def import_folder(
    folder: Path,
    labels: Path,
    name: str,
    *,
    mapping: Mapping[str, str] | None = None,
    fs: float | None = None,
    units: str | None = None,
    rate: float = 300.0,
    skip_unreadable: bool = False,
    replace: bool = False,
) -> Dataset:
    """Import recordings as the data set `name`.

    folder: with the files, in any format that `ecglab.readers` reads; labels: the table
    mapping: {label in the table: class}, in addition to that of TABLE.toml; "" leaves a row out
    fs, units: rate in Hz and unit of the samples of files that state none
    rate: of the packed signals, in Hz
    replace: take the place of a data set of this name that is there already
    skip_unreadable: leave out what cannot be imported, and print how much that is

    Raises EcglabError, with nothing changed, where the table or TABLE.toml cannot be understood
    and, unless they are skipped, where rows name no readable recording or no class.
    """
    folder, labels = Path(folder), Path(labels)
    if name in BUILT_IN:
        raise EcglabError(f"{name} is a data set that comes with ecglab: give yours another name")
    if dataset.path_of(name).exists() and not replace:
        raise EcglabError(
            f"there is a data set {name!r} already: give another --name, or --replace to replace it"
        )
    if not folder.is_dir():
        raise EcglabError(f"{folder} is not a folder: give the folder with the files of {labels}")
    config = _read_toml(labels.with_suffix(".toml"))
    rows = _read_table(labels, config["columns"])
    mapping = {**config["labels"], **(mapping or {})}
    left_out = [row for row in rows if mapping.get(row.label) == ""]
    rows = [row for row in rows if mapping.get(row.label) != ""]
    spec = Spec(
        name=name,
        description=config.get("description", f"Recordings of {folder.absolute().name}."),
        classes=_classes(rows, mapping, config),
        fs=float(rate),
        grouped=any(row.group for row in rows),
        **{key: config[key] for key in _TEXTS[1:] if key in config},
    )
    problems: _Problems = {}
    examples = _examples(folder, rows, spec, mapping, fs, units, problems)
    dataset.write(spec, _whole(examples, problems, skip_unreadable, labels, len(rows)), len(rows))
    if left_out:
        found = ", ".join(sorted({row.label for row in left_out}))
        progress.message(f"left out {len(left_out):,} rows that are mapped to no class ({found})")
    if problems:
        progress.message(f"left out {_summary(problems, len(rows))}")
    data = dataset.open(name)
    for warning in _warnings(data):
        progress.message(f"warning: {warning}")
    return data


_Problems = dict[str, list[_Row]]
"""{what is wrong: the rows that have this problem}"""


def _whole(
    examples: Iterator[Example], problems: _Problems, skip: bool, labels: Path, n_rows: int
) -> Iterator[Example]:
    """The examples; EcglabError behind the last where there were problems that are not skipped."""
    yield from examples
    if problems and not skip:
        stated = any("--fs" in reason or "--units" in reason for reason in problems)
        columns = " (columns fs and units of the table hold what files do not state)" * stated
        raise EcglabError(
            f"{labels}: cannot import {_summary(problems, n_rows)}; correct them{columns}, or "
            "leave them out with --skip-unreadable"
        )


def _summary(problems: _Problems, n_rows: int) -> str:
    """What is wrong with how many rows, and with which; a problem of many rows comes once."""
    found = [_problem(reason, rows) for reason, rows in problems.items()]
    n_bad = sum(map(len, problems.values()))
    more = f"; and {len(found) - _SHOWN:,} other problems" if len(found) > _SHOWN else ""
    return f"{n_bad:,} of {n_rows:,} rows: {'; '.join(found[:_SHOWN])}{more}"


def _problem(reason: str, rows: list[_Row]) -> str:
    first = rows[0]
    if len(rows) == 1:
        return f"{first.place}{f' ({first.file})' if first.file else ''}: {reason}"
    what, _, number = first.place.partition(" ")
    numbers = [number, *(row.place.partition(" ")[2] for row in rows[1:_SHOWN])]
    more = ", ..." if len(rows) > _SHOWN else ""
    return f"{reason}: {len(rows):,} rows ({what}s {', '.join(numbers)}{more})"


def _warnings(data: Dataset) -> Iterator[str]:
    """What may be wrong with a data set that was imported, in sentences."""
    heights = [height(signal, data.fs) for signal in data.signals]
    if doubtful := doubt(float(np.median(heights))):
        yield (
            f"a typical recording has {doubtful}: is its unit right (--units, or a column units of "
            "the table)? Are these counts of a converter?"
        )
    for label, n in data.counts().items():
        if not n:
            yield f"no recording has the class {label!r}"
    if too_few := splits.too_few(data, splits.N_FOLDS):
        yield too_few


def _examples(
    folder: Path,
    rows: list[_Row],
    spec: Spec,
    mapping: Mapping[str, str],
    fs: float | None,
    unit: str | None,
    problems: _Problems,
) -> Iterator[Example]:
    """The labelled records of these rows; what is wrong with others is added to `problems`."""
    for row, record_id in zip(rows, _ids(rows), strict=True):
        try:
            if not row.file or not row.label:
                raise RecordError(f"has no {'label' if row.file else 'file'}")
            label = mapping.get(row.label, row.label)
            if label not in spec.classes.codes:
                raise RecordError(
                    f"label {label!r} is none of the classes {', '.join(spec.classes)} "
                    f"(--map '{label}=CLASS' maps it, --map '{label}=' leaves it out)"
                )
            rate, units = _number(row, "fs") if row.fs else fs, row.units or unit
            record = _cut(readers.read(folder / row.file, row.lead or None, rate, units), row)
            signal = prepare(record, spec.fs)
            record = Record(signal, spec.fs, id=record_id, lead=record.lead)
        except RecordError as error:
            # The rows of a problem are listed together, so that it must not name the file.
            reason = str(error).removeprefix(f"{folder / row.file}: ")
            problems.setdefault(reason, []).append(row)
        else:
            yield Example(record, {spec.default_labels: label}, row.group)


def _cut(record: Record, row: _Row) -> Record:
    """The part of a recording that the row names."""
    if not row.start and not row.end:
        return record
    start = _number(row, "start") if row.start else 0.0
    end = _number(row, "end") if row.end else record.seconds
    if not 0 <= start < end <= record.seconds + 1 / record.fs:
        raise RecordError(f"{start:g} s to {end:g} s is not within its {record.seconds:g} s")
    part = record.signal[round(start * record.fs) : round(end * record.fs)]
    return Record(part, record.fs, id=row.file, lead=record.lead)


def _number(row: _Row, column: str) -> float:
    text = getattr(row, column)
    try:
        return float(text)
    except ValueError:
        raise RecordError(f"{column} is {text!r:.40}, not a number") from None


def _ids(rows: list[_Row]) -> list[str]:
    """A distinct id for each row: the file's stem, with -2, -3, ... where it was there before."""
    stems = [Path(row.file).stem for row in rows]
    taken, count, ids = set(stems), dict.fromkeys(stems, 0), []
    for stem in stems:
        count[stem] += 1
        while count[stem] > 1 and f"{stem}-{count[stem]}" in taken:
            count[stem] += 1
        ids.append(f"{stem}-{count[stem]}" if count[stem] > 1 else stem)
        taken.add(ids[-1])
    return ids


def _classes(rows: list[_Row], mapping: Mapping[str, str], config: Mapping) -> Classes:
    """The classes of TABLE.toml, else those mapped to, else the labels of the table."""
    meanings = config["classes"]
    if not meanings:
        found = [code for code in mapping.values() if code] or sorted(
            {r.label for r in rows} - {""}
        )
        # Classes that are named as those of cinc2017 mean the same.
        known = cinc2017.SPEC.classes.meanings
        meanings = {code: known.get(code, code) for code in found}
    return Classes(meanings, tuple(config.get("ranked", ())))


def _read_table(path: Path, columns: Mapping[str, str]) -> list[_Row]:
    """The rows of a table. columns: {name of COLUMNS: name in the table}"""
    import pandas as pd

    parquet = path.suffix.lower() in (".parquet", ".pq")
    try:
        if parquet:
            table = pd.read_parquet(path)
        else:
            with open(path, encoding="utf-8-sig") as file:
                header = file.readline()
            table = pd.read_csv(
                path,
                sep=max(",;\t", key=header.count),
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,  # so that rows are counted as lines
                index_col=False,
                encoding="utf-8-sig",
            )
    except (OSError, ValueError, ImportError, pd.errors.ParserError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
        raise EcglabError(
            f"cannot read the table {path} ({reason}): give a CSV or Parquet"
        ) from None
    names = {column: columns.get(column, column) for column in COLUMNS}
    for column, name in names.items():
        if name not in table.columns and (column in ("file", "label") or column in columns):
            there = ", ".join(map(str, table.columns))
            raise EcglabError(
                f"{path} has no column {name!r:.40} (it has {there:.200}): rename one, or put "
                f'{column} = "NAME" under [columns] of {path.with_suffix(".toml").name} beside it'
            )
    given = {column: map(_text, table[name]) for column, name in names.items() if name in table}
    rows = [
        _Row(f"row {i + 1}" if parquet else f"line {i + 2}", **dict(zip(given, cells, strict=True)))
        for i, cells in enumerate(zip(*given.values(), strict=True))
        if any(cells)
    ]
    if not rows:
        raise EcglabError(f"{path} has no rows: list one recording per row")
    return rows


def _text(cell: object) -> str:
    """A cell as text; the numbers of a column that has gaps are floats in pandas."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _read_toml(path: Path) -> dict:
    """What TABLE.toml says, with empty `columns`, `labels` and `classes` where it lacks them."""
    config: dict = {}
    if path.exists():
        try:
            config = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            reason = " ".join(str(getattr(error, "strerror", None) or error).split())
            raise EcglabError(f"cannot read {path} ({reason}): correct it") from None
    forms = {"columns": dict, "labels": dict, "classes": dict, "ranked": list}
    forms |= dict.fromkeys(_TEXTS, str)
    for key, value in config.items():
        if key not in forms:
            raise EcglabError(f"{path}: there is no key {key!r}; known are {', '.join(forms)}")
        texts = value.values() if isinstance(value, dict) else value
        if not isinstance(value, forms[key]) or not all(isinstance(text, str) for text in texts):
            form = {dict: "a table of texts", list: "a list of texts", str: "a text"}[forms[key]]
            raise EcglabError(f"{path}: {key} must be {form}")
    unknown = [column for column in config.get("columns", {}) if column not in COLUMNS]
    if unknown:
        raise EcglabError(
            f"{path}: [columns] names {unknown[0]!r}, which is none of {', '.join(COLUMNS)}"
        )
    return {"columns": {}, "labels": {}, "classes": {}, **config}
