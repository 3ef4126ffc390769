"""Leafing through records: what is chosen, what is drawn, and the widgets without a browser."""

import pytest

from ecglab.analysis import browser
from ecglab.analysis.browser import Browser, Choice, chosen, opinions
from ecglab.datasets import dataset, synthetic
from ecglab.ecg.record import LABELS


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        synthetic.pack(20)
        return dataset.open("synthetic")


@pytest.fixture(scope="module")
def table(data):
    """Every third record is judged wrong; the confidence rises with the row."""
    found = data.table()[["record"]].iloc[:18].copy()
    for label in LABELS:
        found[label] = 0.0
    for i in range(len(found)):
        true = LABELS.index(data.labels[i])
        said = (true + 1) % 4 if i % 3 == 0 else true
        confidence = 0.4 + 0.03 * i
        found.loc[i, list(LABELS)] = (1 - confidence) / 3
        found.loc[i, LABELS[said]] = confidence
    return found


def test_opinions_join_records_and_what_was_said(data, table):
    found = opinions(data, table)
    assert len(found) == 18
    assert (~found["right"]).sum() == 6
    assert found["confidence"].is_monotonic_increasing
    assert list(opinions(data).columns) == ["record", "label", "seconds"]


def test_each_choice_keeps_what_it_asks_for(data, table):
    found = opinions(data, table)
    assert set(chosen(found, Choice(label="A"))["label"]) == {"A"}
    assert set(chosen(found, Choice(said="N"))["said"]) == {"N"}
    assert not chosen(found, Choice(right="wrong"))["right"].any()
    assert chosen(found, Choice(right="right"))["right"].all()
    sure = chosen(found, Choice(confidence=(0.6, 1.0)))
    assert sure["confidence"].min() >= 0.6 and 0 < len(sure) < len(found)
    short = chosen(found, Choice(seconds=(0, 29)))
    assert short["seconds"].max() <= 29
    assert len(chosen(found, Choice())) == 18


def test_the_order_is_as_asked_for(data, table):
    found = chosen(opinions(data, table), Choice(order="seconds"))
    assert found["seconds"].is_monotonic_increasing
    assert list(found.index) == list(range(len(found)))


def test_a_picture_says_the_record_the_label_and_the_opinion(data, table):
    from matplotlib.text import Text

    row = opinions(data, table).iloc[0]
    figure = browser.picture(data, row)
    words = " ".join(text.get_text() for text in figure.findobj(Text))
    assert str(row["record"]) in words and "wrong" in words and "SYNTHETIC DATA" in words
    assert len(figure.findobj(lambda artist: artist.get_gid() == "probability")) == 4


def test_the_widgets_choose_and_leaf(data, table):
    panel = Browser(data, table)
    assert bytes(panel.image.value).startswith(b"\x89PNG")
    assert "1 of 18" in panel.words.value
    first = bytes(panel.image.value)
    panel.next.click()
    assert "2 of 18" in panel.words.value and bytes(panel.image.value) != first
    panel.back.click()
    panel.back.click()
    assert "18 of 18" in panel.words.value
    panel.right.value = "wrong"
    assert "1 of 6" in panel.words.value
    panel.label.value = "A"
    assert set(panel.rows["label"]) <= {"A"}
    panel.confidence.value = (0.0, 0.1)
    assert panel.words.value == "no record is like that"
    assert bytes(panel.image.value) == b""
    panel.next.click()  # leads nowhere, and is no error


def test_the_browser_begins_as_asked_for(data, table):
    panel = Browser(data, table, Choice(right="wrong", order="confidence"))
    assert panel.choice == Choice(
        right="wrong", order="confidence", seconds=panel.seconds.value, confidence=(0.0, 1.0)
    )
    assert not panel.rows["right"].any()


def test_records_that_nobody_judged_can_be_leafed_through(data):
    panel = Browser(data)
    assert "1 of 20" in panel.words.value
    panel.label.value = "~"
    assert set(panel.rows["label"]) == {"~"}


def test_another_part_of_the_record_is_another_picture(data):
    panel = Browser(data)
    at_start = bytes(panel.image.value)
    panel.start.value = 10
    assert bytes(panel.image.value) != at_start
