"""Why a model says what it says: what changes when a part of the record is missing.

Occlusion after Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53. A model takes a missing
sample as missing, so that what is hidden is hidden and not replaced by something else.
"""

import itertools
from dataclasses import replace

import numpy as np

from ecglab.ecg import features
from ecglab.ecg.record import LABELS, Record
from ecglab.inference.predictor import Predictor


def occlusion(
    predictor: Predictor, record: Record, label: str, seconds: float = 2.0
) -> tuple[np.ndarray, np.ndarray]:
    """How much each part of a record speaks for a label: (edges (n + 1,) in s, (n,)).

    The log odds of the label for the whole record less those without the part: above 0 where the
    part speaks for it.
    """
    n_parts = max(round(record.seconds / seconds), 2)
    edges = np.linspace(0, record.seconds, n_parts + 1)
    without = []
    for begin, end in itertools.pairwise(edges):
        signal = record.signal.copy()
        signal[round(begin * record.fs) : round(end * record.fs)] = np.nan
        without.append(replace(record, signal=signal))
    said = predictor.probabilities([record, *without])[:, LABELS.index(label)].astype(float)
    odds = np.log(np.clip(said, 1e-4, 1 - 1e-4)) - np.log1p(-np.clip(said, 1e-4, 1 - 1e-4))
    return edges, odds[0] - odds[1:]


def unusual(record: Record, vectors: np.ndarray, labels: np.ndarray, n: int = 8):
    """The features in which a record differs most from the normal ones, as a table.

    vectors: (records, n_features) and labels: (records,) of records to compare with.
    Columns: feature, meaning, this record, and the median of N and of A; the most unusual first,
    by its distance to the median of N in quartile ranges of N.
    """
    import pandas as pd

    own = features.extract(record.signal, record.fs)
    known = np.isfinite(own)
    for label in "N", "A":
        known &= np.isfinite(vectors[labels == label]).any(axis=0)
    own, vectors, names = own[known], vectors[:, known], np.array(features.names)[known]
    low, middle, high = np.nanpercentile(vectors[labels == "N"], [25, 50, 75], axis=0)
    order = np.argsort(-np.abs(own - middle) / np.maximum(high - low, 1e-9))[:n]
    names = names[order]
    return pd.DataFrame(
        {
            "feature": names,
            "meaning": [features.meaning[name] for name in names],
            "this record": own[order],
            "median of N": middle[order],
            "median of A": np.nanmedian(vectors[labels == "A"], axis=0)[order],
        }
    )
