"""Reads GE MUSE XML: scales, derived leads, the rhythm waveform, and checks of the samples."""

import numpy as np
import pytest
import xml_maker
from reader_maker import heart_rate, refused, sample, survives_damage
from xml_maker import MILLIVOLTS, muse, muse_lead

from ecglab.readers import muse_reader
from ecglab.utils.errors import RecordError


def read(tmp_path, text):
    path = tmp_path / "rec.xml"
    path.write_text(text, encoding="latin-1")
    assert muse_reader.matches(path, path.read_bytes()[:4096])
    return muse_reader.read(path)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"units": "MILLIVOLTS", "step": 0.001},
        {"units": "NANOVOLTS", "step": 1000.0},
        {"dtype": "<i4", "step": 0.5},
        {"LeadDataCRC32": None, "LeadSampleCountTotal": None, "LeadSampleSize": None},
        {"LeadAmplitudeUnitsPerBit": "4,88"},
    ],
)
def test_round_trip(tmp_path, changed):
    leads = [muse_lead("II", MILLIVOLTS[1], **changed), muse_lead("I", MILLIVOLTS[0], **changed)]
    found = read(tmp_path, muse(leads))
    assert [one.name for one in found.leads] == ["II", "I", "III", "aVR", "aVL", "aVF"]
    assert found.leads[0].fs == 500
    expected = dict(zip(xml_maker.STANDARD, xml_maker.twelve(), strict=True))
    for one in found.leads:
        np.testing.assert_allclose(
            found.record(one.name).signal, expected[one.name], atol=0.008, err_msg=one.name
        )


def test_rate_with_an_exponent(tmp_path):
    assert read(tmp_path, muse(fs=5, exponent=2)).leads[0].fs == 500


def test_stored_leads_are_not_derived(tmp_path):
    names = dict(zip(xml_maker.STANDARD, xml_maker.twelve(), strict=True))
    found = read(tmp_path, muse([muse_lead(n, lead) for n, lead in names.items()]))
    assert [one.name for one in found.leads] == list(xml_maker.STANDARD)


def test_a_lead_that_was_off_is_not_selected(tmp_path):
    leads = [muse_lead("I", MILLIVOLTS[0], LeadOff="TRUE"), muse_lead("II", MILLIVOLTS[1])]
    assert read(tmp_path, muse(leads)).record().lead_reason == "lead II: lead I is flat"
    leads[0] = muse_lead("I", MILLIVOLTS[0], WaveFormData="")
    assert read(tmp_path, muse(leads)).record().lead == "II"


def test_no_rhythm_no_unit_no_rate(tmp_path):
    with pytest.raises(RecordError, match="no rhythm waveform"):
        read(tmp_path, muse(kind="Median"))
    found = read(tmp_path, muse([muse_lead("I", MILLIVOLTS[0], LeadAmplitudeUnitsPerBit=None)]))
    with pytest.raises(RecordError, match="--units"):
        found.record()
    with pytest.raises(RecordError, match="--fs"):
        read(tmp_path, muse(fs="fast")).record()


def test_damage(tmp_path):
    def one(**fields):
        return muse([muse_lead("I", MILLIVOLTS[0], **fields)])

    refused(muse_reader, tmp_path, one(LeadSampleCountTotal=10**12), "has 5000 of 1000000000000")
    refused(muse_reader, tmp_path, one(LeadDataCRC32=1), "does not match its checksum")
    refused(muse_reader, tmp_path, one(WaveFormData="AAA"), "are not base64")
    refused(muse_reader, tmp_path, one(WaveFormData="Ä"), "are not base64")
    refused(muse_reader, tmp_path, one(LeadSampleSize=10**9), "no integers")
    refused(muse_reader, tmp_path, one()[:-100], "damaged or cut")
    bomb = one().replace('SYSTEM "restecg.dtd"', '[<!ENTITY a "b">]')
    refused(muse_reader, tmp_path, bomb, "entities")
    assert survives_damage(muse_reader, tmp_path, muse().encode()) > 40


def test_sample():
    found = muse_reader.read(sample(muse_reader.SAMPLE))
    assert sorted(one.name for one in found.leads) == sorted(xml_maker.STANDARD)
    record = found.record()
    assert (record.fs, record.seconds, record.lead) == (500, 10, "I")
    assert 0.5 < np.ptp(record.signal) < 3
    assert heart_rate(record) == pytest.approx(60, abs=1)  # VentricularRate of the file
