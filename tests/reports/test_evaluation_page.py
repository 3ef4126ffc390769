"""The page of an external evaluation: whole in one file, and with everything that was found."""

import pytest
from evaluation_maker import MeanPredictor, make_data
from page_reader import Page, assert_self_contained

from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.evaluation import external
from ecglab.reports import evaluation_page
from ecglab.utils.errors import EcglabError

GIVEN = {"SR": "N", "AFIB": "A"}
LABELS = ["SR"] * 20 + ["AFIB"] * 12 + ["<b>PACED"] * 3


@pytest.fixture
def found():
    return external.evaluate(MeanPredictor(refused=["r000"]), make_data(LABELS), GIVEN, uri="mean")


def test_the_page_needs_nothing_else(found):
    page = Page(evaluation_page.html(found))
    assert_self_contained(page)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "prefers-color-scheme: dark" in page.html


def test_figures_have_a_description_and_tables_have_headings(found):
    page = Page(evaluation_page.html(found))
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 4
    assert all(len(image["alt"]) > 40 for image in images)
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert scopes and None not in scopes
    assert ("html", {"lang": "en"}) in page.tags
    assert any(attributes.get("name") == "viewport" for _, attributes in page.tags)


def test_the_page_shows_what_was_found(found):
    page, facts = Page(evaluation_page.html(found)), found.facts
    recall, low, high = facts["values"]["recall/A"], *facts["intervals"]["recall/A"]
    cells = page.row("Recall (sensitivity)")
    assert cells[1] == f"{recall:.3f} {low:.3f}\N{EN DASH}{high:.3f}"
    assert cells[2:] == ["n/a", "n/a"]
    assert page.row("Records with this label") == ["19", "12", "0", "0"]
    score = page.row("Challenge F1")
    assert score[1] == "mean F1 of N, A (without O: no record has this label)"
    assert page.row("SR") == ["N, normal", "20"]
    assert page.row("<b>PACED") == ["left out", "3"]
    assert page.row("cannot be classified: 70 min are too long")[0] == "1"
    assert page.row("label <b>PACED is not mapped") == ["3"]
    assert "mean-1, 100 of 100 records of home" in page.row("Model")[0]


def test_warnings_are_loud_where_they_are_due(found):
    assert "alert" not in {a.get("role") for _, a in Page(evaluation_page.html(found)).tags}
    data = make_data(LABELS, simulated=True)
    trained = [signal_digest(prepare(data.record(i), 300.0))[:16] for i in range(5)]
    predictor = MeanPredictor(trained_on=trained)
    loud = external.evaluate(predictor, data, GIVEN, include_training_records=True)
    text = " ".join(Page(evaluation_page.html(loud)).text.split())
    assert "NOT AN EXTERNAL EVALUATION: the model was trained on 5 of the 32 scored records" in text
    assert "SIMULATED DATA" in text


def test_one_group_has_no_intervals():
    data = make_data(["SR"] * 8 + ["AFIB"] * 8, groups=["p"] * 16)
    page = Page(evaluation_page.html(external.evaluate(MeanPredictor(), data, GIVEN)))
    assert "There are no intervals" in " ".join(page.text.split())


def test_a_page_that_cannot_be_written_leaves_nothing(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EcglabError, match="cannot write"):
        evaluation_page.write(found, tmp_path / "file" / "page.html")
    evaluation_page.write(found, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
