"""A record: one lead of an ECG, with the checks that it can be classified."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..utils import extras, hooks
from ..utils.errors import RecordError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MIN_SECONDS = 5.0
MIN_FS, MAX_FS = 60.0, 1e5
MIN_SPAN_MV = 0.01
MAX_MV = 1e5


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """One lead of an ECG.

    signal: (n_samples,) float32 in mV; NaN marks a missing sample
    fs: sampling rate in Hz
    id: name of the record
    lead: name of the lead, empty where it is unknown
    lead_reason: why this lead of the recording, in words; empty where nothing was selected

    Raises RecordError for a wrong shape, an infinite value, one beyond 100 V, an impossible rate,
    less than 5 s of known samples or a flat line.

    >>> record = Record(np.sin(np.arange(3000) / 20), fs=300, id="A", lead="I")
    >>> record.n_samples, record.seconds
    (3000, 10.0)
    >>> Record([0.1, 0.2, 0.3], fs=300)
    Traceback (most recent call last):
    ...
    ecglab.utils.errors.RecordError: record: too short, 0.01 s of known samples where at least ...
    """

    signal: np.ndarray
    fs: float
    id: str = "record"
    lead: str = ""
    lead_reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "signal", _checked_signal(self.signal, self.id))
        object.__setattr__(self, "fs", _checked_fs(self.fs, self.id))
        known = self.signal[~np.isnan(self.signal)]
        if not known.size:
            raise RecordError(f"{self.id}: empty, every sample is missing")
        if known.size < MIN_SECONDS * self.fs:
            seconds = int(100 * known.size / self.fs) / 100  # rounded down: never 5 s
            raise RecordError(
                f"{self.id}: too short, {seconds:g} s of known samples "
                f"where at least {MIN_SECONDS:g} s are needed"
            )
        span = float(known.max() - known.min())
        if span < MIN_SPAN_MV:
            raise RecordError(
                f"{self.id}: flat, it spans {span:.2g} mV (is the signal in mV, the lead on?)"
            )

    def __repr__(self) -> str:
        lead = f" | lead {self.lead}" if self.lead else ""
        return f"<Record {self.id} | {self.seconds:.1f} s at {self.fs:g} Hz{lead}>"

    def plot(self, **options: Any) -> "Figure":
        """The record on ECG paper, a Matplotlib figure; options: those of `ecglab.plot_record`.

        Raises EcglabError where Matplotlib is not installed.
        """
        return hooks.call("plot_record", self, **options)

    def to_frame(self) -> "pd.DataFrame":
        """A pandas table of the samples: columns time_s and ecg_mV, NaN where one is missing.

        Raises EcglabError where pandas is not installed.
        """
        samples = {"time_s": np.arange(self.n_samples) / self.fs, "ecg_mV": self.signal}
        return extras.load("pandas").DataFrame(samples)

    @property
    def n_samples(self) -> int:
        return self.signal.size

    @property
    def seconds(self) -> float:
        return self.n_samples / self.fs


def as_records(records: Record | Iterable[Record]) -> list[Record]:
    """The records as a list; one record counts as a list of one. Raises TypeError."""
    if isinstance(records, Record):
        return [records]
    found = list(records) if isinstance(records, Iterable) else [records]
    for record in found:
        if not isinstance(record, Record):
            given = records if isinstance(records, str) else record
            raise TypeError(
                f"Records are needed, not {given!r:.40} ({type(given).__name__}): "
                "ecglab.read(path) reads one from a file, ecglab.Record(signal, fs) makes one"
            )
    return found


def _checked_signal(signal: ArrayLike, name: str) -> np.ndarray:
    """The signal as (n_samples,) float32, or RecordError."""
    try:
        array = np.asarray(signal, dtype=np.float32)
    except (TypeError, ValueError):
        raise RecordError(f"{name}: the signal is not a list of numbers") from None
    if array.ndim != 1:
        raise RecordError(
            f"{name}: the signal has shape {array.shape}; one lead of shape (n_samples,) is needed"
        )
    if not array.size:
        raise RecordError(f"{name}: empty, it has no samples")
    if np.isinf(array).any():
        raise RecordError(
            f"{name}: not finite, {int(np.isinf(array).sum())} samples are infinite "
            "(mark missing samples with NaN)"
        )
    if np.any(np.abs(array) > MAX_MV):
        raise RecordError(
            f"{name}: {np.nanmax(np.abs(array)):.2g} mV is no ECG, which has a few mV "
            "(is the unit right? mark missing samples with NaN)"
        )
    return array


def _checked_fs(fs: float, name: str) -> float:
    """The rate in Hz, or RecordError."""
    try:
        rate = float(fs)
    except (TypeError, ValueError):
        raise RecordError(f"{name}: the sampling rate {fs!r} is not a number in Hz") from None
    if not MIN_FS <= rate <= MAX_FS:
        raise RecordError(
            f"{name}: a sampling rate of {rate:g} Hz is out of range "
            f"({MIN_FS:g} to {MAX_FS:.0f} Hz)"
        )
    return rate
