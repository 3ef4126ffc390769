"""Mains hum is removed where it is, and a record without hum stays as it is, bit by bit."""

import numpy as np
import pytest

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.hum import find, without_hum
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.ecg.resample import resample

RATES = (100, 125, 250, 300, 360, 500, 1000)


def clean(fs: float, seconds: float = 20, seed: int = 0, rhythm: str = "N") -> np.ndarray:
    """A simulated record up to 40 Hz, which leaves out its mains hum, with white noise of 5 µV."""
    rng = np.random.default_rng(seed)
    signal = resample(resample(simulate(rhythm, seconds, rng), 300, 80), 80, fs)
    return (signal + rng.normal(0, 0.005, signal.size)).astype(np.float32)


def hum(fs: float, n: int, hz: float, mv: float, harmonics: bool = True) -> np.ndarray:
    t = np.arange(n) / fs
    parts = [(1, 1.0), (2, 0.2), (3, 0.3)] if harmonics else [(1, 1.0)]
    parts = [(k, a) for k, a in parts if k == 1 or k * hz < fs / 2]
    return mv * sum(a * np.sin(2 * np.pi * k * hz * t + k) for k, a in parts)


def with_hum(fs: float, hz: float, mv: float, **settings) -> tuple[np.ndarray, np.ndarray]:
    signal = clean(fs)
    return signal, np.float32(signal + hum(fs, signal.size, hz, mv, **settings))


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("rhythm", ["N", "A", "O"])
def test_a_record_without_hum_is_returned_as_it_is(fs, rhythm):
    for seed in range(3):
        signal = clean(fs, seed=seed, rhythm=rhythm)
        assert without_hum(signal, fs) is signal


def test_beats_of_a_pacemaker_are_no_hum():
    """Exactly regular and sharp: their spectrum has a line at every multiple of the rate."""
    t = np.arange(9000) / 300
    for period in (0.8, 1.0, 0.6):
        sharp = np.float32(np.exp(-((t % period - period / 2) ** 2) / (2 * 0.008**2)))
        assert without_hum(sharp, 300) is sharp


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("hz", [49.5, 50, 50.5, 59.5, 60.2])
@pytest.mark.parametrize("mv", [0.1, 1.0])
def test_hum_is_removed_at_every_rate(fs, hz, mv):
    signal, noisy = with_hum(fs, hz, mv)
    error = without_hum(noisy, fs) - signal
    near_nyquist = abs(hz - fs / 2) < 1  # there it is hardly told from its own mirror image
    assert np.sqrt(np.mean(error**2)) < (0.06 if near_nyquist else 0.01)


@pytest.mark.parametrize("hz", [50.3, 60.0])
def test_the_line_is_found_where_it_is(hz):
    _, noisy = with_hum(500, hz, 0.3)
    assert find(noisy, 500) == pytest.approx([hz, 2 * hz, 3 * hz], abs=0.02)


def test_the_alias_of_hum_is_found_and_clear_lines_only():
    """At 100 Hz 60.3 Hz is seen at 39.7 Hz, where beats have power as well."""
    _, noisy = with_hum(100, 60.3, 0.3)
    assert find(noisy, 100) == pytest.approx([39.7], abs=0.02)
    _, faint = with_hum(100, 60.3, 0.003)
    assert find(faint, 100) == []


def test_hum_that_grows_and_hum_of_a_part_of_the_record():
    fs = 300
    signal = clean(fs)
    wave = hum(fs, signal.size, 50.2, 0.5)
    t = np.arange(signal.size) / fs
    for size, limit in ((t / 20, 0.01), (np.clip(t - 8, 0, 1), 0.02)):
        error = without_hum(np.float32(signal + size * wave), fs) - signal
        assert np.sqrt(np.mean(error**2)) < limit


def test_missing_samples_stay_missing_and_do_not_disturb():
    signal, noisy = with_hum(300, 50.3, 0.5)
    for start, end in ((0, 200), (1500, 1900), (4000, 4003)):
        noisy[start:end] = np.nan
    found = without_hum(noisy + np.float32(2), 300) - 2
    assert np.array_equal(np.isnan(found), np.isnan(noisy))
    assert np.nanmax(np.abs(found - signal)) < 0.06
    assert np.sqrt(np.nanmean((found - signal) ** 2)) < 0.01


def test_what_is_returned_has_no_line_left():
    for mv in (0.02, 0.1, 1.0, 5.0):
        _, noisy = with_hum(300, 60.4, mv)
        once = without_hum(noisy, 300)
        assert once is not noisy
        assert without_hum(once, 300) is once


@pytest.mark.parametrize("seconds", [5, 6.1, 61])
def test_short_and_long_records(seconds):
    signal = clean(300, seconds)
    noisy = np.float32(signal + hum(300, signal.size, 50.4, 0.5))
    found = without_hum(noisy, 300)
    assert found.shape == signal.shape and found.dtype == np.float32
    assert np.sqrt(np.mean((found - signal) ** 2)) < 0.02


def test_prepare_removes_hum_before_it_resamples():
    signal, noisy = with_hum(500, 50.3, 0.5)
    found, expected = (prepare(Record(x, 500), 300) for x in (noisy, signal))
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.01


def test_a_lead_of_several_is_read_where_it_lies():
    leads = np.random.default_rng(1).normal(size=(3000, 2)).astype(np.float32)
    leads[:, 0] += np.sin(2 * np.pi * 50 * np.arange(3000) / 300)
    column = leads[:, 0]
    assert not column.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(without_hum(column, 300), without_hum(column.copy(), 300))
