"""From a run folder to a package: the fold networks as Keras and ONNX files, and a card."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecglab.errors import EcglabError
from ecglab.files import write_json
from ecglab.metrics import scores
from ecglab.record import FS, LABELS, MIN_SECONDS
from ecglab.runs import RunFolder


def package(run: RunFolder, folder: Path, folds: Sequence[int] | None = None) -> dict:
    """Write the package of these folds (all by default) into `folder`; returns its card."""
    import pandas as pd

    folds = list(run.folds) if folds is None else list(folds)
    folder.mkdir(parents=True, exist_ok=True)
    members = {k: _parts(run, k) for k in folds}
    export_onnx([part.stem for part in itertools.chain(*members.values())])
    for part in itertools.chain(*members.values()):
        for suffix in (".keras", ".onnx"):
            if part.stem.with_suffix(suffix).exists():  # trees have no Keras file
                shutil.copyfile(part.stem.with_suffix(suffix), folder / f"{part.name}{suffix}")
    table = pd.concat([run.predictions(k) for k in folds])
    name = run.name if len(folds) == len(run.folds) else f"{run.name}/fold-{folds[0]}"
    if run.facts["data"]["kind"] == "synthetic":
        name += " (SYNTHETIC)"
    card = {
        "name": name,
        "model": run.facts["experiment"].get("model", run.facts.get("kind")),
        "labels": list(LABELS),
        "fs": FS,
        "kind": run.facts["data"]["kind"],
        "scope": run.scope,
        "data": run.facts["data"],
        "folds_digest": run.facts["folds_digest"],
        "members": {str(k): [part.card for part in parts] for k, parts in members.items()},
        "scored_out_of_fold": len(table),
        "scores": scores(table),
        "experiment": run.facts["experiment"],
        "code": run.facts["code"],
        "environment": run.facts["environment"],
        "training_seconds": run.training_seconds,
        "limits": (
            "Research only, no medical device. Trained on single-lead recordings of 9 to 61 s; "
            "scores are of single fold networks on records they never saw."
        ),
    }
    write_json(folder / "card.json", card)
    return card


class _Part(NamedTuple):
    """One model of a fold: its files are STEM.onnx and, of a network, STEM.keras."""

    stem: Path
    name: str
    input: str
    exponent: float

    @property
    def card(self) -> dict:
        return {"file": f"{self.name}.onnx", "input": self.input, "exponent": self.exponent}


def _parts(run: RunFolder, k: int) -> list[_Part]:
    """The models that fold k of a run is made of: one, or those that an ensemble pools."""
    kind = run.facts.get("kind", "network")
    if kind != "ensemble":
        given = "features" if kind == "trees" else "waveform"
        return [_Part(run.fold(k) / "model", f"fold-{k}", given, 1.0)]
    pool = json.loads((run.fold(k) / "ensemble.json").read_text(encoding="utf-8"))
    parts = []
    for member in pool:
        of = RunFolder(run.path.parent / member["run"])
        for part in _parts(of, k):
            name = f"{part.name}-{of.facts['name']}"
            exponent = part.exponent * member["exponent"]
            parts.append(part._replace(name=name, exponent=exponent))
    return parts


def export_onnx(stems: Sequence[Path]) -> None:
    """Write STEM.onnx from STEM.keras for each stem that has none yet, whole or not at all."""
    stems = [stem for stem in stems if not stem.with_suffix(".onnx").exists()]
    if not stems:
        return
    # Only the TensorFlow backend exports every layer, and a process has one backend, so another
    # backend's process asks a new one.
    import keras

    if keras.backend.backend() == "tensorflow":
        for stem in stems:
            _export(stem)
        return
    done = subprocess.run(
        [sys.executable, "-m", "ecglab.packaging", *map(str, stems)],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise EcglabError(f"the ONNX export failed: {done.stderr.strip().splitlines()[-1]}")


def _export(stem: Path) -> None:
    import keras
    import numpy as np

    import ecglab.layers.augment  # noqa: F401  registers the layers that the file names
    from ecglab.quiet import stderr_on_error

    model = keras.models.load_model(stem.with_suffix(".keras"), compile=False)
    silence = np.zeros((1, round(MIN_SECONDS * FS)), np.float32)
    model({"signal": silence, "valid": silence})  # Keras exports only what has been called
    partial = stem.with_name("partial.onnx")
    with stderr_on_error():
        model.export(partial, format="onnx", verbose=False)
    os.replace(partial, stem.with_suffix(".onnx"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _export(Path(name))
