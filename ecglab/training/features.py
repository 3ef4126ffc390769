"""The features of all records of a data set, extracted once and kept beside it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg import features
from ecglab.utils import progress
from ecglab.utils.files import locked, replacing
from ecglab.utils.paths import data_dir


def stored(data: Dataset, message: Callable[[str], None] = lambda text: None) -> np.ndarray:
    """The features (n_records, n_features) float32 of every record, NaN where not defined.

    They are kept in the data folder, under a name that depends on the records and on the version
    of the features, with a digest of their own: a damaged file is made anew.
    """
    key = ",".join([data.digest, str(features.VERSION), *features.names])
    path = data_dir() / f"features-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"
    shape = (len(data), len(features.names))
    if (found := _read(path, shape)) is not None:
        return found
    with locked(path, "extracting features"):
        message(f"extracting the features of {len(data):,} records into {path}")
        rows = progress.bar(range(len(data)), "features", unit=" records")
        vectors = np.stack([features.extract(data.signal(i), data.fs) for i in rows])
        with replacing(path) as file:
            np.savez(file, features=vectors, sha256=np.array(_digest(vectors)))
    return vectors


def _digest(vectors: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(vectors, "<f4").data).hexdigest()


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """The features at `path`, None where they are not there or not what was written."""
    try:
        with np.load(path, allow_pickle=False) as file:
            vectors, sha256 = file["features"], str(file["sha256"])
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    whole = vectors.shape == shape and vectors.dtype == np.float32
    return vectors if whole and _digest(vectors) == sha256 else None
