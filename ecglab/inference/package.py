"""A package: the folder of a trained model, and the checks that it is whole.

card.json       what the model is, was trained on, scored, costs and cannot do; `check_card`. Its
                key "features" is the version of `ecg.features` that models and verdicts rest on
model.onnx      its members: inputs "signal" and "mask" (batch, n_samples), "beats" (batch, n_beats,
                `beat_windows.WIDTH`) and "beats_mask" (batch, n_beats), or "features" (batch,
                n_features); an output (batch, n_classes) of probabilities for each model
verdict.json    what is fitted for its verdicts; `inference.parameters`
trained_on.txt  the records of its data set: of each, the first 16 hex digits of `signal_digest`
manifest.json   the SHA-256 of these four

A package that comes with ecglab also has a README.md, the card in Markdown.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..ecg.classes import Classes
from ..utils import digests
from ..utils.errors import EcglabError
from .schema import NUMBER, problems

CARD, MODEL, VERDICT = "card.json", "model.onnx", "verdict.json"
TRAINED_ON = "trained_on.txt"
FILES = (CARD, MODEL, VERDICT, TRAINED_ON)

FORMAT = 4
"""Of a package; one of another format has to be made again."""

DIGEST_DIGITS = 16
"""Of a record's digest in `trained_on.txt`: enough to tell any two records of the world apart."""

REMEDY = "package the run again with 'ecglab package'"

_SCHEMA = {
    "format": int,
    "name": str,
    "run": str,
    "experiment": str,
    "kind": str,
    "classes": {"meanings": {str: str}, "ranked": [str]},
    "fs": NUMBER,
    "features": int,
    "simulated": bool,
    "scope": str,
    "data": {
        "name": str,
        "digest": str,
        "labels": str,
        "records": int,
        "published": int,
        "counts": {str: int},
    },
    "split": {"folds": int, "digest": str},
    "members": {str: [{"output": str, "exponent": NUMBER}]},
    "folds": {
        str: {"trained": int, "validation": int, "scored": int, "challenge_f1": NUMBER},
    },
    "scored_out_of_fold": int,
    "scores": {"values": {str: NUMBER}, "intervals": {str: [NUMBER]}},
    "calibration": {"class_eces": {str: NUMBER}, "coverage": [[NUMBER]]},
    "verdict": {
        "aurc": NUMBER,
        "aurc_interval": [NUMBER],
        "risk": [[NUMBER]],
        "abstention": [{"coverage": NUMBER, "kept": NUMBER, "error": NUMBER}],
        "conformal": [{"coverage": NUMBER, "classes": {str: NUMBER}, "size": NUMBER}],
        "novelty": {"records": NUMBER, "signals": {str: NUMBER}},
    },
    "settings": dict,
    "code": str,
    "environment": {str: str},
    "cost": {"training_seconds": NUMBER, "bytes": int, "milliseconds": NUMBER},
    "limits": [str],
    "command": str,
}
"""What a card holds."""


def read_card(folder: Path) -> dict:
    """The card of a package. Raises EcglabError if it is damaged or missing."""
    folder = Path(folder)
    digests.check(folder, REMEDY, [CARD])
    path = folder / CARD
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EcglabError(f"{path} cannot be read ({error}): {REMEDY}") from None
    check_card(card, path)
    return card


def check(folder: Path) -> None:
    """Check every file of a package against its manifest. Raises EcglabError."""
    listed = digests.read_manifest(folder, REMEDY)
    digests.check(folder, REMEDY, dict.fromkeys([*FILES, *listed]))


def check_card(card: Any, path: Path) -> None:
    """Check the format of a card. Raises EcglabError, which names the invalid key.

    path: of the card, for the message
    """
    if isinstance(card, dict) and card.get("format", FORMAT) != FORMAT:
        form = f"is of format {card['format']!r}, and this version reads {FORMAT}"
        raise EcglabError(f"{path} {form}: {REMEDY}")
    problem = next(problems(card, _SCHEMA, "the card"), None) or next(_contradictions(card), None)
    if problem:
        raise EcglabError(f"{path}: {problem}: {REMEDY}")


def read_trained_on(folder: Path) -> frozenset[str]:
    """The digests in a package's `trained_on.txt`."""
    path = Path(folder) / TRAINED_ON
    try:
        lines = path.read_text("ascii").split()
    except (OSError, ValueError) as error:
        raise EcglabError(f"{path} cannot be read ({error}): {REMEDY}") from None
    if not all(re.fullmatch(f"[0-9a-f]{{{DIGEST_DIGITS}}}", line) for line in lines):
        raise EcglabError(f"{path} has lines that are not digests: {REMEDY}")
    return frozenset(lines)


def _contradictions(card: dict) -> Iterator[str]:
    """What is wrong with a card whose keys are all there."""
    try:
        classes = Classes.from_dict(card["classes"])
    except EcglabError as error:
        yield f"key 'classes': {error}"
        return
    if not card["fs"] > 0:
        yield f"key 'fs' is {card['fs']}, not a rate in Hz"
    members, folds = card["members"], card["folds"]
    if not members or not all(members.values()):
        yield "key 'members' lacks a model"
    if not all(fold.isdigit() for fold in members):
        yield "key 'members' has a key that is no fold"
    if members.keys() != folds.keys():
        yield "keys 'members' and 'folds' are of other folds"
    scores = [*map(classes.metric, classes), "challenge_f1", "mean_f1"]
    for part in ("values", "intervals"):
        for name in [*scores, "ece"] if part == "values" else scores:
            if name not in card["scores"][part]:
                yield f"key 'scores.{part}.{name}' is missing"
    for name, ends in card["scores"]["intervals"].items():
        if len(ends) != 2:
            yield f"key 'scores.intervals.{name}' is no interval"
    for code in classes:
        if code not in card["calibration"]["class_eces"]:
            yield f"key 'calibration.class_eces.{code}' is missing"
    if not all(len(pair) == 2 for pair in card["calibration"]["coverage"]):
        yield "key 'calibration.coverage' is no list of pairs"
