"""The networks, one file each: `network(signal, valid, **parameters) -> probabilities`.

A model is its file's name. Its parameters are the keyword arguments of `network`, and their
defaults are the model's: there is no second list of either.
"""

import ast
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ecglab.utils.errors import EcglabError


def names() -> list[str]:
    """The models there are: every file of this folder but the shared parts."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def network_of(name: str):
    """The function `network` of a model; EcglabError for an unknown name."""
    _check(name)
    return importlib.import_module(f"ecglab.models.{name}").network


def parameters(name: str) -> Mapping[str, object]:
    """{name: default} of a model's parameters; EcglabError for an unknown name."""
    _check(name)
    return keywords(Path(__file__).with_name(f"{name}.py"), "network")


def keywords(path: Path, function: str) -> Mapping[str, object]:
    """{name: default} of the keyword-only parameters of a function in a file.

    They are read from the source, since importing it would load Keras, and whoever only reads or
    checks a configuration can do without.
    """
    body = ast.parse(path.read_text(encoding="utf-8")).body
    (found,) = [x.args for x in body if isinstance(x, ast.FunctionDef) and x.name == function]
    pairs = zip(found.kwonlyargs, found.kw_defaults, strict=True)
    return MappingProxyType({name.arg: eval(ast.unparse(value), {}) for name, value in pairs})


def _check(name: str) -> None:
    if name not in names():
        raise EcglabError(f"there is no model {name!r}: there are {', '.join(names())}")


def build(name: str, network: Mapping | None = None, augment: Mapping | None = None):
    """A Keras model from the waveform to the probabilities.

    Inputs: `signal` (batch, n) float32 in mV at 300 Hz, 0 where missing; `valid` (batch, n)
    float32, 1 where a sample is known, 0 where it is missing or padding. Any n from 5 s.
    Output: (batch, 4) probabilities in the order of LABELS.

    name: one of `names()`; network: its parameters, by default the model's own
    augment: parameters of `ecglab.layers.augment.augment`, or None for no augmentation layers
    """
    import keras

    from ecglab.layers.augment import augment as augmented

    signal = keras.Input((None,), name="signal")
    valid = keras.Input((None,), name="valid")
    seen = [signal, valid] if augment is None else augmented(signal, valid, **augment)
    try:
        probabilities = network_of(name)(*seen, **(network or {}))
    except ValueError as error:  # a layer's own words on a parameter that cannot be
        raise EcglabError(f"{name} cannot be built: {str(error).splitlines()[0]}") from error
    return keras.Model({"signal": signal, "valid": valid}, probabilities, name=name)
