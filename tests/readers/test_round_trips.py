"""The same 30 s in every format that a test can write give the same signal, rate and lead."""

import numpy as np
import pytest
from format_maker import WRITERS, not_stated

from ecglab import readers

SECONDS = 30
RATES = (125, 250, 500, 1000)
UNNAMED = ("one column", "npy", "WAV")
"""Formats without names of leads."""
STEPS = {"WFDB 212": 5e-3, "EDF": 3.1e-4, "DICOM": 2.5e-3, "aECG": 2.5e-3}
"""In mV; the other formats keep whole µV."""


def ecg(fs: int) -> np.ndarray:
    """(n_samples,) in mV, of whole µV, as beats on a slow wave with some noise."""
    t = np.arange(SECONDS * fs) / fs
    beats = np.exp(-(((t % 0.83) - 0.4) ** 2) / 3e-4) + 0.2 * np.sin(t)
    return np.round(beats + np.random.default_rng(fs).normal(0, 0.02, t.size), 3)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("name", WRITERS)
def test_same_signal_in_every_format(tmp_path, name, fs, sign):
    signal = sign * ecg(fs)
    record = readers.read(WRITERS[name](tmp_path, signal, fs), **not_stated(name, fs))
    assert record.n_samples == signal.size
    assert record.lead == "I" or name in UNNAMED
    assert record.fs == pytest.approx(fs, rel=1e-6)
    np.testing.assert_allclose(record.signal, signal, atol=STEPS.get(name, 0) / 2 + 1e-6)
