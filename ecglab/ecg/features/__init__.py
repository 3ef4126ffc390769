"""Features of a single-lead ECG: rhythm, shape of the beats, atrial activity, signal quality.

    names                    what each place of the vector is, with its group as prefix:
                             rr_ (intervals between beats), beat_ (shape of the beats), p_ (what
                             comes before the QRS), f_ (what is left between the beats), quality_
    meaning[name]            that feature in words
    extract(signal, fs)      (n_features,) float32, NaN where something is not defined
    table(records)           a pandas table of the features of records
    beat_summary(signal, fs) R peaks, heart rate, irregularity, premature beats, P waves

No feature depends on the polarity of the signal or on its amplitude. NumPy is all that is needed.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...utils.errors import RecordError
from ..record import MIN_FS, Record, as_records
from . import atrial, beats, qrs, quality, rr
from .bands import Bands
from .summary import BeatSummary, beat_summary

__all__ = ["VERSION", "BeatSummary", "beat_summary", "extract", "meaning", "names", "table"]

if TYPE_CHECKING:
    import pandas as pd

VERSION = 3
"""Raise it with every change of what is extracted: stored features are then computed again."""

MIN_KNOWN_SECONDS = 2.0
"""With fewer known samples every feature is NaN."""

meaning: dict[str, str] = {
    **rr.FEATURES,
    **beats.FEATURES,
    **atrial.FEATURES,
    **quality.FEATURES,
}
names: tuple[str, ...] = tuple(meaning)


def extract(signal_mv: ArrayLike, fs: float) -> np.ndarray:
    """The features (len(names),) float32 of one lead.

    signal_mv: (n_samples,) in mV, NaN where a sample is missing; fs: sampling rate in Hz
    Short, flat and noisy signals have features too, NaN where they are not defined. Raises
    RecordError for another shape, an infinite sample or a rate below 60 Hz.

    >>> vector = extract(np.sin(np.arange(9000) / 20), fs=300)
    >>> vector.shape == (len(names),)
    True
    """
    x = _checked(signal_mv, fs)
    found: dict[str, float] = {}
    if np.count_nonzero(~np.isnan(x)) >= MIN_KNOWN_SECONDS * fs:
        bands = Bands(x, fs)
        r = qrs.detect(bands)
        found |= quality.features(bands, r)
        if r.size:
            shape = beats.Beats(bands, r)
            found |= beats.features(shape)
            found |= atrial.features(bands, shape)
            found |= rr.features(qrs.intervals(bands, shape.r), shape)
    vector = np.array([found.get(name, np.nan) for name in names])
    return np.where(np.isfinite(vector), vector, np.nan).astype(np.float32)


def table(records: Record | Iterable[Record]) -> "pd.DataFrame":
    """A pandas table of the features of records: one row per record id, one column per feature.

    records: Records, such as a data set, or one
    """
    import pandas as pd

    found = as_records(records)
    rows = [extract(record.signal, record.fs) for record in found]
    index = pd.Index([record.id for record in found], name="record")
    return pd.DataFrame(np.reshape(rows, (len(found), len(names))), index, columns=list(names))


def _checked(signal: ArrayLike, fs: float) -> np.ndarray:
    try:
        x = np.asarray(signal, np.float64)
    except (TypeError, ValueError):
        raise RecordError("the signal is not a list of numbers") from None
    if x.ndim != 1:
        raise RecordError(
            f"the signal has shape {x.shape}; one lead of shape (n_samples,) is needed"
        )
    if np.isinf(x).any():
        raise RecordError("the signal is not finite (mark missing samples with NaN)")
    if not fs >= MIN_FS:
        raise RecordError(f"a sampling rate of {fs:g} Hz is too low: at least {MIN_FS:g} Hz")
    return x
