"""Data sets to evaluate on, and a predictor that reads the class in the mean of the signal."""

import numpy as np

from ecglab.datasets import dataset
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.utils.errors import RecordError

CLASSES = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"}, ("N", "A", "O")
)

MEANS = {"SR": 0, "AFIB": 1, "OTHER": 2, "PACED": 0}
"""{label of the data set `clinic`: the class that its signals look like}"""


def make_data(labels, name="clinic", fs=250.0, groups=None, simulated=False, seed=0):
    """A data set with one record for each label, whose mean shows its class, mostly."""
    rng = np.random.default_rng(seed)
    meanings = {label: label.lower() for label in dict.fromkeys(labels)}
    spec = Spec(
        name=name,
        description="Noise around a mean.",
        classes=Classes(meanings),
        fs=fs,
        grouped=groups is not None,
        simulated=simulated,
    )

    def examples():
        for i, label in enumerate(labels):
            mean = MEANS.get(label, 3) if rng.random() < 0.8 else rng.integers(4)
            signal = mean + rng.normal(0, 0.3, round(6 * fs))
            group = "" if groups is None else groups[i]
            yield Example(Record(signal, fs, id=f"r{i:03}"), {"labels": label}, group)

    dataset.write(spec, examples())
    return dataset.open(name)


class MeanPredictor:
    """Predicts the class whose number is nearest to the mean of the record."""

    def __init__(self, classes=CLASSES, fs=300.0, trained_on=(), refused=()):
        self.classes, self.fs, self.refused = classes, fs, set(refused)
        self.trained_on = frozenset(trained_on)
        self.name = "mean-1"
        self.card = {
            "experiment": "mean",
            "scope": "100 of 100 records of home",
            "simulated": False,
            "data": {"name": "home", "digest": "d" * 64, "labels": "labels", "records": 100},
        }

    def predict_proba(self, records):
        for i, record in enumerate(records):
            if record.id in self.refused:
                raise RecordError(f"{record.id}: {70 + i} min are too long for one prediction")
        means = np.array([np.nanmean(record.signal) for record in records])
        distance = np.abs(means[:, None] - np.arange(len(self.classes)))
        score = np.exp(-2 * distance)
        return (score / score.sum(axis=1, keepdims=True)).astype(np.float32)
