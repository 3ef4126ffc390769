"""Groups of settings: frozen dataclasses that refuse unknown keys and impossible values."""

import difflib
import inspect
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from .errors import EcglabError


def unknown(key: str, known: Iterable[str]) -> str:
    """The message for a key that is not among the known ones."""
    known = sorted(known)
    # The part after the dot is compared: the group alone would make all keys of it alike.
    ends = {k.rpartition(".")[2]: k for k in known}
    near = difflib.get_close_matches(key.rpartition(".")[2], ends, n=1)
    hint = f"did you mean {ends[near[0]]}?" if near else f"there are {', '.join(known)}"
    return f"unknown key {key!r}: {hint}"


def meanings(kind: type) -> dict[str, str]:
    """{name: meaning} of the fields of a dataclass, from its docstring and those of its bases.

    There, an entry is "name: meaning" or "name, other: meaning of each"; it begins a line or
    follows a semicolon, and its further lines are indented.
    """
    name = rf"(?:{'|'.join(field.name for field in fields(kind))})"
    entry = re.compile(rf"(?:^|;\s+)({name}(?:, {name})*):\s", re.MULTILINE)
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        for paragraph in re.sub(r"\n +", " ", text).splitlines():
            _, *parts = entry.split(paragraph)
            for names, meaning in zip(parts[::2], parts[1::2], strict=True):
                found |= dict.fromkeys(names.split(", "), meaning.rstrip("."))
    return found


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of a frozen dataclass of settings, each with a default.

    A value must have the type of its default: int, float, str, or a tuple of int or of float, for
    which lists and, among floats, whole numbers are taken too. Subclasses check what else holds:

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Filter(Settings):
    ...     order: int = 4
    ...     def rules(self):
    ...         yield "order", self.order >= 1, "at least 1"
    >>> Filter.read("filter", {"order": 2}).as_dict()
    {'order': 2}
    >>> Filter.read("filter", {"order": 0})
    Traceback (most recent call last):
    ecglab.utils.errors.EcglabError: filter.order=0 is impossible: it must be at least 1
    """

    def rules(self) -> Iterable[tuple[str, bool, str]]:
        """Each rule: a key, whether its value is possible, and what it must be, in words."""
        return ()

    @classmethod
    def read(cls, group: str, values: Mapping) -> Self:
        """These settings with some values set.

        group: of the keys, as messages name them. Raises EcglabError for an unknown key, a value of
        another type, and one that breaks a rule.
        """
        defaults = {field.name: field.default for field in fields(cls)}
        for key in values:
            if key not in defaults:
                raise EcglabError(unknown(f"{group}.{key}", [f"{group}.{k}" for k in defaults]))
        typed = {key: _typed(f"{group}.{key}", x, defaults[key]) for key, x in values.items()}
        made = cls(**typed)
        for key, holds, rule in made.rules():
            if not holds:
                value = getattr(made, key)
                raise EcglabError(f"{group}.{key}={value} is impossible: it must be {rule}")
        return made

    def as_dict(self) -> dict:
        """{name: value} of all settings."""
        return asdict(self)


def _typed(key: str, value: Any, default: Any) -> Any:
    """`value` in the type of the default."""
    if isinstance(default, tuple):
        whole = all(type(x) is int for x in default)
        parts = list(value) if isinstance(value, list | tuple) else []
        if parts and all(_is_number(x, whole) for x in parts):
            return tuple(x if whole else float(x) for x in parts)
        what = "whole numbers" if whole else "numbers"
    elif isinstance(default, str):
        if isinstance(value, str):
            return value
        what = "text"
    else:
        whole = type(default) is int
        if _is_number(value, whole):
            return value if whole else float(value)
        what = "a whole number" if whole else "a number"
    raise EcglabError(f"{key}={value!r} is impossible: it must be {what}, such as {default!r}")


def _is_number(x: Any, whole: bool) -> bool:
    kinds = int if whole else int | float
    return isinstance(x, kinds) and not isinstance(x, bool) and math.isfinite(x)
