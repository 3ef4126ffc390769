"""`ecglab predict`: rows and JSON, errors of records, and what a prediction must not import."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import package_maker
import pytest
from recording_maker import signals, write_cinc

from ecglab import readers
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.inference.rows import ROW
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
    assert status == 0 and err.splitlines()[-1].startswith("2 classified")
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


def test_a_row_has_the_verdict_and_the_model_is_named_once(ecglab, files):
    status, out, err = ecglab("predict", "--model", "fast", files[0])
    [name] = re.findall(r"^model (\S+), classes: ", err)
    assert status == 0
    assert "classes: N normal, A atrial fibrillation, O other rhythm, ~ noise\n" in err
    assert name not in out
    header, row = out.splitlines()
    titles = ("file", "verdict", "probability", "heart rate", "quality", "why")
    starts = [header.index(title) for title in titles]
    cells = [row[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
    [expected] = Predictor(PRETRAINED / "fast").rows(readers.read(files[0]))
    assert cells[:2] == [str(files[0]), expected["verdict"]]
    assert cells[2] == f"{expected['label']} {max(expected['probabilities'].values()):.2f}"
    assert cells[3:5] == [f"{expected['heart_rate']:.0f}/min", f"{expected['quality']:.2f}"]
    assert cells[5] == expected["reason"]


def test_counts_that_are_given_as_millivolts_have_a_warning(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    given = ("predict", "--model", folder, "--json", "--fs", 250, "--units", "mV")
    counts = [tmp_path / "counts.npy", tmp_path / "more.npy"]
    for file in counts:
        np.save(file, 2000 * signals(250)[:, 0])
    status, out, err = ecglab(*given, *counts, files[1])
    *rows, right = (json.loads(line) for line in out.splitlines())
    for row in rows:
        assert re.search(
            r"; beats of 2,\d{3} mV, where an ECG has .*: check the unit$", row["reason"]
        )
        assert row["label"] and row["error"] is None and row["height"] > 2000
    assert status == 0 and "check the unit" not in right["reason"]
    assert f"warning: {counts[0]} and 1 more: the beats are too high or too low" in err
    for gain in (0.2, 5):
        np.save(counts[0], gain * signals(250)[:, 0])
        assert "warning" not in ecglab(*given, counts[0])[2]


def test_a_rate_is_rounded_to_the_digits_that_a_column_of_times_can_give(ecglab, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    for rate in (512, 360.5, 128.2, 1000 / 3):
        file = tmp_path / "times.csv"
        lines = (f"{i / rate:.6f},{x:.4f}" for i, x in enumerate(signals(rate)[:, 0]))
        file.write_text("\n".join(["time_s,ecg_mV", *lines]))
        _, out, _ = ecglab("predict", "--model", folder, "--json", file)
        assert json.loads(out)["fs"] == round(rate, 3)


def test_other_classes_have_columns_of_their_own(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "af", classes=package_maker.AF)
    _, out, _ = ecglab("predict", "--model", folder, "--csv", files[0])
    [row] = csv.DictReader(io.StringIO(out))
    shares = [float(row[f"probability_{code}"]) for code in ("AF", "other")]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert row["model"] == "tiny-1" and row["error"] == ""


def test_the_others_are_predicted_and_the_exit_status_is_1(ecglab, files, bad):
    order = [bad[0], files[1], bad[1], files[2]]
    status, out, err = ecglab(
        "predict", "--model", "fast", "--json", "--fs", 250, "--units", "mV", *order
    )
    assert status == 1
    assert re.search(r"^2 classified \(.*\), 2 not: see the column error$", err, re.MULTILINE)
    lines = [json.loads(line) for line in out.splitlines()]
    assert all(list(line) == ["file", *ROW, "error"] and line["model"] for line in lines)
    assert [line["label"] is None for line in lines] == [True, False, True, False]
    assert [line["error"] is None for line in lines] == [False, True, False, True]
    assert "too short" in lines[0]["error"]
    assert "there is no such file" in lines[2]["error"]
    status, out, err = ecglab("predict", "--model", "fast", "--fs", 250, "--units", "mV", *order)
    assert status == 1 and err.rstrip().endswith("see the column why")
    header, *lines = out.splitlines()
    verdict, why = header.index("verdict"), header.index("why")
    assert [line[verdict:].startswith("not classified") for line in lines] == [1, 0, 1, 0]
    assert lines[0][why:].startswith("too short"), "the name stands in a column of its own"
    assert lines[2][why:] == "there is no such file"


def test_a_long_name_of_a_record_pushes_no_column(ecglab, files, tmp_path):
    long = tmp_path / f"{'long_' * 8}.npy"
    long.write_bytes(files[1].read_bytes())
    _, out, _ = ecglab("predict", "--model", "fast", "--fs", 250, "--units", "mV", long, files[1])
    header, *rows = out.splitlines()
    verdict = header.index("verdict")
    assert len({row[verdict:] for row in rows}) == 1 and rows[0][verdict - 1] == " "


def test_a_fault_of_a_reader_does_not_stop_the_others(ecglab, files, monkeypatch):
    read = readers.read

    def fault(path, *options):
        if str(path).endswith("two.npy"):
            raise ZeroDivisionError("division by zero")
        return read(path, *options)

    monkeypatch.setattr(readers, "read", fault)
    status, out, _ = ecglab(
        "predict", "--json", "--model", "fast", "--fs", 250, "--units", "mV", *files[1:]
    )
    first, second = (json.loads(line) for line in out.splitlines())
    assert status == 1 and second["error"] is None
    assert first["error"] == "ZeroDivisionError: division by zero"


# Output


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.txt"])
def test_a_file_is_written_whole_in_the_format_of_its_name(ecglab, files, tmp_path, name):
    path = tmp_path / "new" / name
    status, out, err = ecglab("predict", "--model", "fast", files[0], "-o", path)
    assert (status, out) == (0, "") and err.endswith(f"wrote {path}\n")
    text = path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == [name]
    if name == "out.jsonl":
        assert json.loads(text)["file"] == str(files[0])
    elif name == "out.csv":
        [row] = csv.DictReader(io.StringIO(text))
        assert row["file"] == str(files[0]) and float(row["probability_N"]) <= 1
    else:
        assert text.splitlines()[0].split()[:2] == ["file", "verdict"]


def test_an_interruption_leaves_the_old_file(ecglab, files, tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "read", interrupted)
    status, _, _ = ecglab("predict", "--model", "fast", files[0], "-o", path)
    assert status == 130 and path.read_text() == "old"
    assert not list(tmp_path.glob("*.partial"))


def test_the_suffix_and_the_option_must_agree(ecglab, files, tmp_path):
    status, out, err = ecglab("predict", files[0], "--json", "-o", tmp_path / "out.csv")
    assert (status, out) == (2, "") and "the suffix says csv" in err
    status, _, err = ecglab("predict", files[0], "--json", "--csv")
    assert status == 2 and "not allowed with" in err


@pytest.mark.parametrize("rate", ["0", "-300", "nan", "inf", "fast"])
def test_an_impossible_rate_is_wrong_usage(ecglab, files, rate):
    status, out, err = ecglab("predict", files[1], f"--fs={rate}")
    assert (status, out) == (2, "") and f"invalid rate in Hz value: '{rate}'" in err


def test_no_control_character_reaches_the_terminal(ecglab, tmp_path):
    name = "a\x1b[2J\x9b\u202eb\n.npy"
    os.symlink(tmp_path / "nothing", tmp_path / name)
    invalid = os.fsencode(tmp_path) + b"/\xff.npy"
    forms = {}
    for option in ("--json", "--csv", "-o"):
        given = [option] if option != "-o" else []
        status, out, err = ecglab("predict", *given, tmp_path / name, os.fsdecode(invalid))
        assert status == 1
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", out + err)
        forms[option] = out.splitlines()
        assert len(forms[option]) == 2 + (option != "--json")
    first, second = (json.loads(line)["file"] for line in forms["--json"])
    assert first == str(tmp_path / name), "JSON has the name as it is"
    assert second == f"{tmp_path}/\\xff.npy"
    assert r"a\x1b[2J\x9b\u202eb\n.npy" in forms["--csv"][1]


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
    assert err.count("\n") == 2, "and the name of the model"


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


def test_the_share_of_answers_is_an_option(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    found = {}
    for option in (["--coverage", 1], ["--coverage", 0.5], ["--max-error", 0.1]):
        _, out, _ = ecglab("predict", "--json", "--model", folder, *option, files[0])
        found[option[1]] = json.loads(out)
    assert found[1]["verdict"] != "uncertain"
    assert found[0.5]["verdict"] == found[0.1]["verdict"] == "uncertain"
    assert found[1]["label"] == found[0.5]["label"]


def test_prediction_sets_are_in_every_output(ecglab, files, tmp_path):
    folder = package_maker.make(tmp_path / "package")
    given = ("predict", "--model", folder, "--conformal", 0.9, files[0])
    _, out, _ = ecglab(*given, "--json")
    row = json.loads(out)
    assert row["prediction_set"] == [c for c, p in row["probabilities"].items() if p >= 0.2]
    _, out, _ = ecglab(*given, "--csv")
    [line] = csv.DictReader(out.splitlines())
    assert line["prediction_set"] == "; ".join(row["prediction_set"])
    _, out, _ = ecglab(*given)
    assert out.splitlines()[1].endswith("; may be " + " or ".join(row["prediction_set"]))


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--coverage", 2], 2, "invalid share between 0 and 1"),
        (["--coverage", 0.9, "--max-error", 0.1], 2, "not allowed with"),
        (["--max-error", 0.01], 1, "at most 0.01 is not possible: out of fold"),
        (["--conformal", 0.99], 1, "coverage of 0.99 is not possible: give one from 0.5 to 0.9"),
    ],
)
def test_a_share_that_is_not_possible_is_refused(
    ecglab, files, tmp_path, options, status, sentence
):
    folder = package_maker.make(tmp_path / "package")
    found, out, err = ecglab("predict", "--model", folder, *options, files[0])
    assert (found, out) == (status, "")
    assert sentence in err
