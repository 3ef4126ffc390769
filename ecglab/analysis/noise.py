"""What added noise does to predictions: how certain they are, and how many are wrong."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.evaluation import disturbances
from ecglab.inference.predictor import Predictor
from ecglab.utils import progress

if TYPE_CHECKING:
    import pandas as pd


def predicted(
    predictor: Predictor, records: Sequence[Record], levels: Sequence[float], seed: int = 0
) -> np.ndarray:
    """(n_levels, n_records, n_classes) probabilities of the records with white noise.

    levels: SD of the noise in mV. A record has the same noise at all levels, but for its size.
    """
    found = []
    for level in progress.bar(levels, "levels of noise"):
        rng = np.random.default_rng(seed)
        noisy = [disturbances.noise(record, rng, level) for record in records]
        found.append(predictor.predict_proba(noisy))
    return np.stack(found)


def outcomes(
    probabilities: np.ndarray, labels: np.ndarray, classes: Classes, noise: str = ""
) -> dict[str, np.ndarray]:
    """{"right", "noise", "wrong": (n_levels,) share of the records}.

    labels: (n_records,) of the records without added noise; noise: the class of records that are
    too noisy: to predict it for a noisy record is neither right nor wrong. Without such a class,
    "noise" is left out.
    """
    codes = np.array([classes.predicted(level) for level in probabilities])
    right = codes == labels
    as_noise = ~right & (codes == noise)
    found = {"right": right, "noise": as_noise, "wrong": ~right & ~as_noise}
    return {name: x.mean(axis=1) for name, x in found.items() if name != "noise" or noise}


def table(
    levels: Sequence[float],
    probabilities: np.ndarray,
    labels: np.ndarray,
    classes: Classes,
    noise: str = "",
) -> "pd.DataFrame":
    """A table with a row for each level, in µV: shares of the outcomes, and mean certainties.

    The certainty is the probability of the predicted class. Columns: those of `outcomes`,
    certainty, certainty if right, certainty if wrong; NaN where there is no such prediction.
    """
    import pandas as pd

    codes = np.array([classes.predicted(level) for level in probabilities])
    certainty, right = probabilities.max(axis=2), codes == labels
    wrong = ~right & (codes != noise)
    found = pd.DataFrame(outcomes(probabilities, labels, classes, noise))
    found["certainty"] = certainty.mean(axis=1)
    for name, which in ("certainty if right", right), ("certainty if wrong", wrong):
        sums = np.where(which, certainty, 0).sum(axis=1)
        found[name] = np.where(which.any(axis=1), sums / np.maximum(which.sum(axis=1), 1), np.nan)
    found.index = pd.Index([f"{1000 * level:g} µV" for level in levels], name="added noise")
    return found
