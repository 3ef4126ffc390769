"""The benchmarks run from beginning to end; what they measure is not tested."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import wfdb

from ecglab.datasets import dataset

ROOT = Path(__file__).parent.parent


def test_the_quick_form_measures_everything():
    dataset.make_synthetic(60)
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    environment = {**os.environ, "ECGLAB_ARCHIVE": ""}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    for line in ("checking its digests", "epoch of", "cold prediction at 250 Hz", "in bulk, fast"):
        assert f"\n{line}" in done.stdout


def test_detectors_are_compared_on_annotated_records(tmp_path):
    folder = tmp_path / "cpsc2019"
    folder.mkdir()
    at = np.arange(0, 15, 1 / 500)
    r = np.arange(300, 7200, 450)
    signal = np.exp(-(((at[:, None] - r / 500) / 0.015) ** 2)).sum(axis=1, keepdims=True)
    wfdb.wrsamp("data_1", 500, ["mV"], ["I"], signal, fmt=["16"], write_dir=str(folder))
    wfdb.wrann("data_1", "atr", r, ["N"] * r.size, write_dir=str(folder))
    command = [sys.executable, "-m", "benchmarks.beats", str(tmp_path), "--seconds", "15"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert f"| cpsc2019 | {r.size} | 100.00 / 100.00 |" in done.stdout
    command = [*command[:3], str(folder)]
    nothing = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert nothing.returncode == 1 and nothing.stderr.count("\n") == 1


def test_a_record_is_the_same_in_every_format():
    dataset.make_synthetic(60)
    command = [sys.executable, "-m", "benchmarks.formats", "fast", "--data", "synthetic"]
    command += ["--records", "2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    for name in ("WFDB 212", "EDF", "DICOM", "Parquet"):
        assert f"| {name} | 1000 Hz | 1.000 |" in done.stdout
    assert "a probability differs by 0.000000 at most" in done.stdout


def test_windows_of_annotated_recordings_are_a_data_set(tmp_path):
    folder, result = tmp_path / "recordings" / "mine", tmp_path / "result"
    folder.mkdir(parents=True)
    at = np.arange(0, 90, 1 / 250)
    signal = np.exp(-((((at % 0.8) - 0.4) / 0.015) ** 2))[:, None]
    wfdb.wrsamp("r", 250, ["mV"], ["II"], signal, fmt=["16"], write_dir=str(folder))
    marks = np.array([10, 250, 8000])
    notes = ["(AFIB", "(N", ""]
    wfdb.wrann("r", "atr", marks, ["+", "+", "V"], aux_note=notes, write_dir=str(folder))
    wfdb.wrsamp("s", 250, ["mV"], ["II"], signal, fmt=["16"], write_dir=str(folder))
    wfdb.wrann("s", "atr", np.array([10]), ["+"], aux_note=["(AFIB"], write_dir=str(folder))
    command = [sys.executable, "-m", "benchmarks.external", str(folder.parent), "fast"]
    done = subprocess.run([*command, "-o", str(result)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert (result / "windows.csv").read_text().splitlines()[1:] == [
        "mine/r.hea,PREMATURE,mine r,II,30,60",
        "mine/r.hea,SR,mine r,II,60,90",
        *(f"mine/s.hea,AFIB,mine s,II,{start},{start + 30}" for start in (0, 30, 60)),
    ]
    assert "5 of 5 records scored" in done.stdout
    assert "| mine | r | II | 0 |  |  | 2 |" in done.stdout
    assert "| mine | s | II | 3 |" in done.stdout
    assert "Confusion matrix" in (result / "evaluation.html").read_text("utf-8")
    nothing = subprocess.run([*command[:3], str(result)], capture_output=True, text=True, cwd=ROOT)
    assert nothing.returncode == 1 and nothing.stderr.count("\n") == 1
