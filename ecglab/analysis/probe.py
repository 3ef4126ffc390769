"""Quick measurements of a design: forests on tables of numbers, scored by the folds in seconds.

A forest is a probe and no model: what it gains from one description of the records over another
is what a network could gain from it too. Random forests after Breiman 2001,
doi:10.1023/A:1010933404324.
"""

import numpy as np

from ecglab.analysis.spectrum import spectrogram
from ecglab.datasets.dataset import Dataset, record_weights
from ecglab.datasets.folds import N_FOLDS
from ecglab.ecg import features
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.record import LABELS, Record
from ecglab.evaluation import metrics
from ecglab.utils import progress

HALF_SECONDS = 10
"""A half of a record is at least so long."""

LAGS = np.arange(0.2, 2.41, 0.04)
"""Seconds at which the autocorrelation of a spectrogram's energy is read."""


def forest(x: np.ndarray, labels: np.ndarray, seed: int = 0, trees: int = 100):
    """A random forest on x (n, n_numbers), NaN allowed, that weighs records as a network does."""
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed)
    return model.fit(x, labels, sample_weight=record_weights(labels, 0.5))


def nearest(x: np.ndarray, labels: np.ndarray):
    """The label of the most alike record: what can only remember."""
    from sklearn.impute import SimpleImputer
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parts = SimpleImputer(keep_empty_features=True), StandardScaler(), KNeighborsClassifier(1)
    return make_pipeline(*parts).fit(x, labels)


def probabilities(model, x: np.ndarray) -> np.ndarray:
    """(n, 4) in the order of LABELS, 0 for a class that the model never saw."""
    said = np.zeros((len(x), len(LABELS)))
    said[:, [LABELS.index(label) for label in model.classes_]] = model.predict_proba(x)
    return said


def out_of_fold(x: np.ndarray, labels: np.ndarray, fold: np.ndarray, fit=forest) -> np.ndarray:
    """Probabilities (n, 4) of each row, by a model that saw only the other folds.

    fit: takes numbers and labels, gives a scikit-learn classifier
    """
    said = np.zeros((len(x), len(LABELS)))
    for k in np.unique(fold):
        model = fit(x[fold != k], labels[fold != k])
        said[fold == k] = probabilities(model, x[fold == k])
    return said


def nao(labels: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """{"value", "low", "high"}: NAO of probabilities (n, 4) with its 95 % interval."""
    labels, label = np.asarray(labels), np.array(LABELS)[said.argmax(axis=1)]
    low, high = metrics.bootstrap(labels, label)["F1_NAO"]
    return {"value": metrics.f1_scores(labels, label)["F1_NAO"], "low": low, "high": high}


def paired(labels: np.ndarray, said: dict[str, np.ndarray], base: str) -> list[dict]:
    """NAO of each of several probabilities (n, 4) less the base's, on the same records.

    A list of {"name", "difference", "low", "high"}, as `plots.differences` takes it.
    """
    chosen = {name: np.array(LABELS)[p.argmax(axis=1)] for name, p in said.items()}
    return [
        dict(
            zip(
                ("name", "difference", "low", "high"),
                (name, *metrics.paired_difference(labels, label, chosen[base])),
                strict=True,
            )
        )
        for name, label in chosen.items()
        if name != base
    ]


def halves(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Features (2 n, n_features) of both halves of the records that are long enough, and rows.

    The second is (2 n,), the row of the record that each half is of.
    """
    rows = np.flatnonzero(data.lengths >= 2 * HALF_SECONDS * data.fs)
    found = []
    for row in progress.bar(rows, "halves of records"):
        signal = data.signal(row)
        middle = signal.size // 2
        found += [features.extract(part, data.fs) for part in (signal[:middle], signal[middle:])]
    return np.stack(found), np.repeat(rows, 2)


def candidates(
    x: np.ndarray, labels: np.ndarray, fold: np.ndarray, n: int, inner_share: float = 0.2
) -> dict[str, np.ndarray]:
    """What choosing among `n` equally good candidates does to a score, fold by fold.

    A candidate is a forest that was given a random half of the numbers. In each fold it is
    trained on part of the other folds; the rest of these are its inner records.
    {"scored": (folds, n) NAO on the scored fold, "inner": (folds, n) NAO on the inner records,
    "said": (records, n) the place in LABELS of what each candidate says of the scored records}
    """
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(x.shape[1])[: x.shape[1] // 2] for _ in range(n)]
    scored, inner = np.zeros((N_FOLDS, n)), np.zeros((N_FOLDS, n))
    said = np.zeros((len(x), n), int)
    label = np.array(LABELS)
    for k in progress.bar(range(N_FOLDS), "folds of candidates"):
        rest = rng.permutation(np.flatnonzero(fold != k))
        held, rows = np.split(rest, [round(inner_share * rest.size)])
        for j, columns in enumerate(chosen):
            model = forest(x[rows][:, columns], labels[rows], seed=j, trees=30)
            for where, into in (np.flatnonzero(fold == k), scored), (held, inner):
                best = probabilities(model, x[where][:, columns]).argmax(axis=1)
                into[k, j] = metrics.f1_scores(labels[where], label[best])["F1_NAO"]
                if into is scored:
                    said[where, j] = best
    return {"scored": scored, "inner": inner, "said": said}


def of_choice(found: dict, labels: np.ndarray, fold: np.ndarray, choice) -> float:
    """NAO, pooled over the folds, of a choice (folds,) among `candidates`, one in each fold."""
    said = found["said"][np.arange(len(labels)), np.asarray(choice)[fold]]
    return metrics.f1_scores(labels, np.array(LABELS)[said])["F1_NAO"]


def spectrogram_numbers(
    record: Record, window: float, hop: float, band: tuple[float, float], linear: bool = False
) -> np.ndarray:
    """What a spectrogram says of a record, as numbers that a forest can read.

    Of each bin the mean and the SD over time; of the energy over time its autocorrelation at
    `LAGS`, and how the distances of its peaks are spread. Nothing else of the record is used, so
    that what a setting of the spectrogram loses is lost here too.
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
    """(6,) how the distances in s between the peaks of energy (frames,) are spread."""
    inner = energy[1:-1]
    peaks = np.flatnonzero((inner > energy[:-2]) & (inner >= energy[2:]) & (inner > 0.5)) + 1
    distance = np.diff(time[peaks])
    if distance.size < 3:
        return np.full(6, np.nan)
    median = np.median(distance)
    low, high = np.percentile(distance, [10, 90]) / median
    change = np.median(np.abs(np.diff(distance))) / median
    spread = distance.std() / distance.mean()
    return np.array([median, spread, change, low, high, distance.size / time[-1]])
