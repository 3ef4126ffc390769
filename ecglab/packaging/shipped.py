"""The models that come with ecglab: the packages `champion` and `fast`."""

import shutil
import time
from pathlib import Path

from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json, write_text

FOLDS = {"champion": (0, 1, 2, 3, 4), "fast": (0,)}
"""The folds whose models each consists of. Of `fast`, the first one's: not the best one's, whose
score would flatter it."""

HERE = Path(__file__).parent.parent


def folder(name: str) -> Path:
    """Where the package `champion` or `fast` is."""
    return HERE / name


def card_of(name: str) -> dict:
    """The card of the package `champion` or `fast`."""
    return read_json(folder(name) / "card.json")


def ship(run, name: str) -> Path:
    """Make the package `champion` or `fast` from a finished run folder, with its card in words.

    Returns its folder. Raises EcglabError for a run that is unfinished, synthetic, or of a part of
    the records or folds: what is said of such a model would not hold.
    """
    from ecglab.datasets.folds import N_FOLDS
    from ecglab.inference.predictor import MODEL_FILE, Predictor
    from ecglab.packaging import packaging
    from ecglab.packaging.card import markdown

    facts = run.facts
    if not run.is_done:
        raise EcglabError(f"{run.name} is unfinished: 'ecglab train {facts['name']}' goes on")
    if facts["data"]["kind"] == "synthetic":
        raise EcglabError(f"{run.name} was trained on SYNTHETIC records: none is shipped")
    if len(run.folds) < N_FOLDS or facts["experiment"]["records"]:
        raise EcglabError(f"{run.name} is of {run.scope}: only what was trained in full is shipped")

    place = folder(name)
    partial = place.with_name(f"{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    card = packaging.package(run, partial, FOLDS[name], compact=True)
    card["command"] = " ".join(["ecglab train", facts["name"], *_settings(facts)])
    card["cost"]["bytes"] = (partial / MODEL_FILE).stat().st_size
    card["cost"]["milliseconds"] = round(milliseconds(Predictor(partial, threads=1)), 1)
    write_json(partial / "card.json", card)
    write_text(partial / "README.md", markdown(card, name))
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)
    return place


def _settings(facts) -> list[str]:
    """What `ecglab train` needs beside the name to train the run again."""
    from ecglab.reports import results
    from ecglab.training import experiment

    differs = results.differing(facts["name"], experiment.flat(facts["experiment"]))
    return [f"--set {key}={experiment.as_text(value)}" for key, value in differs.items()]


def milliseconds(predictor, n: int = 32) -> float:
    """Of one core for a record of 30 s when n are judged together, features included.

    predictor: with threads=1
    The least of three rounds: whatever else the machine does can only add to it.
    """
    import numpy as np

    from ecglab.datasets import synthetic
    from ecglab.ecg.record import FS, LABELS, Record

    rng = np.random.default_rng(0)
    records = [Record(synthetic.simulate(LABELS[i % 4], 30, rng), FS) for i in range(n)]
    return 1000 / n * min(_seconds(lambda: predictor.probabilities(records)) for _ in range(3))


def _seconds(function) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began
