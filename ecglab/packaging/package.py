"""Make a package of a run folder: the folder that predicts, see `ecglab.inference.package`."""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecglab.datasets.dataset import Dataset
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.inference.package import (
    CARD,
    DIGEST_DIGITS,
    FILES,
    FORMAT,
    MODEL,
    TRAINED_ON,
    VERDICT,
)
from ecglab.inference.parameters import Parameters
from ecglab.inference.predictor import MAX_SECONDS, Predictor
from ecglab.training.run_folder import RunFolder
from ecglab.utils import digests
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, replacing, write_json, write_text
from ecglab.utils.paths import PRETRAINED

if TYPE_CHECKING:
    import pandas as pd

README = "README.md"

PRETRAINED_FOLDS = {"default": None, "fast": (0,)}
"""The packages that come with ecglab, and the folds whose models each has; None for all folds.

`fast` has the model of the first fold. That of the best fold would have an optimistic score."""

ANSWERED = (1.0, 0.95, 0.9, 0.8, 0.7)
"""Shares of the records, the most certain ones, for which a card gives the score."""

_TOGETHER = (
    "The scores are those of each fold's model on records that it did not see. A new recording is "
    "predicted by the mean of all folds' models, which cannot be scored on these records."
)
_ROUNDED = (
    "The scores are those of the models as trained. In this package, large constants are rounded "
    "to float16."
)


def package(
    run: RunFolder,
    folder: Path,
    folds: Sequence[int] | None = None,
    half: bool = False,
    name: str = "",
) -> dict:
    """Write the package of a run folder's finished folds and return its card.

    folds: by default all of the run; half: large constants as float16, for a third of the size
    name: of a package that comes with ecglab, "default" or "fast"
    An earlier package in `folder` is replaced once the new one is whole. Raises EcglabError for a
    run that is unfinished or damaged, for a missing data set, and for a folder that holds anything
    but a package.
    """
    import onnx
    import pandas as pd

    from ecglab.packaging import onnx_files, verdict
    from ecglab.packaging.model_card import markdown

    folds = list(run.folds) if folds is None else list(folds)
    for k in folds:
        if not run.is_fold_done(k):
            raise EcglabError(
                f"fold {k} of {run.name} is unfinished: run 'ecglab train {run.facts['name']}'"
            )
    run.check()
    whole, data = _data(run)
    members = {k: _parts(run, k) for k in folds}
    parts = [part for member in members.values() for part in member]
    files = onnx_files.exported([part.stem for part in parts])
    models = {part.name: onnx.load(file) for part, file in zip(parts, files, strict=True)}
    table = pd.concat([run.predictions(k) for k in folds], ignore_index=True)
    parameters, of_verdict = verdict.fitted(table, data)
    card = _card(run, data, members, table, half) | {"verdict": of_verdict}
    with _replacing_folder(Path(folder)) as partial:
        with replacing(partial / MODEL) as file:
            file.write(onnx_files.merged(models, half).SerializeToString(deterministic=True))
        shown = sorted(sha256[:DIGEST_DIGITS] for sha256 in whole.sha256)
        write_text(partial / TRAINED_ON, "\n".join(shown) + "\n")
        write_parameters(partial, parameters)
        card["cost"]["bytes"] = (partial / MODEL).stat().st_size
        seal(partial, card)
        card["cost"]["milliseconds"] = round(milliseconds(Predictor(partial, threads=1), data), 3)
        seal(partial, card)
        write_text(partial / README, markdown(card, name))
    return card


def pretrained(run: RunFolder, name: str) -> Path:
    """Make the package "default" or "fast" of a run, which come with ecglab, and return its folder.

    Raises EcglabError for another name, and for a run that is unfinished, on simulated data, or on
    a part of the records or folds.
    """
    if name not in PRETRAINED_FOLDS:
        raise EcglabError(
            f"no model {name!r} comes with ecglab: give {' or '.join(PRETRAINED_FOLDS)}"
        )
    if not run.is_done:
        raise EcglabError(f"{run.name} is unfinished: run 'ecglab train {run.facts['name']}'")
    reasons = partial_because(run.settings, len(run.folds), run.n_folds, run.simulated)
    if reasons:
        raise EcglabError(
            f"{run.name} ({run.scope}) cannot be a model that comes with ecglab: "
            f"{' and '.join(reasons)}; package it with 'ecglab package RUN -o FOLDER'"
        )
    folder = PRETRAINED / name
    package(run, folder, PRETRAINED_FOLDS[name], half=True, name=name)
    return folder


def partial_because(settings: Mapping, n_trained: int, n_folds: int, simulated: bool) -> list[str]:
    """Reasons against predicting with a model, in words; empty for one that was trained in full.

    settings: of its experiment; n_trained: folds that were trained, of the n_folds of the split
    """
    reasons = ["it was trained on SIMULATED data"] if simulated else []
    if settings.get("records") or settings.get("held_out", -1) >= 0:
        reasons.append("it was trained on an excerpt of the records")
    if n_trained < n_folds:
        reasons.append(f"only {n_trained} of {n_folds} folds were trained")
    return reasons


def write_parameters(folder: Path, parameters: Parameters) -> None:
    """Write the file of a package's verdicts."""
    write_text(folder / VERDICT, json.dumps(parameters.as_dict(), separators=(",", ":")) + "\n")


def seal(folder: Path, card: Mapping) -> None:
    """Write the card of a package and then its manifest."""
    write_json(folder / CARD, card)
    digests.write_manifest(folder, FILES)


def _card(
    run: RunFolder,
    data: Dataset,
    members: Mapping[int, list["_Part"]],
    table: "pd.DataFrame",
    half: bool,
) -> dict:
    """The card of a package, without what is measured on it and what its verdicts need."""
    from ecglab.evaluation.metrics import scores

    facts = run.facts
    folds = list(members)
    name = run.name if len(folds) == len(run.folds) else f"{run.name}/fold-{folds[0]}"
    return {
        "format": FORMAT,
        "name": f"{name} (SIMULATED)" if run.simulated else name,
        "run": run.name,
        "experiment": facts["name"],
        "kind": facts["kind"],
        "classes": data.classes.as_dict(),
        "fs": data.fs,
        "features": features.VERSION,
        "simulated": run.simulated,
        "scope": run.scope,
        "data": facts["data"],
        "split": facts["split"],
        "members": {str(k): [part.in_card for part in parts] for k, parts in members.items()},
        "folds": {str(k): _fold(run, k) for k in folds},
        "scored_out_of_fold": len(table),
        "scores": scores(table, data.classes),
        "calibration": calibration(table, data.classes),
        "settings": run.settings,
        "code": facts["code"],
        "environment": facts["environment"],
        "cost": {"training_seconds": run.seconds_of(folds), "bytes": 0, "milliseconds": 0.0},
        "limits": limits(data) + [_TOGETHER] * (len(folds) > 1) + [_ROUNDED] * half,
        "command": command(run),
    }


def limits(data: Dataset) -> list[str]:
    """The limits of a model that was trained on this data set, one or two sentences each."""
    shortest, longest = data.lengths.min() / data.fs, data.lengths.max() / data.fs
    classes = ", ".join(data.classes.full_name(code, "{} {}") for code in data.classes)
    found = ["For research only: it is not a medical device and makes no diagnosis."]
    if data.simulated:
        found.append("Trained on SIMULATED signals: predictions for recordings are meaningless.")
    found.append(
        f"Trained on records of {shortest:.0f} to {longest:.0f} s at {data.fs:g} Hz of "
        f"{data.name}. Its scores do not apply to other devices, leads and patients."
    )
    if not data.spec.grouped:
        found.append(
            "Patients are not known, so records of one patient may be in both the training and the "
            "test folds, and the scores may be too high."
        )
    return [
        *found,
        "It gives one prediction per record, and does not locate episodes within a record.",
        f"It knows only these classes: {classes}.",
    ]


def calibration(table: "pd.DataFrame", classes: Classes) -> dict:
    """Calibration and coverage of a table of predictions, for a card.

    {"class_eces": {class: expected calibration error},
    "coverage": [[share of records kept, their challenge F1], ...]}
    """
    from ecglab.evaluation.metrics import class_eces, coverage

    labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy()
    answered = coverage(labels, probabilities, ANSWERED, classes)
    return {
        "class_eces": class_eces(labels, probabilities, classes),
        "coverage": [list(pair) for pair in zip(ANSWERED, answered.tolist(), strict=True)],
    }


def milliseconds(predictor: Predictor, data: Dataset, n: int = 8) -> float:
    """Time in ms that one core needs to predict 30 s of signal, in a batch of n records.

    predictor: with threads=1
    It is the shortest of three rounds, because other work on the machine only adds time.
    """
    fitting = [i for i in range(len(data)) if data.lengths[i] <= MAX_SECONDS * data.fs][:n]
    records = [data.record(i) for i in fitting]
    seconds = sum(record.seconds for record in records)
    rounds = []
    for _ in range(3):
        began = time.process_time()
        predictor.predict_proba(records)
        rounds.append(time.process_time() - began)
    return 1000 * min(rounds) * 30 / seconds


def _data(run: RunFolder) -> tuple[Dataset, Dataset]:
    """The whole data set of a run, and its records that the run is about."""
    from ecglab.datasets import dataset as datasets
    from ecglab.training import cross_validation, experiment

    facts = run.facts["data"]
    whole = datasets.open(facts["name"], facts["labels"])
    data = cross_validation.records(experiment.of(run))
    if data.digest != facts["digest"]:
        raise EcglabError(
            f"{run.name} was trained on other records than {whole.path} holds now: "
            "restore the data set that it was trained on, or train again"
        )
    return whole, data


def _fold(run: RunFolder, k: int) -> dict[str, float]:
    """Numbers of training, validation and scored records of fold k, and its challenge F1."""
    from ecglab.evaluation.metrics import f1_scores, predicted

    table, classes = run.predictions(k), run.classes
    validation, scored = len(run.validation(k)), len(table)
    return {
        "trained": run.facts["data"]["records"] - validation - scored,
        "validation": validation,
        "scored": scored,
        "challenge_f1": f1_scores(table["label"], predicted(table, classes), classes)[
            "challenge_f1"
        ],
    }


def command(run: RunFolder) -> str:
    """The command that trains a run again."""
    from ecglab.training import experiment

    name, settings = run.facts["name"], experiment.flat(run.settings)
    try:
        differs = experiment.differing(name, settings)
    except EcglabError:  # the file of the experiment is not here
        differs = {}
    changed = [f"--set {key}={experiment.as_text(value)}" for key, value in differs.items()]
    return " ".join(["ecglab train", name, *changed])


class _Part(NamedTuple):
    """One model of a fold: its file is STEM.keras of a network, else STEM.onnx."""

    stem: Path
    name: str
    exponent: float

    @property
    def in_card(self) -> dict:
        return {"output": f"{self.name}/probabilities", "exponent": self.exponent}


def _parts(run: RunFolder, k: int) -> list[_Part]:
    """The models that fold k of a run is made of: one, or those that it pools."""

    kind, name = run.facts["kind"], run.facts["name"]
    if kind == "committee":
        n = run.settings["parts"]
        stems = [run.fold(k) / f"part-{j}" / "model" for j in range(n)]
        return [_Part(stem, f"fold-{k}/{name}-{j}", 1 / n) for j, stem in enumerate(stems)]
    if kind != "ensemble":
        return [_Part(run.fold(k) / "model", f"fold-{k}/{name}", 1.0)]
    parts = []
    for member in read_json(run.fold(k) / "ensemble.json"):
        of = RunFolder(run.path.parent / member["run"])
        of.check()
        for part in _parts(of, k):
            parts.append(part._replace(exponent=part.exponent * member["exponent"]))
    return parts


@contextlib.contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` that takes its place when the block ends without error."""
    others = {path.name for path in folder.glob("*")} - {*FILES, digests.MANIFEST, README}
    if folder.is_file() or others:
        raise EcglabError(
            f"{folder} holds other files than a package ({min(others, default='it is a file')}): "
            "give another folder"
        )
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError as error:
        raise EcglabError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
