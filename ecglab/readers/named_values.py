"""The leads among named values, as .npz, MATLAB, JSON and Parquet files hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers.arrays import leads_of
from ecglab.readers.columns import Column, is_time, leads_of_columns, named
from ecglab.readers.common import is_rate_name, is_unit_name, letters, number_in
from ecglab.readers.leads import Lead
from ecglab.utils.errors import RecordError

SIGNAL_NAMES = ("val", "signal", "signals", "ecg", "ekg", "ecgsignal", "waveformsamples")
_SCALES = {"scalingfactor", "millivoltsscalingfactor", "unitspermv", "countspermv"}
_SHOWN = 8


def leads_of_values(path: Path, values: Mapping[str, Any]) -> list[Lead]:
    """The leads among the values of a file.

    values: {name: array of numbers, list of numbers, number or text}. The signal is the array
    `val`, `signal` or `ecg`, else all arrays of the greatest length, each a lead. The rate is a
    number named like one (`fs`, `sampling_rate`) or that of an array of times, the unit a text
    `unit` or in the name of the array, or a number of units per mV (`scalingFactor`).
    Raises RecordError where there is no signal.
    """
    arrays = {name: array for name, value in values.items() if (array := _array(value)) is not None}
    settings = {name: value for name, value in values.items() if name not in arrays}
    fs = next((number_in(_plain(v)) for k, v in settings.items() if is_rate_name(k)), None)
    unit = next((str(_plain(v)).strip() for k, v in settings.items() if is_unit_name(k)), "")
    scale = next((number_in(_plain(v)) for k, v in settings.items() if letters(k) in _SCALES), None)
    if scale and not unit:
        unit = f"{scale:g}/mV"
    columns = {name: Column(*named(name), array) for name, array in arrays.items()}
    times = {name for name, column in columns.items() if is_time(column) and len(arrays) > 1}
    found = _signals(path, {k: v for k, v in arrays.items() if k not in times}, settings)
    if len(found) == 1 and arrays[found[0]].ndim != 1:
        return leads_of(path, arrays[found[0]], columns[found[0]].unit or unit, fs)
    length = arrays[found[0]].size
    table = [columns[name] for name in (*times, *found) if arrays[name].size == length]
    table = [Column(c.name, c.unit, np.asarray(c.values, float)) for c in table]
    if len(found) == 1:
        # The only signal of a file needs no name, unless it is that of a lead.
        own = table[-1].name if letters(found[0]) not in SIGNAL_NAMES else ""
        table[-1] = Column(own or "signal", table[-1].unit, table[-1].values)
        [lead] = leads_of_columns(path, table, fs, unit)
        return [Lead(own, lead.unit, lead.fs, lead.signal)]
    return leads_of_columns(path, table, fs, unit)


def _signals(path: Path, arrays: Mapping[str, np.ndarray], others: Mapping[str, Any]) -> list[str]:
    """Names of the arrays that hold the signal."""
    for wanted in SIGNAL_NAMES:
        for name in arrays:
            if letters(named(name)[0]) == wanted:
                return [name]
    longest = max((array.size for array in arrays.values()), default=0)
    found = [name for name, array in arrays.items() if array.size == longest]
    if found and (len(found) == 1 or all(arrays[name].ndim == 1 for name in found)):
        return found
    there = ", ".join([*arrays, *others][:_SHOWN])
    raise RecordError(
        f"{path}: no value is named {', '.join(SIGNAL_NAMES[:2])} or ecg "
        f"({f'it has {there:.200}' if there else 'it has no array of numbers'}): name the signal so"
    )


def _array(value: Any) -> np.ndarray | None:
    """A value as an array of more than one number; None for other values."""
    if not isinstance(value, np.ndarray | list):
        return None
    try:
        array = np.squeeze(np.asarray(value))
        if array.dtype == object:  # null among the numbers of JSON
            array = array.astype(float)
    except (TypeError, ValueError):  # uneven lists
        return None
    return array if array.dtype.kind in "fiu" and array.size > 1 else None


def _plain(value: Any) -> Any:
    """A value out of an array of one."""
    return value.flat[0] if isinstance(value, np.ndarray) and value.size else value
