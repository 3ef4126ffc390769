"""Reading recordings: the same signal comes back from every format, and the rest is refused."""

import csv
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from ecglab import readers
from ecglab.errors import RecordError

SECONDS = 10


def signals(fs: float, n_leads: int = 1) -> np.ndarray:
    """(n_samples, n_leads) float64 in mV: beats on a slow wave, each lead larger than the last."""
    t = np.arange(int(SECONDS * fs)) / fs
    beats = 0.1 * np.sin(t) + np.exp(-(((t % 0.8) - 0.4) ** 2) / 2e-4)
    return beats[:, None] * np.linspace(1, 2, n_leads)


def assert_refused(pattern: str, path, *args, **kwargs) -> str:
    """Reading raises RecordError, with one line that names the record and matches `pattern`."""
    with pytest.raises(RecordError) as caught:
        readers.read(path, *args, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    assert path.stem in message
    assert re.search(pattern, message), message
    return message


# WFDB


def write_wfdb(folder, signal, fs=250, form="16", names=("I", "II", "III"), units="mV", name="rec"):
    """A record as the wfdb package writes it; its path without suffix."""
    import wfdb

    n = signal.shape[1]
    wfdb.wrsamp(
        name,
        fs=fs,
        units=[units] * n,
        sig_name=list(names[:n]),
        p_signal=signal,
        fmt=[form] * n,
        write_dir=str(folder),
    )
    return folder / name


def write_cinc(folder, line="A00003 1 300 3000 05:05:15 1/05/2000", name="A00003"):
    """A record in the form of the 2017 challenge: MATLAB v4 head, int16, 1000 units per mV."""
    samples = np.round(1000 * signals(300)[:, 0]).astype("<i2")
    head = np.array([30, 1, samples.size, 0, 4], "<i4").tobytes() + b"val\0"
    (folder / f"{name}.mat").write_bytes(head + samples.tobytes())
    header = f"{line}\n{name}.mat 16+24 1000/mV 16 0 {samples[0]} 0 0 ECG \n"
    (folder / f"{name}.hea").write_text(header)
    return folder / name, samples / 1000


@pytest.mark.parametrize("n_leads", [1, 3])
@pytest.mark.parametrize("form", ["16", "212"])
@pytest.mark.parametrize("fs", [250, 360])
def test_wfdb(tmp_path, fs, form, n_leads):
    signal = signals(fs, n_leads)
    signal[700:750, 0] = np.nan
    path = write_wfdb(tmp_path, signal, fs, form)
    for name in ("rec", "rec.hea", "rec.dat"):
        record = readers.read(tmp_path / name, fs=fs)
        assert (record.id, record.lead, record.fs) == ("rec", "I", fs)
        assert record.signal.dtype == np.float32
        np.testing.assert_allclose(record.signal, signal[:, 0], atol=2e-3)
    if n_leads > 1:
        for lead in ("III", "iii", "2"):
            third = readers.read(str(path), lead=lead)
            assert third.lead == "III"
            np.testing.assert_allclose(third.signal, signal[:, 2], atol=2e-3)


def test_both_readers_of_wfdb_agree(tmp_path):
    import wfdb

    path = write_wfdb(tmp_path, signals(300))
    plain = readers.read(path).signal
    np.testing.assert_allclose(plain, wfdb.rdrecord(str(path)).p_signal[:, 0], atol=1e-6)


@pytest.mark.parametrize("unit", ["uV", "V"])
def test_wfdb_units(tmp_path, unit):
    factor = {"uV": 1e3, "V": 1e-3}[unit]
    for n_leads in (1, 2):
        path = write_wfdb(tmp_path, factor * signals(250, n_leads), units=unit)
        np.testing.assert_allclose(readers.read(path).signal, signals(250)[:, 0], atol=1e-3)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("n_leads", [1, 2])
def test_wfdb_micro_sign_is_not_lost(tmp_path, encoding, n_leads):
    path = write_wfdb(tmp_path, 1e3 * signals(250, n_leads), units="uV")
    header = path.with_suffix(".hea")
    header.write_bytes(header.read_text().replace("/uV", "/µV").encode(encoding))
    np.testing.assert_allclose(readers.read(path).signal, signals(250)[:, 0], atol=1e-3)


def test_wfdb_takes_the_first_ecg_lead_in_mv(tmp_path):
    path = write_wfdb(tmp_path, signals(250, 3), names=("PLETH", "V", "aVR"))
    assert readers.read(path).lead == "V"
    assert readers.read(path, lead="PLETH").lead == "PLETH"
    header = path.with_suffix(".hea")
    text = header.read_text().replace("/mV", "/NU", 2)
    header.write_text(text)
    assert readers.read(path).lead == "aVR"
    assert_refused("'V' is in 'NU', not in mV", path, lead="V")
    assert_refused("no lead 'X'; it has 0: PLETH, 1: V, 2: aVR", path, lead="X")
    assert_refused("no lead '3'", path, lead="3")
    assert_refused("no lead '-1'", path, lead="-1")


def test_wfdb_in_segments(tmp_path):
    signal = signals(250, 2)
    write_wfdb(tmp_path, signal[:1000], name="a")
    write_wfdb(tmp_path, signal[1000:], name="b")
    (tmp_path / "whole.hea").write_text("whole/2 2 250 2500\na 1000\nb 1500\n")
    record = readers.read(tmp_path / "whole", lead="II")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-3)
    (tmp_path / "b.dat").unlink()
    assert_refused("b.dat is missing", tmp_path / "whole")


def test_wfdb_lead_with_several_samples_a_frame_keeps_its_rate(tmp_path):
    import wfdb

    fast = np.round(200 * signals(500)[:, 0]).astype(int)
    slow = np.zeros(fast.size // 4, int)
    wfdb.wrsamp(
        "rec",
        fs=125,
        units=["mV", "mmHg"],
        sig_name=["II", "ABP"],
        e_d_signal=[fast, slow],
        samps_per_frame=[4, 1],
        fmt=["16", "16"],
        adc_gain=[200.0, 200.0],
        baseline=[0, 0],
        write_dir=str(tmp_path),
    )
    record = readers.read(tmp_path / "rec")
    assert record.fs == 500
    np.testing.assert_allclose(record.signal, fast / 200, atol=1e-6)
    header = tmp_path / "rec.hea"
    header.write_text(header.read_text().replace("mmHg", "µV"), encoding="utf-8")
    with pytest.raises(RecordError, match="write µV as uV"):
        readers.read(tmp_path / "rec")


@pytest.mark.parametrize(
    "line",
    [
        "A00003 1 300 3000 05:05:15 1/05/2000",
        "A00003 1 300 3000 2014-05-08 05:05:15 ",
        "A00003 1 300 3000",
    ],
)
def test_header_forms_of_the_challenge(tmp_path, line):
    path, expected = write_cinc(tmp_path, line)
    for suffix in ("", ".hea", ".mat"):
        record = readers.read(path.with_name(path.name + suffix))
        assert (record.id, record.lead, record.fs) == ("A00003", "ECG", 300)
        np.testing.assert_allclose(record.signal, expected, atol=1e-6)


def test_header_that_wfdb_does_not_parse(tmp_path):
    path = write_wfdb(tmp_path, signals(250, 2))
    expected = readers.read(path, lead="II").signal
    header = path.with_suffix(".hea")
    first, rest = header.read_text().split("\n", 1)
    header.write_text(f"{first} 2014-05-08 05:05:15\n{rest}")
    np.testing.assert_allclose(readers.read(path, lead="II").signal, expected, atol=1e-6)


@pytest.mark.parametrize(("form", "n_leads"), [("16", 1), ("16", 2), ("212", 1), ("212", 2)])
def test_wfdb_cut_or_missing(tmp_path, form, n_leads):
    path = write_wfdb(tmp_path, signals(250, n_leads), form=form)
    samples = path.with_suffix(".dat")
    whole = samples.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:-3], b""):
        samples.write_bytes(cut)
        assert_refused("cut", path)
    samples.unlink()
    assert_refused("rec.dat is missing", path)
    samples.write_bytes(whole)
    path.with_suffix(".hea").unlink()
    assert_refused("rec.hea is missing", samples)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "# comment only\n", "rec\n", "rec 0 250 2500\n", "rec 1 250 2500\n", "rec x y\n"],
)
def test_wfdb_header_that_is_none(tmp_path, text):
    path = write_wfdb(tmp_path, signals(250))
    path.with_suffix(".hea").write_text(text)
    assert_refused("", path)


def test_wfdb_rate_contradicted(tmp_path):
    path = write_wfdb(tmp_path, signals(360), fs=360)
    assert_refused("says 360 Hz, not 300 Hz", path, fs=300)
    assert_refused("says 360 Hz, not nan Hz", path, fs=float("nan"))


# NumPy


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", ">f8"])
def test_npy(tmp_path, dtype):
    signal = signals(200)[:, 0]
    signal[50:60] = np.nan
    np.save(tmp_path / "rec.npy", signal.astype(dtype))
    record = readers.read(tmp_path / "rec.npy", fs=200)
    assert (record.id, record.lead, record.fs) == ("rec", "", 200)
    np.testing.assert_allclose(record.signal, signal, atol=1e-3 if dtype == "float16" else 1e-6)


def test_npy_of_several_leads(tmp_path):
    signal, path = signals(200, 3), tmp_path / "rec.npy"
    for array in (signal, signal.T):
        np.save(path, array)
        assert readers.read(path, fs=200).lead == "0"
        record = readers.read(path, lead="2", fs=200)
        assert record.lead == "2"
        np.testing.assert_allclose(record.signal, signal[:, 2], atol=1e-6)
        assert_refused("no lead 'II'; it has 0, 1, 2", path, lead="II", fs=200)


@pytest.mark.parametrize(
    ("array", "pattern"),
    [
        (np.zeros(3000, np.int16), "integers .int16., whose unit is unknown"),
        (np.zeros(3000, bool), "holds bool"),
        (np.zeros(3000, complex), "holds complex128"),
        (np.array(["a"] * 3000), "holds <U1"),
        (np.zeros((2, 3, 4)), "shape"),
        (np.zeros(()), "shape"),
        (np.zeros((0, 2)), "empty"),
        (np.zeros(0), "empty"),
        (np.zeros(3000), "flat"),
        (np.full(3000, np.nan), "every sample is missing"),
        (np.full(3000, np.inf), "not finite"),
        (np.arange(10.0), "too short"),
        (np.zeros(3000, [("a", float)]), "holds"),
    ],
)
def test_npy_that_is_no_signal(tmp_path, array, pattern):
    np.save(tmp_path / "rec.npy", array)
    assert_refused(pattern, tmp_path / "rec.npy", fs=200)


class _Opened:
    """Shows whether a pickle was opened."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def test_npy_is_never_unpickled(tmp_path):
    path = tmp_path / "rec.npy"
    np.save(path, np.array([_Opened()], object), allow_pickle=True)
    assert_refused("Python objects, which are not opened", path, fs=200)
    path.write_bytes(pickle.dumps(_Opened()))
    assert_refused("no NumPy array", path, fs=200)


def test_npy_damaged(tmp_path):
    path = tmp_path / "rec.npy"
    np.save(path, signals(200)[:, 0])
    whole = path.read_bytes()
    for content in (whole[:-8], whole[:50], whole[:6], whole[:90] + b"\0\n(" + whole[93:]):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=200)


# MATLAB


@pytest.mark.parametrize("fs_name", ["fs", "Fs", "sampling_rate"])
@pytest.mark.parametrize("name", ["val", "signal", "ecg", "trace"])
@pytest.mark.parametrize("form", ["4", "5"])
def test_mat(tmp_path, form, name, fs_name):
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", signals(200)
    signal[50:60] = np.nan
    for shaped in (signal, signal.T):
        savemat(path, {name: shaped, fs_name: 200, "note": "text"}, format=form)
        record = readers.read(path)
        assert (record.id, record.lead, record.fs) == ("rec", "", 200)
        np.testing.assert_allclose(record.signal, signal[:, 0], atol=1e-6)
    assert_refused("says 200 Hz, not 300 Hz", path, fs=300)


def test_mat_without_rate(tmp_path):
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", signals(200, 2)
    savemat(path, {"val": signal.T})
    assert_refused(r"no sampling rate.*--fs 300.*fs=300", path)
    record = readers.read(path, lead="1", fs=200)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("variables", "pattern"),
    [
        ({"val": np.ones(3000, np.int16)}, "rec.hea is missing"),
        ({"ecg": np.ones(3000, np.int32)}, "integers .int32., whose unit is unknown"),
        ({"a": np.ones(3000), "b": np.ones(3000)}, "it has a, b"),
        ({"note": "text"}, "no numeric variable"),
        ({"val": np.empty(0)}, "no numeric variable"),
        ({"val": np.ones((3, 4, 5))}, "shape"),
    ],
)
def test_mat_that_is_no_signal(tmp_path, variables, pattern):
    from scipy.io import savemat

    savemat(tmp_path / "rec.mat", variables)
    assert_refused(pattern, tmp_path / "rec.mat", fs=300)


def test_mat_damaged(tmp_path):
    from scipy.io import savemat

    path = tmp_path / "rec.mat"
    savemat(path, {"val": signals(200)}, do_compression=True)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100], b"not a MATLAB file" * 20):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=200)


def test_mat_of_the_challenge_without_its_header(tmp_path):
    path, _ = write_cinc(tmp_path)
    path.with_suffix(".hea").unlink()
    assert_refused("A00003.hea is missing", path.with_suffix(".mat"), fs=300)


def test_mat_v73(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, signal = tmp_path / "rec.mat", signals(200, 2)
    with h5py.File(path, "w", userblock_size=512) as file:
        file["signal"] = signal.T  # as MATLAB stores (n_samples, n_leads)
        file["Fs"] = [[200.0]]
        file["note"] = np.array([[116], [120]], np.uint16)
        file["note"].attrs["MATLAB_class"] = np.bytes_("char")
    record = readers.read(path, lead="1")
    assert record.fs == 200
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    path.write_bytes(path.read_bytes()[:700])
    assert_refused("damaged or cut", path)


# Text


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
    path = write_columns(tmp_path / f"rec{suffix}", ["x", "II"], signal.T, separator, decimal)
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
    record = readers.read(tmp_path / "rec.csv", fs=250)
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
        ("ecg", 1),
        ("ecg_mV", 1),
        ("mV", 1),
        ("ecg (uV)", 1e3),
        ("ECG [µV]", 1e3),
        ("ECG [\u03bcV]", 1e3),
        ("signal_uv", 1e3),
        ("I / microvolts", 1e3),
        ("V1 (V)", 1e-3),
        ("V", 1),
    ],
)
def test_units_of_columns(tmp_path, name, factor):
    signal = signals(250)[:, 0]
    path = write_columns(tmp_path / "rec.csv", [name], [factor * signal], digits=9)
    np.testing.assert_allclose(readers.read(path, fs=250).signal, signal, atol=1e-5)
    assert readers.read(path, lead=name, fs=250).n_samples == signal.size


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
        write_columns(path, [name, "value"], [np.arange(2500), signal])
        np.testing.assert_allclose(readers.read(path, fs=250).signal, signal, atol=1e-5)
    write_columns(path, None, [np.arange(2500), signal])
    assert_refused("column '0' only rises", path, fs=250)
    np.testing.assert_allclose(readers.read(path, lead="1", fs=250).signal, signal, atol=1e-5)


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
        (b"ecg\n0.1\n0.2\n", "only rises"),
        (b"ecg\n0.1\n0.2\n0.1\n", "too short"),
        (b"ecg\n0.1\ninf\n0.1\n", "not finite"),
        (b'"' + b"x" * 200_000, "no CSV file"),
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
    assert_refused("says 512 Hz, not 300 Hz", path, fs=300)


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


# What is common


def test_what_is_no_recording(tmp_path):
    assert_refused("no such file", tmp_path / "nothing.csv")
    assert_refused("is a folder", tmp_path)
    (tmp_path / "rec.pdf").write_bytes(b"%PDF")
    assert_refused(r"\.hea, \.dat, \.csv, .*\.npy, \.mat", tmp_path / "rec.pdf")
    (tmp_path / "rec").write_bytes(b"x")
    assert_refused("not read", tmp_path / "rec")
    for suffix in readers.READERS:
        empty = tmp_path / f"empty{suffix}"
        empty.write_bytes(b"")
        assert_refused("empty", empty, fs=300)
        empty.unlink()


def test_every_reader_has_the_same_face(tmp_path):
    for suffix, reader in readers.READERS.items():
        assert suffix in reader.SUFFIXES
        (tmp_path / f"rec{suffix}").write_bytes(b"\xff")
        assert_refused("", tmp_path / f"rec{suffix}", lead=None, fs=300.0)


def test_rate_that_no_ecg_has(tmp_path):
    np.save(tmp_path / "rec.npy", signals(200)[:, 0])
    for fs in (0, -300, float("nan"), 1e9):
        assert_refused("rate", tmp_path / "rec.npy", fs=fs)


@pytest.mark.parametrize("action", ["pass", "readers.read(sys.argv[1])"])
def test_heavy_packages_are_not_imported(tmp_path, action):
    path, _ = write_cinc(tmp_path)
    code = f"""
import sys
from ecglab import readers
{action}
sys.exit(", ".join({{"wfdb", "scipy", "pandas", "h5py", "tensorflow"}} & set(sys.modules)) or None)
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# Real recordings


def test_real_mit_bih(formats):
    record = readers.read(formats / "wfdb" / "100")
    assert (record.id, record.lead, record.fs, record.n_samples) == ("100", "MLII", 360, 650000)
    np.testing.assert_allclose(record.signal[:5], -0.145, atol=1e-6)
    assert readers.read(formats / "wfdb" / "100.dat", lead="V5").signal[0] == np.float32(-0.065)
    assert_refused("kind", formats / "wfdb" / "100.atr")


def test_real_mat_of_three_leads(formats):
    path = formats / "wfdb" / "a103l.mat"
    record = readers.read(path)
    assert (record.lead, record.fs, record.n_samples) == ("II", 250, 82500)
    assert record.signal[0] == pytest.approx(-171 / 7247)
    assert readers.read(path, lead="V").lead == "V"
    assert_refused("'PLETH' is in 'NU'", path, lead="PLETH")


def test_real_format_16(formats):
    record = readers.read(formats / "wfdb" / "test01_00s.hea", lead="ECG 3")
    assert (record.fs, record.n_samples) == (500, 4000)
    assert record.signal[0] == pytest.approx(-0.57)


def test_real_short_ones(formats, monkeypatch):
    assert_refused("too short, 2.8 s", formats / "wfdb" / "100_3chan")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert_refused("pip install soundfile", formats / "wfdb" / "flacformats")
    monkeypatch.undo()
    pytest.importorskip("soundfile", exc_type=OSError)
    assert_refused("too short, 2.5 s", formats / "wfdb" / "flacformats")
