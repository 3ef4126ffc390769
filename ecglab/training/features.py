"""What is extracted from all records of a data set, once, and kept beside it."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg import features
from ecglab.ecg.features.beat_windows import WIDTH
from ecglab.ecg.record import Record
from ecglab.evaluation import disturbances
from ecglab.utils import progress
from ecglab.utils.files import locked, replacing
from ecglab.utils.paths import data_dir

Message = Callable[[str], None]


def stored(data: Dataset, message: Message = lambda text: None) -> np.ndarray:
    """The features (n_records, n_features) float32 of every record, NaN where not defined.

    They are kept in the data folder, under a name that depends on the records and on the version
    of the features, with a digest of their own: a damaged file is made anew.
    """

    def extracted() -> dict[str, np.ndarray]:
        rows = progress.bar(range(len(data)), "features", unit=" records")
        return {"features": np.stack([features.extract(data.signal(i), data.fs) for i in rows])}

    return _kept(data, "features", ",".join(features.names), extracted, message)["features"]


EXCERPT_SECONDS = (9.0, 25.0)
"""Shortest and longest of the excerpts that are copies of a record."""

MISSING_SHARE = (0.02, 0.2)
"""Of a copy with missing parts."""


def stored_copies(data: Dataset, copies: int, message: Message = lambda text: None) -> np.ndarray:
    """The features (copies, n_records, n_features) float32 of varied copies of every record.

    The first copy, the third and so on is an excerpt of the record, the others miss parts of it.
    They are kept as the features of the records are.
    """

    def extracted(copy: int) -> dict[str, np.ndarray]:
        what = f"features of copies {copy + 1}/{copies}"
        rows = progress.bar(range(len(data)), what, unit=" records")
        varied = (_varied(data.record(i), copy) for i in rows)
        return {"features": np.stack([features.extract(x.signal, x.fs) for x in varied])}

    layout = f"{EXCERPT_SECONDS},{MISSING_SHARE},{','.join(features.names)}"
    found = [
        _kept(data, "features", f"copy {copy},{layout}", partial(extracted, copy), message)
        for copy in range(copies)
    ]
    shape = (copies, len(data), len(features.names))
    return np.reshape([kept["features"] for kept in found], shape)


def _varied(record: Record, copy: int) -> Record:
    """A copy of the record. Its number and the id of the record decide what is drawn."""
    rng = np.random.default_rng([copy, *record.id.encode()])
    if copy % 2:
        return disturbances.gaps(record, rng, "nan", rng.uniform(*MISSING_SHARE))
    shortest, longest = np.minimum(EXCERPT_SECONDS, record.seconds)
    return disturbances.length(record, rng, rng.uniform(shortest, longest))


def stored_beats(data: Dataset, message: Message = lambda text: None) -> list[np.ndarray]:
    """The beats (n_beats, WIDTH) float32 of every record, kept in the same way."""

    def extracted() -> dict[str, np.ndarray]:
        rows = progress.bar(range(len(data)), "beats", unit=" records")
        found = [features.beat_sequence(data.signal(i), data.fs) for i in rows]
        return {
            "beats": np.concatenate(found),
            "n_beats": np.array([len(beats) for beats in found], np.int32),
        }

    kept = _kept(data, "beats", str(WIDTH), extracted, message)
    return np.split(kept["beats"], np.cumsum(kept["n_beats"])[:-1])


def _kept(
    data: Dataset,
    what: str,
    layout: str,
    extracted: Callable[[], dict[str, np.ndarray]],
    message: Message,
) -> Mapping[str, np.ndarray]:
    """The arrays that are kept of a data set; extracted, where there are none or damaged ones.

    what: is extracted, for the name of the file; layout: what the places of an array hold
    """
    key = f"{data.digest},{features.VERSION},{layout}"
    path = data_dir() / f"{what}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"
    if (found := _read(path)) is not None:
        return found
    with locked(path, f"extracting {what}"):
        message(f"extracting the {what} of {len(data):,} records into {path}")
        arrays = extracted()
        with replacing(path) as file:
            np.savez(file, sha256=np.array(_digest(arrays)), **arrays)  # type: ignore[arg-type]
    return arrays


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def _read(path: Path) -> Mapping[str, np.ndarray] | None:
    """The arrays at `path`, None where they are not there or not what was written."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            sha256 = str(arrays.pop("sha256"))
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    return arrays if _digest(arrays) == sha256 else None
