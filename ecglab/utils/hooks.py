"""Functions that a lower package calls and an upper one provides, by name.

`Record.plot` draws a record, and the package that draws is above that of the record. So
`ecglab/__init__.py`, which knows both, provides the function, and nothing is loaded before it is
called.
"""

from collections.abc import Callable
from typing import Any

from .errors import EcglabError

_provided: dict[str, Callable] = {}


def provide(name: str, function: Callable) -> None:
    """Let `call(name)` call this function."""
    _provided[name] = function


def call(name: str, *arguments: Any, **options: Any) -> Any:
    """What the function that is provided under this name returns.

    Raises EcglabError where there is none, as in a logged model, which has a copy of the lower
    packages only.
    """
    if name not in _provided:
        raise EcglabError(f"{name} is not available: install ecglab, and import it")
    return _provided[name](*arguments, **options)
