"""The import of the CinC 2017 archive that fails: what it says, and that nothing is lost."""

import re
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import archive_maker as maker
import pytest

from ecglab.datasets import cinc2017, dataset
from ecglab.datasets.archive import import_archive
from ecglab.utils.errors import EcglabError


@pytest.fixture(autouse=True)
def small_world(monkeypatch):
    """The published list is that of the made-up records."""
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
        f"import sys; sys.path.insert(0, {str(Path(maker.__file__).parent)!r})\n"
        "import archive_maker\n"
        "from ecglab.datasets import cinc2017\n"
        "from ecglab.datasets.archive import import_archive\n"
        "cinc2017.digests = archive_maker.digests\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    )


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


def test_complete_archive_has_the_published_counts(tmp_path, monkeypatch, earlier):
    maker.complete(monkeypatch, {"v3": maker.COUNTS})
    made = maker.files(list(maker.LABELS))
    made["REFERENCE.csv"] = maker.reference({**maker.LABELS, "A00001": "A"})
    path = maker.zipped(made, tmp_path / "a.zip")
    refused(path, earlier, "v3", "a.zip", "3 records are labelled N where 4 were published")


def test_excerpt_has_no_more_than_the_published_counts(tmp_path, monkeypatch, earlier):
    spec = replace(cinc2017.SPEC, class_counts={"v3": {**maker.COUNTS, "N": 2}})
    monkeypatch.setattr(cinc2017, "SPEC", spec)
    path = maker.zipped(maker.files(), tmp_path / "a.zip")
    refused(path, earlier, "a.zip", "3 records are labelled N where 2 were published")


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
        "from ecglab.datasets import dataset\n"
        "prepare = dataset.prepare\n"
        "def wait(record, fs):\n"
        "  if record.id == 'A00001': print('reading', flush=True); sys.stdin.readline()\n"
        "  return prepare(record, fs)\n"
        "dataset.prepare = wait\n"
    )
    first = in_process(wait + f"import_archive({str(path)!r})", stdin=subprocess.PIPE)
    assert first.stdout.readline() == "reading\n"
    with pytest.raises(EcglabError, match="another process is writing the data set cinc2017"):
        import_archive(path)
    assert dataset.path_of("cinc2017").read_bytes() == earlier
    _, err = first.communicate("go on\n", timeout=60)
    assert first.returncode == 0, err
    assert len(dataset.open("cinc2017")) == 6
