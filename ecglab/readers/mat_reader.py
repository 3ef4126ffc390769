"""MATLAB files (.mat) that hold a signal; those of a WFDB record are read by its header."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers import matlab
from ecglab.readers.library import library
from ecglab.readers.named_values import leads_of_values
from ecglab.readers.plain_file import checked, content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "MATLAB 4, 5, 7.3"
SUFFIXES = (".mat",)
LIBRARY = "NumPy, h5py"
RATE, UNIT = "variable fs or --fs", "variable unit or --units"
SAMPLE = "tests/readers/test_mat_reader.py"

_HDF5 = b"\x89HDF\r\n\x1a\n"
_TEXT = b"char"


def matches(path: Path, head: bytes) -> bool:
    """Whether a file is MATLAB's, by its first bytes; version 4 has no signature but its suffix."""
    return head.startswith((b"MATLAB 5.0", b"MATLAB 7.3")) or (
        path.suffix.lower() in SUFFIXES and (0 in head[:4] or head.startswith(_HDF5))
    )


def read(path: Path) -> Recording:
    """Read a variable, also in a structure: `val`, `signal` or `ecg`, else the longest.

    The variable is a vector or a matrix, whose longer dimension is time. The rate in Hz is the
    variable `fs`, `Fs` or `sampling_rate`, the unit the text `unit` or `units`. Version 7.3 needs
    h5py (`pip install 'ecglab[formats]'`).

    Raises RecordError for other files. A `val` of integers without a unit is refused: it belongs to
    a WFDB record, whose .hea holds the units per mV.
    """
    try:
        values = _variables(path)
    except MemoryError:
        raise RecordError(
            f"{path}: holds more than {matlab.MOST_BYTES / 1e6:.0f} MB: save a part of it"
        ) from None
    except (ValueError, IndexError, KeyError, TypeError, OSError, zlib.error):
        raise RecordError(
            f"{path}: not a MATLAB file, or damaged or cut: copy or save it again"
        ) from None
    whole = values.get("val")
    if whole is not None and whole.dtype.kind in "iu" and not {"unit", "units"} & set(values):
        raise RecordError(
            f"{path}: holds integers without a unit, and {path.stem}.hea is missing beside it: "
            "a WFDB record is both files"
        )
    return Recording(path, FORMAT, leads_of_values(path, values))


def _variables(path: Path) -> dict[str, np.ndarray]:
    """The variables of the file by name."""
    head = content_of(path, 520)
    if _HDF5 in (head[:8], head[512:]):  # MATLAB puts 512 bytes of its own before it
        return _variables_7(path)
    if 0 in head[:4]:
        return matlab.variables_4(content_of(path))
    return matlab.variables_5(content_of(path))


def _variables_7(path: Path) -> dict[str, np.ndarray]:
    """The variables of a v7.3 file, which stores matrices transposed and text as uint16."""
    h5py = library(path, "h5py")
    variables: dict[str, np.ndarray] = {}
    with h5py.File(checked(path), "r") as file:
        _add_group(h5py, path, variables, file, depth=2)
    return variables


def _add_group(
    h5py: Any, path: Path, variables: dict[str, np.ndarray], group: Any, depth: int
) -> None:
    """Add the arrays of a group, also in structures, but nothing that is in another file."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise RecordError(f"{path}: {name[:40]!r} is a link, which is not followed")
        item = group[name]
        if isinstance(item, h5py.Group):
            if depth > 1 and not name.startswith("#"):
                _add_group(h5py, path, variables, item, depth - 1)
            continue
        if item.dtype.kind not in "fiu" or "MATLAB_empty" in item.attrs:
            continue
        if item.is_virtual or item.external:
            raise RecordError(f"{path}: {name[:40]!r} is stored in another file: save it whole")
        if item.size * item.dtype.itemsize > matlab.MOST_BYTES:
            raise MemoryError
        values = item[()]
        is_text = item.attrs.get("MATLAB_class") == _TEXT
        variables.setdefault(name, matlab.text(values) if is_text else values.T)
