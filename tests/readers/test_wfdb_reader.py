"""Reading WFDB records: every form and lead of them, real ones too, and none that is damaged."""

import os
import sys

import numpy as np
import pytest
from recording_maker import assert_refused, signals, write_cinc

from ecglab import readers
from ecglab.utils.errors import RecordError


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


def test_wfdb_takes_an_ecg_lead_in_mv(tmp_path):
    path = write_wfdb(tmp_path, signals(250, 3), names=("PLETH", "V", "aVR"))
    assert readers.read(path).lead in ("V", "aVR")
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
    with pytest.raises(RecordError, match=r"b\.dat is missing"):
        readers.read(tmp_path / "whole")


def test_layout_gap_and_absent_leads(tmp_path):
    """As in MIMIC: the layout names the leads, of which a segment may lack some."""
    import wfdb

    signal = signals(250, 2)
    write_wfdb(tmp_path, signal[:1000], name="a")
    write_wfdb(tmp_path, signal[1200:, 1:], name="b", names=("II",))
    layout = ["whole_layout 2 250 0", "~ 0 200/mV 12 0 0 0 0 I", "~ 0 200/mV 12 0 0 0 0 II"]
    (tmp_path / "whole_layout.hea").write_text("\n".join(layout))
    lines = ["whole/4 2 250 2500", "whole_layout 0", "a 1000", "~ 200", "b 1300"]
    header = tmp_path / "whole.hea"
    header.write_text("\n".join(lines))
    second = readers.read(header, lead="II")
    assert np.isnan(second.signal).sum() == 200
    expected = np.r_[signal[:1000, 1], np.full(200, np.nan), signal[1200:, 1]]
    np.testing.assert_allclose(second.signal, expected, atol=2e-3)
    first = readers.read_recording(header).leads[0]
    assert first.name == "I" and np.isnan(first.signal).sum() == 1500
    by_package = wfdb.rdrecord(str(header.with_suffix(""))).p_signal
    np.testing.assert_allclose(second.signal, by_package[:, 1], atol=1e-6)
    header.write_text("\n".join([*lines[:3], "~ 10000000000", "b 1300"]))
    assert_refused("of which only 2300 are stored", header)
    header.write_text("\n".join([*lines[:3], "~ 200", "b 1200"]))
    assert_refused("segment b has 1300 samples, not 1200", header)
    layout[2] = layout[2].replace("mV", "uV")
    (tmp_path / "whole_layout.hea").write_text("\n".join(layout))
    header.write_text("\n".join(lines))
    assert_refused("segment a has lead 'II' in other units", header)


def test_segment_that_leads_elsewhere(tmp_path):
    write_wfdb(tmp_path, signals(250), name="a")
    header = tmp_path / "whole.hea"
    for name, words in (
        ("whole", "itself in segments"),
        ("../a", "not the line of a WFDB segment"),
        ("x", "is missing"),
    ):
        header.write_text(f"whole/1 1 250 2500\n{name} 2500\n")
        assert_refused(words, header)
    header.write_text("whole/1 1 500 2500\na 2500\n")
    assert_refused("segment a has 250 Hz, not 500 Hz", header)


def test_files_that_a_header_names_are_plain_and_beside_it(tmp_path):
    path = write_wfdb(tmp_path, signals(250))
    samples = path.with_suffix(".dat")
    samples.unlink()
    os.mkfifo(samples)
    with pytest.raises(RecordError, match="is a pipe"):
        readers.read(path)
    samples.unlink()
    samples.symlink_to("/dev/zero")
    with pytest.raises(RecordError, match=r"link|device"):
        readers.read(path)


@pytest.mark.parametrize("form", ["508", "516", "524"])
def test_flac(tmp_path, form):
    pytest.importorskip("soundfile", exc_type=OSError)
    signal = signals(250, 2)
    path = write_wfdb(tmp_path, signal, form=form)
    record = readers.read(path, lead="II")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=0.02)
    content = path.with_suffix(".dat").read_bytes()
    path.with_suffix(".dat").write_bytes(content[: len(content) // 2])
    assert_refused("cut|cannot be read", path)
    path.with_suffix(".dat").write_bytes(b"RIFF" + content)
    assert_refused("cannot be read", path)


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


def test_start_time_that_wfdb_does_not_parse(tmp_path):
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
    for cut in (whole[: len(whole) // 2], whole[:-4], b""):
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
    assert_refused("states 360 Hz, not 300 Hz", path, fs=300)
    assert_refused("states 360 Hz, not nan Hz", path, fs=float("nan"))


# Real recordings


def test_real_mit_bih(formats):
    record = readers.read(formats / "wfdb" / "100")
    assert (record.id, record.lead, record.fs, record.n_samples) == ("100", "MLII", 360, 650000)
    np.testing.assert_allclose(record.signal[:5], -0.145, atol=1e-6)
    assert readers.read(formats / "wfdb" / "100.dat", lead="V5").signal[0] == np.float32(-0.065)
    assert_refused("no known format", formats / "wfdb" / "100.atr")


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
    assert_refused(
        "too short, 2.77 s of known samples where at least 5 s", formats / "wfdb" / "100_3chan"
    )
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert_refused("needs the package soundfile: pip install", formats / "wfdb" / "flacformats")
    monkeypatch.undo()
    pytest.importorskip("soundfile", exc_type=OSError)
    assert_refused(
        "too short, 2.49 s of known samples where at least 5 s", formats / "wfdb" / "flacformats"
    )
