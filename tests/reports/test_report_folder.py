"""A folder of reports: names of the pages, and an index that sorts and filters in a browser."""

import html as html_module
import json
import re
import subprocess

import package_maker
import pytest
from page_reader import Page, assert_described, assert_self_contained

from ecglab.inference.predictor import Predictor
from ecglab.reports import pdf, recording_page
from ecglab.reports.report_folder import ReportFolder


def row(record, verdict, p, rate, quality, why="because"):
    return {
        **dict.fromkeys(("lead", "lead_reason", "fs", "seconds", "findings"), ""),
        "file": f"data/{record}.csv",
        "record": record,
        "label": "N" if verdict else None,
        "probabilities": {"N": p} if verdict else None,
        "verdict": verdict,
        "reason": why if verdict else None,
        "heart_rate": rate,
        "quality": quality,
        "model": "tiny-1",
        "error": None if verdict else why,
    }


ROWS = [
    row("r10", "normal", 0.9, 120.0, 0.5),
    row("r9", "uncertain", 0.25, 55.0, 1.0, "<i>why</i>"),
    row("bad", None, None, None, None, "too short"),
    row("r100", "normal", 0.7, None, 0.75),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_page, "html", lambda row, record, predictor: row["record"])
    model = Predictor(package_maker.make(tmp_path / "package"))
    reports = ReportFolder(tmp_path / "reports", model)
    for each in ROWS:
        reports.write(each, None)
    reports.write_index()
    return tmp_path / "reports"


def test_the_index_lists_every_page_and_needs_nothing_else(folder):
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert_self_contained(page)
    assert_described(page)
    links = [found["href"] for found in page.all("a")]
    assert links == ["r10.html", "r9.html", "bad.html", "r100.html"]
    for link in links:
        assert (folder / link).read_text() == link.removesuffix(".html")
    assert page.row("data/ r9.csv") == ["uncertain", "N 0.25", "55/min", "1.00", "<i>why</i>"]
    assert page.row("data/ bad.csv") == ["not classified", *3 * ["\N{EN DASH}"], "too short"]


def test_pages_have_names_of_their_own_on_any_file_system(tmp_path):
    reports = ReportFolder(tmp_path, Predictor(package_maker.make(tmp_path / "package")))
    records = ["a", "A", "a", "../x", "index", "", "é ü", "x" * 300]
    names = [reports._name(record) for record in records]
    assert names[:5] == ["a.html", "A-2.html", "a-3.html", "_x.html", "index-2.html"]
    assert all(re.fullmatch(r"[\w-]+\.html", name, re.ASCII) for name in names)
    assert len({name.lower() for name in names}) == len(names)


def in_browser(folder, script: str) -> list:
    """What a script on the index returns, in a browser without a network."""
    program = pdf.browser()
    if program is None:
        pytest.skip("there is no Chromium, Chrome or Edge: THE INDEX IS NOT TESTED IN A BROWSER")
    text = (folder / "index.html").read_text(encoding="utf-8")
    result = f"<script>document.title = JSON.stringify((() => {{{script}}})());</script></body>"
    (folder / "tried.html").write_text(text.replace("</body>", result), encoding="utf-8")
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder}/profile", "--host-resolver-rules=MAP * ~NOTFOUND"]
    done = subprocess.run(
        [*command, (folder / "tried.html").as_uri()], capture_output=True, text=True, check=True
    )
    return json.loads(html_module.unescape(re.search(r"<title>(.*?)</title>", done.stdout)[1]))


def test_a_click_on_a_heading_sorts_and_the_fields_filter(folder):
    script = """
      const names = () => [...document.querySelectorAll("tbody tr")].filter((row) => !row.hidden)
        .map((row) => row.querySelector("a").getAttribute("href").replace(".html", ""));
      const heads = [...document.querySelectorAll("thead th")];
      const click = (i) => { heads[i].querySelector("button").click(); return names(); };
      const enter = (id, value) => {
        const field = document.getElementById(id);
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        return names();
      };
      const found = [names(), click(0), click(0), click(3), click(3), click(2)];
      const sorted = heads.map((head) => head.getAttribute("aria-sort"));
      found.push(enter("words", "SHORT"), enter("words", "r10"), enter("words", ""));
      found.push(enter("verdict", "normal"), enter("verdict", "not classified"));
      return [...found, sorted, document.getElementById("count").textContent,
              document.querySelector("form").hidden];
    """
    found = in_browser(folder, script)
    assert found[:6] == [
        ["r10", "r9", "bad", "r100"],
        ["bad", "r9", "r10", "r100"],
        ["r100", "r10", "r9", "bad"],
        ["r9", "r10", "r100", "bad"],  # by heart rate as a number; what has none comes last
        ["r10", "r9", "r100", "bad"],
        ["r9", "r100", "r10", "bad"],
    ]
    assert found[6] == ["bad"] and set(found[7]) == {"r10", "r100"} and len(found[8]) == 4
    assert set(found[9]) == {"r10", "r100"} and found[10] == ["bad"]
    assert found[11:] == [[None, None, "ascending", None, None, None], "1 of 4 shown", False]
