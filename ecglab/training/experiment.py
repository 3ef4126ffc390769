"""An experiment: one frozen configuration, kept in one file of `experiments/`."""

import abc
import hashlib
import importlib
import importlib.util
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.utils import paths
from ecglab.utils.errors import EcglabError
from ecglab.utils.settings import meanings, unknown

Predict = Callable[[np.ndarray], np.ndarray]
"""From rows of the data set to their probabilities (len(rows), n_classes)."""


@dataclass(frozen=True)
class Fold:
    """The work of one fold.

    k: its number; data: all records; rows, validation, scored: of these, the ones to train on, the
        the validation records, and the records that are scored in the end
    folder: where state and models are kept; changed: to call when something there has become final
    message: takes a line for the person who waits
    after: how many trainings of the same length the run still needs after this one
    """

    k: int
    data: Dataset
    rows: np.ndarray
    validation: np.ndarray
    scored: np.ndarray
    folder: Path
    changed: Callable[[], None] = lambda: None
    message: Callable[[str], None] = lambda text: None
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Experiment(abc.ABC):
    """Settings of every kind of experiment. Unknown keys and invalid values raise EcglabError.

    data: name of the data set; labels: label version ("" for its default)
    records: size of an excerpt with the classes in proportion; 0 for all records
    folds: how many folds of the split are trained and scored, the first ones; 0 for all
    validation: share of the training records used for validation
    training_share: share of the other training records that is trained on, of each class alike;
        below 1 for a learning curve
    held_out: a fold that no part of the run sees, for selection by nested cross-validation: the
        other records are split anew; -1 for none
    seed: seed of everything that is drawn at random
    """

    data: str = "cinc2017"
    labels: str = ""
    records: int = 0
    folds: int = 0
    validation: float = 0.05
    training_share: float = 1.0
    held_out: int = -1
    seed: int = 1

    fixed: ClassVar[tuple[str, ...]] = ()
    """Keys that `set` does not change: with another value it is another experiment."""

    kind: ClassVar[str]
    """What is trained: "network", "trees", "ensemble" or "committee"."""

    def __post_init__(self) -> None:
        self.check(
            ("folds", self.folds >= 0, "at least 0 (0 for all)"),
            ("validation", 0 <= self.validation < 0.5, "at least 0 and below 0.5"),
            ("training_share", 0 < self.training_share <= 1, "above 0 and at most 1"),
            ("records", self.records >= 0, "at least 0 (0 for all)"),
            ("held_out", self.held_out >= -1, "the number of a fold, or -1 for none"),
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the experiments that are trained before this one, on the same records."""
        return ()

    @property
    def consists_of(self) -> tuple[str, ...]:
        """Names of the experiments whose settings are this one's as well: those that it needs."""
        return self.needs

    def made_of(self) -> dict[str, dict]:
        """{name: settings} of the experiments that this one consists of, and of theirs in turn."""
        made: dict[str, dict] = {}
        for name in self.consists_of:
            other = replace(load(name), **self.shared)
            made |= {name: other.as_dict(), **other.made_of()}
        return made

    @property
    def shared(self) -> dict:
        """The keys in which another experiment must agree to be combined with this one."""
        keys = ("data", "labels", "records", "folds", "validation", "training_share", "held_out")
        return {key: getattr(self, key) for key in keys}

    def environment(self) -> dict[str, str]:
        """What a result depends on beside the libraries, known to the process that trains."""
        return {"device": "cpu:0"}

    def prepare(self, data: Dataset, message: Callable[[str], None]) -> None:  # noqa: B027
        """Make what all trainings on these records share, before several begin at once."""

    @abc.abstractmethod
    def train_fold(self, fold: Fold) -> Predict:
        """Train on `fold.rows`, going on from what `fold.folder` holds; the trained predictor."""

    def check(self, *rules: tuple[str, bool, str]) -> None:
        """Each rule: a key, whether its value is possible, and what it must be, in words."""
        for key, holds, rule in rules:
            if not holds:
                raise EcglabError(f"{key}={getattr(self, key)} is impossible: it must be {rule}")

    def set(self, assignments: Iterable[str]) -> "Experiment":
        """A copy with keys set, each as "key=value": "epochs=2", "network.widths=16,32"."""
        config = self.as_dict()
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            if not equals:
                raise EcglabError(f"--set {assignment!r}: write it as key=value, such as epochs=2")
            known = self.flat()
            if key not in known:
                raise EcglabError(unknown(key, known))
            if key in self.fixed and text != as_text(known[key]):
                raise EcglabError(
                    f"{key}={text}: {key} cannot be changed with --set; "
                    "write a new experiment in experiments/"
                )
            group, _, name = key.rpartition(".")
            (config[group] if group else config)[name] = _parse(key, text, known[key])
        return replace(self, **config)

    def as_dict(self) -> dict:
        """Every key with its value, ready for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in plain.items()}

    def flat(self) -> dict:
        """Every key with its value, {"epochs": 40, "network.dropout": 0.3, ...}."""
        return flat(self.as_dict())

    def meanings(self) -> dict[str, str]:
        """{key: meaning} of the keys of `flat`, from the docstrings of the classes."""
        return meanings(type(self))

    @property
    def digest(self) -> str:
        return digest_of(self.as_dict())


def flat(config: Mapping) -> dict:
    """A nested configuration as {"epochs": 40, "network.dropout": 0.3, ...}."""
    keys: dict[str, Any] = {}
    for key, value in config.items():
        group = isinstance(value, Mapping)
        keys |= {f"{key}.{name}": x for name, x in value.items()} if group else {key: value}
    return keys


def digest_of(config: Mapping) -> str:
    """SHA-256 over every key and value of a configuration."""
    return hashlib.sha256(json.dumps(flat(config), sort_keys=True).encode()).hexdigest()


def differing(name: str, settings: Mapping) -> dict:
    """The settings that are not those of the experiment's file, in a fixed order.

    settings: flat, as {"epochs": 8, "network.dropout": 0.1}
    A setting that did not exist when an older run began does not differ.
    """
    own, settings = (json.loads(json.dumps(x)) for x in (load(name).flat(), settings))
    first = ("data", "labels", "records", "held_out", "epochs", "folds", "seed")
    keys = [*first, *sorted(set(settings) - set(first))]
    given = {key: settings[key] for key in keys if key in settings}
    return {key: x for key, x in given.items() if key not in own or x != own[key]}


def as_text(value: object) -> str:
    """A value as `--set` takes it: 16,32,48 for a list."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def names() -> list[str]:
    """The experiments there are: the files of `experiments/`."""
    return list(paths.experiments())


def load(name: str) -> Experiment:
    """The experiment of `experiments/NAME.py`; EcglabError when there is none."""
    return _module(name).experiment


def space(name: str) -> dict:
    """What a search may change, as the experiment's file declares it: see `ecglab.tuning.space`."""
    declared = getattr(_module(name), "space", None)
    if not declared:
        raise EcglabError(
            f"experiments/{name}.py declares no space to search: add one, as "
            'space = {"learning_rate": log(5e-4, 5e-3)}'
        )
    return dict(declared)


def _module(name: str) -> ModuleType:
    files = paths.experiments()
    if name not in files:
        raise EcglabError(f"there is no experiment {name!r}: there are {', '.join(files)}")
    spec = importlib.util.spec_from_file_location(name, files[name])
    assert spec and spec.loader  # of a file there always is one
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except TypeError as error:  # how a dataclass refuses an unknown key
        raise EcglabError(f"experiments/{name}.py: {error}") from None
    return module


class Begun(Protocol):
    """What was begun with an experiment: a run folder, or a search."""

    @property
    def path(self) -> Path: ...

    @property
    def facts(self) -> dict: ...

    @property
    def settings(self) -> dict: ...


def of(run: Begun) -> Experiment:
    """The experiment of a run folder, or of a search, as it was when that began."""
    kind = run.facts["kind"]
    if kind not in ("network", "trees", "ensemble", "committee"):
        raise EcglabError(f"{run.path}: run.json names an unknown kind of experiment, {kind!r}")
    made = getattr(importlib.import_module(f"ecglab.training.{kind}"), kind.capitalize())
    try:
        return made(**_with_tuples(run.settings))
    except (TypeError, EcglabError) as error:
        raise EcglabError(
            f"{run.path} was made by another version of ecglab ({error}): train it again"
        ) from None


def _with_tuples(config: Mapping) -> dict:
    """A configuration as it was before JSON made lists of its tuples."""
    restored = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            value = _with_tuples(value)
        restored[key] = tuple(value) if isinstance(value, list) else value
    return restored


def _parse(key: str, text: str, old: Any) -> Any:
    """`text` as a value of the type that the key has; tuples are written 16,32,48."""
    try:
        if isinstance(old, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(old, tuple):
            kind = float if any(isinstance(x, float) for x in old) else int
            return tuple(kind(part) for part in text.split(","))
        return type(old)(text)
    except (ValueError, KeyError):
        names = {tuple: "numbers with commas", bool: "true or false", int: "a whole number"}
        what = names.get(type(old), "a number")
        raise EcglabError(
            f"{key}={text!r} cannot be read: it must be {what}, such as {as_text(old)}"
        ) from None
