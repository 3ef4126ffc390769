"""From a run folder to a package: its models as one ONNX file, the Keras ones, and a card."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecglab.ecg.record import FS, LABELS
from ecglab.evaluation.metrics import chosen, class_calibration_errors, coverage, f1_scores, scores
from ecglab.inference.predictor import MODEL_FILE
from ecglab.training.run_folder import RunFolder
from ecglab.utils.files import read_json, replacing, write_json

LIMITS = [
    "Research only: no medical device, and no diagnosis.",
    "Learned from single-lead recordings of 9 to 61 s by one hand-held device at 300 Hz, sampled "
    "from its users; who they were was not published, so the folds could not be by patient.",
    "One judgement for a whole recording: an episode in a long one is not located.",
    "'Other' is every rhythm that is neither normal nor atrial fibrillation; it says not which.",
]
_TOGETHER = (
    "Scores are of each fold's model on records that it never saw; all folds' models together, as "
    "they judge a new recording, were not scored on these."
)
_ROUNDED = "Scores are of the models as trained; here their large constants are rounded to float16."

ANSWERED = (1.0, 0.95, 0.9, 0.8, 0.7)
"""Shares of the records that are answered, for which a card tells the score."""


def package(
    run: RunFolder, folder: Path, folds: Sequence[int] | None = None, compact: bool = False
) -> dict:
    """Write the package of these folds (all by default) into `folder`; returns its card.

    compact: a third of the size: no Keras files, and large constants as float16
    """
    import onnx
    import pandas as pd

    from ecglab.packaging import onnx_files

    folds = list(run.folds) if folds is None else list(folds)
    folder.mkdir(parents=True, exist_ok=True)
    members = {k: _parts(run, k) for k in folds}
    parts = [part for some in members.values() for part in some]
    onnx_files.export([part.stem for part in parts])
    models = {part.name: onnx.load(part.stem.with_suffix(".onnx")) for part in parts}
    with replacing(folder / MODEL_FILE) as file:
        file.write(onnx_files.merged(models, half=compact).SerializeToString(deterministic=True))
    for part in parts:
        if not compact and part.stem.with_suffix(".keras").exists():  # trees have none
            name = part.name.replace("/", "-")
            shutil.copyfile(part.stem.with_suffix(".keras"), folder / f"{name}.keras")
    table = pd.concat([run.predictions(k) for k in folds])
    name = run.name if len(folds) == len(run.folds) else f"{run.name}/fold-{folds[0]}"
    if run.facts["data"]["kind"] == "synthetic":
        name += " (SYNTHETIC)"
    card = {
        "name": name,
        "run": run.name,
        "model": run.facts["experiment"].get("model", run.facts.get("kind")),
        "labels": list(LABELS),
        "fs": FS,
        "kind": run.facts["data"]["kind"],
        "scope": run.scope,
        "data": run.facts["data"],
        "folds_digest": run.facts["folds_digest"],
        "members": {str(k): [part.card for part in parts] for k, parts in members.items()},
        "folds": {str(k): _fold(run, k) for k in folds},
        "scored_out_of_fold": len(table),
        "scores": scores(table),
        "calibration": calibration(table),
        "experiment": run.facts["experiment"],
        "code": run.facts["code"],
        "environment": run.facts["environment"],
        "cost": {"training_seconds": run.seconds_of(folds)},
        "limits": LIMITS + [_TOGETHER] * (len(folds) > 1) + [_ROUNDED] * compact,
    }
    write_json(folder / "card.json", card)
    return card


def _fold(run: RunFolder, k: int) -> dict[str, float]:
    """Of fold k, how many records trained it, were held back and were scored, and their NAO."""
    table = run.predictions(k)
    inner, scored = len(run.table(k, "inner")), len(table)
    trained = run.facts["data"]["records"] - inner - scored
    nao = f1_scores(table["label"], chosen(table))["F1_NAO"]
    return {"trained": trained, "inner": inner, "scored": scored, "F1_NAO": nao}


def calibration(table) -> dict:
    """How far a table's probabilities can be trusted, for a card.

    {"class_errors": {label: expected calibration error},
    "coverage": [[share answered, NAO of these], ...]}
    """
    labels, probabilities = table["label"].to_numpy(), table[list(LABELS)].to_numpy()
    answered = coverage(labels, probabilities, ANSWERED)
    return {
        "class_errors": class_calibration_errors(labels, probabilities),
        "coverage": [list(pair) for pair in zip(ANSWERED, answered.tolist(), strict=True)],
    }


class _Part(NamedTuple):
    """One model of a fold: its files are STEM.onnx and, of a network, STEM.keras."""

    stem: Path
    name: str
    exponent: float

    @property
    def card(self) -> dict:
        return {"output": f"{self.name}/probabilities", "exponent": self.exponent}


def _parts(run: RunFolder, k: int) -> list[_Part]:
    """The models that fold k of a run is made of: one, or those that it pools."""
    kind, name = run.facts.get("kind", "network"), run.facts["name"]
    if kind == "committee":
        n = run.facts["experiment"]["parts"]
        stems = [run.fold(k) / f"part-{j}" / "model" for j in range(n)]
        return [_Part(stem, f"fold-{k}/{name}-{j}", 1 / n) for j, stem in enumerate(stems)]
    if kind != "ensemble":
        return [_Part(run.fold(k) / "model", f"fold-{k}/{name}", 1.0)]
    parts = []
    for member in read_json(run.fold(k) / "ensemble.json"):
        of = RunFolder(run.path.parent / member["run"])
        for part in _parts(of, k):
            parts.append(part._replace(exponent=part.exponent * member["exponent"]))
    return parts
