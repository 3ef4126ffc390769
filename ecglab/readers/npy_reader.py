"""NumPy arrays (.npy)."""

from pathlib import Path

import numpy as np

from ecglab.readers.arrays import leads_of
from ecglab.readers.plain_file import open_plain
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "NumPy array"
SUFFIXES = (".npy",)
LIBRARY = "NumPy"
RATE, UNIT = "--fs", "--units"
SAMPLE = "tests/readers/test_array_readers.py"


def matches(path: Path, head: bytes) -> bool:
    """Whether a file begins as np.save writes it."""
    return head.startswith(np.lib.format.MAGIC_PREFIX)


def read(path: Path) -> Recording:
    """Read an array of numbers; NaN marks a missing sample. It states neither rate nor unit.

    The array is (n_samples,), (n_samples, n_leads) or (n_leads, n_samples): the longer dimension
    is time. Raises RecordError for other arrays. Nothing is ever unpickled.
    """
    with open_plain(path) as file:
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
        except Exception as error:  # NumPy raises all kinds of error on a damaged header
            if "Object arrays" in str(error):
                raise RecordError(
                    f"{path}: holds Python objects, which are not loaded: save an array of numbers"
                ) from None
            raise RecordError(
                f"{path}: not a NumPy array, or damaged or cut: copy it again or use np.save"
            ) from None
    return Recording(path, FORMAT, leads_of(path, array))
