"""Finds atrial fibrillation in short single-lead ECGs.

The names a notebook needs, loaded when they are first used: importing ecglab is light.
"""

import importlib

_HOMES = {
    "LABELS": "ecglab.ecg.record",
    "Record": "ecglab.ecg.record",
    "EcglabError": "ecglab.utils.errors",
    "RecordError": "ecglab.utils.errors",
    "read": "ecglab.readers",
    "Predictor": "ecglab.inference.predictor",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ecglab' has no attribute {name!r}")
