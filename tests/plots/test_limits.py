"""The figure of what limits a score shows the numbers that it is given."""

import numpy as np
import pandas as pd
import pytest
from picture_parts import drawn, words

from ecglab import plots

SCORES = [
    {"name": "a pool", "kind": "pool", "value": 0.86, "low": 0.85, "high": 0.87},
    {"name": "a view", "kind": "view", "value": 0.84, "low": 0.83, "high": 0.85},
    {"name": "$a limit$", "kind": "limit", "value": 0.93, "low": 0.91, "high": 0.94},
]
OVERLAP = pd.DataFrame([[1, 0.85], [0.7, 1]], ["a pool", "a view"], ["a pool", "a view"])
SHARED = pd.DataFrame({"label changed": [1, 3], "label in doubt": [0, 6], "other": [4, 5]})


@pytest.fixture
def figure():
    return plots.limits(SCORES, OVERLAP, SHARED, "a pool")


def test_scores_and_limits_are_drawn_in_their_rows(figure):
    for y, row in enumerate(SCORES):
        (points,) = drawn(figure, row["kind"])[:1]
        assert points.get_data()[0].tolist() == [row["value"]]
        assert list(points.get_data()[1]) == [y]
        assert row["name"] in words(figure) and f"{row['value']:.3f}" in words(figure)


def test_the_matrix_states_each_share(figure):
    shown = words(figure)
    assert shown.count("100 %") == 2 and "85 %" in shown and "70 %" in shown


def test_the_errors_are_stacked_by_cause(figure):
    total = np.zeros(2)
    for cause in SHARED:
        bars = drawn(figure, cause)
        assert [bar.get_height() for bar in bars] == SHARED[cause].tolist()
        assert [bar.get_y() for bar in bars] == total.tolist()
        total += SHARED[cause].to_numpy()
    assert {"5", "14"} <= set(words(figure).split())
    assert "views, of 1, that err as well" in words(figure)


def test_simulated_data_are_marked():
    assert "SIMULATED" in words(plots.limits(SCORES, OVERLAP, SHARED, "x", simulated=True))
