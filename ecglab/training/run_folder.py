"""The run folder: settings, state and results of a cross-validated run, in plain files.

run.json                settings, data, split, code and machine, written when it begins
members.json            names of the runs, beside this one, of the experiments that it needs
fold-K/state.npz        everything that training needs to go on after the last finished epoch
fold-K/pretraining.npz  the same of pretraining, until training is finished
fold-K/history.json     one entry an epoch
fold-K/model.keras      the trained network of the fold (model.onnx of trees)
fold-K/validation.csv   probabilities for the validation records
fold-K/training.csv     of a committee: probabilities for each training record, out of sample
fold-K/predictions.csv  probabilities for the scored records, which training never saw
fold-K/manifest.json    SHA-256 of the files above that are final: written when the fold is done
done.json               SHA-256 of run.json and of the manifests: written when the run is done
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg.classes import Classes
from ecglab.training import provenance
from ecglab.utils import digests
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json, write_text
from ecglab.utils.paths import runs_dir

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("id", "name", "kind", "settings", "made_of", "search", "data", "split", "code", "began")
"""What run.json must hold."""


@dataclass(frozen=True)
class Folder:
    """A folder about an experiment on a data set, of which one file holds the facts.

    path: of the folder. Properties read what its files hold, and raise EcglabError, in one line,
    where these are missing or damaged.
    """

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def facts(self) -> dict:
        """What `describe` made when it began."""
        raise NotImplementedError

    @property
    def settings(self) -> dict:
        """The settings of the experiment, nested as it has them."""
        return self.facts["settings"]

    @property
    def classes(self) -> Classes:
        """The classes of the data set."""
        return Classes.from_dict(self.facts["data"]["classes"])

    @property
    def simulated(self) -> bool:
        return self.facts["data"]["simulated"]


class RunFolder(Folder):
    """A folder of `mlruns/runs`."""

    @property
    def facts(self) -> dict:
        """What run.json holds."""
        path = self.path / "run.json"
        facts = _read(path, f"{self.path} is not a run folder")
        missing = [key for key in REQUIRED if key not in facts]
        if missing:
            raise EcglabError(f"{path} has no {missing[0]!r}: {self._remedy}")
        return facts

    @property
    def members(self) -> list["RunFolder"]:
        """The runs of the experiments that this one needs."""
        names = _read(self.path / "members.json", f"{self.path} does not name its members")
        return [RunFolder(self.path.parent / name) for name in names]

    @property
    def made_of(self) -> dict[str, dict]:
        """{name: settings} of the experiments that this one consists of, as they were."""
        return self.facts["made_of"]

    def fold(self, k: int) -> Path:
        return self.path / f"fold-{k}"

    @property
    def n_folds(self) -> int:
        """Number of folds of the split."""
        return self.facts["split"]["folds"]

    @property
    def folds(self) -> range:
        """The folds that are trained and scored: the first ones of the split."""
        return range(self.settings["folds"] or self.n_folds)

    def history(self, k: int) -> list[dict]:
        """The finished epochs of fold k."""
        path = self.fold(k) / "history.json"
        return _read(path, f"{self.path}: the epochs of fold {k} are lost") if path.exists() else []

    def is_fold_done(self, k: int) -> bool:
        return (self.fold(k) / digests.MANIFEST).exists()

    @property
    def is_done(self) -> bool:
        return (self.path / "done.json").exists()

    def table(self, k: int, name: str) -> "pd.DataFrame":
        """The table `fold-K/NAME.csv`: record, group, fold, label, one column per class.

        group: only where the data set has groups
        name: "predictions", "validation", or a committee's "training"
        Raises EcglabError where it is not what it was when the fold was done.
        """
        import pandas as pd

        if self.is_fold_done(k):
            digests.check(self.fold(k), self._remedy, [f"{name}.csv"])
        path = self.fold(k) / f"{name}.csv"
        texts = dict.fromkeys(("record", "group", "label"), str)
        try:
            return pd.read_csv(path, keep_default_na=False, dtype=texts)
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
            raise EcglabError(f"{path} cannot be read ({reason}): {self._remedy}") from None

    def predictions(self, k: int | None = None) -> "pd.DataFrame":
        """The out-of-fold table of fold k, or of all finished folds."""
        import pandas as pd

        folds = [k] if k is not None else [k for k in self.folds if self.is_fold_done(k)]
        if not folds:
            raise EcglabError(f"{self.path}: no fold is finished yet, so nothing can be scored")
        if self.is_done and k is None:
            self.check(["predictions.csv"])
        return pd.concat([self.table(k, "predictions") for k in folds], ignore_index=True)

    def validation(self, k: int) -> "pd.DataFrame":
        """The table of the validation records of fold k."""
        return self.table(k, "validation")

    def write_table(
        self, k: int, data: Dataset, rows: np.ndarray, probabilities: np.ndarray, name: str
    ) -> None:
        """Write `fold-K/NAME.csv` of these rows of a data set.

        probabilities: (len(rows), n_classes), in the order of the data set's classes
        """
        import pandas as pd

        columns = {"record": data.ids[rows]}
        columns |= {"group": data.groups[rows]} if data.groups.any() else {}
        columns |= {"fold": k, "label": data.labels[rows]}
        for code, column in zip(data.classes, probabilities.T, strict=True):
            columns[code] = column.astype(float)
        text = pd.DataFrame(columns).to_csv(index=False, float_format="%.6f")
        write_text(self.fold(k) / f"{name}.csv", text)

    def end_fold(self, k: int) -> None:
        """Write the manifest of fold k: from now on it is done."""
        state = ("state.npz", digests.MANIFEST)  # which carries a digest of its own
        files = (path for path in self.fold(k).rglob("*") if path.is_file())
        names = [
            path.relative_to(self.fold(k)).as_posix()
            for path in files
            if path.name not in state and not path.name.startswith(".")
        ]
        digests.write_manifest(self.fold(k), names)

    def end(self) -> None:
        """Write done.json: from now on the run is done."""
        sealed = {"ended": provenance.now(), "sha256": self._digests()}
        write_json(self.path / "done.json", sealed)

    def check(self, names: Sequence[str] | None = None) -> None:
        """Check run.json and the finished folds against their digests. Raises EcglabError.

        names: files of each fold that are checked, by default all
        """
        if self.is_done:
            sealed = _read(self.path / "done.json", f"{self.path} is damaged").get("sha256")
            if sealed != self._digests():
                raise EcglabError(
                    f"{self.path} has changed since the run was finished (run.json or a manifest "
                    f"differs, or a fold is missing): {self._remedy}"
                )
        for k in self.folds:
            if self.is_fold_done(k):
                digests.check(self.fold(k), self._remedy, names)

    def _digests(self) -> dict[str, str]:
        paths = [self.path / "run.json", *(self.fold(k) / digests.MANIFEST for k in self.folds)]
        return {
            path.relative_to(self.path).as_posix(): digests.sha256_of(path)
            for path in paths
            if path.exists()
        }

    @property
    def _remedy(self) -> str:
        return f"delete {self.path} and train again, or restore it from a copy"

    @property
    def training_seconds(self) -> float:
        """Seconds of all finished epochs of all folds, those of a network's teacher included."""
        return self.seconds_of(self.folds)

    def seconds_of(self, folds: Sequence[int]) -> float:
        """Seconds of the finished epochs of these folds."""
        own = sum(entry["seconds"] for k in folds for entry in self.history(k))
        if not self.settings.get("teacher"):
            return own  # an ensemble's entries count its members
        return own + sum(member.seconds_of(folds) for member in self.members)

    @property
    def scope(self) -> str:
        """What was scored, in words: the data, an excerpt, some of the folds."""
        data, held_out = self.facts["data"], self.settings["held_out"]
        of = f" of {data['published']:,}" if data["published"] else ""
        parts = [f"{data['records']:,}{of} records of {data['name']}"]
        parts += ["SIMULATED"] if self.simulated else []
        parts += [f"without fold {held_out}"] if held_out >= 0 else []
        if len(self.folds) < self.n_folds:
            parts.append(f"{len(self.folds)} of {self.n_folds} folds")
        return ", ".join(parts)


def _read(path: Path, problem: str) -> Any:
    """What a JSON file holds; EcglabError, beginning with the problem, if it cannot be read."""
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or f"it is no JSON: {error}"
        raise EcglabError(f"{problem}: {path.name}: {reason}") from None


def find(text: str) -> RunFolder:
    """The run folder of this path, or of this name in `mlruns/runs`."""
    for path in Path(text), runs_dir() / text:
        if (path / "run.json").is_file():
            return RunFolder(path.resolve())
    raise EcglabError(
        f"there is no run {text!r}: give a run folder, or a run that 'ecglab runs' lists"
    )


class Described(Protocol):
    """What a run folder must know of an experiment."""

    kind: ClassVar[str]

    @property
    def digest(self) -> str: ...

    def as_dict(self) -> dict: ...

    def made_of(self) -> dict[str, dict]: ...


def locate(
    name: str, experiment: Described, data: Dataset, split: Mapping, fresh: bool
) -> RunFolder:
    """The folder of this experiment on this data: the one that was begun, or a new one.

    The same settings on the same records, labels and split have the same folder, so that the same
    command goes on where it was interrupted. fresh: another one beside it
    """
    parts = (experiment.digest, data.digest, data.label_digest, split["digest"])
    key = hashlib.sha256(",".join(parts).encode()).hexdigest()[:8]
    begun = (path.parent for path in runs_dir().glob(f"{name}-{key}*/run.json"))
    existing = sorted(begun, key=_number)
    if existing and not fresh:
        return RunFolder(existing[-1])
    suffix = f"-{_number(existing[-1]) + 1}" if existing else ""
    return RunFolder(runs_dir() / f"{name}-{key}{suffix}")


def begin(
    run: RunFolder,
    name: str,
    experiment: Described,
    data: Dataset,
    split: Mapping,
    search: Mapping,
) -> None:
    """Write run.json, unless an earlier call did."""
    if not (run.path / "run.json").exists():
        write_json(run.path / "run.json", describe(name, experiment, data, split, search))


def describe(
    name: str, experiment: Described, data: Dataset, split: Mapping, search: Mapping
) -> dict:
    """What run.json is to hold of an experiment that begins now."""
    return {
        "id": uuid.uuid4().hex,
        "name": name,
        "kind": experiment.kind,
        "settings": experiment.as_dict(),
        "settings_digest": experiment.digest,
        "made_of": experiment.made_of(),
        "search": dict(search),
        "data": {
            "name": data.name,
            "simulated": data.simulated,
            "classes": data.classes.as_dict(),
            "fs": data.fs,
            "digest": data.digest,
            "labels": data.label_version,
            "label_digest": data.label_digest,
            "records": len(data),
            "published": data.spec.n_records,
            "counts": data.counts(),
        },
        "split": dict(split),
        "code": provenance.code_version(),
        "environment": provenance.environment(),
        "began": provenance.now(),
    }


def add_environment(run: RunFolder, environment: Mapping[str, str]) -> None:
    """Add to run.json what only the process that trains knows of its machine, once."""
    facts = run.facts
    added = {**environment, **facts["environment"]}
    if added != facts["environment"]:
        write_json(run.path / "run.json", facts | {"environment": added})


def _number(path: Path) -> int:
    """1 for NAME-KEY, 2 for NAME-KEY-2 and so on."""
    last = path.name.rsplit("-", 1)[-1]
    return int(last) if last.isdigit() and len(last) < 8 else 1
