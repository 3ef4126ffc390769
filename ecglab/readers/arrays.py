"""The leads of an array, as NumPy and MATLAB files hold them."""

from pathlib import Path

import numpy as np

from ecglab.readers.leads import Lead
from ecglab.utils.errors import RecordError


def leads_of(path: Path, array: np.ndarray, unit: str = "", fs: float | None = None) -> list[Lead]:
    """The leads of an array, named by their number where there are several.

    array: (n_samples,), (n_samples, n_leads) or (n_leads, n_samples); the longer dimension is time
    unit, fs: as the file states them
    Raises RecordError for other shapes and types.
    """
    if array.dtype.kind not in "fiu":
        raise RecordError(f"{path}: holds {array.dtype}, not numbers")
    if array.ndim not in (1, 2):
        raise RecordError(
            f"{path}: has shape {array.shape}: (n_samples,) or (n_samples, n_leads) is needed"
        )
    if not array.size:
        raise RecordError(f"{path}: empty, it has no samples")
    if array.ndim == 1:
        array = array[:, None]
    elif array.shape[0] < array.shape[1]:
        array = array.T
    n_leads = array.shape[1]
    return [Lead(str(i) if n_leads > 1 else "", unit, fs, array[:, i]) for i in range(n_leads)]
