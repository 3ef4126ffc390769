"""JSON: recordings of Kardia, Fitbit and Withings, and tables and named lists of any kind."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers.arrays import leads_of
from ecglab.readers.common import letters, text_of
from ecglab.readers.leads import Lead
from ecglab.readers.named_values import leads_of_values
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "JSON"
SUFFIXES = (".json",)
LIBRARY = "json"
RATE, UNIT = "fs and the like, times or --fs", "unit and the like or --units"
SAMPLE = "tests/readers/test_json_reader.py"

_FEWEST = 20
_DEEPEST = 8
_TABLE = {"columns", "data"}


def matches(path: Path, head: bytes) -> bool:
    """Whether a file begins as JSON does: with an object, or a list of numbers or objects."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    start = head.decode("utf-16" if wide else "utf-8-sig", "ignore").lstrip()
    inside = start[1:].lstrip()[:1]
    return (start[:1] == "{" and inside in ('"', "}")) or (
        start[:1] == "[" and inside in tuple('{["-0123456789]')
    )


def read(path: Path) -> Recording:
    """Read the samples of a JSON file.

    Kardia: `data.raw.samples` of `amplitudeResolution` nV (https://developers.kardia.com); Fitbit:
    `waveformSamples` of `scalingFactor` per mV (https://dev.fitbit.com); Withings: `signal` in µV
    with `wearposition` (https://developer.withings.com). Others: lists of numbers by name, a list
    of objects as rows, or the forms of pandas; rate and unit are values beside or above them.

    Raises RecordError for other files.
    """
    try:
        content = json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise RecordError(f"{path}: not JSON, or cut{place}: copy or export it again") from None
    leads = _kardia(path, content) or _leads(path, content)
    return Recording(path, FORMAT, leads, _start(content))


def _kardia(path: Path, content: Any) -> list[Lead]:
    """The leads of a recording of Kardia; none of other content."""
    data = content.get("data") if isinstance(content, dict) else None
    raw = data.get("raw") if isinstance(data, dict) else None
    if not isinstance(raw, dict) or not isinstance(raw.get("samples"), dict):
        return []
    values = {**raw, **raw["samples"]}
    values.pop("mainsFrequency", None)
    resolution = values.pop("amplitudeResolution", None)
    if isinstance(resolution, int | float) and resolution > 0:
        values["unit"] = f"{1e6 / resolution:.9g}/mV"
    return leads_of_values(path, values)


def _leads(path: Path, content: Any) -> list[Lead]:
    """The leads of all recordings in any content, named by number where there are several."""
    if isinstance(content, list) and (array := _numbers(content)) is not None:
        return leads_of(path, array)
    found = list(_recordings(content, {}, _DEEPEST))
    if not found:
        raise RecordError(f"{path}: holds no list of numbers as long as a recording")
    if len(found) == 1:
        return leads_of_values(path, found[0])
    leads = []
    for i, values in enumerate(found):
        for lead in leads_of_values(path, values):
            name = _name(values) or lead.name or str(i)
            leads.append(Lead(name, lead.unit, lead.fs, lead.signal))
    return leads


def _recordings(content: Any, above: Mapping[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The objects that hold lists of numbers, each with the settings of the objects above it."""
    if not depth:
        return
    if isinstance(content, list):
        rows = [row for row in content if isinstance(row, dict)]
        if len(rows) == len(content) >= _FEWEST:
            yield {**above, **_of_rows(rows)}
        else:
            for row in rows:
                yield from _recordings(row, above, depth - 1)
        return
    if not isinstance(content, dict):
        return
    if set(content) >= _TABLE and isinstance(content["data"], list):  # pandas, orient="split"
        names = map(str, content["columns"])
        columns = map(list, zip(*content["data"], strict=False))
        yield {**above, **dict(zip(names, columns, strict=False))}
        return
    settings = {k: v for k, v in content.items() if isinstance(v, int | float | str)}
    if "wearposition" in map(letters, settings) and not any(map(_is_unit, settings)):
        settings["unit"] = "µV"  # as Withings documents
    settings = {**above, **settings}
    lists = {k: a for k, v in content.items() if (a := _numbers(_listed(v))) is not None}
    if lists:
        texts = {k: v for k, v in content.items() if isinstance(v, list) and k not in lists}
        yield {**settings, **lists, **texts}
        return
    for value in content.values():
        yield from _recordings(value, settings, depth - 1)


def _listed(value: Any) -> Any:
    """A list as it is; the values of an object whose keys count, as pandas writes columns."""
    if isinstance(value, dict) and len(value) >= _FEWEST and all(k.isdecimal() for k in value):
        return list(value.values())
    return value


def _of_rows(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The columns of a list of objects; what is the same in all rows of texts is a setting."""
    names = list(dict.fromkeys(name for row in rows[:_FEWEST] for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    found: dict[str, Any] = {}
    for name, values in columns.items():
        numbers = _numbers(values)
        constant = isinstance(values[0], str) and all(v == values[0] for v in values)
        found[name] = values[0] if constant else values if numbers is None else numbers
    return found


def _numbers(value: Any) -> np.ndarray | None:
    """A list of many numbers, null for missing ones, as an array; None for other values."""
    if not isinstance(value, list) or (len(value) < _FEWEST and not _nested(value)):
        return None
    try:
        array = np.array(value, float)
    except (TypeError, ValueError):
        return None
    return array if array.size >= _FEWEST else None


def _nested(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(row, list) for row in value)


def _is_unit(name: str) -> bool:
    return letters(name) in ("unit", "units")


def _name(values: Mapping[str, Any]) -> str:
    return next((str(v) for k, v in values.items() if letters(k) in ("lead", "name", "label")), "")


def _start(content: Any) -> str:
    first = content if isinstance(content, dict) else {}
    keys = ("recordedat", "starttime", "start", "startdate")
    return next((str(v)[:40] for k, v in first.items() if letters(k) in keys), "")
