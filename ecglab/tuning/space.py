"""What a search may change of an experiment: a range or a choice for some of its keys.

An experiment's file declares it beside the experiment, over the keys that `--set` takes:

    space = {"learning_rate": log(5e-4, 5e-3), "network.units": choice(0, 32, 64)}

A value is carried as the text that `--set` takes, so a trial is the experiment with some keys set.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ecglab.training.experiment import Experiment, as_text, unknown
from ecglab.utils.errors import EcglabError


@dataclass(frozen=True)
class Choice:
    """One of several values, in the order in which they are thought to matter."""

    values: tuple

    def __post_init__(self):
        if len(set(self.texts)) < max(len(self.values), 2):
            raise EcglabError(f"choice({', '.join(self.texts)}): give two different values or more")

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(as_text(value) for value in self.values)

    edges = texts
    """The texts that must be possible for all between them to be."""

    def text(self, value) -> str:
        """A value that was drawn, as `--set` takes it."""
        return as_text(value)

    def place(self, text: str) -> float:
        """Where a value lies in the space, from 0 to 1."""
        return self.texts.index(text) / (len(self.values) - 1)

    def holds(self, text: str) -> bool:
        return text in self.texts

    def as_dict(self) -> dict:
        return {"choice": list(self.texts)}


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included.

    whole: of integers only; log: drawn evenly over the logarithm
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False

    def __post_init__(self):
        name = "integer" if self.whole else "log" if self.log else "real"
        shown = f"{name}({as_text(self.low)}, {as_text(self.high)})"
        for end in (self.low, self.high):
            number = isinstance(end, int | float) and not isinstance(end, bool)
            if not number or not math.isfinite(end) or (self.whole and end != int(end)):
                what = "whole numbers" if self.whole else "numbers"
                raise EcglabError(f"{shown}: both ends must be {what}")
        if self.low >= self.high:
            raise EcglabError(f"{shown}: the first end must be below the second")
        if self.log and self.low <= 0:
            raise EcglabError(f"{shown}: the first end must be above 0")

    @property
    def edges(self) -> tuple[str, ...]:
        if self.whole and self.high - self.low < 100:
            return tuple(str(x) for x in range(int(self.low), int(self.high) + 1))
        return self.text(self.low), self.text(self.high)

    def text(self, value) -> str:
        """A value that was drawn, with four digits: what is finer than that means nothing."""
        if self.whole:
            return str(int(value))
        # Rounding may lead out of the range by less than a digit.
        return f"{min(max(float(f'{value:.4g}'), self.low), self.high):.12g}"

    def place(self, text: str) -> float:
        """Where a value lies in the space, from 0 to 1."""
        scale = math.log if self.log else float
        low, high = scale(self.low), scale(self.high)
        return (scale(float(text)) - low) / (high - low)

    def holds(self, text: str) -> bool:
        value = float(text)
        return self.low <= value <= self.high and (not self.whole or value.is_integer())

    def as_dict(self) -> dict:
        return {"low": self.low, "high": self.high, "whole": self.whole, "log": self.log}


def choice(*values) -> Choice:
    """One of these values; a value of a tuple key, such as network.widths, is a tuple."""
    return Choice(values)


def real(low: float, high: float) -> Range:
    """A number from low to high."""
    return Range(low, high)


def log(low: float, high: float) -> Range:
    """A number from low to high, drawn evenly over its logarithm."""
    return Range(low, high, log=True)


def integer(low: int, high: int) -> Range:
    """A whole number from low to high, both included."""
    return Range(low, high, whole=True)


def from_dict(told: Mapping) -> Choice | Range:
    """What `as_dict` told."""
    return Choice(tuple(told["choice"])) if "choice" in told else Range(**told)


def check(space: Mapping, experiment: Experiment, kept: Mapping[str, str] | None = None) -> None:
    """EcglabError unless every value of the space is one that the experiment takes.

    kept: further keys that cannot be searched, and why
    """
    if not space:
        raise EcglabError("there is nothing to search: the space has no key that is not set")
    known = experiment.flat()
    # These say on what a setting is judged, or are no setting of what is trained.
    reasons = {f.name: "because trials must be comparable" for f in fields(Experiment)}
    reasons |= dict.fromkeys(experiment.fixed, "because another one makes another experiment")
    reasons |= kept or {}
    for key, entry in space.items():
        if key not in known:
            raise EcglabError(f"the space: {unknown(key, known)}")
        if key in reasons:
            raise EcglabError(f"the space: {key} cannot be searched, {reasons[key]}")
        if not isinstance(entry, Choice | Range):
            raise EcglabError(f"the space: {key} is {entry!r}: write choice, real, log or integer")
        for text in entry.edges:
            try:
                experiment.set([f"{key}={text}"])
            except EcglabError as error:
                raise EcglabError(f"the space: {error}") from None


def own(space: Mapping, experiment: Experiment) -> dict[str, str] | None:
    """The experiment's own values of the searched keys, None where the space leaves one out."""
    known = experiment.flat()
    if not all(entry.holds(as_text(known[key])) for key, entry in space.items()):
        return None
    return {key: entry.text(known[key]) for key, entry in space.items()}
