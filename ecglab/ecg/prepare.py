"""Prepare a record as the input of a model, the same way for training and prediction."""

import hashlib
from collections.abc import Sequence

import numpy as np

from ..utils.errors import RecordError
from .dropouts import dropouts
from .hum import without_hum
from .record import MIN_SECONDS, Record
from .resample import ratio, resample


def prepare(record: Record, fs: float) -> np.ndarray:
    """The signal of a record as models take it: (n_samples,) float32 in mV at `fs` Hz.

    Missing samples are NaN, also those that the device did not mark, and mains hum is removed. A
    record that has neither, at the rate `fs`, is returned as it is. The packed data sets hold what
    this returns, and so training, scoring and prediction see the same numbers.

    Raises RecordError where less than 5 s are left.

    >>> record = Record(np.sin(np.arange(5000) / 20), fs=500)
    >>> prepare(record, 300).shape, prepare(record, 300).dtype
    ((3000,), dtype('float32'))
    """
    return at_rate(cleaned(record), record.fs, fs)


def cleaned(record: Record) -> np.ndarray:
    """The signal (n_samples,) of a record at its own rate, its dropouts NaN and without hum."""
    signal = record.signal
    dropped = dropouts(signal, record.fs)
    if dropped.any():
        signal = np.where(dropped, np.float32(np.nan), signal)
        seconds = np.count_nonzero(~np.isnan(signal)) / record.fs
        if seconds < MIN_SECONDS:
            raise RecordError(
                f"{record.id}: too short, {seconds:.1f} s of samples that were measured, where at "
                f"least {MIN_SECONDS:g} s are needed (elsewhere one value is held)"
            )
    return without_hum(signal, record.fs)


def at_rate(signal: np.ndarray, fs: float, new_fs: float) -> np.ndarray:
    """The signal (n_samples,) float32 at another rate in Hz, the same array at its own.

    Missing samples are bridged by a line for the filter, and what lies next to one is missing
    afterwards.
    """
    up, down = ratio(fs, new_fs)
    if up == down:
        return signal
    missing = np.isnan(signal)
    index = np.arange(signal.size)
    whole = np.interp(index, index[~missing], signal[~missing])
    resampled = resample(whole, fs, new_fs).astype(np.float32)
    if missing.any():
        at = np.arange(resampled.size) * down
        before = np.minimum(at // up, signal.size - 1)
        after = np.minimum(-(-at // up), signal.size - 1)
        resampled[missing[before] | missing[after]] = np.nan
    return resampled


def batch(signals: Sequence[np.ndarray] | np.ndarray, n_samples: int = 0) -> dict[str, np.ndarray]:
    """Prepared signals as the two inputs of a network, padded at the end to one length.

    signals: (n,) float32 each, NaN where a sample is missing
    n_samples: of the result; by default those of the longest signal
    Returns {"signal": (batch, n_samples) float32 in mV, 0 where missing; "mask": (batch,
    n_samples) float32, 1 where a sample is known, 0 where it is missing or padding}.

    >>> inputs = batch([np.float32([1, 2, np.nan, 4]), np.float32([5, 6])])
    >>> inputs["signal"].tolist()
    [[1.0, 2.0, 0.0, 4.0], [5.0, 6.0, 0.0, 0.0]]
    >>> inputs["mask"].tolist()
    [[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]]
    """
    if not all(isinstance(signal, np.ndarray) for signal in signals):
        raise TypeError(
            "a batch is made of signals, arrays of shape (n_samples,), such as data.signals[:8]"
        )
    n_samples = n_samples or max(signal.size for signal in signals)
    signal = np.zeros((len(signals), n_samples), np.float32)
    mask = np.zeros((len(signals), n_samples), np.float32)
    for row, x in enumerate(signals):
        known = ~np.isnan(x)
        signal[row, : x.size] = np.where(known, x, 0)
        mask[row, : x.size] = known
    return {"signal": signal, "mask": mask}


def signal_digest(signal: np.ndarray) -> str:
    """SHA-256, in hex, of a prepared signal (n_samples,) as little-endian float32.

    Every missing sample counts as the same NaN, so that equal signals have equal digests.
    """
    samples = np.array(signal, "<f4")
    samples[np.isnan(samples)] = np.nan
    return hashlib.sha256(samples.data).hexdigest()
