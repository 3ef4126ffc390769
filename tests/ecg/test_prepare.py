"""From a record to model input: another rate keeps the signal and its gaps; batches are padded."""

from fractions import Fraction

import numpy as np
import pytest
from recording_maker import wave
from scipy.signal import resample_poly

from ecglab.ecg.prepare import batch, prepare
from ecglab.ecg.record import Record
from ecglab.ecg.resample import resample

FS = 300.0
RATES = (128, 250, 360, 500, 512, 1000)


def interior(signal: np.ndarray, fs: float = FS) -> np.ndarray:
    """All but the first and the last 0.25 s, where no filter knows what comes beyond."""
    margin = round(fs / 4)
    return signal[margin:-margin]


# Resampling


@pytest.mark.parametrize(
    ("fs", "new_fs"),
    [
        (250, 300),
        (500, 300),
        (1000, 300),
        (128, 300),
        (360, 300),
        (511.7, 300),
        (300.01, 300),
        (300, 1000),
        (300, 250),
    ],
)
def test_resampling_is_scipys(rng, fs, new_fs):
    ratio = Fraction(new_fs / fs).limit_denominator(1000)
    for signal in (wave(fs, offset=2.0), rng.standard_normal(2999), np.array([1.0, 3.0])):
        expected = resample_poly(signal, ratio.numerator, ratio.denominator, padtype="line")
        found = resample(signal, fs, new_fs)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_long_signals_are_resampled_piece_by_piece_to_the_same(rng, monkeypatch):
    signal = rng.standard_normal(5000)
    whole = resample(signal, 250, 300)
    monkeypatch.setattr("ecglab.ecg.resample._CHUNK", 999)
    np.testing.assert_array_equal(resample(signal, 250, 300), whole)


@pytest.mark.parametrize("fs", RATES)
def test_wave_is_the_same_at_300_hz(fs):
    record = Record(wave(fs, offset=2.0), fs)
    found = prepare(record, FS)
    assert (found.dtype, found.shape) == (np.float32, (12 * 300,))
    error = np.abs(found - wave(FS, offset=2.0))
    assert interior(error).max() < 0.01
    assert error.max() < 0.2  # at 128 Hz the last one lies beyond the last known sample
    np.testing.assert_array_equal(record.signal, np.float32(wave(fs, offset=2.0)))


@pytest.mark.parametrize("fs", RATES)
def test_odd_lengths_keep_every_second(fs):
    signal = wave(fs)[:-7]
    assert prepare(Record(signal, fs), FS).size == int(np.ceil(signal.size * 300 / fs))


def test_what_300_hz_cannot_hold_is_filtered_out():
    t = np.arange(12_000) / 1000
    aliased = wave(1000) + np.sin(2 * np.pi * 290 * t)  # would be 10 Hz
    assert interior(np.abs(prepare(Record(aliased, 1000), FS) - wave(FS))).max() < 0.02


@pytest.mark.parametrize(("fs", "own"), [(300, 300), (250, 250), (300, 1 / 0.003333)])
def test_signal_at_the_rate_of_the_model_is_not_changed(fs, own):
    signal = wave(fs)
    signal[100:130] = np.nan
    record = Record(signal, own)
    assert prepare(record, fs) is record.signal


def test_there_and_back():
    back = prepare(Record(prepare(Record(wave(250), 250), 500), 500), 250)
    assert interior(np.abs(back - wave(250)), 250).max() < 0.01


# Missing samples


@pytest.mark.parametrize("fs", RATES)
def test_gaps_stay_where_they_are(fs):
    """Missing exactly where a neighbour in time was, so by at most one sample on either side."""
    gaps = ((0.0, 0.5), (3.0, 3.2), (7.0, 8.5), (11.8, 12.0))
    signal = wave(fs, offset=2.0)
    t = np.arange(signal.size) / fs
    for begin, end in gaps:
        signal[(t >= begin - 1e-9) & (t < end - 1e-9)] = np.nan
    missing = np.isnan(prepare(Record(signal, fs), FS))
    t = np.arange(missing.size) / FS
    surely = np.zeros(missing.size, bool)
    perhaps = np.zeros(missing.size, bool)
    for begin, end in gaps:
        last = end - 1 / fs
        surely |= (t >= begin - 1e-9) & (t <= last + 1e-9)
        perhaps |= (t > begin - 1 / fs - 1e-9) & (t < end + 1e-9)
    assert missing[surely].all()
    assert not missing[~perhaps].any()


@pytest.mark.parametrize("fs", RATES)
def test_gaps_do_not_reach_into_what_is_known(fs):
    """With 2 mV of offset a gap that was bridged at 0 would ring far into its neighbours."""
    signal = wave(fs, offset=2.0)
    signal[round(5 * fs) : round(5.5 * fs)] = np.nan
    found = prepare(Record(signal, fs), FS)
    error = interior(np.where(np.isnan(found), 0, np.abs(found - wave(FS, offset=2.0))))
    assert error.max() < 0.12
    t = interior(np.arange(found.size) / FS)
    far = (t < 4.9) | (t > 5.6)
    assert error[far].max() < 0.01


# Batches


def test_batch_pads_to_the_longest_and_masks_what_is_missing():
    inputs = batch([np.float32([1, np.nan, 3]), np.float32([5])])
    assert inputs.keys() == {"signal", "mask"}
    assert all(x.dtype == np.float32 for x in inputs.values())
    np.testing.assert_array_equal(inputs["signal"], [[1, 0, 3], [5, 0, 0]])
    np.testing.assert_array_equal(inputs["mask"], [[1, 0, 1], [1, 0, 0]])


def test_batch_of_a_given_length():
    inputs = batch([np.float32([1, 2])], n_samples=4)
    np.testing.assert_array_equal(inputs["signal"], [[1, 2, 0, 0]])
    np.testing.assert_array_equal(inputs["mask"], [[1, 1, 0, 0]])
