"""Results that are committed: what finished runs found, in files that anyone can score again.

experiments/results/NAME.json   what was trained on what, with what, and the scores
experiments/results/NAME.csv    record, fold, label and probabilities of every scored record

The scores are those of the table as it is kept, so that they can be recomputed to the last digit.
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

import numpy as np

from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics
from ecglab.training import experiment
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing
from ecglab.utils.paths import EXPERIMENTS, runs_dir

RESULTS = EXPERIMENTS / "results"

COLUMNS = ["record", "fold", "label", *LABELS]

ENVIRONMENT = ("backend", "device", "python", "keras", "tensorflow", "jax", "numpy", "scikit-learn")
"""What is kept of a run's environment: what a number may depend on."""

PROTOCOL = ("records", "folds", "epochs")
"""Settings that say how much was trained and scored, not what."""

LONGEST = 100
"""Characters of a name; a longer one ends in a few digits of its digest."""

_TOLERANCE = 1e-6  # the last digits of a float are the machine's


@dataclass(frozen=True)
class Result:
    """A table of predictions, and what its JSON says of it.

    facts: {} for a table that claims nothing, such as a run's
    table: record, fold, label, N, A, O, ~
    claims: the numbers that the table must give again: the scores, their intervals, the records
    """

    name: str
    facts: Mapping
    table: object
    claims: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def scores(self) -> dict[str, dict]:
        """`metrics.scores` of the table, recomputed."""
        return metrics.scores(self.table)

    @property
    def problem(self) -> str:
        """One line on how the claims differ from what the table gives; "" if they agree."""
        if not self.claims:
            return ""
        found = {"records": len(self.table), **_numbers(self.scores)}
        wrong = [
            f"{name} {_shown(self.claims, name)} where the table gives {_shown(found, name)}"
            for name in {**self.claims, **found}
            # Written so that what is no number differs too.
            if not abs(self.claims.get(name, np.nan) - found.get(name, np.nan)) <= _TOLERANCE
        ]
        return f"{self.name}.json claims {', '.join(wrong)}" if wrong else ""


def keep(run: RunFolder) -> Path:
    """Write the JSON and the table of a finished run; the path of the JSON.

    Takes the place of an earlier result of the same name. Raises EcglabError for an unfinished
    run, and for one on synthetic records, of which no score says anything.
    """
    facts = run.facts
    if facts["data"]["kind"] == "synthetic":
        raise EcglabError(
            f"{run.name} is of SYNTHETIC records: its scores say nothing, and none is kept"
        )
    if not run.is_done:
        done = sum(run.is_fold_done(k) for k in run.folds)
        raise EcglabError(
            f"{run.name} is unfinished, {done} of {len(run.folds)} folds are scored: "
            f"'ecglab train {facts['name']}' with the same settings goes on with it"
        )
    settings = experiment.flat(facts["experiment"])
    differs = differing(facts["name"], settings)
    text = _csv(run.predictions())
    table = _table(text, run.name)
    result = {
        "name": name_of(facts["name"], differs),
        "experiment": facts["name"],
        "kind": facts.get("kind", "network"),  # which the first runs do not tell
        "differs": differs,
        "scope": run.scope,
        "settings": settings,
        "made_of": {part: experiment.flat(config) for part, config in run.made_of.items()},
        "data": {k: x for k, x in facts["data"].items() if k != "kind"},
        "folds_digest": facts["folds_digest"],
        "code": facts["code"],
        "environment": {k: x for k, x in facts["environment"].items() if k in ENVIRONMENT},
        "began": facts["began"],
        "training_seconds": round(run.training_seconds, 1),
        "parameters": parameters(run),
        "records_scored": len(table),
        "scores": metrics.scores(table),
    }
    path = RESULTS / f"{result['name']}.json"
    # Both are written out before either takes its place.
    with replacing(path, "w") as told, replacing(_beside(path, ".csv"), "w") as kept:
        told.write(json.dumps(result, indent=1) + "\n")
        kept.write(text)
    return path


def name_of(name: str, differs: Mapping) -> str:
    """The experiment's name and what differs from its file: "resnet1d-folds=2,epochs=12".

    Fit for a file and for a link: what is neither a letter, a digit nor one of "._+=,-" becomes
    "_", and then, or when it is too long, the name ends in some digits of its digest.
    """
    pairs = ",".join(f"{key}={_value(x)}" for key, x in differs.items())
    whole = f"{name}-{pairs}" if pairs else name
    safe = re.sub(r"[^A-Za-z0-9._+=,-]", "_", whole)
    if safe == whole and len(safe) <= LONGEST:
        return safe
    told = json.dumps([name, dict(differs)], sort_keys=True)
    return f"{safe[: LONGEST - 9]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def read(path: Path) -> Result:
    """The result of `path`, which may end in .json, in .csv or in neither."""
    path = _base(path)
    told, kept = _beside(path, ".json"), _beside(path, ".csv")
    try:
        claimed = told.read_text(encoding="utf-8") if told.exists() else ""
        facts = json.loads(claimed) if claimed else {}
        text = kept.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise EcglabError(f"{path} is no result of an experiment: {why}") from None
    if not claimed:
        return Result(path.name, {}, _table(text, str(kept)))
    try:
        claims = {"records": int(facts["records_scored"]), **_numbers(facts["scores"])}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise EcglabError(
            f"{told} claims no scores that can be read: write it anew with 'ecglab ladder RUN'"
        ) from None
    return Result(path.name, facts, _table(text, str(kept)), claims)


def all_results() -> list[Result]:
    """The results of `experiments/results`, by name."""
    return [read(path) for path in _files()]


def find(text: str) -> Result:
    """The result that a person names: by a path, by its name, or by a run (its predictions)."""
    for base in _base(Path(text)), _base(RESULTS / text):
        if _beside(base, ".json").is_file() or _beside(base, ".csv").is_file():
            return read(base)
    try:
        run = find_run(text)
    except EcglabError:
        near = difflib.get_close_matches(text, [path.stem for path in _files()], n=1, cutoff=0.4)
        hint = f": did you mean {near[0]}?" if near else ""
        raise EcglabError(
            f"there is no result {text!r} in experiments/results, nor such a run{hint}"
        ) from None
    table = _table(_csv(run.predictions()), run.name)
    done = "" if run.is_done else f", unfinished: {table['fold'].nunique()} folds are scored"
    return Result(f"{run.name} ({run.scope}{done})", {}, table)


def agreed(result: Result) -> Result:
    """Of a result, the records on whose label all versions of the data set's labels agree.

    What experts changed from one version to the next tells how much of an error is the label's.
    Claims nothing. Raises EcglabError where the data set is not at hand, or has one version.
    """
    from ecglab.datasets import dataset

    data = dataset.open(result.facts["data"]["name"] if result.facts else None)
    versions = ", ".join(data.label_versions)
    if len(data.label_versions) < 2:
        raise EcglabError(
            f"{data.name} has labels {versions} alone: import it again with the files of the "
            "other versions beside the archive"
        )
    missing = set(result.table["record"]) - set(data.ids)
    if missing:
        raise EcglabError(
            f"{data.name} lacks {len(missing):,} records of {result.name}, such as {min(missing)}"
        )
    table = result.table[result.table["record"].isin(data.ids[data.agreed])]
    if table.empty:
        raise EcglabError(f"labels {versions} agree on no record of {result.name}")
    return Result(f"{result.name}, where labels {versions} agree", {}, table)


def find_run(text: str) -> RunFolder:
    """The run folder that a person names: by its path, or by its name in `mlruns/runs`."""
    for path in Path(text), runs_dir() / text:
        if (path / "run.json").is_file():
            return RunFolder(path.resolve())
    raise EcglabError(
        f"there is no run {text!r}: name a run folder, or one that 'ecglab runs' lists"
    )


def parameters(run: RunFolder) -> int | None:
    """Parameters of the network of a fold, trained and other; None for what is no network.

    Counted in the file of its weights: loading the model would need Keras, and this needs none.
    """
    import zipfile

    path = run.fold(0) / "model.keras"
    if run.facts.get("kind", "network") != "network" or not path.exists():
        return None
    import h5py

    sizes = []

    def count(name, item):
        # An optimizer's memory and the state of random numbers are no parameters.
        if isinstance(item, h5py.Dataset) and not re.search(r"^optimizer/|seed_generator", name):
            sizes.append(int(item.size))

    with zipfile.ZipFile(path) as file:
        weights = io.BytesIO(file.read("model.weights.h5"))
    with h5py.File(weights) as file:
        file.visititems(count)
    return sum(sizes)


def differing(name: str, settings: Mapping) -> dict:
    """The settings that are not those of the experiment's file, in an order that never changes.

    A key that an older run lacks did not exist then, so it cannot have been set otherwise.
    """
    own = _plain(experiment.load(name).flat())
    first = (*PROTOCOL, "seed")
    keys = [*first, *sorted(set(settings) - set(first))]
    given = {key: settings[key] for key in keys if key in settings}
    return {key: x for key, x in given.items() if key not in own or x != own[key]}


def _files() -> list[Path]:
    return sorted(RESULTS.glob("*.json"), key=lambda path: path.stem)


def _csv(table) -> str:
    ordered = table[COLUMNS].sort_values("record", kind="stable")
    return ordered.to_csv(index=False, float_format="%.4f", lineterminator="\n")


def _table(text: str, where: str):
    """A table of predictions; EcglabError for one that cannot be scored."""
    import pandas as pd

    kinds = {"record": str, "label": str, **dict.fromkeys(LABELS, float)}
    try:
        table = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=kinds)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise EcglabError(f"{where} is no table of predictions: {reason}") from None
    if list(table.columns) != COLUMNS or table.empty:
        raise EcglabError(f"{where} is no table of predictions: it needs {','.join(COLUMNS)}")
    if not table["label"].isin(LABELS).all():
        raise EcglabError(f"{where}: a label is none of {', '.join(LABELS)}")
    if not table["record"].is_unique:
        raise EcglabError(f"{where}: a record is scored twice")
    return table


def _base(path: Path) -> Path:
    # No with_suffix: a name such as "x-augment.polarity=0" has a dot of its own.
    return Path(str(path).removesuffix(".json").removesuffix(".csv"))


def _beside(path: Path, suffix: str) -> Path:
    return Path(f"{_base(path)}{suffix}")


def _plain(value):
    """As it is after a way through JSON: tuples are lists."""
    return json.loads(json.dumps(value))


def _value(value) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(_value, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(scores: Mapping) -> dict[str, float]:
    """{"F1_N": ..., "F1_N low": ..., "F1_N high": ...}"""
    numbers = {name: float(value) for name, value in scores["values"].items()}
    for name, (low, high) in scores["intervals"].items():
        numbers |= {f"{name} low": float(low), f"{name} high": float(high)}
    return numbers


def _shown(numbers: Mapping[str, float], name: str) -> str:
    return f"{numbers[name]:.6g}" if name in numbers else "nothing"
