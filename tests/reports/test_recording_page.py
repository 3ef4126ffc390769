"""The report of a recording: whole in one file, true, described in words, and safe."""

import hashlib
import re

import numpy as np
import package_maker
import pytest
from page_reader import Page, assert_described, assert_self_contained
from recording_maker import write_cinc

from ecglab import readers
from ecglab.datasets.synthetic import simulate
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.reports import recording_page
from ecglab.reports.recording_page import Evidence

FAILED = {
    **dict.fromkeys(("lead", "lead_reason", "fs", "seconds", "label", "probabilities")),
    **dict.fromkeys(("verdict", "reason", "quality", "heart_rate", "findings")),
    "model": "tiny-1",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return Predictor(package_maker.make(tmp_path_factory.mktemp("model") / "package"))


@pytest.fixture
def made(model, tmp_path):
    """(file, row, record) of a simulated recording of 25 s."""
    signal = simulate("N", 25, np.random.default_rng(3), 250)
    file = tmp_path / "rec<b>.npy"
    np.save(file, signal)
    record = Record(signal, 250, id="rec<b>", lead="II", lead_reason="lead II: as requested")
    [row] = model.rows(record)
    return file, {"file": str(file), **row, "error": None}, record


@pytest.fixture
def page(made, model):
    _, row, record = made
    return Page(recording_page.html(row, record, model))


def test_it_needs_nothing_else_and_says_everything_in_words(page):
    assert_self_contained(page)
    assert_described(page)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "@media screen and (prefers-color-scheme: dark)" in page.html
    assert "@page { size: A4 landscape" in page.html


def test_the_verdict_is_the_first_sentence(page, made):
    _, row, _ = made
    verdict = row["verdict"][0].upper() + row["verdict"][1:]
    assert f"ECG report: rec<b> {verdict}: {row['reason']}. For research only" in page.words
    assert [words for level, words in page.headings if level == "h2"] == [
        *("Result", "Recording", "ECG", "What the prediction rests on", "Rhythm and signal"),
        *("The model and its limits", "Provenance"),
    ]


def test_the_tables_are_those_of_the_row(page, made):
    _, row, _ = made
    for code, p in row["probabilities"].items():
        shares = [r for r in page.rows if r[0].split()[0] == code]
        assert shares[0][1].strip() == f"{p:.3f}"
    assert page.row("Heart rate") == [f"{row['heart_rate']:.0f} per minute"]
    assert page.row("Lead") == ["lead II: as requested"]
    assert page.row("Length") == ["25.0 s at 250 Hz"]
    assert page.row("Signal quality")[0].startswith(f"{row['quality']:.2f}")


def test_a_prediction_set_is_shown_where_there_is_one(page, made, model):
    _, row, record = made
    assert "Prediction set" not in page.words
    page = Page(recording_page.html({**row, "prediction_set": ["N", "O"]}, record, model))
    assert page.row("Prediction set") == ["N, O"]


def test_the_strip_is_true_to_size_in_print(page):
    drawings = page.all("svg", role="img")
    rows = [found for found in drawings if found.get("width", "").endswith("mm")]
    assert [found["width"] for found in rows] == ["260mm", "260mm", "135mm"]
    for found in rows:
        _, _, wide, high = map(float, found["viewbox"].split())
        assert found["width"] == f"{wide:g}mm" and found["height"] == f"{high:.1f}mm"


def test_provenance_has_the_digests(page, made, model):
    file, _, _ = made
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert page.row("SHA-256") == [digest]
    onnx = hashlib.sha256((model.folder / "model.onnx").read_bytes()).hexdigest()
    assert page.row("Model") == [f"tiny-1, SHA-256 {onnx}"]
    assert "ecglab" in page.row("Software")[0] and page.row("File") == [str(file)]
    assert re.match(r"\d{4}-\d\d-\d\dT", page.row("Made")[0])


def test_both_files_of_a_wfdb_record_have_a_digest(model, tmp_path):
    path, _ = write_cinc(tmp_path)
    record = readers.read(path)
    row = {"file": str(path), **model.rows(record)[0], "error": None}
    page = Page(recording_page.html(row, record, model))
    for suffix in ".hea", ".mat":
        content = path.with_suffix(suffix).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        assert page.row(f"SHA-256 A00003{suffix}") == [digest]


def test_a_recording_that_is_not_read_has_a_page_with_the_reason(model, tmp_path):
    error = "x<script>.csv: too short\x1b[2J"
    row = {"file": "x<script>\udcff.csv", "record": "x", **FAILED, "error": error}
    page = Page(recording_page.html(row, None, model))
    assert_self_contained(page)
    assert_described(page)
    assert r"Not classified: x<script>.csv: too short\x1b[2J For research" in page.words
    assert page.row("File") == [r"x<script>\xff.csv"]
    assert not page.all("script") and not page.all("svg")


def test_a_recording_that_is_read_and_not_classified_has_a_page_with_the_reason(ecglab, tmp_path):
    np.save(tmp_path / "hours.npy", np.tile(simulate("N", 100, np.random.default_rng(0), 100), 37))
    folder = package_maker.make(tmp_path / "package")
    given = ("hours.npy", "--fs", 100, "--units", "mV", "--model", folder)
    status, out, _ = ecglab("report", tmp_path / given[0], *given[1:], "-o", tmp_path / "a.html")
    assert status == 1 and "62 min are too long for one prediction" in out
    assert out.strip() in Page((tmp_path / "a.html").read_text(encoding="utf-8")).words


def test_a_simulated_model_is_announced(made, tmp_path):
    _, row, record = made
    model = Predictor(package_maker.make(tmp_path / "package", simulated=True))
    [alarm] = Page(recording_page.html(row, record, model)).all("p", role="alert")
    assert alarm["class"] == "alarm"


def test_other_classes_and_missing_samples(tmp_path):
    model = Predictor(package_maker.make(tmp_path / "af", classes=package_maker.AF))
    signal = simulate("A", 12, np.random.default_rng(1), 300)
    signal[:900] = np.nan
    record = Record(signal, 300)
    row = {"file": "none.npy", **model.rows(record)[0], "error": None}
    page = Page(recording_page.html(row, record, model))
    assert_described(page)
    assert {"AF", "other"} <= {words.split()[0] for words, *_ in page.rows if words}
    assert "SHA-256 none" not in page.words


def test_evidence_is_of_both_methods_and_says_where_they_agree():
    edges, falls = np.arange(5.0), np.array([0.1, 3.0, -1.0, 0.0])
    evidence = Evidence("A", edges, falls, 2 * falls)
    assert evidence.agreement == pytest.approx(1)
    assert evidence.largest[0] == (1, 2, 3, 6) and evidence.largest[1] == (2, 3, -1, -2)
    assert evidence.shades == [(0, 1, 0.05), (1, 2, 1), (2, 3, -0.5), (3, 4, 0)]
    assert np.isnan(Evidence("A", edges, falls, 0 * falls).agreement)
    assert Evidence("A", edges, falls / 10, falls / 10).weak
    assert not Evidence("A", edges, falls / 10, falls).weak


def test_of_a_long_recording_the_first_300_s_are_drawn(model):
    signal = np.tile(simulate("N", 31, np.random.default_rng(3), 100), 10)
    record = Record(signal, 100)
    row = {"file": "none.npy", **model.rows(record)[0], "error": None}
    page = Page(recording_page.html(row, record, model))
    assert "Only the first 300 s are drawn" in page.words
    assert "Occlusion" not in page.words
    assert "What the prediction rests on This is not computed for recordings of" in page.words
    assert len([svg for svg in page.all("svg") if svg.get("width", "").endswith("mm")]) == 30
