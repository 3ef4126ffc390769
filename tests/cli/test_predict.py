"""`ecglab predict`: rows and JSON, errors of records, and what a prediction must not import."""

import json
import subprocess
import sys

import numpy as np
import package_maker
import pytest
from recording_maker import signals, write_cinc

from ecglab.ecg.record import Record
from ecglab.inference.predictor import ROW, Predictor
from ecglab.utils.paths import PRETRAINED

HEAVY = ("tensorflow", "keras", "jax", "mlflow", "pandas", "scipy", "sklearn", "wfdb", "pyarrow")


@pytest.fixture
def files(tmp_path):
    """Recordings in three formats: a WFDB record at 300 Hz, and arrays of 250 Hz."""
    path, _ = write_cinc(tmp_path)
    signal = signals(250)[:, 0]
    np.save(tmp_path / "two.npy", signal)
    (tmp_path / "three.csv").write_text("ecg_mV\n" + "\n".join(map(str, signal)) + "\n")
    return [path, tmp_path / "two.npy", tmp_path / "three.csv"]


@pytest.fixture
def bad(tmp_path):
    """A recording that is too short, and one that is not there."""
    (tmp_path / "short.csv").write_text("ecg_mV\n" + "0.1\n0.2\n" * 200)
    return [tmp_path / "short.csv", tmp_path / "missing.csv"]


def test_one_json_object_a_line(ecglab, files):
    status, out, err = ecglab("predict", "--json", "--fs", 250, "--units", "mV", *files[1:])
    assert (status, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    records = [Record(signals(250)[:, 0], 250.0, id=name) for name in ("two", "three")]
    expected = Predictor(PRETRAINED / "default").rows(records)
    for line, other, file in zip(lines, expected, files[1:], strict=True):
        assert list(line) == ["file", *ROW, "error"]
        assert line["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)
        rest = {"file": str(file), "probabilities": 0, "error": None}
        rest["lead"] = {"two": "", "three": "ecg"}[line["record"]]
        rest["lead_reason"] = line["lead_reason"]
        assert {**line, "probabilities": 0} == {**other, **rest}


def test_rows_have_the_classes_of_the_model(ecglab, files, tmp_path):
    status, out, err = ecglab("predict", "--model", "fast", files[0])
    meanings = "N normal, A atrial fibrillation, O other rhythm, ~ noise"
    assert (status, err) == (0, f"classes: {meanings}\n")
    header, row = out.splitlines()
    assert header.split() == ["file", "label", "N", "A", "O", "~", "model", "error"]
    cells = row.split()
    assert cells[0] == str(files[0])
    assert sum(map(float, cells[2:6])) == pytest.approx(1, abs=0.01)
    folder = package_maker.make(tmp_path / "af", classes=package_maker.AF)
    status, out, _ = ecglab("predict", "--model", folder, files[0])
    header, row = out.splitlines()
    assert header.split() == ["file", "label", "AF", "other", "model", "error"]
    assert header.index("model") == row.index("tiny-1")


def test_the_others_are_predicted_and_the_exit_status_is_1(ecglab, files, bad):
    order = [bad[0], files[1], bad[1], files[2]]
    status, out, _ = ecglab(
        "predict", "--model", "fast", "--json", "--fs", 250, "--units", "mV", *order
    )
    assert status == 1
    lines = [json.loads(line) for line in out.splitlines()]
    assert all(len(line) == len(ROW) + 2 and line["model"] for line in lines)
    assert [line["label"] is None for line in lines] == [True, False, True, False]
    assert [line["error"] is None for line in lines] == [False, True, False, True]
    assert "too short" in lines[0]["error"]
    assert "there is no such file" in lines[2]["error"]
    status, out, _ = ecglab("predict", "--model", "fast", "--fs", 250, "--units", "mV", *order)
    assert status == 1
    rows = out.splitlines()
    assert len(rows) == 5
    assert rows[1].split()[:6] == [str(bad[0]), "-", "-", "-", "-", "-"]
    at = rows[0].index(" error") + 1
    assert "too short" in rows[1][at:] and "no such file" in rows[3][at:]
    assert [len(row) > at for row in rows[1:]] == [True, False, True, False]
    model = rows[0].index(" model") + 1
    assert {row[model:at].rstrip() for row in rows[1:]} == {lines[0]["model"]}


def test_a_long_name_of_a_record_pushes_no_column(ecglab, files, tmp_path):
    long = tmp_path / f"{'long_' * 8}.npy"
    long.write_bytes(files[1].read_bytes())
    _, out, _ = ecglab("predict", "--model", "fast", "--fs", 250, "--units", "mV", long, files[1])
    header, *rows = out.splitlines()
    model = header.index("model")
    assert len({row[model:] for row in rows}) == 1 and rows[0][model - 1] == " "


def test_files_of_one_wfdb_record_are_predicted_once(ecglab, tmp_path):
    write_cinc(tmp_path)
    both = sorted(tmp_path.glob("A00003.*"))
    assert len(both) == 2
    status, out, err = ecglab("predict", "--json", "--model", "fast", *both)
    [line] = out.splitlines()
    assert status == 0 and json.loads(line)["file"] == str(both[0])
    assert "left out, as parts of WFDB records that are given already: 1" in err


def test_a_member_alone(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    _, both, _ = ecglab("predict", "--json", "--model", folder, files[0])
    status, one, _ = ecglab("predict", "--json", "--model", folder, "--member", 1, files[0])
    assert status == 0
    assert json.loads(one)["probabilities"] != json.loads(both)["probabilities"]
    status, _, err = ecglab("predict", "--model", folder, "--member", 7, files[0])
    assert status == 1
    assert err == "ecglab: tiny-1 has no member [7]: its members are folds [0, 1]\n"


def test_a_simulated_model_says_so(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package", simulated=True)
    status, _, err = ecglab("predict", "--model", folder, files[0])
    assert status == 0
    assert "SIMULATED" in err.splitlines()[0]
    assert err.count("\n") == 2


@pytest.mark.parametrize("model", ["nothing", "models:/ecg-rhythm@champion", "."])
def test_a_model_that_is_not_there_gives_one_line(ecglab, files, model):
    status, out, err = ecglab("predict", "--model", model, files[0])
    assert (status, out) == (1, "")
    assert err.startswith("ecglab: there is no model")
    assert err.count("\n") == 1


def test_a_damaged_package_gives_one_line(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    (folder / "model.onnx").write_bytes(b"")
    status, out, err = ecglab("predict", "--model", folder, files[0])
    assert (status, out) == (1, "")
    assert "model.onnx is damaged" in err
    assert err.count("\n") == 1


def test_a_prediction_imports_nothing_heavy(files):
    """From a cold start, of two formats, at the rate of the model and at another one."""
    times = np.arange(2500) / 250
    lines = [f"{t},{x}" for t, x in zip(times, signals(250)[:, 0], strict=True)]
    files[2].write_text("time_s,ecg_mV\n" + "\n".join(lines) + "\n")
    code = (
        "import sys; from ecglab.cli.main import main; status = main(sys.argv[1:]);"
        f"print(status, sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", str(files[0]), str(files[2])],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = done.stdout.splitlines()
    assert len(rows) == 4
    assert rows[-1] == "0 []"
