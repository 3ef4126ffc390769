"""What a model counts as an ECG like those it was trained on: the reference, and its limit.

The reference is made of the readable training records, of the same as other devices record them
(shorter, in a narrower band, with coarse steps, wander and gaps), and of simulated signals that are
no ECG. Its limits are set out of fold, so that few real records are beyond them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ecglab.datasets import other_signals
from ecglab.ecg import features
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.evaluation import disturbances
from ecglab.inference.novelty import ALIKE, Reference, standardised
from ecglab.utils.errors import RecordError

FAR = 0.0125
"""Share of the real records beyond the limit of the score."""

UNLIKE = 0.006
"""Share of them whose beats are less alike than the least."""

CHANGED = 3000
"""Records, at most, that are added to the reference as other devices record them."""

SHORT, LONG = 10.0, 20.0
"""Seconds: the limits of records of these lengths, between which that of others lies."""

SHORTENED = 1500
"""Records, at most, of which a piece sets the limit of short ones."""

EXPOSED = 100
"""Simulated signals of each kind of `other_signals.TRIED` from which the linear model learns."""

STRENGTH = 0.01
"""Of its fit, scikit-learn's C."""

WEIGHT = 0.2
"""Of its log odds in the score."""

SIGNALS = 50
"""Simulated signals of each kind on which a limit is tried, others than those of the fit."""


def reference(vectors: np.ndarray, others: np.ndarray) -> Reference:
    """The reference of feature vectors (n, n_features), without limits.

    others: (m, n_features) of signals that are no ECG
    Median and spread (from the 5th to the 95th percentile, as of a normal distribution)
    standardise each feature; their covariance is shrunk (Ledoit O, Wolf M. "A well-conditioned
    estimator for large-dimensional covariance matrices", J Multivar Anal 2004;88(2):365-411,
    doi:10.1016/S0047-259X(03)00096-4).
    """
    from sklearn.covariance import ledoit_wolf
    from sklearn.linear_model import LogisticRegression

    vectors = np.asarray(vectors, float)
    known = np.where(np.isnan(vectors).all(axis=0), 0, vectors)
    low, center, high = np.nanpercentile(known, [5, 50, 95], axis=0)
    scale = np.where(high > low, (high - low) / 3.29, 1)
    z = standardised(vectors, center, scale)
    mean = z.mean(axis=0)
    covariance, _ = ledoit_wolf(z - mean, assume_centered=True)
    root = np.linalg.cholesky(np.linalg.inv(covariance))
    both = np.concatenate([z, standardised(others, center, scale)])
    is_other = np.arange(len(both)) >= len(z)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit(both, is_other, sample_weight=np.where(is_other, len(z) / len(others), 1.0))
    slope, offset = WEIGHT * model.coef_[0], WEIGHT * float(model.intercept_[0])
    none = np.full(2, np.inf)
    return Reference(
        center, scale, mean, root, slope, offset, np.array([SHORT, LONG]), limits=none, alike=-1.0
    )


class Sample:
    """The features of a data set's records, and of the same when they are changed.

    signals: n of (n_samples,) in mV at `fs` Hz; vectors: (n, n_features) their features
    others: (m, n_features) features of signals that are no ECG
    """

    def __init__(
        self,
        signals: Sequence[np.ndarray],
        fs: float,
        vectors: np.ndarray,
        others: np.ndarray,
        seed: int = 0,
    ):
        rng = np.random.default_rng(seed)
        self.vectors, self.others = np.asarray(vectors, float), others
        self.seconds = np.array([x.size / fs for x in signals])
        self.changed_rows = rng.permutation(len(signals))[:CHANGED]
        self.short_rows = rng.permutation(len(signals))[:SHORTENED]
        changed = [as_another_device(signals[i], fs, rng) for i in self.changed_rows]
        short = [_piece(signals[i], SHORT * fs, rng) for i in self.short_rows]
        self.changed, self.short = (
            np.array([features.extract(x, fs) for x in xs], float) for xs in (changed, short)
        )


def fitted(sample: Sample, readable: np.ndarray, parts: np.ndarray) -> tuple[Reference, float]:
    """The reference of all records, and the share of them that is refused out of fold.

    readable: (n,) bool, records that the reference is made of; parts: (n,) int, of which each is
        compared with the reference of the others
    """

    def of(rows: np.ndarray) -> Reference:
        inside = rows & readable
        changed = sample.changed[inside[sample.changed_rows]]
        return reference(np.concatenate([sample.vectors[inside], changed]), sample.others)

    scores, short = np.empty(len(parts)), np.empty(len(sample.short))
    for k in set(parts):
        rest, tested = of(parts != k), parts[sample.short_rows] == k
        scores[parts == k] = rest.scores(sample.vectors[parts == k])
        short[tested] = rest.scores(sample.short[tested])
    long = sample.seconds >= LONG
    ends = [np.quantile(x, 1 - FAR) for x in (short, scores[long] if long.any() else scores)]
    more = np.array([max(ends[0] - ends[1], 0), 0])
    excess = scores - np.interp(sample.seconds, [SHORT, LONG], more)
    limit = np.quantile(excess, 1 - FAR)
    alike = sample.vectors[:, ALIKE]
    least = float(np.nan_to_num(np.nanquantile(alike, UNLIKE)))
    found = replace(of(np.ones(len(parts), bool)), limits=limit + more, alike=least)
    return found, float(((excess > limit) | ~(alike >= least)).mean())


def as_another_device(signal: np.ndarray, fs: float, rng: np.random.Generator) -> np.ndarray:
    """The signal (n_samples,) in mV as another device may record it, prepared as this one is."""
    known = np.flatnonzero(~np.isnan(signal))
    x = np.interp(np.arange(signal.size), known, signal[known])
    if rng.random() < 0.6:
        x = _piece(x, rng.uniform(9, 20) * fs, rng)
    low, high = rng.choice([0.05, 0.05, 0.5, 1.0]), rng.choice([150.0, 40.0, 25.0, 20.0])
    if low > 0.05 or high < 150:
        x = Bands(x, fs).band(low, min(high, 0.4 * fs))
    if rng.random() < 0.3:
        step = max(rng.uniform(0.005, 0.05) * np.ptp(np.percentile(x, [1, 99])), 1e-6)
        x = np.round(x / step) * step
    try:
        record = Record(x, fs)
    except RecordError:  # a piece in which the lead was off
        return signal
    if rng.random() < 0.3:
        record = disturbances.drift(record, rng, 0.5)
    if rng.random() < 0.2:
        record = disturbances.gaps(record, rng, "nan")
    return record.signal


def _piece(x: np.ndarray, n: float, rng: np.random.Generator) -> np.ndarray:
    """About n samples in a row, from anywhere, or all where there are fewer."""
    start = rng.integers(0, max(x.size - round(n), 0) + 1)
    return x[start : start + round(n)]


def simulated(
    fs: float, kinds: Sequence[str], n: int, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{kind: (features (n, n_features), seconds (n,))} of `other_signals` prepared for `fs` Hz."""
    found = {}
    for kind in kinds:
        rng = np.random.default_rng([seed, *kind.encode()])
        records = [
            Record(other_signals.signal(kind, rng), other_signals.FS, kind) for _ in range(n)
        ]
        vectors = [features.extract(prepare(record, fs), fs) for record in records]
        found[kind] = np.array(vectors), np.array([record.seconds for record in records])
    return found


def exposed(fs: float) -> np.ndarray:
    """(m, n_features) of the signals from which the linear model of a reference learns."""
    signals = simulated(fs, tuple(other_signals.TRIED), EXPOSED, seed=0)
    return np.concatenate([vectors for vectors, _ in signals.values()])


def tested(fs: float, n: int = SIGNALS) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Other signals of these kinds, and of those from which it does not learn; as `simulated`."""
    kinds = (*other_signals.TRIED, *other_signals.KEPT_APART)
    return simulated(fs, kinds, n, seed=1)


def refused(
    fitted: Reference, signals: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, float]:
    """{kind: share of the signals that are no ECG as trained on}; signals: as of `tested`."""
    return {
        kind: float(np.mean([bool(fitted.reason(*given)) for given in zip(*pair, strict=True)]))
        for kind, pair in signals.items()
    }
