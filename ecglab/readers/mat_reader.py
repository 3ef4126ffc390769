"""MATLAB files (.mat) that hold a signal; those of a WFDB record are read by its header."""

from pathlib import Path

import numpy as np

from ecglab.readers.arrays import leads_of
from ecglab.readers.plain_file import content_of
from ecglab.readers.recording import Recording
from ecglab.utils import extras
from ecglab.utils.errors import RecordError

FORMAT = "MATLAB 4, 5, 7.3"
SUFFIXES = (".mat",)
LIBRARY = "NumPy, SciPy, h5py"
RATE, UNIT = "variable fs, sampling_rate or --fs", "variable unit or --units"
SAMPLE = "tests/readers/test_array_readers.py"

SIGNAL_NAMES = ("val", "signal", "ecg")
RATE_NAMES = ("fs", "sampling_rate", "sample_rate", "samplingrate", "sfreq")
UNIT_NAMES = ("unit", "units")
_MATLAB_4_TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def matches(path: Path, head: bytes) -> bool:
    """Whether a file is MATLAB's, by its first bytes; version 4 has no signature but its suffix."""
    return head.startswith((b"MATLAB 5.0", b"MATLAB 7.3")) or (
        path.suffix.lower() in SUFFIXES and (0 in head[:4] or head.startswith(_HDF5_MAGIC))
    )


def read(path: Path) -> Recording:
    """Read a variable: `val`, `signal` or `ecg`, else the only numeric one.

    The variable is a vector or a matrix, whose longer dimension is time. The rate in Hz is the
    variable `fs`, `Fs` or `sampling_rate`, the unit the text `unit` or `units`. MATLAB 4 files are
    read with NumPy alone, later ones by SciPy, and v7.3 by h5py (`pip install 'ecglab[formats]'`).

    Raises RecordError for other files. A `val` of integers is refused: it belongs to a WFDB record,
    whose .hea holds the units per mV.
    """
    variables = _variables(path)
    numeric = {name: np.squeeze(v) for name, v in variables.items() if v.dtype.kind in "fiu"}
    fs = next(
        (float(v) for name, v in numeric.items() if name.lower() in RATE_NAMES and v.size == 1),
        None,
    )
    texts = {name.lower(): v for name, v in variables.items() if v.dtype.kind == "U" and v.size}
    unit = next((str(texts[name].flat[0]) for name in UNIT_NAMES if name in texts), "")
    arrays = {name: v for name, v in numeric.items() if v.size > 1}
    name = _signal_name(path, arrays)
    array = arrays[name]
    if name == "val" and array.dtype.kind in "iu":
        raise RecordError(
            f"{path}: holds integers without a unit, and {path.stem}.hea is missing beside it: "
            "a WFDB record is both files"
        )
    return Recording(path, FORMAT, leads_of(path, array, unit, fs))


def _signal_name(path: Path, arrays: dict[str, np.ndarray]) -> str:
    """Name of the variable that holds the signal."""
    for wanted in SIGNAL_NAMES:
        for name in arrays:
            if name.lower() == wanted:
                return name
    if len(arrays) == 1:
        return next(iter(arrays))
    there = f"it has {', '.join(arrays)}" if arrays else "it has no numeric variable"
    raise RecordError(
        f"{path}: no variable is named {', '.join(SIGNAL_NAMES[:-1])} or {SIGNAL_NAMES[-1]} "
        f"({there}): name the signal so"
    )


def _variables(path: Path) -> dict[str, np.ndarray]:
    """The variables of the file by name."""
    head = content_of(path, 520)
    try:
        if _HDF5_MAGIC in (head[:8], head[512:]):  # MATLAB puts 512 bytes of its own before it
            return _variables_7(path)
        if 0 in head[:4]:
            return _variables_4(content_of(path))
        from scipy.io import loadmat

        contents = loadmat(path)
    except ModuleNotFoundError as error:
        raise RecordError(f"{path}: {extras.missing(error) or error}") from error
    except Exception:  # SciPy and h5py raise all kinds of error on a damaged file
        raise RecordError(
            f"{path}: not a MATLAB file, or damaged or cut: copy or save it again"
        ) from None
    return {name: v for name, v in contents.items() if isinstance(v, np.ndarray)}


def _variables_4(content: bytes) -> dict[str, np.ndarray]:
    """The matrices of real numbers and texts of a MATLAB 4 file; ValueError, IndexError on damage.

    Each is five int32 (the kind in decimal digits, rows, columns, whether an imaginary part
    follows, length of the name), the name, and the values column by column.
    """
    variables, at = {}, 0
    while at < len(content):
        order = "<" if content[at + 2 : at + 4] == b"\0\0" else ">"
        kind, rows, columns, imaginary, name_length = np.frombuffer(content, f"{order}i4", 5, at)
        dtype = np.dtype(order + _MATLAB_4_TYPES[kind // 10 % 10])
        start, size = at + 20 + name_length, int(rows) * int(columns)
        name = content[at + 20 : start].rstrip(b"\0").decode("latin-1")
        values = np.frombuffer(content, dtype, size, start)
        at = start + values.nbytes * (2 if imaginary else 1)
        if min(rows, columns, name_length) < 0 or kind % 10 > 2 or at > len(content):
            raise ValueError("no MATLAB 4 header")
        if kind % 10 == 0 and not imaginary:  # 2 is a sparse matrix
            variables[name] = values.reshape(columns, rows).T
        elif kind % 10 == 1 and rows == 1:
            variables[name] = _text(values)
    return variables


def _variables_7(path: Path) -> dict[str, np.ndarray]:
    """The variables of a v7.3 file, which stores matrices transposed and text as uint16."""
    import h5py

    with h5py.File(path) as file:
        return {
            name: _text(item[()]) if item.attrs.get("MATLAB_class") == b"char" else item[()].T
            for name, item in file.items()
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu"
        }


def _text(codes: np.ndarray) -> np.ndarray:
    """An array of one text from the codes of its characters."""
    return np.array(["".join(chr(int(code)) for code in codes.flat)])
