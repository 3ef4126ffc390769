"""The score of beats in closed form."""

import itertools

import numpy as np
import pytest

from ecglab.evaluation.beats import BeatScore, match, score


def test_perfect_and_empty():
    r = [10, 20, 30]
    assert score(r, r, 0) == BeatScore(3, 3, 3, 3)
    nothing = score(r, [], 5)
    assert nothing == BeatScore(3, 0, 0, 0)
    assert nothing.sensitivity == 0 and np.isnan(nothing.precision)
    extra = score([], r, 5)
    assert np.isnan(extra.sensitivity) and extra.precision == 0


def test_each_beat_is_matched_once():
    twice = score([100], [95, 105], 10)
    assert twice == BeatScore(1, 1, 2, 1)
    assert twice.sensitivity == 1 and twice.precision == 0.5
    assert score([95, 105], [100], 10) == BeatScore(2, 1, 1, 1)


def test_the_tolerance_itself_counts():
    assert score([100], [110], 10).found == 1
    assert score([100], [111], 10).found == 0


def test_the_ends_are_left_out_but_matched():
    counted = score([98, 200, 302], [101, 200, 299], 5, start=100, end=300)
    assert counted == BeatScore(1, 1, 3, 3)


def test_scores_add_up():
    total = sum((score([1, 9], [1], 0), score([5], [5, 7], 0)), BeatScore())
    assert total == BeatScore(3, 2, 3, 2)
    assert total.sensitivity == total.precision == pytest.approx(2 / 3)


def most_pairs(a, b, tolerance):
    """The most pairs there can be, by trying all choices."""
    if not a or not b:
        return 0
    best = most_pairs(a[1:], b, tolerance)
    for j, other in enumerate(b):
        if abs(a[0] - other) <= tolerance:
            best = max(best, 1 + most_pairs(a[1:], b[:j] + b[j + 1 :], tolerance))
    return best


def test_as_many_pairs_as_there_can_be(rng):
    for _ in range(100):
        a, b = (sorted(rng.integers(0, 40, 5).tolist()) for _ in range(2))
        of_a, of_b = match(a, b, 6)
        assert len(of_a) == most_pairs(a, b, 6)
        assert all(abs(a[i] - b[j]) <= 6 for i, j in zip(of_a, of_b, strict=True))
        for places in (of_a, of_b):
            assert all(x < y for x, y in itertools.pairwise(places))
