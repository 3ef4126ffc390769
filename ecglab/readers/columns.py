"""The leads of a table: columns of voltages, and the sampling rate from a column of times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.readers.common import is_rate_name, letters, millivolts
from ecglab.readers.leads import Lead
from ecglab.utils.errors import RecordError

_TIMES = {"time", "timestamp", "timestamps", "times", "datetime", "date", "epoch", "elapsed"}
_TIMES |= {"zeit", "temps", "tiempo", "tempo"}
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nanosecond", "nanoseconds"), 1e-9),
}
_COUNTS = {"", "index", "sample", "samples", "n", "unnamed0", "row", "samplenumber", "samplen"}
_LONGEST = 100

_EPOCHS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0))
"""Times beyond the first number are those since 1970 in units of so many seconds."""

_GAP = 2.5
_DRIFT_SECONDS, _DRIFT = 0.04, 5e-4
_MOST_MISSING = 10
_LEAST_FS = 10.0


@dataclass(frozen=True)
class Column:
    """One column: its name and unit as in the file, and (n_rows,) values.

    values: float, NaN where missing; texts (object) of points in time
    """

    name: str
    unit: str
    values: np.ndarray


def named(head: str) -> tuple[str, str]:
    """Name and unit of a head: `ecg_mV`, `ecg (mV)`, `ecg [mV]`, `ecg/mV` are ("ecg", "mV").

    >>> [named(head) for head in ("timestamp [ns]", "time_s", "mV", "V1", "ECG (counts)")]
    [('timestamp', 'ns'), ('time', 's'), ('', 'mV'), ('V1', ''), ('ECG', 'counts')]
    """
    head = head[:_LONGEST].strip(" \t'\"#")
    for opening, closing in ("()", "[]"):
        if head.endswith(closing) and opening in head:
            name, _, unit = head[:-1].rpartition(opening)
            return name.rstrip(" _/-"), unit.strip()
    words = head.replace("_", " ").replace("/", " ").replace("-", " ").split()
    last = words[-1] if words else ""
    name = head[: len(head) - len(last)].rstrip(" _/-")
    voltage = millivolts(last) is not None and (len(last) > 1 or head.endswith("/V"))
    if voltage or (
        last.casefold() in _SECONDS and (_is_time_name(name) or len(last) > 1 > len(name))
    ):
        return name, last
    return head, ""


def _is_time_name(name: str) -> bool:
    words = name.casefold().replace("_", " ").replace("-", " ").split()
    return any(word in _TIMES for word in words) or words == ["t"]


def is_time(column: Column) -> bool:
    """Whether a column is one of times: `time`, `t`, `timestamp [ns]`, `seconds`."""
    if column.unit and column.unit.casefold() not in _SECONDS and ":" not in column.unit:
        return False  # hh:mm:ss is a unit of times, too
    return _is_time_name(column.name) or bool(column.unit and not column.name)


def is_count(name: str) -> bool:
    """Whether a name is that of a column that counts: `index`, `sample`."""
    return letters(name) in _COUNTS


def leads_of_columns(
    path: Path,
    columns: Sequence[Column],
    fs: float | None = None,
    unit: str = "",
    place: Callable[[int], str] = "row {}".format,
) -> list[Lead]:
    """The leads of a table, on one grid of times.

    fs, unit: rate in Hz and unit that the file states outside its columns
    place: where row i is, for messages
    A column of times gives the rate; where some times are left out, so many samples are missing.
    Columns that count or that only rise, without a unit, are no leads; nor is one of texts.
    Raises RecordError where no column is a signal, and where the times are not uniform.
    """
    times = [column for column in columns if is_time(column)] if len(columns) > 1 else []
    signals = [
        column
        for column in columns
        if not any(column is time for time in times) and column.values.dtype.kind == "f"
    ]
    rates = [c for c in signals if is_rate_name(c.name) and c.values.size and not np.ptp(c.values)]
    if rates and len(signals) > 1:
        fs = fs or float(rates[0].values[0])
        signals = [column for column in signals if not any(column is rate for rate in rates)]
    grid = None
    if times and fs is None:
        fs, grid = _rate(path, times, place)
    found = [c for c in signals if c.unit or (not is_count(c.name) and not _rises(c))]
    if not found and len(signals) == 1 and not _rises(signals[0]):
        found = signals
    if not found:
        raise RecordError(
            f"{path}: no column is a signal, its values only rise, as times or a count do: is "
            "this a recording?"
        )
    return [
        Lead(column.name, column.unit or unit, fs, _placed(column.values, grid)) for column in found
    ]


def _rises(column: Column) -> bool:
    values = column.values[~np.isnan(column.values)]
    return values.size > 1 and bool(np.all(values[1:] > values[:-1]))


def _placed(values: np.ndarray, grid: np.ndarray | None) -> np.ndarray:
    """The values at their places on the grid, NaN between them."""
    if grid is None:
        return values
    placed = np.full(grid[-1] + 1, np.nan)
    placed[grid] = values
    return placed


def _rate(
    path: Path, times: Sequence[Column], place: Callable[[int], str]
) -> tuple[float, np.ndarray | None]:
    """Rate in Hz and places on the grid, by the first column of times that is uniform."""
    problems = []
    # Numbers with their unit first: texts are often those of the receiver, which come in bursts.
    for column in sorted(times, key=lambda c: (c.values.dtype.kind != "f", not c.unit)):
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # times near the largest number
                return _uniform(path, column, _seconds(path, column, place), place)
        except RecordError as error:
            problems.append(error)
    raise problems[0]


def _seconds(path: Path, column: Column, place: Callable[[int], str]) -> np.ndarray:
    """The times of a column in s, from the first."""
    values = column.values
    if values.dtype.kind != "f":
        return _moments(path, column)
    missing = np.flatnonzero(~np.isfinite(values))
    if missing.size:
        raise RecordError(
            f"{path}: the time in column {column.name!r} is missing at {place(int(missing[0]))}"
        )
    scale = _SECONDS.get(column.unit.casefold())
    if scale is None:
        scale = next((s for least, s in _EPOCHS if values.size and abs(values[0]) >= least), 1.0)
    return (values - values[:1]) * scale


def _moments(path: Path, column: Column) -> np.ndarray:
    """The times in s of texts: 2024-05-08T05:05:15.123, with or without a zone, or 0:15.123."""
    texts = [str(text).strip("[]'\" ") for text in column.values]
    try:
        if len(texts[0]) > 9 and texts[0][4] == "-":
            plain = [
                text[:10] + "T" + text[11:].strip("Z ").partition("+")[0].partition("-")[0].strip()
                for text in texts
            ]
            moments = np.array(plain, "datetime64[ns]").astype(np.int64)
            return (moments - moments[:1]) * 1e-9
        clocks = [text.partition(" ")[0].replace(",", ".").split(":") for text in texts]
        places = len(clocks[0])
        weights = 60.0 ** np.arange(places - 1, -1, -1)
        return np.array(clocks, float) @ weights
    except (ValueError, IndexError):
        raise RecordError(
            f"{path}: the times in column {column.name!r}, such as {texts[0][:40]!r}, are neither "
            "numbers nor written as 2024-05-08T05:05:15.123"
        ) from None


def _uniform(
    path: Path, column: Column, times: np.ndarray, place: Callable[[int], str]
) -> tuple[float, np.ndarray | None]:
    """Rate in Hz, and the place of each row on a uniform grid where samples are left out.

    Clocks of wearables jitter, and their samples come in packets that may be lost. So a row is
    placed by counting, and only a step of 2.5 samples or more is a gap. RecordError where a time
    is then off by more than 40 ms and 0.05 % of the recording.
    """
    where = f"{path}: the times in column {column.name!r}"
    if times.size < 2:
        raise RecordError(f"{path}: has one row of values where a recording is needed")
    steps = np.diff(times)
    back = np.flatnonzero(steps <= 0)
    if back.size:
        raise RecordError(
            f"{where} do not rise at {place(int(back[0]) + 1)}: write them with more decimals, or "
            "leave the column out and give the rate"
        )
    median = float(np.median(steps))
    gaps = steps > _GAP * median
    grid = None
    index = np.arange(times.size, dtype=float)
    if gaps.any():
        usual = float(steps[~gaps].mean())
        counts = np.where(gaps, np.rint(steps / usual), 1.0)
        if not counts.sum() <= _MOST_MISSING * times.size:
            worst = int(np.argmax(steps))
            raise RecordError(f"{where} have a gap of {steps[worst]:g} s at {place(worst + 1)}")
        index = np.concatenate([[0.0], np.cumsum(counts)])
        grid = index.astype(np.int64)
    step = (times[-1] - times[0]) / index[-1]
    error = times - times[0] - index * step
    worst = int(np.argmax(np.abs(error)))
    if not abs(error[worst]) <= _DRIFT_SECONDS + _DRIFT * (times[-1] - times[0]):
        raise RecordError(
            f"{where} are not uniform ({place(worst)} is off by {abs(error[worst]):.2g} s): "
            "is one rate meant? mark missing samples by rows without a value"
        )
    if 1 / step < _LEAST_FS and not column.unit:
        raise RecordError(
            f"{where} give {1 / step:.3g} Hz in s, which no ECG has: name the unit (time_ms), or "
            "leave the column out and give the rate"
        )
    return 1 / step, grid
