"""Reading the ECG export of an Apple Watch, in any language."""

import numpy as np
import pytest
from recording_maker import assert_refused, signals

from ecglab import readers

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
    assert_refused("states 512 Hz, not 300 Hz", path, fs=300)


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


def test_watch_export_without_rate_or_unit(tmp_path):
    path, signal = tmp_path / "rec.csv", signals(512)[:, 0]
    values = "\n".join(f"{v:.6f}".replace(".", ",") for v in signal)
    path.write_text(WATCH_HEAD.replace("Sample Rate,512 hertz\n", "") + values, encoding="utf-8")
    assert_refused("not state the sampling rate.*give", path)
    path.write_text(WATCH_HEAD.replace("Unit,µV\n", "") + values, encoding="utf-8")
    assert_refused("not state the .*unit", path)
    np.testing.assert_allclose(readers.read(path, units="mV").signal, signal, atol=1e-6)


def test_watch_export_damaged(tmp_path):
    path = tmp_path / "rec.csv"
    path.write_text(WATCH_HEAD, encoding="utf-8")
    assert_refused("empty, it holds no values", path)
    path.write_text(WATCH_HEAD + "1.5\n?\n", encoding="utf-8")
    assert_refused(r"line 15: '\?' is not a number", path)
