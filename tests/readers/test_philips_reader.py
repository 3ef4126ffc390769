"""Reads Philips SierraECG: both versions, compressed and not, without the calibration."""

import numpy as np
import pytest
import xml_maker
from reader_maker import heart_rate, refused, sample, survives_damage
from xml_maker import philips, twelve

from ecglab.readers import philips_reader, xli
from ecglab.utils.errors import RecordError


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "rec.xml"
    path.write_bytes(text.encode(encoding))
    assert philips_reader.matches(path, path.read_bytes()[:4096])
    return philips_reader.read(path)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"version": "1.03"},
        {"version": "1.03", "compression": "Uncompressed"},
        {"compression": "None"},
        {"calibration": False},
        {"resolution": 2.5},
        {"fs": 250, "leads": twelve()[:, ::2]},
    ],
)
def test_round_trip(tmp_path, changed):
    found = read(tmp_path, philips(**changed))
    expected = changed.get("leads", twelve())
    assert [one.name for one in found.leads] == list(xml_maker.STANDARD)
    assert found.start == "2024-01-02 03:04:05"
    for one, lead in zip(found.leads, expected, strict=True):
        assert (one.unit, one.fs) == ("µV", changed.get("fs", 500))
        # The last values of a lead are those of the calibration where it stays at zero.
        assert abs(one.signal.size - lead.size) < 5
        n = min(one.signal.size, lead.size)
        np.testing.assert_allclose(one.signal[:n] / 1000, lead[:n], atol=0.0026)


def test_leads_in_another_order_are_stored_as_they_are(tmp_path):
    expected = read(tmp_path, philips(calibration=False))
    labels = "V1 V2 V3 V4 V5 V6 I II III aVR aVL aVF"
    found = read(tmp_path, philips(calibration=False, leadlabels=labels))
    assert found.leads[0].name == "V1"
    np.testing.assert_array_equal(found.leads[0].signal, expected.leads[0].signal)
    assert np.abs(found.leads[2].signal).max() < 10  # what III differs from II - I


def test_utf_16(tmp_path):
    text = '<?xml version="1.0" encoding="utf-16"?>\n' + philips()
    assert len(read(tmp_path, text, "utf-16").leads) == 12


def test_plain_numbers(tmp_path):
    numbers = "0 100 -100 50 7 " * 6000
    text = philips(compression="None", dataencoding="Plain", durationperchannel="5000")
    content = text.partition("<parsedwaveforms")[2].partition(">")[2].partition("<")[0]
    found = read(tmp_path, text.replace(content, numbers))
    assert found.leads[0].signal[:5].tolist() == [0, 500, -500, 250, 35]


def test_without_a_resolution_the_unit_is_asked_for(tmp_path):
    text = philips(resolution=5).replace("<resolution>5</resolution>", "")
    with pytest.raises(RecordError, match="--units"):
        read(tmp_path, text.replace('resolution="5"', "")).record()


def test_large_steps_between_samples(rng):
    leads = rng.integers(-8000, 8000, (2, 300))
    for found, lead in zip(xli.decode(xml_maker.xli(leads), 2, 300), leads, strict=True):
        np.testing.assert_array_equal(found, lead)


def test_damage(tmp_path):
    def of(**changed):
        return philips(**changed)

    refused(philips_reader, tmp_path, of(durationperchannel="0"), "no sampling rate or no duration")
    refused(philips_reader, tmp_path, of(durationperchannel="1e12"), "claims 1e.09 s")
    refused(philips_reader, tmp_path, of(durationperchannel="3000000"), "damaged or cut, a lead")
    refused(philips_reader, tmp_path, of(durationperchannel="nan"), "no duration")
    refused(philips_reader, tmp_path, of(compression="ZIP"), "compression ZIP is not read")
    refused(philips_reader, tmp_path, of(dataencoding="hex"), "encoded as hex")
    refused(philips_reader, tmp_path, xml_maker.BOMB + of(), "entities")
    refused(philips_reader, tmp_path, of().replace("parsedwaveforms", "none"), "no waveform")
    cut = of(compression="None", durationperchannel="60000")
    refused(philips_reader, tmp_path, cut, "of 360000 samples")
    assert survives_damage(philips_reader, tmp_path, of().encode()) > 20


def test_lzw_that_grows(monkeypatch):
    chunk = xml_maker.lzw(bytes(40_000))
    content = len(chunk).to_bytes(4, "little") + bytes(4) + chunk
    assert xli.decode(content, 1, 20_000)[0].size == 20_000
    monkeypatch.setattr(xli, "_MOST_BYTES", 39_999)
    with pytest.raises(ValueError, match="too long"):
        xli.decode(content, 1, 20_000)


@pytest.mark.parametrize(
    ("name", "rate", "v3"),
    [
        # Heart rates as the files have them, and values of V3 as the package sierraecg 0.4 decodes
        # them; all values of all leads agree.
        ("129DYPRG.XML", 41, [-5, -7, -7]),
        ("2020-5-18_15-48-11.xml", 64, [-53, -54, -55]),
    ],
)
def test_samples(name, rate, v3):
    found = philips_reader.read(sample(f"philips/{name}"))
    by_name = {one.name: one.signal for one in found.leads}
    assert list(by_name) == list(xml_maker.STANDARD)
    np.testing.assert_allclose(by_name["II"], by_name["I"] + by_name["III"], atol=10)
    assert (by_name["V3"][1000:1003] / 5).tolist() == v3
    record = found.record()
    assert 10 < record.seconds < 11 and record.lead == "I"
    assert heart_rate(record) == pytest.approx(rate, abs=1.5)
