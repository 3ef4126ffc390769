"""A recording: what is refused, and that resampling keeps the signal and its gaps."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglab.ecg.record import FS, Record
from ecglab.utils.errors import RecordError

RATES = (128, 250, 360, 500, 512, 1000)


def wave(fs: float, seconds: float = 12.0, offset: float = 0.0) -> np.ndarray:
    """(n_samples,) float64 in mV: three sines below 40 Hz, together of about 1 mV."""
    t = np.arange(round(seconds * fs)) / fs
    parts = ((0.5, 1.3, 0.0), (0.3, 11.0, 1.0), (0.2, 35.0, 2.0))
    return offset + sum(a * np.sin(2 * np.pi * f * t + phase) for a, f, phase in parts)


def with_missing(signal: np.ndarray, n_missing: int) -> np.ndarray:
    signal = signal.copy()
    signal[:n_missing] = np.nan
    return signal


def refusal(signal, fs=FS) -> str:
    """The one line, which names the record, that refuses it."""
    with pytest.raises(RecordError) as caught:
        Record(signal, fs, id="X7")
    message = str(caught.value)
    assert message.startswith("X7: ")
    assert "\n" not in message
    return message


# What is refused


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (wave(FS).reshape(2, -1), r"shape (2, 1800); one lead of shape (n_samples,)"),
        (wave(FS)[:, None], "shape (3600, 1)"),
        (np.float32(1.0), "shape ()"),
        (["a", "b"], "not a list of numbers"),
        ([[1, 2], [3]], "not a list of numbers"),
        ([object()], "not a list of numbers"),
        ([], "empty, it has no samples"),
        (np.full(3600, np.nan), "empty, every sample is missing"),
        (wave(FS, 4.99), "too short, 5.0 s of known samples where at least 5 s are needed"),
        (with_missing(wave(FS), 3000), "too short, 2.0 s of known samples"),
        (np.zeros(3600), "flat, it spans 0 mV"),
        (0.004 * wave(FS), "is the signal in mV, the lead on?"),
        (np.where(np.arange(3600) < 9, np.nan, 1.5), "flat, it spans 0 mV"),
    ],
)
def test_signal_is_refused(signal, words):
    assert words in refusal(signal)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_samples_are_refused_with_their_number(infinite):
    signal = wave(FS)
    signal[[5, 70]] = infinite
    signal[6] = np.nan
    assert "not finite, 2 samples are infinite (mark missing samples with NaN)" in refusal(signal)


@pytest.mark.parametrize("fs", [0, -300, 10, 59.9, 1e6, float("nan"), float("inf")])
def test_impossible_rate_is_refused(fs):
    assert f"a sampling rate of {fs:g} Hz cannot be judged" in refusal(wave(FS), fs)


@pytest.mark.parametrize("fs", ["quick", None, [300, 300]])
def test_rate_that_is_no_number_is_refused(fs):
    assert f"the sampling rate {fs!r} is not a number in Hz" in refusal(wave(FS), fs)


# What is taken


def test_just_enough_is_taken():
    assert Record(wave(FS, 5), FS).seconds == 5
    assert Record(wave(60), 60).fs == 60
    flat_but_alive = np.where(np.arange(3600) == 7, 0.0101, 0)
    assert Record(flat_but_alive, FS).n_samples == 3600
    assert Record(with_missing(wave(FS), 3600 - 1500), FS).n_samples == 3600


def test_missing_samples_stay_missing():
    signal = wave(FS)
    signal[100:130] = np.nan
    record = Record(signal, FS)
    assert record.signal.dtype == np.float32
    np.testing.assert_array_equal(record.signal, np.float32(signal))


def test_integers_and_lists_are_numbers():
    samples = np.arange(3600) % 200
    for given in (samples, samples.astype(np.int16), samples.tolist()):
        np.testing.assert_array_equal(Record(given, "300").signal, samples)


def test_record_cannot_be_changed_past_the_checks():
    record = Record(wave(FS), FS)
    with pytest.raises(AttributeError):
        record.fs = 0


# Resampling


def interior(signal: np.ndarray, fs: float = FS) -> np.ndarray:
    """All but the first and the last 0.25 s, where no filter knows what comes beyond."""
    margin = round(fs / 4)
    return signal[margin:-margin]


@pytest.mark.parametrize("fs", RATES)
def test_resampling_gives_the_same_wave_at_300_hz(fs):
    record = Record(wave(fs, offset=2.0), fs, id="X7", lead="II")
    at_300 = record.resampled()
    assert (at_300.fs, at_300.id, at_300.lead) == (FS, "X7", "II")
    assert at_300.n_samples == 12 * 300
    ideal = wave(FS, offset=2.0)
    error = np.abs(at_300.signal - ideal)
    assert interior(error).max() < 0.01
    assert error.max() < 0.2  # at 128 Hz the last one lies beyond the last known sample
    np.testing.assert_array_equal(record.signal, np.float32(wave(fs, offset=2.0)))


@pytest.mark.parametrize(("fs", "up", "down"), [(250, 6, 5), (360, 5, 6), (512, 75, 128)])
def test_resampling_is_scipys(fs, up, down):
    expected = resample_poly(wave(fs), up, down, padtype="line")
    np.testing.assert_allclose(Record(wave(fs), fs).resampled().signal, expected, atol=1e-6)


@pytest.mark.parametrize("fs", RATES)
def test_odd_lengths_keep_every_second(fs):
    signal = wave(fs)[:-7]
    n_samples = Record(signal, fs).resampled().n_samples
    assert n_samples == int(np.ceil(signal.size * 300 / fs))


def test_what_300_hz_cannot_hold_is_filtered_out():
    t = np.arange(12_000) / 1000
    aliased = wave(1000) + np.sin(2 * np.pi * 290 * t)  # would be 10 Hz
    assert interior(np.abs(Record(aliased, 1000).resampled().signal - wave(FS))).max() < 0.02


def test_nothing_is_done_at_the_rate_it_has():
    record = Record(wave(FS), FS)
    assert record.resampled() is record
    at_250 = Record(wave(250), 250)
    assert at_250.resampled(250) is at_250


def test_other_rates_can_be_asked_for():
    back = Record(wave(250), 250).resampled(500).resampled(250)
    assert interior(np.abs(back.signal - wave(250)), 250).max() < 0.01


@pytest.mark.parametrize("fs", RATES)
def test_gaps_stay_where_they_are(fs):
    """Missing exactly where a neighbour in time was, so by at most one sample on either side."""
    gaps = ((0.0, 0.5), (3.0, 3.2), (7.0, 8.5), (11.8, 12.0))
    signal = wave(fs, offset=2.0)
    t = np.arange(signal.size) / fs
    for begin, end in gaps:
        signal[(t >= begin - 1e-9) & (t < end - 1e-9)] = np.nan
    found = Record(signal, fs).resampled().signal
    t = np.arange(found.size) / FS
    surely = np.zeros(found.size, bool)
    perhaps = np.zeros(found.size, bool)
    for begin, end in gaps:
        last = end - 1 / fs
        surely |= (t >= begin - 1e-9) & (t <= last + 1e-9)
        perhaps |= (t > begin - 1 / fs - 1e-9) & (t < end + 1e-9)
    missing = np.isnan(found)
    assert missing[surely].all()
    assert not missing[~perhaps].any()


@pytest.mark.parametrize("fs", RATES)
def test_gaps_do_not_reach_into_what_is_known(fs):
    """With 2 mV of offset a gap that was bridged at 0 would ring far into its neighbours."""
    signal = wave(fs, offset=2.0)
    signal[round(5 * fs) : round(5.5 * fs)] = np.nan
    found = Record(signal, fs).resampled().signal
    ideal = wave(FS, offset=2.0)
    known = ~np.isnan(found)
    error = interior(np.where(known, np.abs(found - ideal), 0))
    assert error.max() < 0.12
    t = interior(np.arange(found.size) / FS)
    far = (t < 4.9) | (t > 5.6)
    assert error[far].max() < 0.01
