"""Batches: each record once with its label and weight, in windows or by length."""

import numpy as np
import pytest

from ecglab.ecg.classes import Classes
from ecglab.training.batches import Batches, bucketed

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
    return Batches(data, rows, targets, weights, batch_size, crop, np.random.default_rng(seed))


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
    np.testing.assert_array_equal(bucketed(lengths, FS), [1000, 1000, 1000, 2000, 3000, 6001])
    assert bucketed(lengths[:0], FS).size == 0
