"""What a package's verdicts need: fitted on out-of-fold predictions and the training records."""

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg import features
from ecglab.ecg.quality import indices
from ecglab.evaluation import conformal, novelty, selective
from ecglab.inference.novelty import Reference
from ecglab.inference.parameters import Parameters
from ecglab.inference.verdict import UNREADABLE, words
from ecglab.training.features import stored

if TYPE_CHECKING:
    import pandas as pd

UNREADABLE_SHARE = 0.005
"""Share of the readable training records on whose beats two detectors agree too little."""

ASKED = (1.0, 0.95, 0.9, 0.8, 0.7)
"""Coverages of abstention on a card."""

SETS = (0.8, 0.9, 0.95)
"""Coverages of prediction sets on a card."""


class _OfData(NamedTuple):
    """What is fitted on the records alone, for every model that is trained on them."""

    reference: Reference
    refused: float
    signals: dict[str, float]
    agreement: float


_last: dict[str, _OfData] = {}
"""By the digests of the records and labels: the models of a run's folds are packaged in a row."""


def fitted(table: "pd.DataFrame", data: Dataset) -> tuple[Parameters, dict]:
    """The parameters of a model's verdicts, and what its card says of them.

    table: out-of-fold predictions, with the columns fold, label and one per class
    data: the records that the model was trained on
    """
    classes = data.classes
    labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy(float)
    parts = selective.parts(table["fold"].to_numpy())
    wrong, certainty = classes.predicted(probabilities) != labels, probabilities.max(axis=1)
    of_data = _of_data(data)
    rule = selective.fitted(labels, probabilities, classes)
    sets = conformal.fitted(labels, probabilities, classes)
    parameters = Parameters(words(classes), of_data.agreement, rule, sets, of_data.reference)
    curve = zip(rule.coverage[::10].tolist(), rule.error[::10].tolist(), strict=True)
    return parameters, {
        "aurc": float(selective.aurc(wrong, certainty)),
        "aurc_interval": list(selective.aurc_interval(wrong, certainty)),
        "risk": [list(pair) for pair in curve],
        "abstention": selective.checked(labels, probabilities, parts, ASKED, classes),
        "conformal": conformal.checked(labels, probabilities, parts, SETS, classes),
        "novelty": {"records": of_data.refused, "signals": of_data.signals},
    }


def _of_data(data: Dataset) -> _OfData:
    key = data.digest + data.label_digest
    if key not in _last:
        verdicts = words(data.classes)
        readable = np.array([verdicts[label] != UNREADABLE for label in data.labels])
        vectors = stored(data)
        sample = novelty.Sample(list(data.signals), data.fs, vectors, _exposed(data.fs))
        reference, refused = novelty.fitted(sample, readable, selective.parts(data.folds))
        found = [indices(dict(zip(features.names, x.tolist(), strict=True))) for x in vectors]
        agreement = np.array([each["bSQI"] for each in found])
        _last.clear()
        _last[key] = _OfData(
            reference,
            refused,
            novelty.refused(reference, _tested(data.fs)),
            float(np.quantile(agreement[readable], UNREADABLE_SHARE)),
        )
    return _last[key]


_exposed, _tested = functools.cache(novelty.exposed), functools.cache(novelty.tested)
