"""NumPy arrays (.npy)."""

from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers.common import checked_rate, lead_of_array
from ecglab.utils.errors import RecordError

SUFFIXES = (".npy",)


def read(path: Path, lead: str | None = None, fs: float | None = None) -> Record:
    """Read one lead of an array of floating-point numbers in mV; NaN marks a missing sample.

    The array is (n_samples,), (n_samples, n_leads) or (n_leads, n_samples): the longer dimension
    is time, and `lead` is the number of a lead, counted from 0 (default 0). `fs` in Hz is needed.

    Raises RecordError for other arrays. Integers are refused because their unit is unknown: divide
    them by the number of units per mV before saving. Nothing is ever unpickled.
    """
    with open(path, "rb") as file:
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
        except Exception as error:  # NumPy raises all kinds of error on a damaged header
            if "Object arrays" in str(error):
                raise RecordError(
                    f"{path}: holds Python objects, which are not loaded: "
                    "save floating-point numbers in mV"
                ) from None
            raise RecordError(
                f"{path}: not a NumPy array, or damaged or cut: copy it again or use np.save"
            ) from None
    signal, name = lead_of_array(path, array, lead)
    return Record(signal, checked_rate(path, None, fs), path.stem, name)
