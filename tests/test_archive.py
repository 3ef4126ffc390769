"""The import of the CinC 2017 archive: what is taken, what is refused, and that nothing is lost."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import archive_maker as maker
import numpy as np
import pytest

from ecglab import cinc2017, dataset, info
from ecglab.archive import import_archive
from ecglab.errors import EcglabError


@pytest.fixture(autouse=True)
def small_world(monkeypatch, request):
    """The published list is that of the made-up records."""
    if "archive" not in request.keywords:
        monkeypatch.setattr(cinc2017, "digests", maker.digests)


@pytest.fixture
def earlier(tmp_path):
    """An import that was there before; its bytes."""
    made = maker.files(maker.IN_ARCHIVE[:2])
    import_archive(maker.zipped(made, tmp_path / "earlier" / "training2017.zip"))
    return dataset.path_of("cinc2017").read_bytes()


def refused(path: Path, earlier: bytes, *words: str) -> None:
    """The import fails with one line that has these words, and changes nothing."""
    with pytest.raises(EcglabError) as caught:
        import_archive(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    assert dataset.path_of("cinc2017").read_bytes() == earlier
    assert not list(dataset.path_of("cinc2017").parent.glob("*.partial"))


def in_process(code: str, **popen) -> subprocess.Popen:
    """Python code in a process of its own, in which the small world is the published one."""
    head = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import archive_maker\n"
        "from ecglab import cinc2017\n"
        "from ecglab.archive import import_archive\n"
        "cinc2017.digests = archive_maker.digests\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    )


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


def complete(monkeypatch, counts):
    """Make the small world's eight records the whole of the published data set."""
    monkeypatch.setattr(cinc2017, "N_RECORDS", len(maker.LABELS))
    monkeypatch.setattr(cinc2017, "CLASS_COUNTS", counts)


V3_COUNTS = {"N": 4, "A": 1, "O": 2, "~": 1}
V1_COUNTS = {"N": 5, "A": 1, "O": 2, "~": 0}


def test_complete_archive_may_hold_older_labels(tmp_path, monkeypatch):
    complete(monkeypatch, {"v1": V1_COUNTS, "v3": V3_COUNTS})
    made = maker.files(list(maker.LABELS))
    made["REFERENCE-v3.csv"] = made["REFERENCE.csv"]
    made["REFERENCE.csv"] = maker.reference({**maker.LABELS, "A00005": "N"})
    data = import_archive(maker.zipped(made, tmp_path / "a.zip"))
    assert data.counts() == V3_COUNTS
    assert dataset.open("cinc2017", labels="v1").counts() == V1_COUNTS
    assert "8, all of them" in info.describe(data)


def test_complete_archive_has_the_published_counts(tmp_path, monkeypatch, earlier):
    complete(monkeypatch, {"v3": V3_COUNTS})
    made = maker.files(list(maker.LABELS))
    made["REFERENCE.csv"] = maker.reference({**maker.LABELS, "A00001": "A"})
    path = maker.zipped(made, tmp_path / "a.zip")
    refused(path, earlier, "v3", "a.zip", "3 records are labelled N where 4 were published")


def test_excerpt_has_no_more_than_the_published_counts(tmp_path, monkeypatch, earlier):
    monkeypatch.setattr(cinc2017, "CLASS_COUNTS", {"v3": {**V3_COUNTS, "N": 2}})
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    refused(path, earlier, "a.zip", "3 records are labelled N where 2 were published")


# What is refused

BAD_FILES = {
    "no reference": (lambda f: f.pop("REFERENCE.csv"), ["REFERENCE.csv"]),
    "no records": (
        lambda f: [f.pop(name) for name in list(f) if name != "REFERENCE.csv"],
        ["A00001", "no such record"],
    ),
    "nothing at all": (
        lambda f: [f.pop(name) for name in list(f)] + [f.update({"REFERENCE.csv": b""})],
        ["holds no records"],
    ),
    "mat missing, labelled": (
        lambda f: [f.pop("A00003.mat"), f.pop("A00003.hea"), f.update(RECORDS=b"A00001\n")],
        ["REFERENCE.csv", "A00003", "no such record"],
    ),
    "mat missing, listed": (lambda f: f.pop("A00003.mat"), ["A00003", "no .mat file"]),
    "listed only": (
        lambda f: f.update(RECORDS=f["RECORDS"] + b"A00007\nA00008\n"),
        ["A00007", "no .mat file", "1 more"],
    ),
    "hea missing": (lambda f: f.pop("A00003.hea"), ["A00003", "no .hea file"]),
    "mat cut": (
        lambda f: f.update({"A00003.mat": f["A00003.mat"][:-100]}),
        ["A00003", "2680 of the 2730 samples"],
    ),
    "mat empty": (lambda f: f.update({"A00003.mat": b""}), ["A00003", "0 of the 2730"]),
    "mat too long": (
        lambda f: f.update({"A00003.mat": f["A00003.mat"] + b"\0\0"}),
        ["A00003.mat", "longer"],
    ),
    "hea says fewer": (
        lambda f: f.update({"A00003.hea": maker.hea("A00003", 2000)}),
        ["A00003", "longer than the 2000"],
    ),
    "hea says more": (
        lambda f: f.update({"A00003.hea": maker.hea("A00003", 3000)}),
        ["A00003", "2730 of the 3000"],
    ),
    "hea of another record": (
        lambda f: f.update({"A00003.hea": f["A00002.hea"]}),
        ["A00003.hea", "A00003.mat"],
    ),
    "hea with another gain": (
        lambda f: f.update({"A00003.hea": f["A00003.hea"].replace(b"1000/mV", b"200/mV")}),
        ["A00003.hea", "200 units per mV"],
    ),
    "hea with another rate": (
        lambda f: f.update({"A00003.hea": f["A00003.hea"].replace(b" 300 ", b" 250 ")}),
        ["A00003.hea", "250 Hz"],
    ),
    "hea is no header": (lambda f: f.update({"A00003.hea": b"hello"}), ["A00003.hea", "hello"]),
    "hea is empty": (lambda f: f.update({"A00003.hea": b""}), ["A00003.hea", "empty"]),
    "hea is no text": (lambda f: f.update({"A00003.hea": b"\xff\xfe"}), ["A00003.hea", "not text"]),
    "wrong samples": (
        lambda f: f.update({"A00003.mat": f["A00003.mat"][:-2] + b"\1\2"}),
        ["A00003", "not the published"],
    ),
    "samples of another record": (
        lambda f: f.update(
            {
                "A00003.mat": f["A00002.mat"],
                "A00003.hea": f["A00002.hea"].replace(b"A00002", b"A00003"),
            }
        ),
        ["A00003", "not the published"],
    ),
    "unpublished record": (
        lambda f: f.update(
            {
                "A09999.mat": f["A00002.mat"],
                "A09999.hea": f["A00002.hea"],
                "REFERENCE.csv": f["REFERENCE.csv"] + b"A09999,N\n",
            }
        ),
        ["A09999", "not a record of cinc2017"],
    ),
    "unknown class": (
        lambda f: f.update({"REFERENCE.csv": f["REFERENCE.csv"].replace(b"A00003,A", b"A00003,X")}),
        ["REFERENCE.csv", "line 3", "A00003", "'X'"],
    ),
    "no class": (
        lambda f: f.update({"REFERENCE.csv": b"A00001;N\n"}),
        ["REFERENCE.csv", "line 1", "A00001;N"],
    ),
    "label for no record": (
        lambda f: f.update({"REFERENCE.csv": f["REFERENCE.csv"] + b"A00008,N\n"}),
        ["REFERENCE.csv", "A00008", "no such record"],
    ),
    "record without label": (
        lambda f: f.update({"REFERENCE.csv": f["REFERENCE.csv"].replace(b"A00003,A\n", b"")}),
        ["REFERENCE.csv", "A00003", "no label"],
    ),
    "two labels": (
        lambda f: f.update({"REFERENCE.csv": f["REFERENCE.csv"] + b"A00003,A\n"}),
        ["REFERENCE.csv", "line 7", "A00003", "two labels"],
    ),
    "versions disagree": (
        lambda f: f.update(
            {"REFERENCE-v3.csv": f["REFERENCE.csv"].replace(b"A00004,O", b"A00004,N")}
        ),
        ["A00004", "labelled O in REFERENCE.csv and N in REFERENCE-v3.csv"],
    ),
    "older version lacks a record": (
        lambda f: f.update({"REFERENCE-v1.csv": b"A00001,N\n"}),
        ["v1", "A00002", "no label", "4 more"],
    ),
    "older version has a record too many": (
        lambda f: f.update({"REFERENCE-v1.csv": f["REFERENCE.csv"] + b"A09999,N\n"}),
        ["v1", "A09999", "not a record of cinc2017"],
    ),
    "older version has two labels": (
        lambda f: f.update({"REFERENCE-v1.csv": f["REFERENCE.csv"] + b"A00001,O\n"}),
        ["REFERENCE-v1.csv", "A00001", "two labels"],
    ),
    "older version has an unknown class": (
        lambda f: f.update({"REFERENCE-v2.csv": f["REFERENCE.csv"].replace(b"~", b"P")}),
        ["REFERENCE-v2.csv", "A00005", "'P'"],
    ),
}


@pytest.mark.parametrize("form", ["zip", "folder"])
@pytest.mark.parametrize("fault", BAD_FILES)
def test_refuses_bad_files(tmp_path, earlier, fault, form):
    spoil, words = BAD_FILES[fault]
    made = maker.files()
    spoil(made)
    if form == "zip":
        path = maker.zipped(made, tmp_path / "in" / "training2017.zip")
    else:
        path = maker.unpacked(made, tmp_path / "in" / "training2017")
    refused(path, earlier, "training2017", *words)


def test_refuses_missing_path(tmp_path, earlier):
    refused(tmp_path / "none.zip", earlier, "there is no file or folder", "none.zip")


def test_refuses_what_is_no_zip(tmp_path, earlier):
    path = tmp_path / "a.zip"
    path.write_text("<html>not found</html>")
    refused(path, earlier, "a.zip", "not a zip archive")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_refuses_cut_zip(tmp_path, earlier, share):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, earlier, "a.zip", "cut")


def test_refuses_damaged_zip(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    with zipfile.ZipFile(path) as file:
        member = file.getinfo("training2017/A00003.mat")
    content = bytearray(path.read_bytes())
    content[member.header_offset + 2000] ^= 0xFF
    path.write_bytes(content)
    refused(path, earlier, "a.zip", "A00003.mat", "damaged")


@pytest.mark.parametrize("name", ["/etc/x.mat", "../x.mat", "a/../../x", "..\\x.mat", "C:\\x.mat"])
def test_refuses_members_that_point_outside(tmp_path, earlier, name):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, b"x")
    refused(path, earlier, "a.zip", repr(name), "outside")


def changed_directory(path: Path, name: str, at: int, value: bytes) -> None:
    """Overwrite bytes `at` of a member's entry in the zip's central directory."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(name.encode()) - 46
    assert content[entry : entry + 4] == b"PK\1\2"
    content[entry + at : entry + at + len(value)] = value
    path.write_bytes(content)


def test_refuses_encrypted_zip(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    changed_directory(path, "training2017/A00003.mat", 8, b"\1\0")
    refused(path, earlier, "a.zip", "A00003.mat", "encrypted")


def test_refuses_other_compression(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    changed_directory(path, "training2017/A00003.mat", 10, b"\x63\0")
    refused(path, earlier, "a.zip", "A00003.mat", "compressed by a method")


def test_refuses_member_of_absurd_size(tmp_path, earlier):
    path = maker.zipped(maker.files() | {"A00003.mat": bytes(11 * 2**20)}, tmp_path / "a.zip")
    refused(path, earlier, "a.zip", "A00003.mat", "11 MiB")
    folder = maker.unpacked(maker.files() | {"A00003.mat": bytes(11 * 2**20)}, tmp_path / "b")
    refused(folder, earlier, "A00003.mat", "10 MiB")


def test_refuses_archive_of_absurd_size(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("filler00", bytes(1))
        for i in range(1, 110):
            file.writestr(f"filler{i:02d}", b"")
    for i in range(110):
        changed_directory(path, f"filler{i:02d}", 24, (10 * 2**20).to_bytes(4, "little"))
    refused(path, earlier, "a.zip", "1.1 GiB")


def test_reads_no_more_than_the_declared_size(tmp_path, earlier):
    path = maker.zipped(maker.files() | {"A00003.mat": bytes(9 * 2**20)}, tmp_path / "a.zip")
    changed_directory(path, "training2017/A00003.mat", 24, (5484).to_bytes(4, "little"))
    refused(path, earlier, "a.zip", "A00003.mat")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_refuses_member_that_is_there_twice(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("training2017/A00003.mat", b"x")
    refused(path, earlier, "a.zip", "A00003.mat", "twice")


# What may happen on the way


def test_full_disk_leaves_what_was_there(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    limits = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limits += "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    code = f"try:\n import_archive({str(path)!r})\nexcept Exception as e:\n print(repr(e))"
    out, err = in_process(limits + code).communicate(timeout=60)
    assert re.fullmatch(r"EcglabError\(.cannot write .*cinc2017\.arrow: File too large.*\n", out), (
        out + err
    )
    assert dataset.path_of("cinc2017").read_bytes() == earlier
    assert not list(dataset.path_of("cinc2017").parent.glob("*.partial"))


def test_kill_in_the_middle_leaves_what_was_there(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    kill = "import os, signal\nos.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
    process = in_process(kill + f"import_archive({str(path)!r})")
    process.communicate(timeout=60)
    packed = dataset.path_of("cinc2017")
    assert process.returncode == -signal.SIGKILL
    assert packed.with_name("cinc2017.arrow.partial").stat().st_size > 10_000
    assert packed.read_bytes() == earlier
    assert len(import_archive(path)) == 6
    assert not packed.with_name("cinc2017.arrow.partial").exists()


def test_two_at_once(tmp_path, earlier):
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    wait = (
        "def wait(done, of):\n  if done == 1: print('reading', flush=True); sys.stdin.readline()\n"
    )
    first = in_process(wait + f"import_archive({str(path)!r}, wait)", stdin=subprocess.PIPE)
    assert first.stdout.readline() == "reading\n"
    refused(path, earlier, "another process is importing cinc2017")
    _, err = first.communicate("go on\n", timeout=60)
    assert first.returncode == 0, err
    assert len(dataset.open("cinc2017")) == 6


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
