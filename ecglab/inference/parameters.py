"""What is fitted for the verdicts of a package: its file `verdict.json`, as arrays.

verdicts     {class: verdict of a record that is surely of it}
agreement    the least bSQI (`ecg.quality`) of a record that can be read
abstention   for shares of records that get an answer: the least certainty of those, and their error
conformal    for coverages: the least probability of each class that is in a prediction set
novelty      `inference.novelty.Reference`
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import EcglabError
from .novelty import Reference
from .package import REMEDY, VERDICT
from .schema import NUMBER, problems

COVERAGE = 0.95
"""Share of records that get an answer where nothing else is asked for."""

_DIGITS = 5
"""Significant digits of a number in the file."""

_SCHEMA = {
    "verdicts": {str: str},
    "agreement": NUMBER,
    "abstention": {"coverage": [NUMBER], "certainty": [NUMBER], "error": [NUMBER]},
    "conformal": {"coverage": [NUMBER], "least": {str: [NUMBER]}},
    "novelty": {
        "center": [NUMBER],
        "scale": [NUMBER],
        "mean": [NUMBER],
        "root": [[NUMBER]],
        "slope": [NUMBER],
        "offset": NUMBER,
        "seconds": [NUMBER],
        "limits": [NUMBER],
        "alike": NUMBER,
    },
}


@dataclass(frozen=True, eq=False)
class Abstention:
    """Which records get no answer, because their most probable class is too uncertain.

    coverage: (k,) shares of the records that get one, increasing; certainty: (k,) the least
        probability of the predicted class among these; error: (k,) their share of wrong classes
    Geifman Y, El-Yaniv R. "Selective classification for deep neural networks", NeurIPS 2017,
    arXiv:1705.08500.
    """

    coverage: np.ndarray
    certainty: np.ndarray
    error: np.ndarray

    def least(self, coverage: float | None = None, max_error: float | None = None) -> float:
        """The least certainty for a coverage, by default `COVERAGE`, or for an error at most.

        Raises EcglabError for both at once and for what was not reached out of fold.
        """
        if max_error is None:
            coverage = COVERAGE if coverage is None else coverage
            if not self.coverage[0] <= coverage <= 1:
                raise EcglabError(
                    f"a coverage of {coverage:g} is not possible: give one from "
                    f"{self.coverage[0]:g} to 1"
                )
            return float(np.interp(coverage, self.coverage, self.certainty))
        if coverage is not None:
            raise EcglabError("give a coverage or a largest error, not both")
        within = np.flatnonzero(self.error <= max_error)
        if not within.size:
            raise EcglabError(
                f"an error of at most {max_error:g} is not possible: out of fold, the model "
                f"reached {self.error.min():.3f}"
            )
        return float(self.certainty[within[-1]])


@dataclass(frozen=True, eq=False)
class Conformal:
    """Prediction sets: the classes that a record may well be of.

    coverage: (k,) share of the records of each class whose set has it, increasing; least: {class:
        (k,) its least probability}
    A record's set has its class with this probability only if it is like those of the calibration.
    Sadinle M, Lei J, Wasserman L. "Least ambiguous set-valued classifiers with bounded error
    levels", J Am Stat Assoc 2019;114(525):223-234, doi:10.1080/01621459.2017.1395341.
    """

    coverage: np.ndarray
    least: Mapping[str, np.ndarray]

    def sets(self, probabilities: np.ndarray, coverage: float) -> np.ndarray:
        """(n, n_classes) bool: the set of each row of probabilities (n, n_classes).

        Raises EcglabError for a coverage that is not between the first and the last.
        """
        if not self.coverage[0] <= coverage <= self.coverage[-1]:
            raise EcglabError(
                f"a conformal coverage of {coverage:g} is not possible: give one from "
                f"{self.coverage[0]:g} to {self.coverage[-1]:g}"
            )
        at = np.searchsorted(self.coverage, coverage - 1e-9)
        return np.asarray(probabilities) >= [least[at] for least in self.least.values()]


@dataclass(frozen=True, eq=False)
class Parameters:
    """What the file holds; see the head of this module."""

    verdicts: Mapping[str, str]
    agreement: float
    abstention: Abstention
    conformal: Conformal
    novelty: Reference

    def as_dict(self) -> dict:
        """Ready for JSON, with `_DIGITS` digits; of the root, the lower triangle."""
        found = _plain(asdict(self))
        found["novelty"]["root"] = [row[: i + 1] for i, row in enumerate(found["novelty"]["root"])]
        return found


def read(folder: Path, classes: tuple[str, ...], n_features: int) -> Parameters:
    """The parameters of a package.

    classes, n_features: of its model
    Raises EcglabError, which names the invalid key, for a file that does not fit.
    """
    path = Path(folder) / VERDICT
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EcglabError(f"{path} cannot be read ({error}): {REMEDY}") from None
    problem = next(problems(stored, _SCHEMA, "the file"), None) or _contradiction(
        stored, classes, n_features
    )
    if problem:
        raise EcglabError(f"{path}: {problem}: {REMEDY}")
    abstention = {key: np.array(value, float) for key, value in stored["abstention"].items()}
    least = {code: np.array(stored["conformal"]["least"][code], float) for code in classes}
    novelty = {
        key: np.array(value, float)
        for key, value in stored["novelty"].items()
        if key not in ("root", "offset", "alike")
    }
    root = np.zeros((n_features, n_features))
    root[np.tril_indices(n_features)] = [x for row in stored["novelty"]["root"] for x in row]
    return Parameters(
        verdicts=stored["verdicts"],
        agreement=float(stored["agreement"]),
        abstention=Abstention(**abstention),
        conformal=Conformal(np.array(stored["conformal"]["coverage"], float), least),
        novelty=Reference(
            **novelty,
            root=root,
            offset=float(stored["novelty"]["offset"]),
            alike=float(stored["novelty"]["alike"]),
        ),
    )


def _contradiction(stored: dict, classes: tuple[str, ...], n_features: int) -> str:
    """What is wrong with a file whose keys are all there; empty where nothing is."""
    novelty, conformal = stored["novelty"], stored["conformal"]
    if set(stored["verdicts"]) != set(classes) or set(conformal["least"]) != set(classes):
        return f"it is of other classes than {', '.join(classes)}"
    rows = [len(row) for row in novelty["root"]]
    sizes = {len(novelty[key]) for key in ("center", "scale", "mean", "slope")}
    if sizes != {n_features} or rows != list(range(1, n_features + 1)):
        return f"key 'novelty' is not of {n_features} features"
    lists = {
        "abstention": list(stored["abstention"].values()),
        "conformal": [conformal["coverage"], *conformal["least"].values()],
        "novelty": [novelty["seconds"], novelty["limits"]],
    }
    for key, parts in lists.items():
        if len({len(part) for part in parts}) != 1 or not parts[0]:
            return f"key '{key}' has lists of other lengths"
        if parts[0] != sorted(parts[0]):
            return f"key '{key}' is not in increasing order"
    if not all(x > 0 for x in novelty["scale"]):
        return "key 'novelty' has a scale that is not above 0"
    names = ("center", "scale", "mean", "slope", "seconds", "limits")
    numbers = [x for key in names for x in novelty[key]]
    numbers += [novelty["offset"], novelty["alike"], stored["agreement"]]
    if not np.isfinite([*numbers, *(x for row in novelty["root"] for x in row)]).all():
        return "it has a number that is not finite"
    return ""


def _plain(value: Any) -> Any:
    """Lists, dictionaries and numbers of `_DIGITS` digits."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str) else float(f"{value:.{_DIGITS}g}")
