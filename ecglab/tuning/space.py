"""What a search may change about an experiment: a range or a choice for some of its keys.

An experiment's file declares it beside the experiment, with the keys that `--set` takes:

    space = {"learning_rate": log(5e-4, 5e-3), "network.units": choice(0, 32, 64)}

A value is kept as the text that `--set` takes, so a trial is the experiment with some keys set.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ecglab.training.experiment import Experiment, as_text, unknown
from ecglab.utils.errors import EcglabError


@dataclass(frozen=True)
class Choice:
    """One of several values, in an order that makes sense on an axis."""

    values: tuple

    def __post_init__(self) -> None:
        if len(set(self.texts)) < max(len(self.values), 2):
            raise EcglabError(f"choice({', '.join(self.texts)}): give two different values or more")

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as `--set` takes them."""
        return tuple(as_text(value) for value in self.values)

    edges = texts
    """The values that must be valid for every value to be valid."""

    def text(self, value: object) -> str:
        """A sampled value as `--set` takes it."""
        return as_text(value)

    def sampled(self, text: str) -> str:
        """The value that KerasTuner samples for a text: the text itself."""
        return text

    def place(self, text: str) -> float:
        """Position of a value in the space, from 0 to 1."""
        return self.texts.index(text) / (len(self.values) - 1)

    def holds(self, text: str) -> bool:
        """Whether the space contains a value."""
        return text in self.texts

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return {"choice": list(self.texts)}


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included.

    whole: integers only; log: sampled evenly on a logarithmic scale
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False

    def __post_init__(self) -> None:
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
        """The values that must be valid for every value to be valid."""
        if self.whole and self.high - self.low < 100:
            return tuple(str(x) for x in range(int(self.low), int(self.high) + 1))
        return self.text(self.low), self.text(self.high)

    def text(self, value: float) -> str:
        """A sampled value as `--set` takes it, with four digits."""
        if self.whole:
            return str(int(value))
        # Rounding may leave the range by less than a digit.
        return f"{min(max(float(f'{value:.4g}'), self.low), self.high):.12g}"

    def sampled(self, text: str) -> float:
        """The value that KerasTuner samples for a text: a number."""
        return int(text) if self.whole else float(text)

    def place(self, text: str) -> float:
        """Position of a value in the space, from 0 to 1."""
        scale = math.log if self.log else float
        low, high = scale(self.low), scale(self.high)
        return (scale(float(text)) - low) / (high - low)

    def holds(self, text: str) -> bool:
        """Whether the space contains a value."""
        value = float(text)
        return self.low <= value <= self.high and (not self.whole or value.is_integer())

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return {"low": self.low, "high": self.high, "whole": self.whole, "log": self.log}


def choice(*values: object) -> Choice:
    """One of these values; a value of a tuple key, such as network.widths, is a tuple."""
    return Choice(values)


def real(low: float, high: float) -> Range:
    """A number from low to high."""
    return Range(low, high)


def log(low: float, high: float) -> Range:
    """A number from low to high, sampled evenly on a logarithmic scale."""
    return Range(low, high, log=True)


def integer(low: int, high: int) -> Range:
    """A whole number from low to high, both included."""
    return Range(low, high, whole=True)


def from_dict(stored: Mapping) -> Choice | Range:
    """The choice or range that `as_dict` described."""
    return Choice(tuple(stored["choice"])) if "choice" in stored else Range(**stored)


def check(space: Mapping, experiment: Experiment, others: Mapping[str, str] | None = None) -> None:
    """Check that the experiment takes every value of the space. Raises EcglabError.

    others: further keys that cannot be searched, each with the reason
    """
    if not space:
        raise EcglabError("there is nothing to search: every key of the space is set")
    known = experiment.flat()
    # These decide what a setting is scored on, or do not change what is trained.
    reasons = {f.name: "because trials must be comparable" for f in fields(Experiment)}
    reasons |= dict.fromkeys(experiment.fixed, "because it defines the experiment")
    reasons |= others or {}
    for key, entry in space.items():
        if key not in known:
            raise EcglabError(f"the space: {unknown(key, known)}")
        if key in reasons:
            raise EcglabError(f"the space: {key} cannot be searched, {reasons[key]}")
        if not isinstance(entry, Choice | Range):
            raise EcglabError(f"the space: {key} is {entry!r}: use choice, real, log or integer")
        for text in entry.edges:
            try:
                experiment.set([f"{key}={text}"])
            except EcglabError as error:
                raise EcglabError(f"the space: {error}") from None


def own(space: Mapping, experiment: Experiment) -> dict[str, str] | None:
    """The experiment's own values of the searched keys; None where the space lacks one of them."""
    known = experiment.flat()
    if not all(entry.holds(as_text(known[key])) for key, entry in space.items()):
        return None
    return {key: entry.text(known[key]) for key, entry in space.items()}
