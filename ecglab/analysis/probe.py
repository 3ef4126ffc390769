"""Quick measurements of a design: forests on tables of numbers, scored by the folds in seconds.

A forest is a probe, not a model: what it gains from one description of the records over another
is information that a network could use too. Random forests after Breiman 2001,
doi:10.1023/A:1010933404324.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ecglab.analysis import compare
from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.record import Record
from ecglab.evaluation import metrics
from ecglab.plots.spectrum import spectrogram
from ecglab.utils import progress

if TYPE_CHECKING:
    import pandas as pd

HALF_SECONDS = 10
"""Shortest half of a record that `halves` takes."""

LAGS = np.arange(0.2, 2.41, 0.04)
"""Seconds at which the autocorrelation of a spectrogram's energy is read."""


def forest(
    x: np.ndarray, labels: np.ndarray, classes: Classes, seed: int = 0, trees: int = 100
) -> Any:
    """A random forest on x (n, n_numbers), NaN allowed, with the class weights of a network."""
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed)
    return model.fit(x, labels, sample_weight=record_weights(labels, classes, 0.5))


def nearest(x: np.ndarray, labels: np.ndarray, classes: Classes) -> Any:
    """A classifier that gives the label of the most similar record: it can only memorise."""
    from sklearn.impute import SimpleImputer
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parts = SimpleImputer(keep_empty_features=True), StandardScaler(), KNeighborsClassifier(1)
    return make_pipeline(*parts).fit(x, labels)


def out_of_fold(
    x: np.ndarray,
    labels: np.ndarray,
    fold: np.ndarray,
    classes: Classes,
    fit: Callable[..., Any] = forest,
) -> "pd.DataFrame":
    """A table of predictions of each row, by a model fitted on the other folds.

    x: (n, n_numbers); labels, fold: (n,); fit: function of numbers, labels and classes that
    returns a fitted scikit-learn classifier. `record` is the number of the row.
    """
    found = np.zeros((len(x), len(classes)))
    for k in np.unique(fold):
        model = fit(x[fold != k], labels[fold != k], classes)
        found[fold == k] = _probabilities(model, x[fold == k], classes)
    return compare.predictions(np.arange(len(x)), labels, found, classes)


def random_folds(labels: np.ndarray, n_folds: int, seed: int = 0) -> np.ndarray:
    """(n,) int: folds of rows at random, with the classes in proportion."""
    from sklearn.model_selection import StratifiedKFold

    fold = np.empty(len(labels), int)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    for k, (_, rows) in enumerate(splitter.split(fold, labels.astype(str))):
        fold[rows] = k
    return fold


def _probabilities(model: Any, x: np.ndarray, classes: Classes) -> np.ndarray:
    """(n, n_classes), 0 for a class that the model was not fitted on."""
    found = np.zeros((len(x), len(classes)))
    found[:, classes.index(model.classes_)] = model.predict_proba(x)
    return found


def halves(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Features (2 n, n_features) of both halves of the n records that are long enough, and rows.

    The second array (2 n,) is the row of the record that each half belongs to.
    """
    rows = np.flatnonzero(data.lengths >= 2 * HALF_SECONDS * data.fs)
    found = []
    for row in progress.bar(rows, "halves of records"):
        signal = data.signal(row)
        middle = signal.size // 2
        found += [features.extract(part, data.fs) for part in (signal[:middle], signal[middle:])]
    return np.stack(found), np.repeat(rows, 2)


def candidates(
    x: np.ndarray,
    labels: np.ndarray,
    fold: np.ndarray,
    classes: Classes,
    n: int,
    validation_share: float = 0.2,
) -> dict[str, np.ndarray]:
    """Scores of `n` candidates that differ by chance only, fold by fold.

    A candidate is a forest on a random half of the numbers. In each fold it is trained on part of
    the other folds; the rest of these is its validation set.
    Returns {"scored": (n_folds, n) challenge F1 on the scored fold, "validation": (n_folds, n) on
    the validation set, "predicted": (n_records, n) place of the predicted class}.
    """
    rng = np.random.default_rng(0)
    columns_of = [rng.permutation(x.shape[1])[: x.shape[1] // 2] for _ in range(n)]
    n_folds = int(fold.max()) + 1
    scored, validation = np.zeros((n_folds, n)), np.zeros((n_folds, n))
    predicted = np.zeros((len(x), n), int)
    codes = np.array(classes.codes)
    for k in progress.bar(range(n_folds), "folds of candidates"):
        rest = rng.permutation(np.flatnonzero(fold != k))
        held, rows = np.split(rest, [round(validation_share * rest.size)])
        for j, columns in enumerate(columns_of):
            model = forest(x[rows][:, columns], labels[rows], classes, seed=j, trees=30)
            for part, scores in (np.flatnonzero(fold == k), scored), (held, validation):
                best = _probabilities(model, x[part][:, columns], classes).argmax(axis=1)
                found = metrics.f1_scores(labels[part], codes[best], classes)
                scores[k, j] = found["challenge_f1"]
                if scores is scored:
                    predicted[part, j] = best
    return {"scored": scored, "validation": validation, "predicted": predicted}


def score_of_choice(
    found: dict, labels: np.ndarray, fold: np.ndarray, classes: Classes, choice: ArrayLike
) -> float:
    """Challenge F1, pooled over the folds, of one of the `candidates` in each fold.

    choice: (n_folds,) int, which candidate
    """
    place = found["predicted"][np.arange(len(labels)), np.asarray(choice)[fold]]
    predicted = np.array(classes.codes)[place]
    return metrics.f1_scores(labels, predicted, classes)["challenge_f1"]


def spectrogram_numbers(
    record: Record, window: float, hop: float, band: tuple[float, float], linear: bool = False
) -> np.ndarray:
    """(n_numbers,) float32: a summary of a record's spectrogram for a forest.

    The mean and SD of each bin over time; the autocorrelation of the energy at `LAGS`; the spread
    of the distances between its peaks. Nothing else of the record is used, so what a setting of
    the spectrogram loses is lost here too.
    """
    bands = Bands(record.signal, record.fs)
    scaled = Record(bands.wide / max(float(bands.wide.std()), 1e-6), record.fs)
    seen = spectrogram(scaled, window, hop, band)
    power = seen.power if linear else np.log10(seen.power + 1e-6)
    energy = power[(seen.frequency >= 5) & (seen.frequency <= 25)].mean(axis=0)
    energy = (energy - energy.mean()) / max(float(energy.std()), 1e-9)
    correlation = np.correlate(energy, energy, "full")[energy.size - 1 :] / energy.size
    at = np.arange(correlation.size) * (seen.time[1] - seen.time[0])
    return np.concatenate(
        [
            power.mean(axis=1),
            power.std(axis=1),
            np.interp(LAGS, at, correlation),
            _distances(energy, seen.time),
        ]
    ).astype(np.float32)


def _distances(energy: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(6,): median, spread, change, low, high and rate of the distances between energy peaks."""
    middle = energy[1:-1]
    peaks = np.flatnonzero((middle > energy[:-2]) & (middle >= energy[2:]) & (middle > 0.5)) + 1
    distance = np.diff(time[peaks])
    if distance.size < 3:
        return np.full(6, np.nan)
    median = np.median(distance)
    low, high = np.percentile(distance, [10, 90]) / median
    change = np.median(np.abs(np.diff(distance))) / median
    spread = distance.std() / distance.mean()
    return np.array([median, spread, change, low, high, distance.size / time[-1]])
