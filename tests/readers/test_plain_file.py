"""What a reader opens: a plain file of a bounded size, and of what a header names one beside it."""

import os
from pathlib import Path

import pytest

from ecglab.readers import plain_file
from ecglab.utils.errors import RecordError

posix = pytest.mark.skipif(os.name != "posix", reason="files that only POSIX has")


@pytest.fixture
def header(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret.dat").write_bytes(b"secret")
    (tmp_path / "folder" / "rec.dat").write_bytes(b"samples")
    return tmp_path / "folder" / "rec.hea"


def refused(path: Path, words: str) -> None:
    for function in (plain_file.open_plain, plain_file.checked, plain_file.content_of):
        with pytest.raises(RecordError) as caught:
            function(path)
        assert str(caught.value).startswith(f"{path}: ") and words in str(caught.value)


def test_the_content_of_a_plain_file_is_read(tmp_path):
    path = tmp_path / "rec.csv"
    path.write_bytes(b"0.1\n0.2\n")
    (tmp_path / "link.csv").symlink_to(path)
    assert plain_file.checked(path) == path
    assert plain_file.content_of(path) == plain_file.content_of(tmp_path / "link.csv")
    assert plain_file.content_of(path, 3) == b"0.1"
    with plain_file.open_plain(path) as file:
        assert file.readlines() == [b"0.1\n", b"0.2\n"]


def test_what_is_no_file_is_refused(tmp_path):
    refused(tmp_path / "nothing", "there is no such file")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "a\0b", "cannot be read (")


@posix
def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    refused(tmp_path / "pipe", "is a pipe")
    refused(tmp_path / "zero", "is a device")


def test_a_large_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(plain_file, "_max_bytes", plain_file._max_bytes)
    path = tmp_path / "rec.csv"
    with open(path, "wb") as file:
        file.truncate(2_000_000_001)
    plain_file.limit_size(2_000)
    refused(path, "2,000 MB, more than the 2,000 MB allowed (--max-size MB allows more)")
    plain_file.limit_size(2_001)
    assert plain_file.checked(path) == path


def test_what_a_header_names_lies_beside_it(header):
    assert plain_file.named_by(header, "rec.dat").read_bytes() == b"samples"
    (header.parent / "link.dat").symlink_to("rec.dat")
    assert plain_file.named_by(header, "link.dat").read_bytes() == b"samples"


@pytest.mark.parametrize(
    "name",
    ["../secret.dat", "/etc/hostname", "..", ".", "", "C:rec.dat", "..\\secret.dat", "a\0b", "x/y"],
)
def test_a_header_names_no_file_elsewhere(header, name):
    with pytest.raises(RecordError, match="is not the name of a file beside it"):
        plain_file.named_by(header, name)


@posix
def test_a_link_beside_the_header_leads_nowhere_else(header):
    (header.parent / "out.dat").symlink_to("../secret.dat")
    (header.parent / "zero.dat").symlink_to("/dev/zero")
    os.mkfifo(header.parent / "pipe.dat")
    for name, words in {
        "out.dat": "a link that leads out of its folder",
        "zero.dat": "a link that leads out of its folder",
        "pipe.dat": "is a pipe",
        "gone.dat": "is missing beside it: copy all files",
    }.items():
        with pytest.raises(RecordError, match=words):
            plain_file.named_by(header, name)
