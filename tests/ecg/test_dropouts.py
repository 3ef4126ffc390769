"""Missing samples that no one marked: held values and rails, and what only looks like them."""

import numpy as np
import pytest

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.dropouts import dropouts
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.utils.errors import RecordError

FS = 300


@pytest.fixture
def signal() -> np.ndarray:
    """20 s of a simulated record, in steps of 1 µV."""
    return np.float32(simulate("N", 20, np.random.default_rng(0)).round(3))


@pytest.mark.parametrize("fs", [100, 300, 1000])
@pytest.mark.parametrize("shown", ["zero", "held", "rail"])
def test_a_part_that_does_not_move_is_missing(signal, fs, shown):
    parts = [(0, 0.5), (7.1, 7.4), (12, 15), (19.5, 20)]
    signal = np.interp(np.arange(20 * fs) / fs, np.arange(6000) / FS, signal).astype(np.float32)
    expected = np.zeros(signal.size, bool)
    for start, end in parts:
        part = slice(round(start * fs), round(end * fs))
        signal[part] = {"zero": 0.0, "held": signal[part.start], "rail": 3.2768}[shown]
        expected[part] = True
    found = dropouts(signal, fs)
    # A held value may be that of the sample beside it as well.
    assert not (expected & ~found).any() and (found & ~expected).sum() <= 2 * len(parts)


def test_a_record_that_moves_has_none(signal):
    clipped = np.clip(signal, np.quantile(signal, 0.02), np.quantile(signal, 0.98))
    for x in (signal, signal + np.float32(2), clipped):
        assert not dropouts(x, FS).any()


def test_a_pause_shorter_than_a_fifth_of_a_second_is_none(signal):
    signal[1000:1055] = 0
    assert not dropouts(signal, FS).any()


@pytest.mark.parametrize("step", [0.02, 0.05, 0.1])
def test_steps_of_a_coarse_converter_are_none(signal, step):
    """Between beats it shows one value for long, which is a measurement."""
    coarse = np.float32(np.round(signal / step) * step)
    assert not dropouts(coarse, FS).any()


def test_a_flat_line_between_simulated_beats_is_none():
    t = np.arange(6000) / FS
    beats = np.float32(np.exp(-((t % 0.8 - 0.4) ** 2) / (2 * 0.01**2)))
    assert (beats == 0).mean() > 0.5
    assert not dropouts(beats, FS).any()
    beats[1200:1800] = 0
    found = np.flatnonzero(dropouts(beats, FS))
    assert found[0] <= 1200 and found[-1] >= 1799, "but two seconds are too long for it"
    assert found.size < 1000


def test_a_code_for_missing_is_found_however_short(signal):
    at = [5, 600, 601, 3000]
    signal[at] = -32.768
    assert list(np.flatnonzero(dropouts(signal, FS))) == at
    once = signal.copy()
    once[at[1:]] = 0.1
    assert not dropouts(once, FS).any(), "one spike may be one"


def test_marked_samples_are_left_alone(signal):
    signal[1000:1600] = np.nan
    assert not dropouts(signal, FS).any()
    signal[3000:3300] = 0
    assert list(np.flatnonzero(dropouts(signal, FS))) == list(range(3000, 3300))


def test_prepare_marks_them_and_a_second_time_changes_nothing(signal):
    signal[1000:1600] = 0
    once = prepare(Record(signal, FS), FS)
    assert np.array_equal(np.isnan(once), dropouts(signal, FS))
    assert prepare(Record(once, FS), FS) is not None
    np.testing.assert_array_equal(prepare(Record(once, FS), FS), once)


def test_a_record_that_is_mostly_held_is_refused(signal):
    signal[1200:] = 0.5
    with pytest.raises(RecordError) as caught:
        prepare(Record(signal, FS, id="r"), FS)
    assert str(caught.value).startswith("r: too short, 4.0 s of samples that were measured")
