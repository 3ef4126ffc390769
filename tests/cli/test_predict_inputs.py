"""The recordings that `ecglab predict` is given: folders, patterns, lists, stdin."""

import io
import json
import os
import sys

import numpy as np
import pytest
from recording_maker import signals, write_cinc

from ecglab.cli import inputs
from ecglab.cli.common import UsageError


@pytest.fixture
def folder(tmp_path):
    """recordings/ with one.npy, deep/two.csv and the WFDB record deep/A00003, and other files."""
    top = tmp_path / "recordings"
    (top / "deep").mkdir(parents=True)
    (top / ".hidden").mkdir()
    np.save(top / "one.npy", signals(250)[:, 0])
    lines = [f"{i / 250},{x}" for i, x in enumerate(signals(250)[:, 0])]
    (top / "deep" / "two.csv").write_text("\n".join(["time_s,ecg_mV", *lines]) + "\n")
    write_cinc(top / "deep")
    for name in ("notes.pdf", ".hidden/three.npy", ".four.npy"):
        (top / name).write_text("")
    return top


def names(found, folder):
    return [os.path.relpath(name, folder) for name in found]


def test_a_folder_is_its_recordings_and_those_below(folder):
    found = inputs.collect([str(folder)])
    assert names(found, folder) == ["one.npy", "deep/A00003.hea", "deep/two.csv"]


def test_a_pattern_that_the_shell_left_as_it_is(folder):
    assert names(inputs.collect([f"{folder}/*.npy"]), folder) == ["one.npy"]
    found = inputs.collect([f"{folder}/**/*.csv", f"{folder}/d*"])
    assert names(found, folder) == ["deep/two.csv", "deep/A00003.hea"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    (tmp_path / "a[1].npy").write_text("")
    (tmp_path / "a1.npy").write_text("")
    assert inputs.collect([f"{tmp_path}/a[1].npy"]) == [f"{tmp_path}/a[1].npy"]


def test_files_of_one_wfdb_record_count_once(ecglab, folder):
    both = sorted((folder / "deep").glob("A00003.*"))
    assert len(both) == 2
    status, out, err = ecglab("predict", "--json", "--model", "fast", *both, *both)
    [line] = out.splitlines()
    assert status == 0 and json.loads(line)["file"] == str(both[0])
    assert "left out, as given twice or parts of one WFDB record: 3" in err


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_a_list_names_one_file_per_line(folder, tmp_path, separator):
    listed = tmp_path / "list.txt"
    lines = [folder / "one.npy", folder / "deep", tmp_path / "with space .npy"]
    listed.write_text(separator.join(map(str, lines)) + separator, newline="")
    found = inputs.collect([f"@{listed}"])
    assert names(found[:3], folder) == ["one.npy", "deep/A00003.hea", "deep/two.csv"]
    assert found[3] == str(lines[2])


def stdin(monkeypatch, content: bytes):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_names_on_stdin(ecglab, folder, monkeypatch):
    stdin(monkeypatch, f"{folder}/deep/two.csv\n\nnothing.csv\n".encode())
    status, out, _ = ecglab("predict", "--json", "--model", "fast", "-")
    first, second = (json.loads(line) for line in out.splitlines())
    assert status == 1 and first["error"] is None
    assert second["file"] == "nothing.csv" and "no such file" in second["error"]


@pytest.mark.parametrize("given", ["-", "@list.txt", "@nothing.txt", "empty", "*.xyz"])
def test_an_argument_without_recordings_is_wrong_usage(ecglab, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    stdin(monkeypatch, b"\n")
    (tmp_path / "list.txt").write_text("\n")
    (tmp_path / "empty").mkdir()
    status, out, err = ecglab("predict", given)
    assert (status, out) == (2, "")
    assert err.startswith("ecglab: ") and err.count("\n") == 1


def test_a_name_that_is_too_long_is_a_file_that_is_not_there(ecglab):
    name = "x" * 300
    status, out, _ = ecglab("predict", "--json", "--model", "fast", name)
    row = json.loads(out)
    assert status == 1 and row["file"] == name and "too long" in row["error"]


def test_an_argument_with_nothing_raises_before_anything_is_predicted(folder, tmp_path):
    with pytest.raises(UsageError, match="no file matches this pattern"):
        inputs.collect([str(folder), f"{tmp_path}/*.xyz"])
