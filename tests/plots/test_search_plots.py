"""Figures of searches: every trial is drawn where its values and its score put it."""

import numpy as np
import pytest
from picture_parts import drawn, words

from ecglab import plots
from ecglab.plots import searches
from ecglab.plots.searches import importances


class Scale:
    """A range or a choice, of which the figures use `place` alone."""

    def __init__(self, place):
        self.place = place


WIDTHS = ("4,8", "8,16", "16,32")

SPACE = {
    "learning_rate": Scale(lambda text: (np.log10(float(text)) + 4) / 2),
    "network.widths": Scale(lambda text: WIDTHS.index(text) / 2),
    "network.kernel": Scale(lambda text: (int(text) - 3) / 4),
    "network.dropout": Scale(lambda text: float(text) / 0.5),
}


@pytest.fixture
def rows(rng):
    """Thirty trials whose learning rate alone matters; one failed."""
    made = []
    for i in range(30):
        rate = 10 ** rng.uniform(-4, -2)
        values = {
            "learning_rate": f"{rate:.4g}",
            "network.widths": str(rng.choice(WIDTHS)),
            "network.kernel": str(rng.integers(3, 8)),
            "network.dropout": f"{rng.uniform(0, 0.5):.4g}",
        }
        status = "failed" if i == 3 else "completed"
        score = None if status == "failed" else 0.8 + 0.05 * np.log10(rate)
        made.append({"trial": f"{i:04}", "status": status, "score": score, "values": values})
    return made


def test_parallel_coordinates_are_the_places_of_the_values(rows):
    figure = plots.parallel_coordinates(rows, SPACE)
    lines = drawn(figure, "trial")
    assert len(lines) == 29
    best = max((row for row in rows if row["score"]), key=lambda row: row["score"])
    (black,) = [line for line in lines if line.get_linewidth() == 3]
    expected = [entry.place(best["values"][key]) for key, entry in SPACE.items()] + [1]
    np.testing.assert_allclose(black.get_ydata(), expected, atol=0.03)
    assert "29 trials" in words(figure)
    assert "1 failed" in words(figure)


def test_importance_finds_what_mattered(rows):
    shares, explained = importances([row for row in rows if row["score"]], SPACE)
    assert max(shares, key=shares.get) == "learning_rate"
    assert shares["learning_rate"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
    assert explained > 0.5
    figure = plots.importance(rows, SPACE, simulated=True)
    assert figure.axes[0].get_title().startswith("learning_rate (")
    assert "SIMULATED DATA" in words(figure)
    points = sum(len(line.get_xdata()) for line in drawn(figure.axes[0], "completed"))
    assert points == 29


def test_importance_says_nothing_of_few_trials(rows):
    figure = plots.importance(rows[:6], SPACE)
    assert "importances need 8 trials" in words(figure)
    assert "%" not in words(figure)


def test_importance_says_when_it_is_chance(rows, rng):
    for row in rows:
        row["score"] = 0.7 + rng.normal(0, 0.01)
    assert "variance explained: almost none" in words(plots.importance(rows, SPACE))


def test_course_shows_the_best_so_far(rows):
    figure = plots.course(rows)
    best = figure.axes[0].lines[0].get_ydata()
    assert list(best) == sorted(best)
    assert best[-1] == max(row["score"] for row in rows if row["score"])
    assert "failed" in words(figure)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_trials_are_drawn_too(rows, n):
    for figure in (
        plots.parallel_coordinates(rows[:n], SPACE),
        plots.importance(rows[:n], SPACE),
        plots.course(rows[:n]),
    ):
        figure.canvas.draw()


def test_validation_scores_against_those_of_held_out_records(rows):
    scores = {row["trial"]: 0.7 for row in rows if row["trial"] not in ("0000", "0003")}
    figure = plots.held_out(rows, scores, "20 other records")
    (best,) = drawn(figure, "best")
    scored = [row["score"] for row in rows if row["trial"] in scores]
    assert list(best.get_xdata()) == [max(scored)]
    assert list(best.get_ydata()) == [0.7]
    assert len(drawn(figure, "trial")) == 27
    assert "challenge F1 on 20 other records" in words(figure)
    plots.held_out(rows[:1], {"0000": 0.6}, "one", simulated=True).canvas.draw()


def test_texts_of_an_axis_do_not_touch():
    close = [(0.0, "a"), (0.05, "b"), (0.5, "c"), (0.9, "d"), (1.0, "e")]
    assert [text for _, text in searches._apart(close)] == ["a", "c", "e"]
    assert [text for _, text in searches._apart([(0.0, "a"), (0.1, "b")])] == ["b"]
    assert searches._apart([]) == [] and searches._apart([(0.3, "a")]) == [(0.3, "a")]


def test_an_axis_names_a_few_values_or_the_ends_and_the_middle(rows):
    figure = plots.importance(rows, SPACE)
    ticks = {
        axes.get_title().split(" ")[0]: [text.get_text() for text in axes.get_xticklabels()]
        for axes in figure.axes
    }
    assert ticks["network.kernel"] == list("34567")
    assert ticks["network.widths"] == ["4, 8", "8, 16", "16, 32"]
    rates = [float(row["values"]["learning_rate"]) for row in rows if row["score"]]
    low, _, high = (float(text) for text in ticks["learning_rate"])
    assert (low, high) == (min(rates), max(rates))
