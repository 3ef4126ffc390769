"""Reads EDF, EDF+ and BDF, with what their headers allow."""

import warnings

import numpy as np
import pytest
from reader_maker import refused, survives_damage
from recording_maker import signals

from ecglab.readers import edf_reader
from ecglab.utils.errors import RecordError

edfio = pytest.importorskip("edfio")

FS = 250
MILLIVOLTS = signals(FS, 2)
ANNOTATIONS = (edfio.EdfAnnotation(1.5, 0.5, "artifact"),)


def one(lead=0, fs=FS, label="ECG II", unit="mV", low=-5.0, high=5.0, bdf=False):
    kind = edfio.BdfSignal if bdf else edfio.EdfSignal
    per = {"mV": 1.0, "uV": 1e3, "V": 1e-3, "": 1.0}[unit]
    return kind(
        signals(fs, 2)[:, lead] * per,
        fs,
        label=label,
        physical_dimension=unit,
        physical_range=(low * per, high * per),
    )


def content(tmp_path, *written, bdf=False, annotations=None, record=1):
    path = tmp_path / "written"
    kind = edfio.Bdf if bdf else edfio.Edf
    kind(written, data_record_duration=record, annotations=annotations).write(path)
    return path.read_bytes()


def read(tmp_path, data):
    path = tmp_path / "rec.edf"
    path.write_bytes(data)
    assert edf_reader.matches(path, data[:4096])
    return edf_reader.read(path)


@pytest.mark.parametrize("unit", ["mV", "uV", "V"])
@pytest.mark.parametrize("bdf", [False, True])
@pytest.mark.parametrize("annotations", [None, ANNOTATIONS])
def test_round_trip(tmp_path, unit, bdf, annotations):
    written = (
        one(0, label="ECG V1", unit=unit, bdf=bdf),
        one(1, fs=200, label="ECG I", unit=unit, bdf=bdf),
    )
    found = read(tmp_path, content(tmp_path, *written, bdf=bdf, annotations=annotations))
    assert found.format == ("BDF" if bdf else "EDF") + ("+" if annotations else "")
    assert [(s.name, s.unit, s.fs) for s in found.leads] == [
        ("ECG V1", unit, 250),
        ("ECG I", unit, 200),
    ]
    record = found.record()
    assert (record.lead, record.fs) == ("ECG I", 200)
    np.testing.assert_allclose(record.signal, signals(200, 2)[:, 1], atol=1e-4)
    np.testing.assert_allclose(found.record("V1").signal, MILLIVOLTS[:, 0], atol=1e-4)


def test_micro_sign_and_a_falling_range(tmp_path):
    data = content(tmp_path, one(unit="uV"))
    for encoding in ("latin-1", "utf-8"):
        micro = "µV".encode(encoding).ljust(8)
        found = read(tmp_path, data.replace(b"uV      ", micro, 1))
        assert found.leads[0].unit == "µV"
        np.testing.assert_allclose(found.record().signal, MILLIVOLTS[:, 0], atol=1e-4)
    falling = data.replace(b"-5000   5000    ", b"5000    -5000   ", 1)
    np.testing.assert_allclose(
        read(tmp_path, falling).record().signal, -MILLIVOLTS[:, 0], atol=2e-4
    )


def test_no_unit_no_range(tmp_path):
    with pytest.raises(RecordError, match="--units"):
        read(tmp_path, content(tmp_path, one(unit=""))).record()
    data = content(tmp_path, one())
    with pytest.raises(RecordError, match="uncalibrated"):
        read(tmp_path, data.replace(b"-5      ", b"5       ", 1)).record()


def test_number_of_records_unknown(tmp_path):
    data = content(tmp_path, one())
    assert read(tmp_path, data[:236] + b"-1      " + data[244:]).record().n_samples == 2500


def discontinuous(tmp_path, onsets, bdf=False):
    """Ten records of 1 s that start at other times than one after the other."""
    data = content(tmp_path, one(bdf=bdf), bdf=bdf, annotations=ANNOTATIONS)
    kind = b"BDF+" if bdf else b"EDF+"
    data = data.replace(kind + b"C", kind + b"D", 1)
    for i in reversed(range(10)):
        before = f"+{i}\x14\x14\0".encode()
        after = f"+{onsets[i]}\x14\x14\0".encode()
        at = data.index(before, 768 + i * (len(data) - 768) // 10)
        data = data[:at] + after + data[at + len(after) :]
    return data


@pytest.mark.parametrize("bdf", [False, True])
def test_gaps_are_missing(tmp_path, bdf):
    onsets = [0, 1, 2, 5, 6, 7, 8, 9, 10, 11]
    record = read(tmp_path, discontinuous(tmp_path, onsets, bdf)).record()
    assert record.n_samples == 12 * FS
    missing = np.zeros(12 * FS, bool)
    missing[3 * FS : 5 * FS] = True
    np.testing.assert_array_equal(np.isnan(record.signal), missing)
    np.testing.assert_allclose(record.signal[~missing], MILLIVOLTS[:, 0], atol=1e-4)


def test_discontinuous_by_name_only(tmp_path):
    record = read(tmp_path, discontinuous(tmp_path, range(10))).record()
    np.testing.assert_allclose(record.signal, MILLIVOLTS[:, 0], atol=1e-4)


def test_times_that_cannot_be(tmp_path):
    far = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9e15]
    refused(edf_reader, tmp_path, discontinuous(tmp_path, far), "gaps are 9e.15 s in total")
    back = [0, 1, 2, 3, 4, 4, 6, 7, 8, 9]
    refused(edf_reader, tmp_path, discontinuous(tmp_path, back), "overlap")
    data = content(tmp_path, one())
    without = data[:192] + b"EDF+D".ljust(44) + data[236:]
    refused(edf_reader, tmp_path, without, "does not name the times")


def test_damage(tmp_path):
    data = content(tmp_path, one(0), one(1))
    refused(edf_reader, tmp_path, data[:200], "damaged or cut")
    refused(edf_reader, tmp_path, data[:700], "damaged")
    refused(edf_reader, tmp_path, data[:-600], "cut, it has 9 of 10 data records")
    refused(edf_reader, tmp_path, data[:252] + b"9999" + data[256:], "names 9999 signals")
    refused(edf_reader, tmp_path, data[:252] + b"4000" + data[256:], "header is damaged")
    refused(edf_reader, tmp_path, data[:236] + b"99999999" + data[244:], "10 of 99999999")
    for seconds in (b"0       ", b"-1      ", b"nan     ", b"1e999   "):
        refused(edf_reader, tmp_path, data[:244] + seconds + data[252:], "header")
    place = 256 + 2 * 216
    huge = data[:place] + b"99999999" + data[place + 8 :]
    refused(edf_reader, tmp_path, huge, "cut, it has 0 of 10")
    refused(edf_reader, tmp_path, data[:184] + b"99999999" + data[192:], "header is damaged|cut")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert survives_damage(edf_reader, tmp_path, data) > 20


def test_other_files_do_not_match(tmp_path):
    for head in (b"0,1,2,3", b"0       ", b"0" * 300, b"", b"0       " + b"x" * 300):
        assert not edf_reader.matches(tmp_path / "a.edf", head)
