"""An experiment: one frozen configuration, kept in one file of `experiments/`."""

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from ecglab import quiet
from ecglab.errors import EcglabError
from ecglab.paths import EXPERIMENTS


@dataclass(frozen=True)
class Experiment:
    """Everything that decides what is trained. Unknown keys and impossible values are errors.

    model: name of a file of `ecglab/models`; network: parameters of its `network`
    augment: parameters of `ecglab.layers.augment.augment`
    data, labels: data set and label version ("" for its default)
    records: an excerpt of so many records, classes in proportion; 0 for all
    folds: how many of the five folds are trained and scored, the first ones
    inner: share of the training folds held back for whatever chooses
    choose: "best" keeps the epoch with the best mean F1 over N, A, O on the inner records,
        "last" the last one
    epochs, batch_size, learning_rate (of AdamW, cosine decay), warmup (share of the steps),
    weight_decay, label_smoothing
    class_weight: power of the inverse class frequency by which a record counts; 0 for none
    seed: of weights, order and augmentation
    """

    model: str
    data: str = "cinc2017"
    labels: str = ""
    records: int = 0
    folds: int = 5
    inner: float = 0.05
    choose: str = "last"
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 2e-3
    warmup: float = 0.05
    weight_decay: float = 1e-3
    label_smoothing: float = 0.08
    class_weight: float = 0.5
    seed: int = 1
    network: Mapping = field(default_factory=dict)
    augment: Mapping = field(default_factory=dict)

    def __post_init__(self):
        from ecglab import models
        from ecglab.folds import N_FOLDS
        from ecglab.layers.augment import augment

        defaults = {
            "network": models.parameters(models.network_of(self.model)),
            "augment": models.parameters(augment),
        }
        for group, known in defaults.items():
            given = getattr(self, group)
            for key in given:
                if key not in known:
                    raise EcglabError(_unknown(f"{group}.{key}", [f"{group}.{k}" for k in known]))
            object.__setattr__(self, group, MappingProxyType({**known, **given}))
        for key, holds, rule in (
            ("folds", 1 <= self.folds <= N_FOLDS, f"from 1 to {N_FOLDS}"),
            ("inner", 0 <= self.inner < 0.5, "at least 0 and below 0.5"),
            ("choose", self.choose in ("best", "last"), "'best' or 'last'"),
            ("epochs", self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("records", self.records >= 0, "at least 0"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("warmup", 0 <= self.warmup < 1, "at least 0 and below 1"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1"),
            ("class_weight", self.class_weight >= 0, "at least 0"),
        ):
            if not holds:
                raise EcglabError(f"{key}={getattr(self, key)} is impossible: it must be {rule}")
        if self.choose == "best" and self.inner == 0:
            raise EcglabError("choose=best needs inner records to choose on: set inner above 0")

    def set(self, assignments: Iterable[str]) -> "Experiment":
        """A copy with keys set, each as "key=value": "epochs=2", "network.widths=16,32"."""
        config = self.as_dict()
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            if not equals:
                raise EcglabError(f"--set {assignment!r}: write it as key=value, such as epochs=2")
            known = self.flat()
            if key not in known:
                raise EcglabError(_unknown(key, known))
            if key == "model" and text != self.model:
                raise EcglabError(
                    f"model={text}: another model has other parameters; "
                    "give it a file of its own in experiments/"
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

    @property
    def digest(self) -> str:
        """SHA-256 over every key and value."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()


def flat(config: Mapping) -> dict:
    """A nested configuration as {"epochs": 40, "network.dropout": 0.3, ...}."""
    keys = {}
    for key, value in config.items():
        group = isinstance(value, Mapping)
        keys |= {f"{key}.{name}": x for name, x in value.items()} if group else {key: value}
    return keys


def as_text(value) -> str:
    """A value as `--set` takes it: 16,32,48 for a list."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def names() -> list[str]:
    """The experiments there are: the files of `experiments/`."""
    return sorted(p.stem for p in EXPERIMENTS.glob("*.py") if not p.stem.startswith("_"))


def load(name: str) -> Experiment:
    """The experiment of `experiments/NAME.py`; EcglabError when there is none."""
    if name not in names():
        raise EcglabError(f"there is no experiment {name!r}: there are {', '.join(names())}")
    quiet.load_keras()
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except TypeError as error:  # how a dataclass refuses an unknown key
        raise EcglabError(f"experiments/{name}.py: {error}") from None
    return module.experiment


def _unknown(key: str, known: Iterable[str]) -> str:
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"unknown key {key!r}: {hint}"


def _parse(key: str, text: str, old):
    """`text` as a value of the type that the key has; tuples are written 16,32,48."""
    try:
        if isinstance(old, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(old, tuple):
            kind = float if any(isinstance(x, float) for x in old) else int
            return tuple(kind(part) for part in text.split(","))
        return type(old)(text)
    except (ValueError, KeyError):
        what = "numbers with commas" if isinstance(old, tuple) else type(old).__name__
        raise EcglabError(
            f"{key}={text!r} cannot be read: it must be {what}, as {as_text(old)}"
        ) from None
