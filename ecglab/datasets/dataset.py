"""A packed data set: one Arrow file, memory-mapped, that holds every record and its labels.

The file `NAME.arrow` of the data folder has one row a record: `record` (id), `sha256` (of its
samples as little-endian int16), `label_VERSION` for each label version, `signal` (int16,
1000 units per mV). One file, so that a new one takes the old one's place in a single rename.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ecglab.ecg.record import FS, LABELS, Record
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing
from ecglab.utils.paths import data_dir

UNITS_PER_MV = 1000


class Dataset:
    """Records with their labels, opened from a packed file; nothing is read before it is used.

    name: "cinc2017" or "synthetic"
    kind: "recordings" or "synthetic"
    ids: (n_records,) str, sorted
    labels: (n_records,) str of LABELS, of the version `label_version`
    agreed: (n_records,) bool, whether all `label_versions` give the record the same label
    lengths: (n_records,) number of samples
    sha256: (n_records,) str, of each record's samples as little-endian int16
    fs: sampling rate in Hz
    """

    def __init__(self, path: Path, labels: str | None = None):
        import pyarrow as pa

        self.path = Path(path)
        self.fs = FS
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            table.validate(full=True)  # a wrong offset would end the process later, without a word
            facts = json.loads(table.schema.metadata[b"ecglab"])
            self.name: str = facts["name"]
            self.kind: str = facts["kind"]
            self.published: int = facts["published"]
            self.label_versions: list[str] = facts["label_versions"]
            self.label_version: str = labels or facts["default_labels"]
            self.ids = table.column("record").to_numpy()
            self.sha256 = table.column("sha256").to_numpy()
            columns = {v: table.column(f"label_{v}") for v in self.label_versions}
            signal = table.column("signal").chunk(0)
            self._offsets = signal.offsets.to_numpy()
            self._samples = signal.values.to_numpy(zero_copy_only=True)
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise EcglabError(
                f"{path} is damaged ({error}): import the data set again, "
                "or delete the file if it is synthetic"
            ) from None
        if self.label_version not in columns:
            raise EcglabError(
                f"{self.name} has no label version {self.label_version!r}: "
                f"it has {', '.join(columns)} (import it with the other label files)"
            )
        self.labels = columns[self.label_version].to_numpy()
        self.agreed = np.all([c.to_numpy() == self.labels for c in columns.values()], axis=0)
        self.lengths = np.diff(self._offsets)
        self._rows = np.arange(self.ids.size)

    def __len__(self) -> int:
        return self._rows.size

    def samples(self, i: int) -> np.ndarray:
        """Record i's samples (n_samples,) as int16, 1000 units per mV: a view of the file."""
        row = self._rows[i]
        return self._samples[self._offsets[row] : self._offsets[row + 1]]

    def signal(self, i: int) -> np.ndarray:
        """Record i's signal (n_samples,) as float32 in mV."""
        return self.samples(i).astype(np.float32) / np.float32(UNITS_PER_MV)

    def record(self, i: int | str) -> Record:
        """Record i, or the record of that id, as a Record."""
        if isinstance(i, str):
            found = np.flatnonzero(self.ids == i)
            if not found.size:
                raise EcglabError(f"{self.name} has no record {i!r}")
            i = int(found[0])
        return Record(self.signal(i), self.fs, id=str(self.ids[i]))

    def select(self, rows: Sequence[int] | np.ndarray) -> "Dataset":
        """The records at these rows (indices or a mask), as a Dataset over the same file."""
        part = object.__new__(Dataset)
        part.__dict__.update(self.__dict__)
        part.__dict__.pop("digest", None)
        for name in ("ids", "sha256", "labels", "agreed", "lengths", "_rows"):
            setattr(part, name, getattr(self, name)[rows])
        return part

    def excerpt(self, n_records: int, seed: int = 0) -> "Dataset":
        """`n_records` drawn at random with the classes in their proportions, always the same."""
        if not 0 < n_records <= len(self):
            raise EcglabError(
                f"an excerpt of {n_records} records cannot be drawn: {self.name} has {len(self)}"
            )
        order = np.random.default_rng(seed).permutation(len(self))
        # The k-th record of a class of n stands at (k + 1/2) / n: the first ones in that order
        # have every class in its proportion.
        place = np.empty(len(self))
        for label in LABELS:
            of_class = order[self.labels[order] == label]
            place[of_class] = (np.arange(of_class.size) + 0.5) / max(of_class.size, 1)
        return self.select(np.sort(np.argsort(place, kind="stable")[:n_records]))

    def counts(self) -> dict[str, int]:
        """Number of records of each label."""
        return {label: int((self.labels == label).sum()) for label in LABELS}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the ids and samples of these records, whatever file they came from."""
        rows = zip(self.ids, self.lengths, self.sha256, strict=True)
        lines = (f"{record},{n},{sha}\n" for record, n, sha in rows)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def table(self):
        """A pandas table: record, label, n_samples, seconds, sha256."""
        import pandas as pd

        return pd.DataFrame(
            {
                "record": self.ids,
                "label": self.labels,
                "n_samples": self.lengths,
                "seconds": self.lengths / self.fs,
                "sha256": self.sha256,
            }
        )


def sha256_of(samples: np.ndarray) -> str:
    """SHA-256 of a record's samples as little-endian int16."""
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<i2")).hexdigest()


def record_weights(labels: np.ndarray, power: float) -> np.ndarray:
    """(n,) float32: the inverse frequency of each record's class to a power, 1 on average."""
    count = {label: max(int((labels == label).sum()), 1) for label in LABELS}
    weight = np.array([count[label] ** -power for label in labels])
    return (weight / weight.mean()).astype(np.float32)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """(n, 4) float32 in the order of LABELS."""
    return (np.asarray(labels)[:, None] == np.array(LABELS)).astype(np.float32)


def path_of(name: str) -> Path:
    """Where the packed file of a data set lies."""
    return data_dir() / f"{name}.arrow"


def open(name: str | None = None, labels: str | None = None) -> Dataset:
    """Open a packed data set: "cinc2017", "synthetic", or by default the one that is there.

    labels: the label version, by default the data set's own ("v3" for cinc2017).
    The synthetic data set is made when it is first asked for. Raises EcglabError.
    """
    if name is None:
        name = "cinc2017" if path_of("cinc2017").exists() else "synthetic"
    path = path_of(name)
    if name == "synthetic" and not path.exists():
        from ecglab.datasets import synthetic

        synthetic.pack()
    if not path.exists():
        raise EcglabError(
            f"there is no data set {name!r} in {data_dir()}: run 'ecglab data fetch', "
            "or 'ecglab data import PATH/training2017.zip', or use the synthetic one"
        )
    return Dataset(path, labels)


def write(
    name: str,
    kind: str,
    ids: Sequence[str],
    signals: Iterable[np.ndarray],
    labels: dict[str, Sequence[str]],
    default_labels: str,
    published: int,
) -> Path:
    """Pack records into `NAME.arrow` of the data folder, which appears only when it is whole.

    ids: sorted; signals: (n_samples,) int16 each, 1000 units per mV, in the order of the ids
    labels: {version: label of each record}; published: number of records of the whole data set
    Returns the path. Raises EcglabError when the file cannot be written.
    """
    import pyarrow as pa

    signals = [np.ascontiguousarray(signal, dtype="<i2") for signal in signals]
    offsets = np.concatenate([[0], np.cumsum([signal.size for signal in signals])])
    columns = {"record": pa.array(ids), "sha256": pa.array([sha256_of(s) for s in signals])}
    columns |= {f"label_{v}": pa.array(list(column)) for v, column in labels.items()}
    columns["signal"] = pa.LargeListArray.from_arrays(
        pa.array(offsets, pa.int64()), pa.array(np.concatenate(signals))
    )
    facts = {
        "name": name,
        "kind": kind,
        "published": published,
        "label_versions": list(labels),
        "default_labels": default_labels,
    }
    batch = pa.record_batch(columns).replace_schema_metadata({"ecglab": json.dumps(facts)})
    path = path_of(name)
    with replacing(path) as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    return path
