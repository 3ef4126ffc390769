"""Finds atrial fibrillation in short single-lead ECGs.

The names that a notebook needs are loaded when they are first used: importing ecglab is light.
"""

import importlib

__version__ = "0.1.0"

_NAMES = {
    "Classes": ("ecglab.ecg.classes", "Classes"),
    "EcglabError": ("ecglab.utils.errors", "EcglabError"),
    "Predictor": ("ecglab.inference.predictor", "Predictor"),
    "Record": ("ecglab.ecg.record", "Record"),
    "RecordError": ("ecglab.utils.errors", "RecordError"),
    "load_dataset": ("ecglab.datasets.dataset", "open"),
    "load_model": ("ecglab.tracking.registry", "load_model"),
    "plot_record": ("ecglab.plots.ecg", "strip"),
    "read": ("ecglab.readers", "read"),
}

__all__ = [*_NAMES, "__version__"]


def __getattr__(name: str):
    if name not in _NAMES:
        raise AttributeError(f"module 'ecglab' has no attribute {name!r}")
    module, attribute = _NAMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
