"""Published results beside ours: protocols never mix, and ours are those of the store."""

from dataclasses import replace

import pytest

from ecglab.datasets.published import CROSS_VALIDATED, HIDDEN, ONE_SPLIT, results
from ecglab.reports import published
from ecglab.reports import results as store
from ecglab.reports.boards import Board


@pytest.fixture
def board(own_results, finished):
    """A network, trees, and another seed of the network."""
    runs = [finished(), finished("rr_trees", noise=1.5), finished(noise=1.2, seed=2)]
    network, trees, seed = (store.read(store.keep(run)) for run in runs)
    return Board([network, replace(trees, facts={**trees.facts, "kind": "trees"}), seed])


def score_names(table) -> list[str]:
    return [name for name in table if name.startswith("challenge F1")]


def test_protocols_share_neither_a_table_nor_the_column_of_the_score(board):
    found = published.tables(board)
    assert list(found) == [HIDDEN, CROSS_VALIDATED, ONE_SPLIT]
    columns = [score_names(table) for table in found.values()]
    assert columns == [[f"challenge F1, {protocol}"] for protocol in found]
    theirs = results("cinc2017")
    for protocol, table in found.items():
        of_protocol = theirs[theirs["protocol"] == protocol]
        shown = table[~table["system"].str.startswith(published.OURS)]
        assert set(shown["source"]) == set(of_protocol["source"])
        assert sorted(shown[f"challenge F1, {protocol}"]) == sorted(of_protocol["challenge_f1"])


def test_every_row_has_a_source_and_says_how_its_model_was_selected(board):
    for table in published.tables(board).values():
        assert (table[["system", "model selected", "source"]] != "").all(axis=None)
        assert table["source"].str.match(r"https://|results/").all()


def test_ours_are_cross_validated_and_read_from_the_store(board):
    found = published.tables(board)
    for protocol, table in found.items():
        ours = table[table["system"].str.startswith(published.OURS)]
        assert len(ours) == (2 if protocol == CROSS_VALIDATED else 0)
    ours = found[CROSS_VALIDATED].set_index("source")
    for result in board.results[:2]:
        values = result.facts["scores"]["values"]
        row = ours.loc[f"results/{result.name}.csv"]
        assert row[f"challenge F1, {CROSS_VALIDATED}"] == f"{values['challenge_f1']:.3f}"
        assert row["F1 A"] == f"{values['f1/A']:.3f}"
    assert "optimistic" in ours.loc["results/resnet1d.csv", "model selected"]
    assert "optimistic" not in ours.loc["results/rr_trees.csv", "model selected"]


def test_each_table_has_the_best_on_top(board):
    for protocol, table in published.tables(board).items():
        scores = table[f"challenge F1, {protocol}"].astype(float)
        assert scores.is_monotonic_decreasing


def test_the_page_has_a_table_for_each_protocol(board):
    lines = "\n\n".join(published.section(board)).splitlines()
    heads = [line for line in lines if line.startswith("| system")]
    assert [head.count("challenge F1") for head in heads] == [1, 1, 1]
    assert "optimistic" in published.TITLES[ONE_SPLIT]


def test_a_data_set_without_published_results_has_no_section(board):
    (first, *_) = board.results
    facts = {**first.facts, "data": {**first.facts["data"], "name": "clinic"}}
    assert published.section(Board([store.Result("x", first.table, first.classes, facts)])) == []
