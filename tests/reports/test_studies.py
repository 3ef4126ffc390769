"""A setting that was varied alone is drawn against its value."""

import pytest
from matplotlib.image import imread

from ecglab.reports import leaderboard, results
from ecglab.reports.boards import boards
from ecglab.reports.studies import studies


@pytest.fixture(autouse=True)
def _own_results(own_results):
    """Nothing is written where results are committed."""


def kept(*runs):
    return [results.read(results.keep(run)) for run in runs]


def dropouts(finished):
    """A full result with a dropout of 0.3, and four results of one fold."""
    return kept(
        finished(),
        *(finished(noise=1 + x, folds=1, network__dropout=x) for x in (0.15, 0.5, 0.0)),
        finished(noise=1.2, folds=1, network__dropout=0.1, augment__polarity=0.0),
    )


def found(results):
    [board] = boards(results)
    return [one for group in board.groups() for one in studies(board, group, "of a network")]


def test_a_study_has_the_results_that_differ_in_one_number_and_the_base(finished):
    whole, *parts = dropouts(finished)
    (study,) = found([whole, *parts])
    assert study.setting == "network.dropout" and list(study.results) == [0.0, 0.15, 0.3, 0.5]
    base = study.results[0.3]
    assert base.name == whole.name and set(base.table["fold"]) == {0}
    assert study.results[0.5].name == parts[1].name


def test_its_figure_shows_the_scores(finished):
    (study,) = found(dropouts(finished))
    left, right = study.figure().axes
    (line,) = left.lines
    scores = [r.facts["scores"]["values"]["challenge_f1"] for r in study.results.values()]
    assert list(line.get_xdata()) == list(study.results) and list(line.get_ydata()) == scores
    assert [line.get_gid() for line in right.lines] == ["f1/N", "f1/A", "f1/O", "f1/noise"]


def test_few_values_and_a_group_without_base_are_no_study(finished):
    whole, *parts = dropouts(finished)
    assert found([whole, *parts[:2]]) == [] == found(parts)


def test_the_leaderboard_writes_the_figure_below_the_table(finished, monkeypatch, tmp_path):
    monkeypatch.setattr(leaderboard, "PAGE", tmp_path / "README.md")
    monkeypatch.setattr(leaderboard, "README", tmp_path / "none.md")
    absent = {"experiment": "another", "data": {"digest": ""}, "settings": {}}
    monkeypatch.setattr(leaderboard, "read_card", lambda folder: absent)
    dropouts(finished)
    leaderboard.write()
    name = "study-resnet1d-1-of-5-folds-40-epochs-network-dropout.png"
    assert f"](results/{name})" in leaderboard.PAGE.read_text()
    assert imread(results.RESULTS / name).std() > 0
