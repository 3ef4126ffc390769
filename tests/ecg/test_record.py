"""A record: which signals and rates it takes and which it refuses."""

import sys

import numpy as np
import pytest
from recording_maker import wave

import ecglab
from ecglab.ecg.record import Record
from ecglab.utils import hooks
from ecglab.utils.errors import EcglabError, RecordError

FS = 300.0


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
        (wave(FS, 4.99), "too short, 4.99 s of known samples where at least 5 s are needed"),
        (with_missing(wave(FS), 3000), "too short, 2 s of known samples"),
        (np.zeros(3600), "flat, it spans 0 mV"),
        (0.004 * wave(FS), "is the signal in mV, the lead on?"),
        (np.where(np.arange(3600) < 9, np.nan, 1.5), "flat, it spans 0 mV"),
        (2e5 * wave(FS), "e+05 mV is no ECG, which has a few mV (is the unit right?"),
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
    words = f"a sampling rate of {fs:g} Hz is out of range (60 to 100000 Hz)"
    assert words in refusal(wave(FS), fs)


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


def test_a_record_as_a_table():
    record = Record([np.nan, *np.sin(np.arange(2999))], 250)
    table = record.to_frame()
    assert list(table.columns) == ["time_s", "ecg_mV"]
    assert table["time_s"].iloc[[0, -1]].tolist() == [0, 2999 / 250]
    np.testing.assert_array_equal(table["ecg_mV"], record.signal)


def test_a_record_draws_itself_as_plot_record_does():
    record = Record(np.sin(np.arange(3000) / 20), 300)
    figure = record.plot(title="mine", seconds_per_row=5)
    expected = ecglab.plot_record(record, title="mine", seconds_per_row=5)
    assert figure.get_size_inches().tolist() == expected.get_size_inches().tolist()
    with pytest.raises(TypeError, match="colour"):
        record.plot(colour="red")


@pytest.mark.parametrize(
    ("method", "library", "extra"),
    [("to_frame", "pandas", "train"), ("plot", "matplotlib", "report")],
)
def test_what_a_method_needs_is_named(method, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    record = Record(np.sin(np.arange(3000)), 300)
    with pytest.raises(EcglabError, match=rf"package {library}: pip install 'ecglab\[{extra}\]'"):
        getattr(record, method)()


def test_a_copy_of_the_lower_packages_cannot_draw(monkeypatch):
    monkeypatch.setattr(hooks, "_provided", {})
    with pytest.raises(EcglabError, match="plot_record is not available: install ecglab"):
        Record(np.sin(np.arange(3000)), 300).plot()
