"""Reading any recording: which reader takes it, what none takes, and what importing costs."""

import os
import subprocess
import sys

import numpy as np
import pytest
from recording_maker import assert_refused, signals, write_cinc

from ecglab import readers

SUFFIXES = {suffix for reader in readers.READERS for suffix in reader.SUFFIXES}


def test_refuses_what_is_no_recording(tmp_path):
    assert_refused("no such file", tmp_path / "nothing.csv")
    assert_refused("is a folder", tmp_path)
    (tmp_path / "rec.pdf").write_bytes(b"%PDF")
    assert_refused("no known format", tmp_path / "rec.pdf")
    (tmp_path / "rec").write_bytes(b"x\0")
    assert_refused("no known format", tmp_path / "rec")
    os.mkfifo(tmp_path / "rec.csv")
    assert_refused("is a pipe", tmp_path / "rec.csv")
    for suffix in SUFFIXES - {".hea"}:
        empty = tmp_path / f"empty{suffix}"
        empty.write_bytes(b"")
        assert_refused("empty", empty, fs=300)
        empty.unlink()


def test_every_reader_refuses_damage_in_one_line(tmp_path):
    for suffix in SUFFIXES:
        (tmp_path / f"rec{suffix}").write_bytes(b"\xff")
        assert_refused("", tmp_path / f"rec{suffix}", lead=None, fs=300.0)


def test_rate_that_no_ecg_has(tmp_path):
    np.save(tmp_path / "rec.npy", signals(200)[:, 0])
    for fs in (0, -300, float("nan"), 1e9):
        assert_refused("rate", tmp_path / "rec.npy", fs=fs, units="mV")


LIBRARIES = ("wfdb", "scipy", "pandas", "h5py", "tensorflow", "matplotlib")


def write_mat(folder):
    """A MATLAB 4 file."""
    from scipy.io import savemat

    savemat(folder / "rec.mat", {"val": signals(200)[:, 0], "fs": 200.0, "unit": "mV"}, format="4")
    return folder / "rec.mat", None


@pytest.mark.parametrize("write", [write_cinc, write_mat])
def test_common_formats_need_numpy_only(tmp_path, write):
    path, _ = write(tmp_path)
    code = f"""
import sys
from ecglab import readers
from ecglab.ecg.prepare import prepare
prepare(readers.read_here(sys.argv[1]), 250)
sys.exit(", ".join({set(LIBRARIES)} & set(sys.modules)) or None)
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
