"""The time left, in words."""

import pytest

from ecglab.utils import progress


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (-1, ""),
        (1, ", less than 1 min left"),
        (59.9, ", less than 1 min left"),
        (60, ", about 1 min left"),
        (840, ", about 14 min left"),
        (3599, ", about 1 h left"),
        (9000, ", about 2 h 30 min left"),
    ],
)
def test_time_left(seconds, words):
    assert progress.left(seconds) == words
