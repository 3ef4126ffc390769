"""The import of the CinC 2017 archive: what is taken, its label versions, what is said of it."""

import os
import re
import time
import zipfile
from pathlib import Path

import archive_maker as maker
import numpy as np
import pytest

from ecglab.datasets import cinc2017, dataset, info
from ecglab.datasets.archive import import_archive


@pytest.fixture(autouse=True)
def small_world(monkeypatch, request):
    """The published list is that of the made-up records."""
    if "archive" not in request.keywords:
        monkeypatch.setattr(cinc2017, "digests", maker.digests)


# What is taken


@pytest.mark.parametrize("form", ["zip", "zip without folder", "folder", "folder above"])
def test_takes_zip_and_folder(tmp_path, form):
    made = maker.files()
    path = tmp_path / "in" / "training2017"
    if form.startswith("zip"):
        path = path.with_suffix(".zip")
        maker.zipped(made, path, folder="training2017/" if form == "zip" else "")
    else:
        maker.unpacked(made, path)
    data = import_archive(path.parent if form == "folder above" else path)
    assert data.ids.tolist() == maker.IN_ARCHIVE
    assert data.labels.tolist() == [maker.LABELS[record] for record in maker.IN_ARCHIVE]
    assert (data.kind, data.published, data.label_versions) == ("recordings", 8528, ["v3"])
    for i, record in enumerate(data.ids):
        np.testing.assert_array_equal(data.samples(i), maker.samples(record))
    assert [p.name for p in dataset.path_of("cinc2017").parent.glob("[!.]*")] == ["cinc2017.arrow"]


def test_takes_archive_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(maker.unpacked(maker.files(), tmp_path / "training2017"))
    (tmp_path / "REFERENCE-v1.csv").write_bytes(maker.reference(maker.LABELS))
    assert import_archive(Path(".")).label_versions == ["v1", "v3"]


def test_reports_progress(tmp_path):
    calls = []
    import_archive(
        maker.zipped(maker.files(), tmp_path / "a.zip"), lambda *done: calls.append(done)
    )
    assert calls == [(i, 6) for i in range(1, 7)]


@pytest.mark.parametrize("place", ["in the archive", "beside the zip", "in the parent folder"])
def test_takes_label_versions(tmp_path, place):
    # Files published beside the archive cover records that an excerpt does not hold.
    older = maker.reference({**maker.LABELS, "A00002": "O", "A00005": "N"})
    side = {"REFERENCE-v1.csv": older, "REFERENCE-v3.csv": maker.reference(maker.LABELS)}
    made = maker.files()
    if place == "in the archive":
        path = maker.zipped(made | side, tmp_path / "in" / "a.zip")
    elif place == "beside the zip":
        path = maker.zipped(made, tmp_path / "in" / "a.zip")
        maker.unpacked(side, path.parent)
    else:
        path = maker.unpacked(made, tmp_path / "in" / "training2017")
        maker.unpacked(side, path.parent)
    data = import_archive(path)
    assert (data.label_versions, data.label_version) == (["v1", "v3"], "v3")
    older = dataset.open("cinc2017", labels="v1")
    assert older.labels.tolist() == ["N", "O", "A", "O", "N", "N"]
    assert "v3; also there: v1 (2 differ)" in info.describe(data)


def test_takes_blank_lines_and_carriage_returns(tmp_path):
    made = maker.files()
    made["REFERENCE.csv"] = b"\xef\xbb\xbf" + made["REFERENCE.csv"].replace(b"\n", b"\r\n\r\n")
    made["A00002.hea"] = made["A00002.hea"].replace(b"\n", b" \r\n")
    assert len(import_archive(maker.zipped(made, tmp_path / "a.zip"))) == 6


def test_ignores_what_an_operating_system_leaves(tmp_path):
    made = maker.files()
    path = maker.zipped(made, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("__MACOSX/training2017/._A00001.mat", b"x")
    assert len(import_archive(path)) == 6
    folder = maker.unpacked(made | {"._A00001.mat": b"x", ".DS_Store": b"x"}, tmp_path / "b")
    assert len(import_archive(folder)) == 6


def test_complete_archive_may_hold_older_labels(tmp_path, monkeypatch):
    v1_counts = {"N": 5, "A": 1, "O": 2, "~": 0}
    maker.complete(monkeypatch, {"v1": v1_counts, "v3": maker.COUNTS})
    made = maker.files(list(maker.LABELS))
    made["REFERENCE-v3.csv"] = made["REFERENCE.csv"]
    made["REFERENCE.csv"] = maker.reference({**maker.LABELS, "A00005": "N"})
    data = import_archive(maker.zipped(made, tmp_path / "a.zip"))
    assert data.counts() == maker.COUNTS
    assert dataset.open("cinc2017", labels="v1").counts() == v1_counts
    assert "8, all of them" in info.describe(data)


# What is said of it


def test_describe(tmp_path):
    text = info.describe(import_archive(maker.zipped(maker.files(), tmp_path / "a.zip")))
    text = re.sub(" +", " ", text)
    for words in (
        "cinc2017 (recordings)",
        "6 of 8,528 records: an excerpt, 8,522 are missing",
        "N normal 3 50.0%",
        "9.0 s to 9.2 s",
        "v3; also there: none",
        dataset.open("cinc2017").digest,
        str(dataset.path_of("cinc2017")),
        "Open Data Commons",
        "10.22489/CinC.2017.065-469",
    ):
        assert words in text
    assert "SYNTHETIC" not in text


def test_describe_synthetic_says_so_and_names_same_samples():
    one = maker.samples("A00001")
    dataset.write(
        name="synthetic",
        kind="synthetic",
        ids=["S1", "S2"],
        signals=[one, one],
        labels={"made": ["N", "A"]},
        default_labels="made",
        published=2,
    )
    text = info.describe(dataset.open("synthetic"))
    for words in ("synthetic (synthetic)", "SYNTHETIC", "2, all of them", "S1 = S2", "made"):
        assert words in text
    assert "Licence" not in text


def test_facts_agree(monkeypatch):
    monkeypatch.undo()
    digests = cinc2017.digests()
    assert len(digests) == cinc2017.N_RECORDS
    assert all(sum(c.values()) == cinc2017.N_RECORDS for c in cinc2017.CLASS_COUNTS.values())
    assert all(digests[a] == digests[b] for a, b in cinc2017.DUPLICATES)
    assert all(doi in cinc2017.CITATION and doi in cinc2017.BIBTEX for doi in cinc2017.DOIS)
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in digests.values())


# The real archive


@pytest.mark.archive
def test_real_archive(archive):
    begin = time.perf_counter()
    data = import_archive(archive)
    seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    data = dataset.open("cinc2017")
    assert time.perf_counter() - begin < 0.3
    assert seconds < 20
    assert all(data.counts()[k] <= n for k, n in cinc2017.CLASS_COUNTS["v3"].items())
    assert (archive.parent / "REFERENCE-v1.csv").exists() <= ("v1" in data.label_versions)
    if len(data) == 7500:
        assert data.counts() == {"N": 4464, "A": 667, "O": 2124, "~": 245}
    else:
        assert len(data) == cinc2017.N_RECORDS
    assert "A00227 = A01176; A02656 = A03123" in info.describe(data)
    assert os.stat(data.path).st_size > 2 * data.lengths.sum()
