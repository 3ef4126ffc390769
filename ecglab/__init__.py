"""Finds atrial fibrillation in short single-lead ECGs.

`import ecglab` is enough for daily work. It is light: a name is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ecglab.utils import extras, hooks

if TYPE_CHECKING:  # for editors and type checkers
    import keras

    from ecglab import layers
    from ecglab.datasets.dataset import open as load_dataset
    from ecglab.ecg.classes import Classes
    from ecglab.ecg.features import table as extract_features
    from ecglab.ecg.prepare import batch, prepare
    from ecglab.ecg.record import Record
    from ecglab.evaluation.metrics import f1_scores
    from ecglab.inference.predictor import Predictor
    from ecglab.plots.ecg import strip as plot_record
    from ecglab.plots.explanation import explanation as plot_explanation
    from ecglab.plots.spectrograms import spectrogram as plot_spectrogram
    from ecglab.readers import read
    from ecglab.tracking.registry import load_model
    from ecglab.utils.errors import EcglabError, RecordError

__version__ = "0.1.0"

_NAMES = {
    "Classes": ("ecglab.ecg.classes", "Classes"),
    "EcglabError": ("ecglab.utils.errors", "EcglabError"),
    "Predictor": ("ecglab.inference.predictor", "Predictor"),
    "Record": ("ecglab.ecg.record", "Record"),
    "RecordError": ("ecglab.utils.errors", "RecordError"),
    "batch": ("ecglab.ecg.prepare", "batch"),
    "extract_features": ("ecglab.ecg.features", "table"),
    "f1_scores": ("ecglab.evaluation.metrics", "f1_scores"),
    "load_dataset": ("ecglab.datasets.dataset", "open"),
    "load_model": ("ecglab.tracking.registry", "load_model"),
    "plot_explanation": ("ecglab.plots.explanation", "explanation"),
    "plot_record": ("ecglab.plots.ecg", "strip"),
    "plot_spectrogram": ("ecglab.plots.spectrograms", "spectrogram"),
    "prepare": ("ecglab.ecg.prepare", "prepare"),
    "read": ("ecglab.readers", "read"),
}

_MODULES = {"keras": "keras", "layers": "ecglab.layers"}
"""For your own networks: Keras without its log lines, and the layers of ecglab."""

__all__ = [
    "Classes",
    "EcglabError",
    "Predictor",
    "Record",
    "RecordError",
    "__version__",
    "batch",
    "extract_features",
    "f1_scores",
    "keras",
    "layers",
    "load_dataset",
    "load_model",
    "plot_explanation",
    "plot_record",
    "plot_spectrogram",
    "prepare",
    "read",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        module, attribute = _NAMES[name]
        return getattr(importlib.import_module(module), attribute)
    if name in _MODULES:
        importlib.import_module("ecglab.utils.quiet").load_keras()
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"module 'ecglab' has no attribute {name!r}")


def _plot_record(record: Any, **options: Any) -> Any:
    """What `Record.plot` calls."""
    extras.load("matplotlib")
    return __getattr__("plot_record")(record, **options)


hooks.provide("plot_record", _plot_record)


def __dir__() -> list[str]:
    return sorted({*__all__, "__doc__", "__file__", "__name__", "__path__"})
