"""The import of the CinC 2017 archive: what is taken, its label versions, how it is described."""

import os
import re
import time
import zipfile
from pathlib import Path

import archive_maker as maker
import numpy as np
import pytest

from ecglab import readers
from ecglab.datasets import cinc2017, dataset, info
from ecglab.datasets.archive import import_archive
from ecglab.datasets.spec import Spec
from ecglab.ecg.prepare import prepare, signal_digest


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
    assert (data.simulated, data.spec.n_records, data.label_versions) == (False, 8528, ("v3",))
    for i, record in enumerate(data.ids):
        np.testing.assert_allclose(data.signal(i), maker.samples(record) / 1000, rtol=1e-6)
    assert [p.name for p in dataset.path_of("cinc2017").parent.glob("[!.]*")] == ["cinc2017.arrow"]


def test_takes_archive_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(maker.unpacked(maker.files(), tmp_path / "training2017"))
    (tmp_path / "REFERENCE-v1.csv").write_bytes(maker.reference(maker.LABELS))
    assert import_archive(Path(".")).label_versions == ("v1", "v3")


def test_packed_record_is_the_one_that_is_read_from_its_file(tmp_path):
    """So that a package knows a record of its training from the file alone."""
    folder = maker.unpacked(maker.files(), tmp_path / "training2017")
    data = import_archive(folder)
    for i, record in enumerate(data.ids):
        from_file = prepare(readers.read(folder / record), data.fs)
        assert signal_digest(from_file) == data.sha256[i]
        assert signal_digest(prepare(data.record(i), data.fs)) == data.sha256[i]


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
    assert (data.label_versions, data.label_version) == (("v1", "v3"), "v3")
    older = dataset.open("cinc2017", labels="v1")
    assert older.labels.tolist() == ["N", "O", "A", "O", "N", "N"]
    assert "version v3; others: v1 (2 differ)" in info.describe(data)


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


# How it is described


def test_describe(tmp_path):
    text = info.describe(import_archive(maker.zipped(maker.files(), tmp_path / "a.zip")))
    text = re.sub(" +", " ", text)
    for words in (
        "cinc2017\n Recordings of 9 to 61 s",
        "6 of 8,528 records: an excerpt, 8,522 are missing",
        "N normal 3 50.0%",
        "9.0 s to 9.2 s",
        "labels one version",
        "groups unknown",
        "folds 5, of",
        "mean F1 of N, A, O",
        dataset.open("cinc2017").digest,
        str(dataset.path_of("cinc2017")),
        "Open Data Commons",
        "10.22489/CinC.2017.065-469",
    ):
        assert words in text
    assert "SIMULATED" not in text


def test_describe_simulated_says_so():
    dataset.make_synthetic(20)
    text = re.sub(" +", " ", info.describe(dataset.open("synthetic")))
    for words in ("SIMULATED", "records 20, all of them", "same samples none", "not split yet"):
        assert words in text
    assert "licence" not in text


def test_facts_agree(monkeypatch):
    monkeypatch.undo()
    spec, digests = cinc2017.SPEC, cinc2017.digests()
    assert len(digests) == spec.n_records
    assert set(spec.class_counts) == set(spec.label_versions)
    for counts in spec.class_counts.values():
        assert list(counts) == list(spec.classes)
        assert sum(counts.values()) == spec.n_records
    assert all(doi in spec.citation and doi in cinc2017.BIBTEX for doi in cinc2017.DOIS)
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in digests.values())
    assert Spec.from_dict(spec.as_dict()) == spec


# The real archive


@pytest.mark.archive
def test_real_archive(archive):
    begin = time.process_time()
    data = import_archive(archive)
    seconds = time.process_time() - begin
    begin = time.process_time()
    data = dataset.open("cinc2017")
    assert time.process_time() - begin < 0.3
    assert seconds < 20
    begin = time.process_time()
    data.check()
    assert time.process_time() - begin < 3
    assert all(data.counts()[k] <= n for k, n in data.spec.class_counts["v3"].items())
    assert (archive.parent / "REFERENCE-v1.csv").exists() <= ("v1" in data.label_versions)
    if len(data) == 7500:
        assert data.counts() == {"N": 4464, "A": 667, "O": 2124, "~": 245}
    else:
        assert len(data) == data.spec.n_records
    assert "A00227 = A01176; A02656 = A03123" in info.describe(data)
    assert os.stat(data.path).st_size > 4 * data.lengths.sum()
