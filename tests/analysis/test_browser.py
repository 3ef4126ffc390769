"""The browser of records: filters, figures, and the widgets without a browser."""

import pytest

from ecglab.analysis import browser
from ecglab.analysis.browser import Browser, Filter, filtered, listed
from ecglab.datasets import dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(20)
        return dataset.open("synthetic")


@pytest.fixture(scope="module")
def table(data):
    """Every third prediction is wrong; the confidence rises with the row."""
    codes = data.classes.codes
    found = data.to_frame()[["record"]].iloc[:18].copy()
    found[list(codes)] = 0.0
    for i in range(len(found)):
        true = codes.index(data.labels[i])
        predicted = (true + 1) % 4 if i % 3 == 0 else true
        confidence = 0.4 + 0.03 * i
        found.loc[i, list(codes)] = (1 - confidence) / 3
        found.loc[i, codes[predicted]] = confidence
    return found


def test_records_are_listed_with_their_predictions(data, table):
    found = listed(data, table)
    assert len(found) == 18
    assert (~found["correct"]).sum() == 6
    assert found["confidence"].is_monotonic_increasing
    assert list(listed(data).columns) == ["record", "label", "seconds"]


def test_each_filter_keeps_what_it_names(data, table):
    found = listed(data, table)
    assert set(filtered(found, Filter(label="A"))["label"]) == {"A"}
    assert set(filtered(found, Filter(predicted="N"))["predicted"]) == {"N"}
    wrong = filtered(found, Filter(correct="wrong"))
    assert len(wrong) == 6 and not wrong["correct"].any()
    assert len(filtered(found, Filter(correct="right"))) == 12
    certain = filtered(found, Filter(confidence=(0.6, 1.0)))
    assert certain["confidence"].min() >= 0.6 and 0 < len(certain) < len(found)
    short = filtered(found, Filter(seconds=(0, 29)))
    assert short["seconds"].max() <= 29 and 0 < len(short) < len(found)
    assert len(filtered(found, Filter())) == 18


def test_the_order_is_that_of_the_filter(data, table):
    found = filtered(listed(data, table), Filter(order="seconds"))
    assert found["seconds"].is_monotonic_increasing
    assert list(found.index) == list(range(len(found)))


def test_a_figure_shows_record_label_and_prediction(data, table):
    from matplotlib.text import Text

    row = listed(data, table).iloc[0]
    figure = browser.figure(data, row)
    words = " ".join(text.get_text() for text in figure.findobj(Text))
    assert str(row["record"]) in words and "wrong" in words and "SIMULATED" in words.upper()
    assert len(figure.findobj(lambda artist: artist.get_gid() == "probability")) == 4


def test_the_widgets_filter_and_step(data, table):
    panel = Browser(data, table)
    assert bytes(panel.image.value).startswith(b"\x89PNG")
    assert "1 of 18" in panel.text.value
    first = bytes(panel.image.value)
    panel.next.click()
    assert "2 of 18" in panel.text.value and bytes(panel.image.value) != first
    panel.previous.click()
    panel.previous.click()
    assert "18 of 18" in panel.text.value
    panel.correct.value = "wrong"
    assert "1 of 6" in panel.text.value
    panel.label.value = "O"
    assert set(panel.rows["label"]) == {"O"}
    panel.confidence.value = (0.0, 0.1)
    assert panel.text.value == "no record matches"
    assert bytes(panel.image.value) == b""
    panel.next.click()  # there is no next record, and no error
    assert panel.text.value == "no record matches"


def test_a_page_without_widgets_shows_the_first_record(data, table):
    from base64 import b64decode

    panel = Browser(data, table)
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert b64decode(bundle["image/png"]) == bytes(panel.image.value)
    assert "1 of 18" in bundle["text/plain"]
    panel.confidence.value = (0.0, 0.1)
    assert "image/png" not in panel._repr_mimebundle_()


def test_the_browser_starts_with_its_filter(data, table):
    panel = Browser(data, table, Filter(correct="wrong", order="confidence"))
    assert panel.by == Filter(
        correct="wrong", order="confidence", seconds=panel.seconds.value, confidence=(0.0, 1.0)
    )
    assert len(panel.rows) == 6 and not panel.rows["correct"].any()


def test_records_without_predictions_can_be_browsed(data):
    panel = Browser(data)
    assert "1 of 20" in panel.text.value
    panel.label.value = "~"
    assert set(panel.rows["label"]) == {"~"}


def test_another_part_of_the_record_is_another_figure(data):
    panel = Browser(data)
    at_start = bytes(panel.image.value)
    panel.start.value = 10
    assert bytes(panel.image.value) != at_start
