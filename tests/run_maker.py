"""Run folders as training leaves them, made up in a moment."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ecglab.ecg.record import LABELS
from ecglab.training.run_folder import RunFolder
from ecglab.utils.files import write_json

OWN = {
    "model": "resnet1d",
    "records": 0,
    "folds": 5,
    "epochs": 40,
    "seed": 1,
    "network": {"widths": (16, 32), "dropout": 0.3},
    "augment": {"polarity": 0.5},
}
"""The settings of every experiment's own file, as far as the tests are told."""


def make(
    folder: Path, name="resnet1d", noise=1.0, done=True, data="recordings", **keys
) -> RunFolder:
    """A run of 60 records a fold, finished unless told otherwise.

    noise: how much its predictions err; keys: settings, as epochs=3 or network__dropout=0.1
    """
    rng = np.random.default_rng(round(1000 * noise))
    config = json.loads(json.dumps(OWN))
    for key, value in keys.items():
        group, _, last = key.rpartition("__")
        (config[group] if group else config)[last] = value
    number = len(list((folder / "mlruns" / "runs").glob("*")))
    run = RunFolder(folder / "mlruns" / "runs" / f"{name}-{number}")
    facts = {
        "name": name,
        "kind": "network",
        "experiment": config,
        "data": {
            "name": "cinc2017",
            "kind": data,
            "digest": "d1",
            "labels": "v3",
            "records": 300,
            "published": 8528,
            "counts": {},
        },
        "folds_digest": "f1",
        "code": "0.1.0 abc",
        "environment": {"device": "cpu:0", "numpy": "2.0", "platform": "a machine"},
        "began": "2026-01-01T00:00:00+00:00",
    }
    write_json(run.path / "run.json", facts)
    for k in run.folds:
        labels = np.array(LABELS)[np.arange(60) % 4]
        logit = rng.normal(0, noise, (60, 4)) + 2 * (labels[:, None] == np.array(LABELS))
        share = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
        ids = np.array([f"A{5 * i + k:05}" for i in range(60)])[::-1]
        run.fold(k).mkdir()
        rows = np.arange(60)
        data = SimpleNamespace(ids=ids, labels=labels)
        run.write_predictions(k, data, rows, share)
        run.write_predictions(k, data, rows[:0], share[:0], "inner")
        write_json(run.fold(k) / "history.json", [{"epoch": 1, "seconds": 60.0}])
    if done:
        write_json(run.path / "done.json", {})
    return run
