"""Run folders as training leaves them, made up in a moment."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.training.run_folder import RunFolder
from ecglab.utils.files import write_json

CLASSES = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"},
    ranked=("N", "A", "O"),
)

OWN = {
    "model": "resnet1d",
    "records": 0,
    "folds": 0,
    "held_out": -1,
    "epochs": 40,
    "seed": 1,
    "network": {"widths": (16, 32), "dropout": 0.3},
    "augment": {"polarity": 0.5},
}
"""The settings of every experiment's own file, as far as the tests know them."""


def make(folder: Path, name="resnet1d", noise=1.0, done=True, simulated=False, **keys) -> RunFolder:
    """A run of 60 records a fold, finished by default.

    noise: how much its predictions err; keys: settings, as epochs=3 or network__dropout=0.1
    """
    rng = np.random.default_rng(round(1000 * noise))
    settings = json.loads(json.dumps(OWN))
    for key, value in keys.items():
        group, _, last = key.rpartition("__")
        (settings[group] if group else settings)[last] = value
    number = len(list((folder / "mlruns" / "runs").glob("*")))
    run = RunFolder(folder / "mlruns" / "runs" / f"{name}-{number}")
    facts = {
        "id": f"id{number}",
        "name": name,
        "kind": "network",
        "settings": settings,
        "settings_digest": "s1",
        "made_of": {},
        "search": {},
        "data": {
            "name": "cinc2017",
            "simulated": simulated,
            "classes": CLASSES.as_dict(),
            "fs": 300.0,
            "digest": "d1",
            "labels": "v3",
            "records": 300,
            "published": 8528,
            "counts": dict.fromkeys(CLASSES, 75),
        },
        "split": {"folds": 5, "digest": "f1"},
        "code": "0.1.0 abc",
        "environment": {"device": "cpu:0", "numpy": "2.0", "platform": "a machine"},
        "began": "2026-01-01T00:00:00+00:00",
    }
    write_json(run.path / "run.json", facts)
    write_json(run.path / "members.json", [])
    for k in run.folds:
        labels = np.array(CLASSES.codes)[np.arange(60) % 4]
        logit = rng.normal(0, noise, (60, 4)) + 2 * CLASSES.one_hot(labels)
        share = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
        unknown = np.full(60, "", object)
        ids = np.array([f"A{5 * i + k:05}" for i in range(60)])[::-1]
        data = SimpleNamespace(ids=ids, labels=labels, classes=CLASSES, groups=unknown)
        run.fold(k).mkdir()
        rows = np.arange(60)
        run.write_table(k, data, rows, share, "predictions")
        run.write_table(k, data, rows[:0], share[:0], "validation")
        write_json(run.fold(k) / "history.json", [{"epoch": 1, "seconds": 60.0}])
        run.end_fold(k)
    if done:
        run.end()
    return run
