"""Pictures of searches: every trial is drawn where its values and its score put it."""

import numpy as np
import pytest
from matplotlib.text import Text

from ecglab import plots
from ecglab.plots.searches import importances
from ecglab.tuning.space import choice, integer, log, real

SPACE = {
    "learning_rate": log(1e-4, 1e-2),
    "network.widths": choice((4, 8), (8, 16), (16, 32)),
    "network.kernel": integer(3, 7),
    "network.dropout": real(0, 0.5),
}


@pytest.fixture
def rows(rng):
    """Thirty trials whose learning rate alone matters; two stopped, one failed."""
    made = []
    for i in range(30):
        rate = 10 ** rng.uniform(-4, -2)
        values = {
            "learning_rate": SPACE["learning_rate"].text(rate),
            "network.widths": str(rng.choice(SPACE["network.widths"].texts)),
            "network.kernel": str(rng.integers(3, 8)),
            "network.dropout": SPACE["network.dropout"].text(rng.uniform(0, 0.5)),
        }
        status = {3: "failed", 7: "stopped", 8: "stopped"}.get(i, "completed")
        score = None if status == "failed" else 0.8 + 0.05 * np.log10(rate)
        made.append({"trial": f"{i:04}", "status": status, "score": score, "values": values})
    return made


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def drawn(figure, gid):
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def test_parallel_coordinates_are_the_places_of_the_values(rows):
    figure = plots.parallel_coordinates(rows, SPACE)
    lines = drawn(figure, "trial")
    assert len(lines) == 29
    best = max((row for row in rows if row["score"]), key=lambda row: row["score"])
    (black,) = [line for line in lines if line.get_linewidth() == 3]
    expected = [entry.place(best["values"][key]) for key, entry in SPACE.items()] + [1]
    np.testing.assert_allclose(black.get_ydata(), expected, atol=0.03)
    assert sum(line.get_linestyle() == ":" for line in lines) == 2
    assert "29 trials" in words(figure)
    assert "1 failed" in words(figure)


def test_importance_finds_what_mattered(rows):
    shares, foreseen = importances([row for row in rows if row["score"]], SPACE)
    assert max(shares, key=shares.get) == "learning_rate"
    assert shares["learning_rate"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
    assert foreseen > 0.5
    figure = plots.importance(rows, SPACE, synthetic=True)
    assert figure.axes[0].get_title().startswith("learning_rate (")
    assert "SYNTHETIC DATA" in words(figure)
    points = sum(len(line.get_xdata()) for line in drawn(figure.axes[0], "completed"))
    assert points == 27


def test_importance_says_nothing_of_few_trials(rows):
    figure = plots.importance(rows[:6], SPACE)
    assert "too few" in words(figure)
    assert "%" not in words(figure)


def test_importance_says_when_it_is_chance(rows, rng):
    for row in rows:
        row["score"] = 0.7 + rng.normal(0, 0.01)
    assert "foreseen: none to speak of" in words(plots.importance(rows, SPACE))


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


def test_what_trials_promised_and_what_they_held(rows):
    held = {row["trial"]: 0.7 for row in rows if row["trial"] not in ("0000", "0003")}
    figure = plots.unseen(rows, held, "20 other records")
    (winner,) = drawn(figure, "winner")
    scored = [row["score"] for row in rows if row["trial"] in held]
    assert list(winner.get_xdata()) == [max(scored)]
    assert list(winner.get_ydata()) == [0.7]
    assert len(drawn(figure, "trial")) == 27
    assert "NAO on 20 other records" in words(figure)
    plots.unseen(rows[:1], {"0000": 0.6}, "one", synthetic=True).canvas.draw()
