"""Reads DICOM waveforms, which the tests write, with the variation that the standard allows."""

import numpy as np
import pytest
from reader_maker import heart_rate, refused, sample, survives_damage
from recording_maker import signals

from ecglab.readers import dicom_reader
from ecglab.utils.errors import RecordError

pytest.importorskip("pydicom")
from dicom_maker import FS, NAMES, channel, content, group
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

MILLIVOLTS = signals(FS, 3)


def steps(step=2.5, per=1e3):
    return np.round(MILLIVOLTS * per / step)


def read(tmp_path, data):
    path = tmp_path / "rec.dcm"
    path.write_bytes(data)
    assert dicom_reader.matches(path, data[:4096])
    return dicom_reader.read(path)


def check(found, atol=0.0013):
    assert [one.name for one in found.leads] == ["V1", "II", "I"]
    for i, one in enumerate(found.leads):
        np.testing.assert_allclose(found.record(one.name).signal, MILLIVOLTS[:, i], atol=atol)
    assert found.record().lead_reason == "lead I: preferred to the other 2"


@pytest.mark.parametrize(
    ("syntax", "dtype"),
    [
        (ExplicitVRLittleEndian, "<i2"),
        (ImplicitVRLittleEndian, "<i2"),
        (ExplicitVRBigEndian, ">i2"),
    ],
)
def test_transfer_syntaxes(tmp_path, syntax, dtype):
    found = read(tmp_path, content(group(steps(), dtype=dtype), syntax=syntax))
    assert found.start == "20240102030405" and found.leads[0].fs == 500
    check(found)


def test_without_preamble(tmp_path):
    check(read(tmp_path, content(group(steps()), preamble=False)))


@pytest.mark.parametrize(
    ("unit", "per", "sensitivity"), [("mV", 1, 0.001), ("V", 1e-3, 1e-6), ("nV", 1e6, 1000)]
)
def test_units(tmp_path, unit, per, sensitivity):
    channels = [channel(name, unit, sensitivity) for name in NAMES]
    check(read(tmp_path, content(group(steps(sensitivity, per), channels))))


def test_correction_baseline_and_kinds_of_integers(tmp_path):
    channels = [
        channel(n, ChannelSensitivityCorrectionFactor=0.5, ChannelBaseline=-100) for n in NAMES
    ]
    values = np.round((1e3 * MILLIVOLTS + 100) / 1.25)
    check(read(tmp_path, content(group(values, channels, "<i4", "SL"))), 0.001)
    channels = [channel(n, "mV", 0.02, ChannelBaseline=-1) for n in NAMES]
    values = np.round((MILLIVOLTS + 1) / 0.02)
    check(read(tmp_path, content(group(values, channels, "<u1", "UB"))), 0.011)


def test_names_by_code_and_label(tmp_path):
    channels = [
        channel("", code="2:2"),
        channel("", code="5.6.3-9-1"),
        channel("", code="99:x", ChannelLabel="ECG V5"),
    ]
    found = read(tmp_path, content(group(steps(), channels)))
    assert [one.name for one in found.leads] == ["II", "I", "V5"]


def test_padding_is_missing(tmp_path):
    values = steps()
    values[50:60] = -32768
    padding = np.int16(-32768).tobytes()
    record = read(tmp_path, content(group(values, WaveformPaddingValue=padding))).record()
    assert np.flatnonzero(np.isnan(record.signal)).tolist() == list(range(50, 60))


def test_the_rhythm_is_read_not_the_median_beat(tmp_path):
    beat = group(np.tile(steps()[:600], (4, 1)), fs=1000, originality="DERIVED")
    check(read(tmp_path, content(beat, group(steps()))))


def test_groups_of_one_lead_each(tmp_path):
    groups = [group(steps()[:, i : i + 1], [channel(n)]) for i, n in enumerate(NAMES)]
    check(read(tmp_path, content(*groups)))


def test_without_a_sensitivity_the_unit_is_asked_for(tmp_path):
    channels = [channel(n, ChannelSensitivity=None) for n in NAMES]
    with pytest.raises(RecordError, match="--units"):
        read(tmp_path, content(group(steps(), channels))).record()


def test_damage(tmp_path):
    data = content(group(steps()))

    def of(**changed):
        return content(group(steps(), **changed))

    refused(dicom_reader, tmp_path, content(), "holds no waveform")
    refused(dicom_reader, tmp_path, of(NumberOfWaveformSamples=2**32 - 1), "of 12884901885 samples")
    refused(dicom_reader, tmp_path, of(NumberOfWaveformChannels=60000), "60000 channels and desc")
    refused(dicom_reader, tmp_path, of(SamplingFrequency=0), "holds no waveform")
    refused(dicom_reader, tmp_path, of(kind="MB"), "of the kind 'MB'")
    refused(dicom_reader, tmp_path, data[:-9000], "cut")
    refused(dicom_reader, tmp_path, data[:140], "holds no waveform|damaged")
    place = data.index(b"OW\0\0") + 4
    huge = data[:place] + b"\xfe\xff\xff\xff" + data[place + 4 : -9000]
    refused(dicom_reader, tmp_path, huge, "cut")
    deflated = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    refused(dicom_reader, tmp_path, deflated, "is deflated")
    assert survives_damage(dicom_reader, tmp_path, data) > 20


def test_sample():
    found = dicom_reader.read(sample(dicom_reader.SAMPLE))
    by_name = {one.name: one.signal for one in found.leads}
    assert len(by_name) == 12
    np.testing.assert_allclose(by_name["II"], by_name["I"] + by_name["III"], atol=0.01)
    np.testing.assert_allclose(by_name["aVR"], -(by_name["I"] + by_name["II"]) / 2, atol=1)
    record = found.record()
    assert (record.fs, record.seconds) == (1000, 10)
    assert heart_rate(record) == pytest.approx(61, abs=1)
