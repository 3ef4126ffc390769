"""Features of a single-lead ECG: rhythm, shape of the beats, atrial activity, signal quality.

    names                     what each place of the vector is, with its group as prefix:
                              rr_ (intervals between beats), beat_ (shape of the beats), p_ (what
                              comes before the QRS), f_ (what is left between the beats), quality_
    meaning[name]             that feature in words
    extract(signal, fs)       (n_features,) float32, NaN where something is not defined
    table(records)            a pandas table of the features of records
    beat_summary(signal, fs)  R peaks, heart rate, irregularity, premature beats, P waves
    beat_sequence(signal, fs) (n_beats, n) float32, each beat's shape and when it comes
    Analysis(signal, fs)      the last three of one lead, whose beats are looked for once

No feature depends on the polarity of the signal or on its amplitude. NumPy is all that is needed.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...utils.errors import RecordError
from ..record import MIN_FS, Record, as_records
from . import atrial, beat_windows, beats, qrs, quality, rr, summary
from .bands import Bands
from .summary import BeatSummary

__all__ = [
    "VERSION",
    "Analysis",
    "BeatSummary",
    "beat_sequence",
    "beat_summary",
    "extract",
    "meaning",
    "names",
    "table",
]

if TYPE_CHECKING:
    import pandas as pd

VERSION = 3
"""Raise it with every change of features or sequences of beats: stored ones are then made again."""

MIN_KNOWN_SECONDS = 2.0
"""With fewer known samples every feature is NaN."""

meaning: dict[str, str] = {
    **rr.FEATURES,
    **beats.FEATURES,
    **atrial.FEATURES,
    **quality.FEATURES,
}
names: tuple[str, ...] = tuple(meaning)


class Analysis:
    """One lead, whose bands and beats are found once, and only where something needs them.

    signal: (n_samples,) in mV, NaN where a sample is missing; fs: sampling rate in Hz
    bands: None where every sample is missing; r: (n_beats,) sample numbers of the R peaks
    Raises RecordError for another shape, an infinite sample or a rate below 60 Hz.
    """

    def __init__(self, signal_mv: ArrayLike, fs: float):
        self.signal, self.fs = _checked(signal_mv, fs), float(fs)

    @cached_property
    def bands(self) -> Bands | None:
        return Bands(self.signal, self.fs) if self._n_known else None

    @cached_property
    def r(self) -> np.ndarray:
        return qrs.detect(self.bands) if self.bands else np.empty(0, int)

    @cached_property
    def beats(self) -> beats.Beats | None:
        """The beats as they are cut out; None where there are none."""
        return beats.Beats(self.bands, self.r) if self.bands and self.r.size else None

    @cached_property
    def features(self) -> np.ndarray:
        """What `extract` returns."""
        found: dict[str, float] = {}
        if self.bands and self._n_known >= MIN_KNOWN_SECONDS * self.fs:
            found |= quality.features(self.bands, self.r)
            if self.beats:
                found |= beats.features(self.beats)
                found |= atrial.features(self.bands, self.beats)
                found |= rr.features(qrs.intervals(self.bands, self.r), self.beats)
        vector = np.array([found.get(name, np.nan) for name in names])
        return np.where(np.isfinite(vector), vector, np.nan).astype(np.float32)

    @cached_property
    def beat_sequence(self) -> np.ndarray:
        """What `beat_sequence` returns."""
        return beat_windows.sequence(self.beats)

    @cached_property
    def beat_summary(self) -> BeatSummary:
        """What `beat_summary` returns."""
        return summary.summarised(self.bands, self.beats)

    @cached_property
    def _n_known(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.signal)))


def extract(signal_mv: ArrayLike, fs: float) -> np.ndarray:
    """The features (len(names),) float32 of one lead.

    signal_mv, fs: as for `Analysis`
    Short, flat and noisy signals have features too, NaN where they are not defined.

    >>> vector = extract(np.sin(np.arange(9000) / 20), fs=300)
    >>> vector.shape == (len(names),)
    True
    """
    return Analysis(signal_mv, fs).features


def beat_sequence(signal_mv: ArrayLike, fs: float) -> np.ndarray:
    """The beats (n_beats, `beat_windows.WIDTH`) float32 of one lead, as a network takes them.

    signal_mv, fs: as for `Analysis`

    >>> beat_sequence(np.zeros(3000), fs=300).shape
    (0, 86)
    """
    return Analysis(signal_mv, fs).beat_sequence


def beat_summary(signal_mv: ArrayLike, fs: float) -> BeatSummary:
    """The beats of one lead in a few numbers, and one kind per beat.

    signal_mv, fs: as for `Analysis`

    >>> beat_summary(np.zeros(3000), fs=300).heart_rate
    nan
    """
    return Analysis(signal_mv, fs).beat_summary


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
