"""How far a record is from those that a model was trained on, by its features.

The score has two parts. One is the Mahalanobis distance of the standardised features from their
mean over the training records. Lee K, Lee K, Lee H, Shin J. "A simple unified framework for
detecting out-of-distribution samples and adversarial attacks", NeurIPS 2018, arXiv:1807.03888, take
it of a network's features. The other is the log odds of a linear model that tells the training
records from simulated signals that are no ECG. Hendrycks D, Mazeika M, Dietterich T. "Deep anomaly
detection with outlier exposure", ICLR 2019, arXiv:1812.04606.
"""

from dataclasses import dataclass

import numpy as np

from ..ecg import features

LARGEST = 10.0
"""Of a standardised feature: one that is further out counts as this."""

ALIKE = features.names.index("beat_correlation_median")


def standardised(vectors: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(n, n_features) the features in units of their scale, 0 where one is not defined."""
    z = (vectors - center) / scale
    return np.clip(np.where(np.isnan(z), 0, z), -LARGEST, LARGEST)


@dataclass(frozen=True, eq=False)
class Reference:
    """The features of the training records, as a normal distribution, and how far is too far.

    center, scale: (n_features,) their medians and spreads, which standardise them
    mean: (n_features,) of the standardised features; root: (n_features, n_features) lower
        triangular L, with L L^T the inverse of their covariance
    slope, offset: (n_features,) and a number: what the linear model adds to the score
    seconds: (k,) lengths of records, increasing; limits: (k,) the largest score of such a record
        that counts as an ECG as trained on: shorter ones vary more
    alike: the least correlation of the QRS of its beats with that of the median beat
    """

    center: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    slope: np.ndarray
    offset: float
    seconds: np.ndarray
    limits: np.ndarray
    alike: float

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """(n,) how far feature vectors (n, n_features) are from those of the training records.

        The logarithm of the squared distance, plus what the linear model adds.
        """
        z = standardised(np.asarray(vectors, float), self.center, self.scale)
        squared = (((z - self.mean) @ self.root) ** 2).sum(axis=1)
        return np.log(np.maximum(squared, 1e-9)) + z @ self.slope + self.offset

    def reason(self, vector: np.ndarray, seconds: float) -> str:
        """Why a record with these features (n_features,) is no ECG as trained on; "" if it is one.

        seconds: its length
        """
        alike = vector[ALIKE]
        if np.isnan(alike):  # and then hardly any other feature is defined
            return "no heartbeats were found"
        if alike < self.alike:
            return f"the beats that were found have no common shape (correlation {alike:.2f})"
        if self.scores(vector[None])[0] <= np.interp(seconds, self.seconds, self.limits):
            return ""
        furthest = np.abs(standardised(vector, self.center, self.scale)).argmax()
        meaning = features.meaning[features.names[furthest]].partition(" (")[0]
        return f"unlike the training recordings, most of all in the {meaning}"
