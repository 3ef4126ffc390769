"""The height of the beats: in mV, of the typical part of a record, and doubtful only far off."""

import numpy as np
import pytest

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.height import PLAUSIBLE, doubt, height


@pytest.mark.parametrize("fs", [60, 300, 1000.5])
def test_it_is_that_of_a_typical_part(fs):
    signal = 3 * np.sin(2 * np.pi * 2 * np.arange(round(21 * fs)) / fs)
    assert height(signal, fs) == pytest.approx(6, rel=0.05)
    signal[: round(4 * fs)] *= 1000
    signal[round(15 * fs) :] = np.nan
    assert height(signal, fs) == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize("label", list("NAO"))
def test_a_gain_that_is_wrong_by_5_is_no_reason_for_doubt(label, rng):
    signal = simulate(label, 20, rng, 300)
    for gain in (0.2, 1, 5):
        assert doubt(height(gain * signal, 300)) == ""
    for gain, words in ((1000, " mV, where an ECG has 0.02 to 20 mV"), (1e-3, "beats of 0.00")):
        assert words in doubt(height(gain * signal, 300))


def test_the_limits_are_plausible():
    for limit in PLAUSIBLE:
        assert doubt(limit) == ""
    assert doubt(0.0123) == "beats of 0.012 mV, where an ECG has 0.02 to 20 mV"
    assert doubt(12345) == "beats of 12,345 mV, where an ECG has 0.02 to 20 mV"
