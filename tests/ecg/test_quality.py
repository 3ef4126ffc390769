"""The quality indices, against closed form."""

import numpy as np
import pytest

from ecglab.ecg import features
from ecglab.ecg.quality import LIMITS, WEIGHTS, indices, quality

FS = 300.0
T = np.arange(int(60 * FS)) / FS


def found(signal) -> dict[str, float]:
    return dict(zip(features.names, features.extract(signal, FS).tolist(), strict=True))


def sine(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * T + 0.3)


@pytest.mark.parametrize("amplitude", [0.5, 1.0, 2.0])
def test_the_power_indices_are_ratios_of_powers(amplitude):
    muscle = indices(found(sine(10) + sine(25, amplitude)))
    assert muscle["pSQI"] == pytest.approx(1 / (1 + amplitude**2), rel=0.01)
    # A Hann window of 1,280 samples spreads a wave's power over three frequencies by 1:4:1. For
    # twice the lowest frequency, the first is below 0.25 Hz and the last above 0.7 Hz.
    wander = indices(found(sine(10) + sine(2 * FS / 1280, amplitude)))
    known = 1 + amplitude**2 * np.array([1 / 6, 5 / 6])
    assert wander["basSQI"] == pytest.approx(known[0] / known[1], rel=0.01)


def test_the_kurtosis_of_a_sine_is_three_halves_and_that_of_noise_three(rng):
    assert indices(found(sine(10)))["kSQI"] == pytest.approx(1.5, rel=0.01)
    assert indices(found(rng.normal(size=T.size)))["kSQI"] == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(("f1", "share"), [(1.0, 1.0), (0.5, 1 / 3), (0.0, 0.0)])
def test_agreement_is_what_both_find_of_what_either_finds(f1, share):
    """With m of n beats matched on both sides, F1 is m / n and the index m / (2 n - m)."""
    some = found(sine(10)) | {"quality_agreement": f1}
    assert indices(some)["bSQI"] == pytest.approx(share)


def test_quality_is_the_weighted_mean_between_the_limits():
    some = found(sine(10)) | {"quality_missing": 0.0, "quality_flat": 0.0}
    values = {
        "quality_agreement": [2 * x / (1 + x) for x in LIMITS["bSQI"]],
        "quality_qrs_power": LIMITS["pSQI"],
        "quality_kurtosis": np.log10(LIMITS["kSQI"]),
        "quality_power_0.25_0.7": [np.log10(1 / x - 1) for x in LIMITS["basSQI"]],
    }
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    low, high = ({name: ends[i] for name, ends in values.items()} for i in (0, 1))
    assert quality(some | low) == pytest.approx(0)
    assert quality(some | high) == pytest.approx(1)
    only = low | {"quality_agreement": high["quality_agreement"]}
    assert quality(some | only) == pytest.approx(WEIGHTS["bSQI"])
    assert quality(some | high | {"quality_missing": 0.25}) == pytest.approx(0.75)


def test_quality_without_any_feature_is_zero():
    assert quality(dict.fromkeys(features.names, np.nan)) == 0
