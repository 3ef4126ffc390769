"""NumPy arrays: one (.npy), or several by name (.npz)."""

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from ecglab.readers.arrays import leads_of
from ecglab.readers.named_values import leads_of_values
from ecglab.readers.plain_file import open_plain
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "NumPy"
SUFFIXES = (".npy", ".npz")
LIBRARY = "NumPy"
RATE, UNIT = "--fs; in .npz also fs", "--units; in .npz also units"
SAMPLE = "tests/readers/test_npy_reader.py"

_MAGIC = np.lib.format.MAGIC_PREFIX
_ZIP = b"PK\x03\x04"
_MOST_BYTES = 1 << 29
_MOST_ARRAYS = 100
_DAMAGED = "not a NumPy array, or damaged or cut: copy it again or use np.save"


def matches(path: Path, head: bytes) -> bool:
    """Whether a file begins as np.save or np.savez writes it."""
    return head.startswith(_MAGIC) or (head.startswith(_ZIP) and b".npy" in head[30:200])


def read(path: Path) -> Recording:
    """Read an array of numbers; NaN marks a missing sample. An .npy states neither rate nor unit.

    The array is (n_samples,), (n_samples, n_leads) or (n_leads, n_samples): the longer dimension
    is time. In an .npz it is `signal`, `ecg` or the longest; `fs` and `units` are rate and unit.
    Raises RecordError for other arrays. Nothing is ever unpickled.
    """
    with open_plain(path) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if file.read(len(_ZIP)) != _ZIP:
            file.seek(0)
            return Recording(path, FORMAT, leads_of(path, _array(path, file, size)))
        file.seek(0)
        return Recording(path, FORMAT, leads_of_values(path, _arrays(path, file)))


def _arrays(path: Path, file: IO[bytes]) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name; those that are no numbers or texts are left out."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            if len(members) > _MOST_ARRAYS or sum(m.file_size for m in members) > _MOST_BYTES:
                raise RecordError(
                    f"{path}: holds more than {_MOST_ARRAYS} arrays or "
                    f"{_MOST_BYTES / 1e6:.0f} MB: save a part of it"
                )
            found = {}
            for member in members:
                with archive.open(member) as part:
                    array = _array(path, part, member.file_size)
                if array.dtype.kind in "fiuU":
                    found[member.filename.removesuffix(".npy")] = array
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError):
        raise RecordError(f"{path}: {_DAMAGED}") from None
    return found


def _array(path: Path, file: IO[bytes], size: int) -> np.ndarray:
    """The array that begins at the start of a file of `size` bytes."""
    try:
        version = np.lib.format.read_magic(file)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = reader(file)
        if dtype.hasobject:
            raise RecordError(
                f"{path}: holds Python objects, which are not loaded: save an array of numbers"
            )
        n = math.prod(shape)
        n_bytes = n * dtype.itemsize
        if min(shape, default=0) < 0 or n_bytes > size:
            raise ValueError("cut")
        content = file.read(n_bytes)
        array = np.frombuffer(content, dtype, n) if n_bytes else np.empty(0, dtype)
        return array.reshape(shape, order="F" if fortran else "C")
    except (RecordError, MemoryError):
        raise
    except Exception:  # NumPy raises all kinds of error on a damaged header
        raise RecordError(f"{path}: {_DAMAGED}") from None
