"""The classes that a data set distinguishes, in the order of every probability."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..utils.errors import EcglabError

RESERVED = (
    *("record", "file", "group", "fold", "label", "predicted", "confidence", "correct", "error"),
    *("lead", "lead_reason", "fs", "seconds", "n_samples", "sha256", "signal", "probabilities"),
    *("verdict", "reason", "quality", "heart_rate", "height", "findings", "model"),
)
"""Names that no class may have: a table of predictions has a column for each class beside these."""


@dataclass(frozen=True)
class Classes:
    """The classes of a data set; their order is that of every array of probabilities.

    meanings: {code: meaning}, such as {"N": "normal", "A": "atrial fibrillation"}
    ranked: codes whose mean F1 ranks models (`challenge_f1`); by default all

    Raises EcglabError for fewer than two classes, one that is `RESERVED`, or a ranked class that is
    none of them.

    >>> rhythm = Classes({"AF": "atrial fibrillation", "~": "noise"}, ranked=("AF",))
    >>> rhythm.one_hot(["~", "AF"]).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    >>> [rhythm.metric(code) for code in rhythm]
    ['f1/AF', 'f1/noise']
    """

    meanings: Mapping[str, str]
    ranked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.meanings, Mapping):
            raise TypeError(f"classes are given as {{code: meaning}}, not as {self.meanings!r:.40}")
        meanings = {str(code): str(meaning) for code, meaning in self.meanings.items()}
        object.__setattr__(self, "meanings", meanings)
        object.__setattr__(self, "ranked", tuple(self.ranked) or tuple(meanings))
        if len(meanings) < 2:
            raise EcglabError(f"classes {', '.join(meanings) or 'none'}: at least two are needed")
        if taken := [code for code in meanings if code in RESERVED]:
            raise EcglabError(
                f"a class cannot be named {taken[0]!r}, which is a column of the tables of "
                f"predictions: give it another name (--map '{taken[0]}=NAME' when importing)"
            )
        unknown = [code for code in self.ranked if code not in meanings]
        if unknown:
            raise EcglabError(f"ranked class {unknown[0]!r} is none of {', '.join(meanings)}")
        if len({self.metric(code) for code in self}) < len(self):
            raise EcglabError(
                f"classes {', '.join(meanings)}: two differ only in characters that no metric name "
                "can have; rename one"
            )

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.meanings)

    def __iter__(self) -> Iterator[str]:
        return iter(self.meanings)

    def __len__(self) -> int:
        return len(self.meanings)

    def full_name(self, code: str, form: str = "{}  {}") -> str:
        """Code and meaning of a class in this form, or the code alone if it is its meaning.

        >>> rhythm = Classes({"A": "atrial fibrillation", "SR": "SR"})
        >>> rhythm.full_name("A", "{} ({})"), rhythm.full_name("SR", "{} ({})")
        ('A (atrial fibrillation)', 'SR')
        """
        meaning = self.meanings[code]
        return code if meaning == code else form.format(code, meaning)

    def index(self, labels: Iterable[str]) -> np.ndarray:
        """(n,) int: the place of each label. Raises EcglabError for a label that is no class."""
        place = {code: i for i, code in enumerate(self)}
        try:
            return np.array([place[label] for label in labels], int)
        except KeyError as error:
            raise EcglabError(
                f"label {error.args[0]!r} is none of {', '.join(self)}: "
                "is it a label of another data set, or does it need a mapping?"
            ) from None

    def one_hot(self, labels: Iterable[str]) -> np.ndarray:
        """(n, n_classes) float32: 1 for the class of each label, 0 for the others."""
        return np.eye(len(self), dtype=np.float32)[self.index(labels)]

    def predicted(self, probabilities: np.ndarray) -> np.ndarray:
        """(n,) str: the class of the highest probability in each row (n, n_classes)."""
        return np.array(self.codes)[np.asarray(probabilities).argmax(axis=1)]

    def metric(self, code: str) -> str:
        """Name of a class's F1 among the metrics; MLflow allows letters, digits and "_-. /"."""
        name = code if re.fullmatch(r"[\w. -]+", code, re.ASCII) else self.meanings[code]
        return "f1/" + re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("_")

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return {"meanings": dict(self.meanings), "ranked": list(self.ranked)}

    @classmethod
    def from_dict(cls, stored: Mapping) -> "Classes":
        """The classes from the dictionary of `as_dict`. Raises EcglabError if keys are missing."""
        try:
            return cls(dict(stored["meanings"]), tuple(stored["ranked"]))
        except (KeyError, TypeError, ValueError) as error:
            raise EcglabError(f"the classes cannot be read ({error!r})") from None
