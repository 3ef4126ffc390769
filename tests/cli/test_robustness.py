"""`ecglab robustness`, end to end with a package that looks at the mean of the signal."""

import json

import package_maker
from evaluation_maker import make_data


def test_a_table_a_page_and_json(ecglab, tmp_path):
    make_data(["N"] * 8 + ["A"] * 6 + ["O"] * 6, fs=300.0)
    package = package_maker.make(tmp_path / "package")
    page, facts = tmp_path / "page.html", tmp_path / "facts.json"
    status, out, err = ecglab(
        *("robustness", package, "--data", "clinic", "--records", 10),
        *("--html", page, "--json", facts),
    )
    assert status == 0, err
    assert "label kept" in out and "50 Hz, 0.1 mV" in out and "windows" not in out
    assert f"wrote {page}" in err and f"wrote {facts}" in err
    found = json.loads(facts.read_text())
    assert found["data"]["records"] == 10 and found["code"]
    assert page.read_text("utf-8").count("data:image/png") == 1


def test_a_class_that_the_model_lacks(ecglab, tmp_path):
    make_data(["N"] * 4 + ["A"] * 4, fs=300.0)
    package = package_maker.make(tmp_path / "package")
    status, _, err = ecglab("robustness", package, "--data", "clinic", "--label", "AF")
    assert status == 1 and "has no class 'AF'" in err
