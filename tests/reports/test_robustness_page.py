"""The page and the tables of a measurement of robustness."""

import pytest

from ecglab.reports import robustness_page

ROW = {"kept": 0.998, "found": 1.0, "challenge_f1": 0.88, "refused": 0}


@pytest.fixture
def facts():
    disturbances = [
        {"group": "mains hum", "name": "50 Hz, 0.1 mV", "least": 0.99, **ROW},
        {"group": "length", "name": "9 s", "least": 0.97, **ROW, "kept": 0.84, "refused": 2},
        {"group": "gain", "name": "x 2", "least": 0.97, **ROW, "found": None},
    ]
    hum = [
        {"hz": hz, "fs": fs, "mv": mv, "challenge_f1": 0.9 - mv / 10 - fs / 1e5}
        for hz in (50, 60)
        for fs in (100, 300)
        for mv in (0, 1)
    ]
    recording = {"patient": "8", "lead": "I", "fibrillation": 16, "found": 15, "other": 3}
    recording |= {"found_by_verdict": 14, "wrong_by_verdict": 0, "labels": {"N": 2, "A": 1, "O": 0}}
    return {
        "made": "2026-01-01T00:00:00+00:00",
        "model": {"uri": "<b>mine", "name": "mine-1"},
        "data": {"name": "cinc2017", "digest": "d" * 64, "labels": "v3", "records": 500}
        | {"simulated": False},
        "by_fold": True,
        "seed": 0,
        "label": "A",
        "recognised": 46,
        "challenge_f1": 0.889,
        "disturbances": disturbances,
        "hum": hum,
        "recordings": [{**recording, "wrong": 1, "mixed": 2, "refused": 0}],
    }


def test_the_tables_have_every_row_and_what_is_missed(facts):
    disturbances, recordings = robustness_page.tables(facts)
    assert disturbances.header[3] == "A found"
    assert [row[-1] for row in disturbances.rows] == ["", "", "0.97", ""]
    assert disturbances.rows[2][:6] == ("length", "9 s", "0.840", "1.000", "0.880", "2")
    assert disturbances.rows[3][3] == "n/a"
    assert recordings.rows == [("8", "I", "16", "15", "14", "3", "1", "0", "2", "N 2, A 1")]
    for table in (disturbances, recordings):
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_page_is_whole(facts, tmp_path):
    path = tmp_path / "page.html"
    robustness_page.write(facts, path)
    text = path.read_text("utf-8")
    assert text.count("data:image/png") == 1
    assert "The lowest value is 0.797, with 1 mV of 50 Hz hum at a sampling rate of 300" in text
    assert "&lt;b&gt;mine" in text and "<b>mine" not in text
    assert "was not trained on it" in text and "SIMULATED" not in text
    assert text.count("<table") == 2 and 'src="http' not in text


def test_without_curves_and_recordings(facts):
    facts |= {"hum": [], "recordings": [], "by_fold": False}
    facts["data"]["simulated"] = True
    text = robustness_page.html(facts)
    assert "data:image/png" not in text and text.count("<table") == 1
    assert "SIMULATED DATA" in text and "was not trained on them" in text
