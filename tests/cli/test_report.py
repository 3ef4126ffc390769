"""`ecglab report`, and `ecglab predict --report`: the files that they write, and the PDF."""

import os
import re
import stat

import numpy as np
import package_maker
import pytest
from recording_maker import signals

from ecglab.reports import pdf


@pytest.fixture
def files(tmp_path, monkeypatch):
    """one.csv, which is classified, and short.csv, which is not; the working directory."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{i / 250},{x}" for i, x in enumerate(signals(250)[:, 0])]
    for name, n in (("one.csv", 2500), ("short.csv", 500)):
        (tmp_path / name).write_text("\n".join(["time_s,ecg_mV", *lines[:n]]) + "\n")
    return tmp_path


@pytest.fixture
def model(tmp_path):
    return package_maker.make(tmp_path / "package")


def test_the_report_has_the_name_of_the_recording(ecglab, files, model):
    status, out, err = ecglab("report", "one.csv", "--model", model)
    assert status == 0 and err.endswith("wrote one_report.html\n")
    assert re.fullmatch(r"[\w ]+: .+\n", out)
    text = (files / "one_report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and out.partition(": ")[2].rstrip() in text


def test_a_recording_that_is_not_classified_has_a_report_and_status_1(ecglab, files, model):
    status, out, _ = ecglab("report", "short.csv", "-o", "new/page.html", "--model", model)
    assert status == 1 and "too short" in out
    assert "Not classified" in (files / "new" / "page.html").read_text(encoding="utf-8")


def test_a_wrong_unit_is_pointed_out(ecglab, files, model):
    np.save("counts.npy", 2000 * signals(250)[:, 0])
    given = ("report", "counts.npy", "--fs", 250, "--units", "mV", "--model", model)
    status, out, err = ecglab(*given)
    assert status == 0 and out.endswith(" mV: check the unit\n")
    assert "warning: counts.npy: the beats are too high" in err
    assert " mV: check the unit." in (files / "counts_report.html").read_text(encoding="utf-8")


def test_a_name_that_is_no_page_is_wrong_usage(ecglab, files):
    status, out, err = ecglab("report", "one.csv", "-o", "page.pdf")
    assert (status, out) == (2, "") and "ends in .html" in err
    assert ecglab("report")[0] == 2


def test_without_a_browser_one_line_says_what_to_do(ecglab, files, model, monkeypatch):
    monkeypatch.setattr(pdf, "browser", lambda: None)
    status, _, err = ecglab("report", "one.csv", "--pdf", "--model", model)
    last = err.splitlines()[-1]
    assert status == 1 and "install one, or open one_report.html in a browser" in last
    assert (files / "one_report.html").is_file() and not list(files.glob("*.pdf*"))


def test_a_browser_that_fails_leaves_no_pdf(ecglab, files, model, monkeypatch):
    (files / "browser").write_text("#!/bin/sh\nexit 1\n")
    (files / "browser").chmod(stat.S_IRWXU)
    monkeypatch.setattr(pdf, "browser", lambda: str(files / "browser"))
    status, _, err = ecglab("report", "one.csv", "--pdf", "--model", model)
    assert status == 1 and "could not print one_report.html" in err.splitlines()[-1]
    assert not list(files.glob("*.pdf*"))


def test_the_pdf_is_a4_landscape(ecglab, files, model):
    if pdf.browser() is None:
        pytest.skip("there is no Chromium, Chrome or Edge: THE PDF IS NOT TESTED")
    status, _, _ = ecglab("report", "one.csv", "--pdf", "--model", model)
    content = (files / "one_report.pdf").read_bytes()
    assert status == 0 and content.startswith(b"%PDF")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert len(boxes) >= 3
    np.testing.assert_allclose(np.array(boxes, float), len(boxes) * [[841.9, 595.3]], atol=1)


def test_predict_writes_a_report_per_recording_and_an_index(ecglab, files, model):
    given = ("one.csv", "short.csv", "missing.csv")
    status, out, err = ecglab("predict", *given, "--report", "pages", "--model", model)
    assert status == 1 and len(out.splitlines()) == 4
    names = {"one.html", "short.html", "missing.html", "index.html"}
    assert set(os.listdir("pages")) == names
    index = (files / "pages" / "index.html").read_text(encoding="utf-8")
    assert names - {"index.html"} == set(re.findall(r'href="(\w+\.html)"', index))
    assert err.endswith(f"wrote {os.path.join('pages', 'index.html')}\n")
