"""Folds of a data set, kept in a file, and the validation records of a fold.

Splits are made of records, or of groups (patients) where these are known. Records with the same
samples count as of one group. The folds of cinc2017 come with ecglab; those of another data set
are made once, into `NAME.folds.csv` of the data folder, which can be committed. No patient ids
were published with cinc2017, so a patient with several records may be on both sides there.
"""

import csv
import hashlib
import io
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, write_text
from ecglab.utils.paths import data_dir

N_FOLDS = 5
_DIGEST = "# SHA-256 of the lines below: "
_PACKAGED = Path(__file__).parent
_REMEDY = (
    "use fewer folds (data split --folds), more records, or classes joined when importing (--map)"
)


class Records(Protocol):
    """The part of `ecglab.datasets.dataset.Dataset` that a split uses."""

    name: str
    ids: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    sha256: np.ndarray

    def __len__(self) -> int: ...

    def select(self, rows: np.ndarray) -> Self:
        """The records at these rows."""

    def whole(self) -> Self:
        """All records of the data set."""


def folds(data: Records) -> np.ndarray:
    """The fold (n_records,) int of each record, from 0, as the file of the data set says.

    So an excerpt, another label version or another machine gives a record the same fold. The
    file is made, for the whole data set, where there is none.
    Raises EcglabError where it is damaged, lacks a record, or has a group or the same samples
    in two folds.
    """
    path, listed = _listed(data)
    missing = [record for record in data.ids if record not in listed]
    if missing:
        more = f" and {len(missing) - 1:,} more records" if len(missing) > 1 else ""
        raise EcglabError(
            f"{missing[0]}{more} of {data.name} are in no fold of {path}: {_remedy(data.name)}"
        )
    fold = np.array([listed[record] for record in data.ids], int)
    _check_sides(data, fold, str(path))
    return fold


def n_folds(data: Records) -> int:
    """The number of folds of the data set, whichever of its records `data` has."""
    return max(_listed(data)[1].values()) + 1


def digest(ids: np.ndarray, fold: np.ndarray) -> str:
    """SHA-256 over the ids (n_records,) of records and the fold (n_records,) of each."""
    return hashlib.sha256(_lines(ids, fold).encode()).hexdigest()


def path_of(name: str) -> Path:
    """The file with the folds of a data set."""
    packaged = _PACKAGED / f"{name}_folds.csv"
    return packaged if packaged.exists() else data_dir() / f"{name}.folds.csv"


def write(data: Records, n_folds: int = N_FOLDS, seed: int = 0, path: Path | None = None) -> Path:
    """Split a data set into folds, write them to a file and return its path.

    path: by default `NAME.folds.csv` of the data folder, where `folds` looks
    Raises EcglabError, as `make` does and where the file is already there.
    """
    path = Path(path) if path else path_of(data.name)
    if path.parent == _PACKAGED:
        raise EcglabError(f"the folds of {data.name} come with ecglab and do not change")
    with locked(path, f"splitting {data.name}", patience=60):
        if path.exists():
            raise EcglabError(
                f"{data.name} is already split ({path}), and results on new folds cannot be "
                "compared with earlier ones; delete that file to split again all the same"
            )
        return _write(data, n_folds, seed, path)


def make(data: Records, n_folds: int, seed: int) -> np.ndarray:
    """Assign records to folds at random, stratified by class.

    Returns the fold (n_records,) int of each record; those of one group, or with the same samples,
    are in one fold. By scikit-learn's StratifiedGroupKFold.
    Raises EcglabError where a class has fewer groups (or, without groups, records) than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if n_folds < 2:
        raise EcglabError(f"cannot split into {n_folds} folds: at least 2 are needed")
    if problem := too_few(data, n_folds):
        raise EcglabError(problem)
    units, labels = _units(data), data.labels.astype(str)
    dealer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    fold = np.empty(len(data), int)
    for k, (_, rows) in enumerate(dealer.split(labels, labels, units)):
        fold[rows] = k
    if np.unique(fold).size < n_folds:
        raise EcglabError(
            f"{data.name} cannot be split into {n_folds} folds (too few groups): {_REMEDY}"
        )
    return fold


def too_few(data: Records, n_folds: int) -> str:
    """Why classes are too rare for so many folds, in a sentence; "" where none is."""
    units, labels = _units(data), data.labels.astype(str)
    what = "group" if data.groups.any() else "different record"
    counts = {label: np.unique(units[labels == label]).size for label in np.unique(labels).tolist()}
    rare = [
        f"class {label!r} is in {n} {what}{'s' * (n > 1)}"
        for label, n in counts.items()
        if n < n_folds
    ]
    if not rare:
        return ""
    return f"{data.name} cannot be split into {n_folds} folds ({', '.join(rare)}): {_REMEDY}"


def validation_split(
    data: Records, rows: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(training rows, validation rows): a random `share` of each class is for validation.

    rows: indices into `data`. Groups, and records with the same samples, stay together.
    """
    rows = np.asarray(rows)
    part = data.select(rows)
    units = _units(part)
    _, first = np.unique(units, return_index=True)
    members = np.split(np.argsort(units, kind="stable"), np.cumsum(np.bincount(units))[:-1])
    label_of_unit = part.labels[first].astype(str)
    held = np.zeros(rows.size, bool)
    rng = np.random.default_rng(seed)
    for label in np.unique(label_of_unit):
        order = rng.permutation(np.flatnonzero(label_of_unit == label))
        wanted = round(share * sum(members[unit].size for unit in order))
        n_held = 0
        for unit in order[:-1]:  # one at least is left to train on
            if n_held >= wanted:
                break
            held[members[unit]] = True
            n_held += members[unit].size
    return rows[~held], rows[held]


def _units(data: Records) -> np.ndarray:
    """(n_records,) int: equal for records that must stay together, numbered as they come."""
    first: dict[tuple[str, str], int] = {}
    parent = list(range(len(data)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, (group, sha256) in enumerate(zip(data.groups, data.sha256, strict=True)):
        for key in (("group", group), ("samples", sha256)):
            if key[1]:
                one, other = sorted((root(first.setdefault(key, i)), root(i)))
                parent[other] = one
    return np.unique([root(i) for i in range(len(data))], return_inverse=True)[1]


def _check_sides(data: Records, fold: np.ndarray, where: str) -> None:
    """EcglabError where records that must stay together are in two folds."""
    for what, of in (("of group {}", data.groups), ("with the same samples", data.sha256)):
        found: dict[str, int] = {}
        for i, key in enumerate(of):
            j = found.setdefault(key, i)
            if key and fold[i] != fold[j]:
                raise EcglabError(
                    f"{where}: {data.ids[j]} and {data.ids[i]}, both {what.format(key)}, are in "
                    f"folds {fold[j]} and {fold[i]}, so that a model would be scored on what it "
                    f"was trained on: {_remedy(data.name)}"
                )


def _listed(data: Records) -> tuple[Path, dict[str, int]]:
    """The file with the folds of the whole data set, made where there is none; {record: fold}."""
    path = path_of(data.name)
    if not path.exists():
        with locked(path, f"splitting {data.name}", patience=60):
            if not path.exists():
                _write(data.whole(), N_FOLDS, 0, path)
    try:
        text = path.read_text("utf-8")
        first, _, rest = text.partition("\n")
        if first.startswith(_DIGEST):
            text = rest
            if first != _DIGEST + hashlib.sha256(rest.encode()).hexdigest():
                raise ValueError("its SHA-256 is another")
        rows = list(csv.DictReader(io.StringIO(text)))
        listed = {row["record"]: int(row["fold"]) for row in rows}
        if len(listed) < len(rows):
            raise ValueError("a record is in it twice")
        if sorted(set(listed.values())) != list(range(max(listed.values()) + 1)):
            raise ValueError("its folds are not numbered 0, 1, 2, ...")
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EcglabError(f"{path} cannot be read ({reason}): {_remedy(data.name)}") from None
    return path, listed


def _write(data: Records, n_folds: int, seed: int, path: Path) -> Path:
    fold = make(data, n_folds, seed)
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(
        [("record", "fold"), *zip(data.ids, fold, strict=True)]
    )
    text = lines.getvalue()
    write_text(path, f"{_DIGEST}{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
    return path


def _lines(ids: np.ndarray, fold: np.ndarray) -> str:
    return "".join(f"{record},{k}\n" for record, k in zip(ids, fold, strict=True))


def _remedy(name: str) -> str:
    if path_of(name).parent == _PACKAGED:
        return "install ecglab again"
    return f"restore that file, or delete it and run 'ecglab data split {name}'"
