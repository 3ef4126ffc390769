"""Batches: each record once with its label and weight, in windows or by length."""

import numpy as np
import pytest

from ecglab.datasets import dataset
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.ecg.features.beat_windows import WIDTH
from ecglab.ecg.prepare import batch
from ecglab.training.batches import Batches
from ecglab.training.inputs import Inputs, inputs_of

CLASSES = Classes({"N": "normal", "A": "atrial fibrillation"})
FS = 100


class Records:
    """A data set whose samples are numbered: record i begins with 1000 i."""

    fs, classes = FS, CLASSES

    def __init__(self, lengths):
        self.lengths = np.array(lengths)
        self.labels = np.array(["N", "A"])[np.arange(len(lengths)) % 2]

    def signal(self, i):
        signal = np.arange(self.lengths[i], dtype=np.float32) + 10_000 * (i + 1)
        signal[7] = np.nan
        return signal


def batches_of(data, crop, seed=0, batch_size=4, rows=None):
    rows = np.arange(len(data.lengths)) if rows is None else rows
    targets, weights = CLASSES.one_hot(data.labels), np.arange(len(data.lengths)) + 1.0
    return Batches(
        inputs_of("resnet1d", data),
        rows,
        targets,
        weights,
        batch_size,
        crop,
        np.random.default_rng(seed),
    )


@pytest.fixture
def data():
    return Records([900, 3000, 3000, 6100, 1500, 3000, 6000, 3000, 1200, 3000, 3000, 3000])


@pytest.mark.parametrize("crop", [20.0, 30.0, 0.0])
def test_each_record_comes_once_with_its_label_and_weight(data, crop):
    seen = []
    for inputs, targets, weights in batches_of(data, crop):
        for signal, mask, target, weight in zip(*inputs.values(), targets, weights, strict=True):
            row = int(signal.max() // 10_000) - 1
            seen.append(row)
            assert CLASSES.codes[target.argmax()] == data.labels[row]
            assert weight == row + 1
            n = min(data.lengths[row], round(crop * FS) or np.inf)
            piece, known = signal[: int(n)], mask[: int(n)] == 1
            assert not mask[int(n) :].any() and not signal[int(n) :].any()
            assert known.sum() >= n - 1, "of known samples, at most the one that is missing"
            start = piece[known][0] - known.argmax()
            np.testing.assert_array_equal(piece[known], (start + np.arange(n))[known])
            assert (signal[mask == 0] == 0).all()
    assert sorted(seen) == list(range(12))


def test_windows_lie_anywhere_in_a_record():
    data = Records([3000, 3001, 3100, 9000])
    starts = np.array([batches_of(data, 30.0, seed).starts[0] for seed in range(200)])
    rows = np.array([batches_of(data, 30.0, seed).rows[0] for seed in range(200)])
    for row, room in enumerate(data.lengths - 3000):
        drawn = starts[rows == row]
        assert drawn.min() >= 0 and drawn.max() <= room
        assert set(drawn) == set(range(room + 1)) if room < 2 else np.ptp(drawn) > 0.8 * room


def test_a_window_is_no_longer_than_the_longest_record():
    [(inputs, _, _)] = batches_of(Records([1200, 900, 1000, 1100]), 30.0)
    assert inputs["signal"].shape == (4, 1200)


def test_whole_records_share_a_batch_with_others_of_like_length(data):
    shapes = [inputs["signal"].shape for inputs, _, _ in batches_of(data, 0.0)]
    assert sorted(shapes) == [(4, 3000), (4, 3000), (4, 6100)]
    orders = {tuple(n for _, n in (x[0]["signal"].shape for x in batches_of(data, 0.0, seed)))
              for seed in range(20)}  # fmt: skip
    assert len(orders) > 1, "not always the short ones first"


@pytest.mark.parametrize("crop", [20.0, 0.0])
def test_what_does_not_fill_a_batch_is_left_out_at_random(data, crop):
    left_out = set()
    for seed in range(40):
        batches = batches_of(data, crop, seed, batch_size=5)
        assert len(batches) == 2
        left_out |= set(range(12)) - set(batches.rows.ravel())
    assert left_out == set(range(12))
    assert len(batches_of(data, crop, batch_size=50)) == 1


def test_buckets_are_few_and_none_exceeds_the_longest():
    lengths = np.array([1, 999, 1000, 1001, 3000, 6001])
    inputs = Inputs(lengths, FS, lambda row: np.zeros(lengths[row]), batch)
    rows = np.arange(6)
    np.testing.assert_array_equal(inputs.bucketed(rows), [1000, 1000, 1000, 2000, 3000, 6001])
    assert inputs.bucketed(rows[:0]).size == 0


# Beats


@pytest.fixture
def of_beats(packed, monkeypatch):
    """Synthetic records, one of them without beats, and what a network of beats takes of them."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    data = dataset.open("synthetic").select(np.arange(12))
    signals = [data.signal(i) for i in range(12)]
    signals[5] = np.zeros_like(signals[5])
    monkeypatch.setattr(data, "signal", lambda i: signals[i], raising=False)
    monkeypatch.setenv("ECGLAB_DATA", str(packed / "beats"))
    return data, inputs_of("beat_crnn", data)


def test_beats_are_those_of_each_record_and_come_at_their_mean_rate(of_beats):
    data, inputs = of_beats
    for i in range(12):
        expected = features.beat_sequence(data.signal(i), data.fs)
        np.testing.assert_array_equal(inputs.of(i), expected)
        assert inputs.lengths[i] == len(expected)
    assert inputs.lengths[5] == 0
    assert inputs.rate == pytest.approx(inputs.lengths.sum() / (data.lengths.sum() / data.fs))


@pytest.mark.parametrize("crop", [8.0, 0.0])
def test_batches_of_beats_hold_parts_of_records(of_beats, crop):
    data, inputs = of_beats
    targets, weights = data.classes.one_hot(data.labels), np.arange(12.0)
    rng = np.random.default_rng(0)
    seen = []
    for given, _, weight in Batches(inputs, np.arange(12), targets, weights, 4, crop, rng):
        assert given["beats"].shape == (*given["beats_mask"].shape, WIDTH)
        for beats, mask, row in zip(*given.values(), weight.astype(int), strict=True):
            n = int(mask.sum())
            seen.append(row)
            assert n == min(inputs.lengths[row], round(crop * inputs.rate) or np.inf)
            assert (mask[:n] == 1).all() and not beats[n:].any()
            whole = inputs.of(row)
            starts = range(len(whole) - n + 1)
            assert any(np.array_equal(beats[:n], whole[i : i + n]) for i in starts)
    assert sorted(seen) == list(range(12))
