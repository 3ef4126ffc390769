"""The networks, one file each: the paper, a dataclass of hyperparameters, and the network.

A file defines `Hyperparameters` and `network(signal, mask, fs, n_classes, h)`, which returns
probabilities (batch, n_classes) from a layer named `label`, as `_parts.classify` does; one with
`INPUT = "beats"` takes beats in place of the signal. It imports Keras inside `network`, so that
reading a configuration does not load Keras. The name of a model is that of its file.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from ecglab.ecg.features.beat_windows import WIDTH
from ecglab.models._augment import Augment
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.settings import Settings

if TYPE_CHECKING:
    import keras

__all__ = ["Augment", "build", "hyperparameters", "names", "takes"]


def names() -> list[str]:
    """The models there are: every file of this folder but the shared parts."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def hyperparameters(name: str) -> type[Settings]:
    """The frozen dataclass of a model's hyperparameters. Raises EcglabError for an unknown name."""
    return _module(name).Hyperparameters


def takes(name: str) -> str:
    """What a model takes: "waveform", or "beats". Raises EcglabError for an unknown name."""
    return getattr(_module(name), "INPUT", "waveform")


def build(
    name: str,
    fs: float,
    n_classes: int,
    network: Mapping | None = None,
    augment: Mapping | None = None,
    n_samples: int | None = None,
) -> "keras.Model":
    """A Keras model from the waveform, or from the beats, to the probabilities of the classes.

    Inputs: {"signal": (batch, n) float32 in mV, 0 where missing; "mask": (batch, n) float32, 1
    where a sample is known, 0 where it is missing or padding}, as `ecglab.ecg.prepare.batch`
    returns them, with any n from 5 s; for a model that takes beats, what
    `ecglab.ecg.features.beat_windows.batch_of_beats` returns. Output: (batch, n_classes)
    probabilities.

    name: one of `names()`; fs: rate of the signal in Hz; n_classes: number of probabilities
    network: hyperparameters that differ from the model's own
    augment: settings of `Augment` that differ from its own; None for no augmentation layers
    n_samples: greatest length of what is left of a record to train on after resampling; by
        default the whole record
    Raises EcglabError for an unknown name or key, and for a value that is impossible at this rate.
    """
    module = _module(name)
    chosen = module.Hyperparameters.read("network", network or {})
    quiet.load_keras()
    import keras

    settings = None if augment is None else Augment.read("augment", augment)
    if takes(name) == "beats":
        given = [keras.Input((None, WIDTH), name="beats"), keras.Input((None,), name="beats_mask")]
        seen = settings.applied_to_beats(*given) if settings else given
    else:
        given = [keras.Input((None,), name="signal"), keras.Input((None,), name="mask")]
        signal, mask = given
        seen = settings.applied(signal, mask, fs, n_samples) if settings else given
    try:
        probabilities = module.network(*seen, fs, n_classes, chosen)
    except ValueError as error:  # a layer that refuses its settings
        reason = str(error).splitlines()[0]
        raise EcglabError(f"{name} cannot be built at {fs:g} Hz: {reason}") from error
    return keras.Model({one.name: one for one in given}, probabilities, name=name)


def _module(name: str) -> ModuleType:
    if name not in names():
        raise EcglabError(f"there is no model {name!r}: there are {', '.join(names())}")
    return importlib.import_module(f"ecglab.models.{name}")
