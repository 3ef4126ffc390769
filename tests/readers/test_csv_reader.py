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
    assert_refused("not state the sampling rate", path)


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
    assert_refused("not state the .*unit.*--units UNIT", path, fs=250)
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


def test_time_that_jitters_or_has_a_gap(tmp_path, rng):
    fs, path = 130, tmp_path / "rec.csv"
    signal = signals(fs)[:, 0]
    times = np.arange(signal.size) / fs
    jitter = times + rng.uniform(-0.003, 0.003, times.size)
    record = readers.read(write_columns(path, ["time", "ecg_mV"], [jitter, signal]))
    assert record.fs == pytest.approx(fs, rel=1e-3)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)
    kept = np.r_[:500, 573:1300]  # a packet of 73 samples is lost
    write_columns(path, ["time", "ecg_mV"], [jitter[kept], signal[kept]])
    record = readers.read(path)
    assert record.fs == pytest.approx(fs, rel=1e-3)
    assert record.n_samples == pytest.approx(1300, abs=1)
    assert np.isnan(record.signal).sum() == pytest.approx(73, abs=1)
    np.testing.assert_allclose(record.signal[:500], signal[:500], atol=1e-6)
    np.testing.assert_allclose(record.signal[-727:], signal[-727:], atol=1e-6)


def test_time_that_is_not_uniform(tmp_path):
    signal, times = signals(250)[:, 0], np.arange(2500) / 250
    path = tmp_path / "rec.csv"
    slower = np.where(np.arange(2500) < 1250, times, 5 + 1.25 * (times - 5))
    write_columns(path, ["time", "ecg_mV"], [slower, signal])
    assert_refused(r"not uniform \(line \d+ is off by 0.\d+ s\)", path)
    for digits, wrong in ((0, np.floor(times)), (6, times[::-1])):
        write_columns(path, ["time", "ecg_mV"], [wrong, signal], digits=digits)
        assert_refused("do not rise at line 3", path)
    write_columns(path, ["time", "ecg_mV"], [times * 1e3, signal])
    assert_refused(r"give 0.25 Hz in s.*name the unit \(time_ms\)", path)
    write_columns(path, ["time", "ecg_mV"], [np.where(times > 5, times + 1e6, times), signal])
    assert_refused("have a gap of 1e.06 s at line 1253", path)
    times[7] = np.nan
    write_columns(path, ["time", "ecg_mV"], [times, signal])
    assert_refused("the time in column 'time' is missing at line 9", path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("timestamp [ns]", lambda i: f"{599616000000000000 + round(i * 4e6)}"),
        ("time_us", lambda i: f"{i * 4000}"),
        ("timestamp", lambda i: f"{1700000000 + i * 0.004:.6f}"),
        ("timestamp", lambda i: f"{1700000000000 + i * 4}"),
        ("epoch", lambda i: f"{(1700000000000 + i * 4) * 1000}"),
        ("Time", lambda i: f"2024-05-08T05:05:{i * 0.004:06.3f}"),
        ("datetime", lambda i: f"2024-05-08 05:05:{i * 0.004:06.3f} -0400"),
        ("date", lambda i: f"2024-05-08T05:05:{i * 0.004:06.3f}Z"),
        ("Elapsed time", lambda i: f"0:{i * 0.004:06.3f}"),
        ("Zeit", lambda i: f"01:02:{i * 0.004:06.3f}"),
    ],
)
def test_forms_of_time(tmp_path, name, text):
    signal, path = signals(250)[:, 0], tmp_path / "rec.csv"
    rows = [f"{text(i)},{v:.6f}" for i, v in enumerate(signal)]
    path.write_text("\n".join([f"{name},ecg_mV", *rows]))
    record = readers.read(path)
    assert record.fs == pytest.approx(250, rel=1e-5)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)


def test_time_in_no_known_form(tmp_path):
    rows = [f"8.5.2024 5 Uhr {i},{v:.6f}" for i, v in enumerate(signals(250)[:, 0])]
    path = tmp_path / "rec.csv"
    path.write_text("\n".join(["time,ecg_mV", *rows]))
    assert_refused("'8.5.2024 5 Uhr 0', are neither numbers nor written as 2024-05-08T", path)


@pytest.mark.parametrize(
    "names",
    [
        "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]",
        "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV] ",
        "Phone timestamp;sensor timestamp [ns];ecg [uV]",
        "timestamp [ms];ecg [uV]",
    ],
)
def test_polar_sensor_logger(tmp_path, names, rng):
    """Packets of 73 samples at 130 Hz of the clock of the strap, received in bursts."""
    signal = np.round(1000 * signals(130)[:, 0])
    drift = np.repeat(rng.uniform(-4e-3, 4e-3, 18), 73)[: signal.size]
    seconds = np.arange(signal.size) / 130.2 + drift.cumsum() * 1e-3
    received = np.floor(seconds / 0.56) * 0.56
    of = {
        "Phone timestamp": [f"2024-05-08T05:05:{t:06.3f}" for t in received],
        "sensor timestamp [ns]": [f"{599616000000000000 + round(1e9 * t)}" for t in seconds],
        "timestamp [ms]": [f"{1e3 * t:.6f}" for t in seconds],
        "ecg [uV]": [f"{v:.0f}" for v in signal],
    }
    columns = [of[name.strip()] for name in names.split(";")]
    rows = [";".join(cells) for cells in zip(*columns, strict=True)]
    path = tmp_path / "Polar_H10_ECG.txt"
    path.write_text("\n".join([names, *rows, ""]))
    record = readers.read(path)
    assert (record.lead, record.n_samples) == ("ecg", signal.size)
    assert record.fs == pytest.approx(130.2, rel=2e-3)
    np.testing.assert_allclose(record.signal, signal / 1000, atol=1e-6)


def test_lists_in_cells(tmp_path):
    """As the exports of Withings (signal.csv) and Fitbit have them."""
    signal = np.round(1000 * signals(300)[:, 0])
    path, cells = tmp_path / "signal.csv", ",".join(f"{v:.0f}" for v in signal)
    path.write_text(f'type,frequency,duration,wear_position,signal\n1,300,10,1,"[{cells}]"\n')
    assert_refused("not state the .*unit", path)
    record = readers.read(path, units="uV")
    assert (record.lead, record.fs) == ("", 300)
    np.testing.assert_allclose(record.signal, signal / 1000, atol=1e-6)
    with open(path, "a") as file:
        file.write(f'1,300,10,1,"[{cells.replace(",", "  ")}]"\n')
    record = readers.read(path, lead="1", units="10922/mV")
    np.testing.assert_allclose(record.signal, signal / 10922, atol=1e-6)
    path.write_text(f'signal\n"[{cells},x]"\n')
    assert_refused("line 2: its list holds what is not a number", path)


@pytest.mark.parametrize(
    ("head", "fs", "units"),
    [
        ("# Sampling rate: 250 Hz\n# Unit: mV\ntime,x\n", None, None),
        ("Sampling Frequency (Hz),250\nunits,mV\n\nsample,x\n", None, None),
        ("fs=250\ntime,x\n", None, "mV"),
        ("'sample','x'\n'#','mV'\n", 250, None),
        ("patient: 7\nsample;x [mV]\n".replace(";", ","), 250, None),
    ],
)
def test_lines_before_the_values(tmp_path, head, fs, units):
    signal, path = signals(250)[:, 0], tmp_path / "rec.csv"
    if "time" in head:
        head = head.replace("time", "sample")
    path.write_text(head + "".join(f"{i},{v:.6f}\n" for i, v in enumerate(signal)))
    record = readers.read(path, fs=fs, units=units)
    assert (record.lead, record.fs) == ("x", 250)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)


def test_export_of_physionet(tmp_path):
    signal, path = signals(360, 2), tmp_path / "samples.csv"
    rows = [f"'0:{i / 360:06.3f}',{a:.3f},{b:.3f}" for i, (a, b) in enumerate(signal)]
    head = ["'Elapsed time','MLII','V5'", "'hh:mm:ss.mmm','mV','mV'"]
    path.write_text("\n".join([*head, *rows]))
    record = readers.read(path)
    assert record.lead == "MLII"
    assert record.fs == pytest.approx(360, rel=1e-4)
    np.testing.assert_allclose(record.signal, signal[:, 0], atol=1e-3)
    np.testing.assert_allclose(readers.read(path, lead="V5").signal, signal[:, 1], atol=1e-3)


def test_columns_of_words_and_of_rates_are_no_signal(tmp_path):
    signal, path = signals(250)[:, 0], tmp_path / "rec.csv"
    rows = [f"{v:.6f},250,{'N' if i % 7 else ''}" for i, v in enumerate(signal)]
    path.write_text("\n".join(["ecg_mV,fs,beat", *rows]))
    record = readers.read(path)
    assert (record.lead, record.fs) == ("ecg", 250)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)


def test_blanks_between_columns_and_one_row(tmp_path):
    signal, path = signals(250, 2), tmp_path / "rec.txt"
    np.savetxt(path, signal)
    record = readers.read(path, lead="1", fs=250, units="mV")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    np.savetxt(path, np.c_[np.arange(2500) / 250, signal], header="time I_mV II_mV")
    record = readers.read(path, lead="II")
    assert record.fs == pytest.approx(250)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    np.savetxt(path, signal.T, delimiter=",")
    record = readers.read(path, lead="1", fs=250, units="mV")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


def test_a_value_far_down_that_is_no_number(tmp_path):
    path = tmp_path / "rec.csv"
    lines = ["time,ecg_mV", *(f"{i / 250},{i % 7}" for i in range(200_000))]
    lines[150_000] = "600.0,x7"
    path.write_text("\n".join(lines))
    assert_refused("line 150001: 'x7' is not a number", path)
    lines[150_000] = "600.0"
    path.write_text("\n".join(lines))
    assert_refused("line 150001 has 1 values where 2 are expected", path)


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
        (b"time,ecg_mV\nfoo,bar\n", "line 2: 'foo' is not a number"),
        (b"time,ecg_mV\n0,foo\n", "line 2: 'foo' is not a number"),
        (b"time,ecg_mV\n0,1\n", "has one row of values"),
        (b"time,ecg_mV\n0,1\n1e308,0\n1.7e308,1\n", "no ECG has|not uniform|gap"),
        (b"time,ecg_mV\n-1e308,1\n1e308,0\n1.7e308,1\n", "no ECG has|not uniform|gap"),
        (b"a,b\n1,2\n1\n", "line 3 has 1 values where 2 are expected"),
        (b"ecg\n0.1 x\n", "'0.1 x' is not a number"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no known format"),
        (b"<html>no</html>\n<p>", "no known format"),
        (b"0.1\n" * 2000 + b"\0" * 2000, "is not text"),
        (b" " * 3000, "no values"),
        (b"," * 100_000, "no values"),
        (b";" * 100_000 + b"\n1;2\n1;1\n", "not state the .*unit"),
        (b"ecg\n0.1\n0.2\n", "only rise"),
        (b"ecg_mV\n0.1\n0.2\n0.1\n", "too short"),
        (b"ecg_mV\n0.1\ninf\n0.1\n", "not finite"),
        (b'"' + b"x" * 200_000, "no values"),
    ],
)
def test_text_that_is_no_signal(tmp_path, content, pattern):
    path = tmp_path / "rec.csv"
    path.write_bytes(content)
    assert_refused(pattern, path, fs=250)
