"""Reads HL7 aECG: units, times, names and namespaces of several manufacturers."""

import numpy as np
import pytest
import xml_maker
from reader_maker import refused, sample

from ecglab.readers import aecg_reader
from ecglab.utils.errors import RecordError


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "rec.xml"
    path.write_bytes(text.encode(encoding))
    assert aecg_reader.matches(path, path.read_bytes()[:4096])
    return aecg_reader.read(path)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"unit": "mV", "scale": 0.001},
        {"unit": "nV", "scale": 1000},
        {"unit": "V", "scale": 1e-6},
        {"increment": "ms"},
        {"increment": "us"},
        {"namespace": ""},
        {"prefix": "hl7"},
        {"code": "MINDRAY_ECG_LEAD_{}"},
        {"origin": -50.0},
    ],
)
def test_round_trip(tmp_path, changed):
    found = read(tmp_path, xml_maker.aecg(**changed))
    assert found.format == "HL7 aECG" and found.start == "20240102030405"
    assert [one.fs for one in found.leads] == pytest.approx([500.0] * 8)
    record = found.record("V3" if "MINDRAY" not in changed.get("code", "") else "4")
    np.testing.assert_allclose(record.signal, xml_maker.MILLIVOLTS[4], atol=0.0013)
    if "code" not in changed:
        assert found.record().lead_reason == "lead I: preferred to the other 7"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings(tmp_path, encoding):
    assert len(read(tmp_path, xml_maker.aecg(), encoding).leads) == 8


def test_other_encodings_are_declared(tmp_path):
    text = '<?xml version="1.0" encoding="GB2312"?>\n<!-- 心电图 -->' + xml_maker.aecg()
    assert len(read(tmp_path, text, "gb2312").leads) == 8


def test_long_comments_before_the_root(tmp_path):
    text = "".join(f"<!-- <Other> {i:05d} -->\n" for i in range(1000)) + xml_maker.aecg()
    assert len(read(tmp_path, text).leads) == 8


def test_the_rhythm_is_read_not_the_representative_beat(tmp_path):
    long = np.tile(xml_maker.MILLIVOLTS, 3)
    beat = xml_maker.aecg(long, series="REPRESENTATIVE_BEAT")
    short = xml_maker.aecg(xml_maker.MILLIVOLTS[:, :1250])
    whole = xml_maker.aecg()
    end = "</AnnotatedECG>"

    def inside(text):
        return text.partition(">")[2].removesuffix(end)

    text = beat.removesuffix(end) + inside(short) + inside(whole) + end
    assert read(tmp_path, text).leads[0].signal.size == 5000
    with pytest.raises(RecordError, match="holds no rhythm"):
        read(tmp_path, beat)


def test_without_a_unit_or_a_rate_they_are_asked_for(tmp_path):
    found = read(tmp_path, xml_maker.aecg(unit=""))
    with pytest.raises(RecordError, match="--units"):
        found.record()
    assert found.record("I", units="uV").lead == "I"
    found = read(tmp_path, xml_maker.aecg().replace('unit="s"', ""))
    with pytest.raises(RecordError, match="--fs"):
        found.record()
    assert found.record(fs=500).fs == 500


def test_damage(tmp_path):
    text = xml_maker.aecg()
    refused(aecg_reader, tmp_path, text.replace("<digits>", "<digits>one ", 1), "not numbers")
    refused(aecg_reader, tmp_path, text[:-200], "damaged or cut")
    refused(aecg_reader, tmp_path, xml_maker.BOMB + text, "entities")
    refused(aecg_reader, tmp_path, xml_maker.EXTERNAL + text, "entities")
    refused(aecg_reader, tmp_path, text.replace("_", "&#0;", 1), "damaged or cut")
    deep = "<AnnotatedECG>" + "<a>" * 20_000 + "</a>" * 20_000 + "</AnnotatedECG>"
    refused(aecg_reader, tmp_path, deep, "no rhythm")


def test_sample():
    found = aecg_reader.read(sample(aecg_reader.SAMPLE))
    by_name = {one.name: one for one in found.leads}
    assert len(by_name) == 12 and by_name["I"].fs == 500 and by_name["I"].unit == "uV"
    i, ii, iii = (by_name[name].signal for name in ("I", "II", "III"))
    np.testing.assert_allclose(ii, i + iii, atol=0.01)
    assert found.record().seconds == 10
