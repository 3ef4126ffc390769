"""The run folder: what a cross-validated run is, has done, and found. Plain files, no MLflow.

run.json              the experiment, the data, the code and the machine it began on
members.json          the run folders, beside this one, of the experiments that it needed
fold-K/state.npz      everything training needs to go on after the last finished epoch
fold-K/history.json   one entry an epoch
fold-K/model.keras    the trained network of the fold
fold-K/inner.csv      its probabilities for the inner records, for whatever chooses
fold-K/training.csv   of a committee: of each training record, the opinion of who did not see it
fold-K/predictions.csv  its probabilities for the records it never saw
done.json             written last: when, and the seconds it took
"""

import hashlib
import platform
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from ecglab.ecg.record import LABELS
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json, write_text
from ecglab.utils.paths import ROOT, runs_dir

LIBRARIES = ("keras", "tensorflow", "jax", "numpy", "scipy", "scikit-learn", "mlflow")


@dataclass(frozen=True)
class RunFolder:
    """A folder of `mlruns/runs`, read as what it says."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def facts(self) -> dict:
        """What `run.json` says; EcglabError where there is none."""
        return facts_of(self.path / "run.json", "a run folder")

    @property
    def members(self) -> list["RunFolder"]:
        """The runs of the experiments that this one needed, beside it."""
        return [
            RunFolder(self.path.parent / name) for name in read_json(self.path / "members.json")
        ]

    @property
    def made_of(self) -> dict[str, dict]:
        """{name: settings} of the experiments that this one consists of, as they were."""
        facts = self.facts
        if "made_of" in facts:
            return facts["made_of"]
        # The first runs do not tell, but their members do.
        members = self.members if (self.path / "members.json").exists() else []
        return {member.facts["name"]: member.facts["experiment"] for member in members}

    def fold(self, k: int) -> Path:
        return self.path / f"fold-{k}"

    @property
    def folds(self) -> range:
        return range(self.facts["experiment"]["folds"])

    def history(self, k: int) -> list[dict]:
        """The finished epochs of fold k."""
        return epochs_of(self.fold(k))

    def is_fold_done(self, k: int) -> bool:
        return (self.fold(k) / "predictions.csv").exists()

    @property
    def is_done(self) -> bool:
        return (self.path / "done.json").exists()

    def table(self, k: int, name: str):
        """The table `fold-K/NAME.csv`: "predictions", "inner", or a committee's "training"."""
        import pandas as pd

        return pd.read_csv(self.fold(k) / f"{name}.csv", keep_default_na=False)

    def predictions(self, k: int | None = None):
        """Table record, fold, label, N, A, O, ~ of fold k, or of all finished folds."""
        import pandas as pd

        folds = [k] if k is not None else [k for k in self.folds if self.is_fold_done(k)]
        tables = [self.table(k, "predictions") for k in folds]
        if not tables:
            raise EcglabError(f"{self.path}: no fold is finished yet, so nothing can be scored")
        return pd.concat(tables, ignore_index=True)

    def write_predictions(
        self, k: int, dataset, rows, probabilities: np.ndarray, name: str = "predictions"
    ) -> None:
        """Write `fold-K/NAME.csv`: record, fold, label and probabilities of these rows."""
        table = opinions(dataset, rows, probabilities)
        table.insert(1, "fold", k)
        write_text(self.fold(k) / f"{name}.csv", table.to_csv(index=False, float_format="%.6f"))

    @property
    def training_seconds(self) -> float:
        """Seconds of all finished epochs of all folds, those of a network's teacher included."""
        return self.seconds_of(self.folds)

    def seconds_of(self, folds: Sequence[int]) -> float:
        """Seconds of the finished epochs of these folds."""
        own = sum(entry["seconds"] for k in folds for entry in self.history(k))
        if not self.facts["experiment"].get("teacher"):
            return own  # an ensemble's entries count its members
        return own + sum(member.seconds_of(folds) for member in self.members)

    @property
    def scope(self) -> str:
        """What was scored, in words: the data, an excerpt, some of the folds."""
        data, folds = self.facts["data"], len(self.folds)
        parts = [f"{data['records']:,} of {data['published']:,} records of {data['name']}"]
        parts += ["SYNTHETIC"] if data["kind"] == "synthetic" else []
        parts += [f"{folds} of 5 folds"] if folds < 5 else []
        return ", ".join(parts)


def facts_of(path: Path, what: str) -> dict:
    """What `path`, the JSON file that makes its folder what it is, says; EcglabError without it."""
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise EcglabError(f"{path.parent} is not {what}: {error}") from None


def epochs_of(folder: Path) -> list[dict]:
    """The finished epochs of a fold, or of an inner split, that is trained in this folder."""
    path = folder / "history.json"
    return read_json(path) if path.exists() else []


def opinions(dataset, rows, probabilities: np.ndarray):
    """Table record, label, N, A, O, ~ of these rows of a data set, with probabilities (n, 4)."""
    import pandas as pd

    table = pd.DataFrame({"record": dataset.ids[rows], "label": dataset.labels[rows]})
    for i, label in enumerate(LABELS):
        table[label] = probabilities[:, i].astype(float)
    return table


def find(name: str, experiment, dataset, fold_digest: str, fresh: bool) -> RunFolder:
    """The folder of this experiment on this data: the one that was begun, or a new one.

    The same configuration on the same records and labels has the same folder, so that the same
    command goes on where it was interrupted. fresh: another one beside it.
    """
    told = (experiment.digest, dataset.digest, dataset.label_version, fold_digest)
    key = hashlib.sha256(",".join(told).encode()).hexdigest()
    begun = (facts.parent for facts in runs_dir().glob(f"{name}-{key[:8]}*/run.json"))
    existing = sorted(begun, key=_number)
    if existing and not fresh:
        return RunFolder(existing[-1])
    suffix = f"-{_number(existing[-1]) + 1}" if existing else ""
    return RunFolder(runs_dir() / f"{name}-{key[:8]}{suffix}")


def begin(run: RunFolder, name: str, experiment, dataset, fold_digest: str) -> None:
    """Write `run.json`, unless an earlier call did."""
    if (run.path / "run.json").exists():
        return
    facts = about(name, experiment, dataset, fold_digest)
    write_json(run.path / "run.json", facts)


def about(name: str, experiment, dataset, fold_digest: str) -> dict:
    """What is to be told of an experiment that begins on these records, here and now."""
    return {
        "id": uuid.uuid4().hex,
        "name": name,
        "kind": experiment.kind,
        "experiment": experiment.as_dict(),
        "experiment_digest": experiment.digest,
        "made_of": experiment.made_of(),
        "data": {
            "name": dataset.name,
            "kind": dataset.kind,
            "digest": dataset.digest,
            "labels": dataset.label_version,
            "records": len(dataset),
            "published": dataset.published,
            "counts": dataset.counts(),
        },
        "folds_digest": fold_digest,
        "code": code_version(),
        "environment": environment(),
        "began": now(),
    }


def note_members(run: RunFolder, members: Sequence[RunFolder]) -> None:
    """Write `members.json`."""
    write_json(run.path / "members.json", [member.name for member in members])


def began_on(run: RunFolder, environment: dict[str, str]) -> None:
    """Add to `run.json` what only the process that trains can tell of its machine, once."""
    facts = run.facts
    added = environment | facts["environment"]
    if added != facts["environment"]:
        write_json(run.path / "run.json", facts | {"environment": added})


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _number(path: Path) -> int:
    """1 for NAME-KEY, 2 for NAME-KEY-2 and so on."""
    last = path.name.rsplit("-", 1)[-1]
    return int(last) if last.isdigit() and len(last) < 8 else 1


def code_version() -> str:
    """Version and commit of the code, with "+changes" where files differ from the commit."""
    try:
        version = metadata.version("ecglab")
    except metadata.PackageNotFoundError:  # run from a copied checkout, as on a GPU node
        version = "uninstalled"

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = "+changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        return f"{version} {git('rev-parse', '--short=12', 'HEAD')}{changed}"
    except (OSError, subprocess.CalledProcessError):
        return version


def environment() -> dict[str, str]:
    """Versions and the machine that a result came from."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        **versions,
    }
