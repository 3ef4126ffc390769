"""Reading text: columns, one value a line and exports of a watch, however they are written."""

import csv

import numpy as np
import pytest
from recording_maker import assert_refused, signals

from ecglab import readers


def write_columns(path, names, columns, separator=",", decimal=".", digits=6):
    """A text file of columns as a spreadsheet writes them, NaN as an empty cell."""
    rows = [
        ["" if np.isnan(v) else f"{v:.{digits}f}".replace(".", decimal) for v in row]
        for row in zip(*columns, strict=True)
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerows([names, *rows] if names else rows)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_columns(tmp_path, separator, decimal, suffix):
    signal = signals(250, 2)
    signal[700:710, 1] = np.nan
    path = write_columns(
        tmp_path / f"rec{suffix}", ["x_mV", "II (mV)"], signal.T, separator, decimal
    )
    record = readers.read(path, fs=250)
    assert (record.id, record.lead, record.fs) == ("rec", "II", 250)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    for lead in ("x", "0"):
        np.testing.assert_allclose(
            readers.read(path, lead=lead, fs=250).signal, signal[:, 0], atol=1e-6
        )
    assert_refused("no lead 'V9'; it has 0: x, 1: II", path, lead="V9", fs=250)
    assert_refused("no sampling rate", path)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("head", ["", "ecg\n", "# ecg_mV\n", '"ECG [mV]"\n', "\n\n", "\ufeff"])
def test_one_value_a_line(tmp_path, head, ending):
    signal = signals(250)[:, 0]
    signal[[5, 900]] = np.nan
    lines = ["" if i == 5 else f"{v}" for i, v in enumerate(signal)]
    text = (head + "\n".join(lines) + "\n\n").replace("\n", ending)
    (tmp_path / "rec.csv").write_bytes(text.encode())
    units = None if "mV" in head else "mV"
    record = readers.read(tmp_path / "rec.csv", fs=250, units=units)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)


def test_one_value_a_line_with_decimal_commas(tmp_path):
    path, signal = tmp_path / "rec.csv", signals(250)[:, 0]
    lines = "\n".join(f"{v:.6f}".replace(".", ",") for v in signal)
    path.write_text("ecg_mV\n" + lines)
    np.testing.assert_allclose(readers.read(path, fs=250).signal, signal, atol=1e-6)
    path.write_text(lines)
    assert_refused("decimal comma or two columns", path, fs=250)


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("ecg_mV", 1),
        ("mV", 1),
        ("ecg (uV)", 1e3),
        ("ECG [µV]", 1e3),
        ("ECG [\u03bcV]", 1e3),
        ("signal_uv", 1e3),
        ("I / microvolts", 1e3),
        ("V1 (V)", 1e-3),
    ],
)
def test_units_of_columns(tmp_path, name, factor):
    signal = signals(250)[:, 0]
    path = write_columns(tmp_path / "rec.csv", [name], [factor * signal], digits=9)
    np.testing.assert_allclose(readers.read(path, fs=250).signal, signal, atol=1e-5)
    assert readers.read(path, lead=name, fs=250).n_samples == signal.size


@pytest.mark.parametrize("name", ["ecg", "V", "II"])
def test_unit_must_be_given_where_no_column_states_it(tmp_path, name):
    signal = signals(250)[:, 0]
    path = write_columns(tmp_path / "rec.csv", [name], [1e3 * signal])
    assert_refused("does not state the unit.*--units mV", path, fs=250)
    np.testing.assert_allclose(readers.read(path, fs=250, units="uV").signal, signal, atol=1e-5)


def test_column_that_is_no_voltage(tmp_path):
    path = write_columns(tmp_path / "rec.csv", ["ecg (counts)"], [signals(250)[:, 0]])
    assert_refused("'ecg' is in 'counts', not in mV", path, fs=250)


@pytest.mark.parametrize("fs", [128, 250, 300, 360, 512, 1000])
@pytest.mark.parametrize(
    ("name", "per_second", "digits"),
    [("time", 1, 3), ("t", 1, 6), ("time_s", 1, 4), ("time_ms", 1e3, 2), ("Seconds", 1, 9)],
)
def test_time_column_gives_the_rate(tmp_path, fs, name, per_second, digits):
    signal = signals(fs)[:, 0]
    times = np.arange(signal.size) / fs * per_second
    path = write_columns(tmp_path / "rec.csv", [name, "ecg_mV"], [times, signal], digits=digits)
    record = readers.read(path)
    assert record.lead == "ecg"
    assert record.fs == pytest.approx(fs, rel=5e-4)
    assert readers.read(path, fs=fs).fs == record.fs
    assert_refused(f"not {fs + 10} Hz", path, fs=fs + 10)


def test_time_that_is_not_uniform(tmp_path):
    signal, times = signals(250)[:, 0], np.arange(2500) / 250
    path = tmp_path / "rec.csv"
    jump = np.where(np.arange(2500) >= 1000, times + 0.004, times)
    write_columns(path, ["time", "ecg"], [jump, signal])
    assert_refused(r"not uniform within 1 % \(line 1002\)", path)
    write_columns(path, ["time", "ecg"], [np.floor(times), signal], digits=0)
    assert_refused("not uniform", path)
    write_columns(path, ["time", "ecg"], [times[::-1], signal])
    assert_refused("not uniform", path)
    times[7] = np.nan
    write_columns(path, ["time", "ecg"], [times, signal])
    assert_refused("times are missing", path)


def test_columns_that_count_are_no_signal(tmp_path):
    path, signal = tmp_path / "rec.csv", signals(250)[:, 0]
    for name in ("", "index", "sample"):
        write_columns(path, [name, "value_mV"], [np.arange(2500), signal])
        np.testing.assert_allclose(readers.read(path, fs=250).signal, signal, atol=1e-5)
    write_columns(path, None, [np.arange(2500), signal])
    record = readers.read(path, fs=250, units="mV")
    np.testing.assert_allclose(record.signal, signal, atol=1e-5)
    assert record.lead == "1"


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (b"\n\n  \n", "empty, it holds no values"),
        (b"ecg_mV\n", "empty, it holds no values"),
        (b"ecg\n0.1\nabc\n", "line 3: 'abc' is not a number"),
        (b"a,b\n1,2\n1\n", "line 3 has 1 values where 2 are expected"),
        (b"ecg\n0.1 0.2\n", "'0.1 0.2' is not a number"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not text"),
        (b"<html>no</html>\n<p>", "is not a number"),
        (b"ecg\n0.1\n0.2\n", "only rise"),
        (b"ecg_mV\n0.1\n0.2\n0.1\n", "too short"),
        (b"ecg_mV\n0.1\ninf\n0.1\n", "not finite"),
        (b'"' + b"x" * 200_000, "not a CSV file"),
    ],
)
def test_text_that_is_no_signal(tmp_path, content, pattern):
    path = tmp_path / "rec.csv"
    path.write_bytes(content)
    assert_refused(pattern, path, fs=250)


WATCH_HEAD = """\
Name,A. Person
Date of Birth,"Jan 1, 1980"
Recorded Date,2020-04-19 16:03:15 -0400
Classification,Sinus Rhythm
Symptoms,
Software Version,1.90
Device,"Apple Watch4,1"
Sample Rate,512 hertz


Lead,Lead I
Unit,µV

"""
WATCH_HEAD_GERMAN = """\
Name,"A. Person"
Geburtsdatum,"01.01.1980"
Aufzeichnungsdatum,"2020-04-19 16:03:15 +0200"
Klassifizierung,"Sinusrhythmus"
Symptome,""
Softwareversion,"2.0"
Gerät,"Watch6,2"
Abtastrate,"512,0 Hertz"


Ableitung,"Ableitung I"
Einheit,"µV"


"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("cell", ["{}", '"{}"'])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("head", [WATCH_HEAD, WATCH_HEAD_GERMAN])
def test_watch_export(tmp_path, head, decimal, cell, encoding):
    path, signal = tmp_path / "ecg_2020-04-19.csv", signals(512)[:, 0]
    values = [cell.format(f"{1000 * v:.3f}".replace(".", decimal)) for v in signal]
    path.write_text(head + "\n".join(values) + "\n", encoding=encoding)
    record = readers.read(path)
    assert (record.id, record.lead, record.fs) == ("ecg_2020-04-19", "I", 512)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)
    assert_refused("has 512 Hz, not 300 Hz", path, fs=300)


@pytest.mark.parametrize(
    "rate", ["511.1 hertz", "511,1 Hz", '"511,1 hercios"', "511.1Hz", "511,1 герц", "511.1 赫兹"]
)
def test_watch_export_in_any_language(tmp_path, rate):
    path = tmp_path / "rec.csv"
    head = WATCH_HEAD.replace("512 hertz", rate).replace("Unit", "Unité")
    values = "\n".join(f"{-1000 * v:.3f}" for v in signals(512)[:, 0])
    values = values.replace(".", ",").replace("-", "\N{MINUS SIGN}")
    path.write_text(head + values, encoding="utf-8")
    record = readers.read(path)
    assert record.fs == pytest.approx(511.1)
    assert record.signal.min() == pytest.approx(-signals(512).max(), abs=1e-5)


def test_watch_export_damaged(tmp_path):
    path = tmp_path / "rec.csv"
    path.write_text(WATCH_HEAD, encoding="utf-8")
    assert_refused("empty, it holds no values", path)
    path.write_text(WATCH_HEAD + "1.5\n?\n", encoding="utf-8")
    assert_refused(r"line 15: '\?' is not a number", path)
