"""Kept results: the out-of-fold predictions of finished runs, to score them again at any time.

experiments/results/NAME.csv   one result: its facts, as JSON behind "# ", then the table of
                               record, group (where known), fold, label and the probability of
                               each class

`pandas.read_csv(path, comment="#")` reads the table. The first line holds the SHA-256 of all lines
below it: `tail -n +2 NAME.csv | sha256sum`. The scores are those of the table as it is kept.
"""

import difflib
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.training import experiment, run_folder
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_text
from ecglab.utils.paths import EXPERIMENTS

if TYPE_CHECKING:
    import pandas as pd

RESULTS = EXPERIMENTS / "results"

FACTS = (
    *("name", "experiment", "kind", "differs", "scope", "settings", "made_of", "data", "split"),
    *("code", "environment", "began", "training_seconds", "parameters", "records_scored", "scores"),
)
"""What the header of a result holds, in this order."""

ENVIRONMENT = ("backend", "device", "python", "keras", "tensorflow", "jax", "numpy", "scikit-learn")
"""What is kept of a run's environment: what a score may depend on."""

LONGEST = 80
"""Most characters of a name."""

_TOLERANCE = 1e-6  # the last digits of a float may differ between machines


@dataclass(frozen=True)
class Result:
    """Out-of-fold predictions, and what they are of.

    facts: the header of a kept result; {} for the predictions of a run that is not kept
    table: DataFrame with record, group (where known), fold, label and one column of probabilities
        per class
    """

    name: str
    table: "pd.DataFrame"
    classes: Classes
    facts: Mapping = field(default_factory=dict)

    @cached_property
    def scores(self) -> dict[str, dict]:
        """`metrics.scores` of the table, recomputed."""
        return metrics.scores(self.table, self.classes)

    @property
    def problem(self) -> str:
        """One line on how the kept scores differ from those of the table; "" where they agree."""
        if not self.facts:
            return ""
        kept, found = _numbers(self.facts["scores"]), _numbers(self.scores)
        wrong = [
            f"{name} {kept.get(name, np.nan):.6g} instead of {found.get(name, np.nan):.6g}"
            for name in {**kept, **found}
            # "not <=", so that NaN differs too.
            if not abs(kept.get(name, np.nan) - found.get(name, np.nan)) <= _TOLERANCE
        ]
        if not wrong:
            return ""
        return f"{self.name}.csv has scores that its table does not give: {', '.join(wrong)}"


def keep(run: RunFolder, name: str | None = None) -> Path:
    """Write the result of a finished run; returns its path.

    name: of the result; by default the experiment and what differs from its file (`name_of`)
    Replaces an earlier result of the same settings and data. Raises EcglabError for a run that is
    unfinished, damaged or on simulated records, and for a name that another result has.
    """
    facts = run.facts
    if run.simulated:
        raise EcglabError(f"{run.name} was trained on SIMULATED records: its result is not kept")
    if not run.is_done:
        done = sum(run.is_fold_done(k) for k in run.folds)
        raise EcglabError(
            f"{run.name} is unfinished ({done} of {len(run.folds)} folds are scored): continue it "
            f"with 'ecglab train {facts['name']}' and the same settings"
        )
    settings = experiment.flat(facts["settings"])
    differs = experiment.differing(facts["name"], settings)
    name = _checked(name) if name else name_of(facts["name"], differs)
    classes = run.classes
    text = _csv(run.predictions(), classes)
    table = _table(text, classes)
    found = {
        "name": name,
        "experiment": facts["name"],
        "kind": facts["kind"],
        "differs": differs,
        "scope": run.scope,
        "settings": settings,
        "made_of": {part: experiment.flat(config) for part, config in run.made_of.items()},
        "data": facts["data"],
        "split": facts["split"],
        "code": facts["code"],
        "environment": {k: x for k, x in facts["environment"].items() if k in ENVIRONMENT},
        "began": facts["began"],
        "training_seconds": round(run.training_seconds, 1),
        "parameters": parameters(run),
        "records_scored": len(table),
        "scores": metrics.scores(table, classes),
    }
    path = RESULTS / f"{name}.csv"
    if path.exists():
        earlier = read(path)
        same = all(earlier.facts[key] == _plain(found[key]) for key in ("experiment", "differs"))
        if not same or earlier.facts["data"]["digest"] != found["data"]["digest"]:
            raise EcglabError(
                f"{path} is the result of other settings or data: choose another name with --as"
            )
    write(path, found, text)
    return path


def write(path: Path, facts: Mapping, table: str) -> None:
    """Write a result, whole or not at all. table: its text, a CSV without the facts."""
    lines = [f"# {json.dumps(key)}: {json.dumps(facts[key])}" for key in FACTS]
    rest = ",\n".join(lines) + "}\n" + table
    write_text(path, f'# {{"sha256": "{_sha256(rest)}",\n{rest}')


def read(path: Path) -> Result:
    """The result of a file. Raises EcglabError where it is damaged or has another one's name."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise EcglabError(f"{path} cannot be read ({reason}): {_remedy(path)}") from None
    lines = text.splitlines(keepends=True)
    n = next((i for i, line in enumerate(lines) if not line.startswith("# ")), len(lines))
    try:
        facts = json.loads("".join(line[2:] for line in lines[:n]))
        digest = facts.pop("sha256")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EcglabError(f"{path} has no header that can be read: {_remedy(path)}") from None
    if digest != _sha256("".join(lines[1:])):
        raise EcglabError(f"{path} is damaged (its SHA-256 differs): {_remedy(path)}")
    missing = [key for key in FACTS if key not in facts]
    if missing:
        raise EcglabError(f"{path} has no {missing[0]!r} in its header: {_remedy(path)}")
    if facts["name"] != path.stem:
        raise EcglabError(f"{path} is the result {facts['name']!r}: {_remedy(path)}")
    classes = Classes.from_dict(facts["data"]["classes"])
    return Result(facts["name"], _table("".join(lines[n:]), classes), classes, facts)


def all_results() -> list[Result]:
    """The results of `experiments/results`, by name."""
    return [read(path) for path in sorted(RESULTS.glob("*.csv"))]


def find(text: str) -> Result:
    """The result of a name, of a file, or of a run (its finished folds)."""
    for path in Path(text), RESULTS / f"{text}.csv":
        if path.is_file():
            return read(path)
    try:
        run = run_folder.find(text)
    except EcglabError:
        names = [path.stem for path in RESULTS.glob("*.csv")]
        near = difflib.get_close_matches(text, names, n=1, cutoff=0.4)
        hint = f": did you mean {near[0]!r}?" if near else ""
        raise EcglabError(f"there is no result and no run {text!r}{hint}") from None
    classes = run.classes
    table = _table(_csv(run.predictions(), classes), classes)
    done = "" if run.is_done else f", unfinished: {table['fold'].nunique()} folds are scored"
    return Result(f"{run.name} ({run.scope}{done})", table, classes)


def agreed(result: Result) -> Result:
    """The part of a result whose label is the same in all versions of the data set's labels.

    Labels that experts changed between versions are doubtful, so this part tells how much of the
    error may be that of the labels. Raises EcglabError where the data set is not imported or has
    one version of labels.
    """
    from ecglab.datasets import dataset

    data = dataset.open(result.facts["data"]["name"] if result.facts else None)
    versions = ", ".join(data.label_versions)
    if len(data.label_versions) < 2:
        raise EcglabError(
            f"{data.name} has one version of labels ({versions}): import it again with the files "
            "of the other versions beside the archive"
        )
    missing = set(result.table["record"]) - set(data.ids)
    if missing:
        raise EcglabError(
            f"{data.name} lacks {len(missing):,} records of {result.name}, such as {min(missing)}: "
            "import all of it"
        )
    table = result.table[result.table["record"].isin(data.ids[data.agreed])]
    if table.empty:
        raise EcglabError(f"labels {versions} agree on no record of {result.name}")
    return Result(f"{result.name}, where labels {versions} agree", table, result.classes)


def name_of(name: str, differs: Mapping) -> str:
    """The experiment's name and what differs from its file: "resnet1d, 12 epochs, folds 0 to 1".

    Raises EcglabError where that would be too long, or unfit for the name of a file.
    """
    parts = [name, *(_in_words(key, value) for key, value in differs.items())]
    try:
        return _checked(", ".join(parts))
    except EcglabError as error:
        raise EcglabError(f"{error}; choose one with --as NAME") from None


def parameters(run: RunFolder) -> int | None:
    """Number of parameters of one fold's network, trained and other; None for other kinds.

    Counted in the file of the weights, which takes neither Keras nor its backend.
    """
    import zipfile

    path = run.fold(0) / "model.keras"
    if run.facts["kind"] != "network" or not path.exists():
        return None
    import h5py

    sizes: list[int] = []

    def count(name: str, item: object) -> None:
        # The states of the optimizer and of random numbers are no parameters.
        if isinstance(item, h5py.Dataset) and not re.search(r"^optimizer/|seed_generator", name):
            sizes.append(int(item.size))

    with zipfile.ZipFile(path) as file:
        weights = io.BytesIO(file.read("model.weights.h5"))
    with h5py.File(weights) as file:
        file.visititems(count)
    return sum(sizes)


def _in_words(key: str, value: Any) -> str:
    if key == "epochs":
        return f"{value} epochs"
    if key == "records":
        return f"{value} records"
    if key == "folds" and value:
        return "fold 0" if value == 1 else f"folds 0 to {value - 1}"
    if key == "seed":
        return f"seed {value}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{key}={'+'.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _checked(name: str) -> str:
    """The name, which must be one that a file may have."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9 _.,=+-]*", name) or len(name) > LONGEST:
        raise EcglabError(
            f"a result cannot be named {name!r}: a name has at most {LONGEST} characters, which "
            "are letters, digits, spaces and _.,=+-"
        )
    return name


def _csv(table: "pd.DataFrame", classes: Classes) -> str:
    group = ["group"] if "group" in table else []
    columns = ["record", *group, "fold", "label", *classes]
    ordered = table[columns].sort_values("record", kind="stable")
    return ordered.to_csv(index=False, float_format="%.4f", lineterminator="\n")


def _table(text: str, classes: Classes) -> "pd.DataFrame":
    import pandas as pd

    kinds: dict[str, type] = {**dict.fromkeys(("record", "group", "label"), str), "fold": int}
    kinds |= dict.fromkeys(classes, float)
    return pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=kinds)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _remedy(path: Path) -> str:
    return f"restore it (git checkout -- {str(path)!r}), or keep its run again"


def _plain(value: Any) -> Any:
    """The value after a round trip through JSON, in which tuples become lists."""
    return json.loads(json.dumps(value))


def _numbers(scores: Mapping) -> dict[str, float]:
    """{"f1/N": ..., "f1/N low": ..., "f1/N high": ...}"""
    numbers = {name: float(value) for name, value in scores["values"].items()}
    for name, (low, high) in scores["intervals"].items():
        numbers |= {f"{name} low": float(low), f"{name} high": float(high)}
    return numbers
