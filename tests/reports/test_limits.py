"""What limits a score: read from the results of a board, and stated on the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecglab.evaluation import agreement, label_errors, metrics
from ecglab.reports import limits, results
from ecglab.reports.boards import Board
from ecglab.reports.limits import CHANGED, DOUBTED, OTHER


@pytest.fixture
def relabelled(monkeypatch):
    """Fifty records of which other versions of the labels are known."""
    table = pd.DataFrame({"record": [f"A{i:05}" for i in range(50)]})
    table = table.assign(v1="N", v2=list("NAO~A" * 10), v3="~")
    others = limits.published.relabelled
    known = {"cinc2017": table}
    monkeypatch.setattr(limits.published, "relabelled", lambda x: known.get(x, others(x)))
    return table


@pytest.fixture
def board(own_results, finished, relabelled):
    """A network, trees and an ensemble, of 300 records each."""

    def of(kind, noise):
        result = results.read(results.keep(finished(f"my_{kind}", noise=noise)))
        return replace(result, facts={**result.facts, "kind": kind})

    return Board([of("ensemble", 1.2), of("network", 1.4), of("trees", 1.6)])


@pytest.fixture
def found(board):
    return limits.of(board, board.results[0])


def test_views_are_single_models(found):
    assert [view.name for view in found.views] == ["my_network", "my_trees"]
    kinds = {row["name"]: row["kind"] for row in found.scores}
    assert list(kinds.items())[:3] == [
        ("my_ensemble", "pool"),
        ("my_network", "view"),
        ("my_trees", "view"),
    ]
    assert list(kinds.items())[3] == ("mean of 2 views", "pool")
    assert set(list(kinds.values())[4:]) == {"limit"}


def test_the_mean_of_the_views_is_that_of_their_probabilities(found, board):
    tables = [view.table.set_index("record") for view in found.views]
    mean = np.mean([table.loc[tables[0].index, list(board.classes)] for table in tables], axis=0)
    expected = metrics.f1_scores(tables[0]["label"], board.classes.predicted(mean), board.classes)
    [row] = [row for row in found.scores if row["name"] == "mean of 2 views"]
    assert row["values"] == expected


def test_one_view_has_nothing_to_be_compared_with(board):
    alone = Board(board.results[:2])
    assert limits.of(alone, board.results[0]) is None
    assert limits.section(None, "limits.png") == []


def test_the_errors_are_counted_by_views_and_by_cause(found):
    counts, wrong = found.errors, found.wrong
    assert counts.to_numpy().sum() == wrong["my_ensemble"].sum()
    both = wrong["my_ensemble"] & wrong["my_network"] & wrong["my_trees"]
    assert counts.loc[2].sum() == both.sum() and counts.index.tolist() == [0, 1, 2]
    changed = found.model.table["record"][found.relabelled]
    assert counts[CHANGED].sum() == wrong.loc[changed, "my_ensemble"].sum() > 0
    assert counts[DOUBTED].sum() > 0 and counts[OTHER].sum() > 0


def test_a_model_that_is_a_view_is_no_other_view(board):
    network = board.results[1]
    found = limits.of(board, network)
    assert found.errors.index.tolist() == [0, 1]
    assert found.errors.to_numpy().sum() == found.wrong["my_network"].sum()


def test_the_limits_are_those_of_the_evaluation(found, board):
    rows = {row["name"]: row for row in found.scores}
    tables = {view.name: view.table for view in found.views}
    best = agreement.oracle(tables, board.classes)
    expected = metrics.f1_scores(best["label"], best["predicted"], board.classes)
    assert rows["best of 2 views for each record"]["values"] == expected
    table = board.results[0].table
    probabilities = table[list(board.classes)].to_numpy()
    estimate = label_errors.estimate(table["label"], probabilities, board.classes)
    assert rows["estimated true labels"]["values"] == estimate.scores
    assert rows["estimated true labels"]["low"] == estimate.interval[0]
    for row in rows.values():
        assert row["low"] <= row["value"] <= row["high"]


def test_other_versions_of_the_labels_are_scored_against_the_labels(found, board, relabelled):
    table = board.results[0].table
    given = table["label"].to_numpy()
    rows = {row["name"]: row for row in found.scores}
    assert [name for name in rows if name.startswith("labels")] == ["labels v1", "labels v2"]
    other = dict(zip(relabelled["record"], relabelled["v2"], strict=True))
    expected = [other.get(r, x) for r, x in zip(table["record"], given, strict=True)]
    scores = metrics.f1_scores(given, expected, board.classes)
    assert rows["labels v2"]["value"] == scores["challenge_f1"] < 1
    differs = np.isin(table["record"], relabelled["record"])
    # A label that is the same in the other versions as on the board has not changed.
    assert set(table["record"][found.relabelled]) <= set(table["record"][differs])


def test_the_page_states_the_numbers(found):
    text = "\n\n".join(limits.section(found, "limits.png"))
    assert text.startswith("### What limits the score") and "(results/limits.png)" in text
    n = found.wrong["my_ensemble"].sum()
    assert f"The {n} errors of my_ensemble" in text
    for row in found.scores:
        if row["kind"] == "limit":
            assert f"| {row['name']} |" in text and f"**{row['value']:.3f}**" in text
    wrong = found.label_errors["my_trees"].wrong.sum()
    (line,) = [line for line in text.splitlines() if line.startswith("| my_trees |")]
    assert f"| {wrong:.0f} |" in line
    assert f"The label of {found.relabelled.sum()} of the 300 records" in text


def test_without_other_versions_the_page_has_none(board):
    model = board.results[0]
    data = {**model.facts["data"], "name": "clinic"}
    model = replace(model, facts={**model.facts, "data": data})
    found = limits.of(Board([model, *board.results[1:]]), model)
    assert not found.relabelled.any() and len(found.other_labels.columns) == 0
    assert found.errors[CHANGED].sum() == 0
    assert not [row for row in found.scores if row["name"].startswith("labels")]
    assert "The label of" not in "\n".join(limits.section(found, "x.png"))
