"""Reads SCP-ECG: every coding of the samples, reference beats, and checks of the sections."""

import struct

import numpy as np
import pytest
import scp_maker
from reader_maker import heart_rate, refused, sample, survives_damage
from scp_maker import STEP, STORED, assembled, block, simple, span_section

from ecglab.readers import aecg_reader, scp_codes, scp_reader
from ecglab.utils.errors import RecordError


def read(tmp_path, content):
    path = tmp_path / "rec.scp"
    path.write_bytes(content)
    assert scp_reader.matches(path, content[:4096])
    return scp_reader.read(path)


def stored(found):
    return np.array([one.signal / STEP for one in found.leads[:3]])


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("coding", ["default", "custom", "none"])
def test_codings(tmp_path, coding, order):
    found = read(tmp_path, simple(coding, order))
    assert [one.name for one in found.leads] == ["II", "V1", "I", "III", "aVR", "aVL", "aVF"]
    assert {(one.unit, one.fs) for one in found.leads} == {("nV", 500.0)}
    assert found.start == "2024-01-02 03:04:05"
    np.testing.assert_allclose(stored(found), STORED)
    record = found.record()
    assert record.lead_reason == "lead I: preferred to the other 6"
    np.testing.assert_allclose(record.signal, STORED[2] * STEP * 1e-6, atol=1e-6)


def test_every_value_of_the_default_table():
    values = np.array([*range(-140, 140), -32768, 32767, 0, 0, 1])
    content = scp_maker.coded(values, 0, "default")
    tables = scp_codes.tables(struct.pack("<H", 19999))
    np.testing.assert_array_equal(scp_codes.decode(content, values.size, tables, 0), values)


def test_reference_beat_at_the_full_rate(tmp_path):
    content, _ = scp_maker.with_reference(ratio=1, bimodal=False)
    np.testing.assert_allclose(stored(read(tmp_path, content)), STORED, atol=0.51)


@pytest.mark.parametrize("ratio", [2, 4])
def test_bimodal_compression_with_a_reference_beat(tmp_path, ratio):
    content, exact = scp_maker.with_reference(ratio)
    found = read(tmp_path, content)
    assert found.leads[0].fs == 500
    difference = np.abs(stored(found) - STORED)
    assert difference.shape == STORED.shape
    assert difference[:, exact].max() <= 0.51
    # Elsewhere 2 or 4 samples were averaged. The last beat is cut and not subtracted.
    assert difference[:, :4900].max() < 0.02 * np.ptp(STORED)


def test_beats_of_other_types_keep_their_shape(tmp_path):
    content, _ = scp_maker.with_reference(ratio=1, bimodal=False)
    place = content.index(struct.pack("<HIII", 0, 101, 201, 300))
    other = content[:place] + b"\1\0" + content[place + 2 :]
    changed = stored(read(tmp_path, b"\0\0" + other[2:]))
    assert np.ptp(changed[0, 150:250]) < 0.1 * np.ptp(STORED[0])
    np.testing.assert_allclose(changed[:, 400:], STORED[:, 400:], atol=0.51)


def test_checksums(tmp_path):
    content = simple()
    assert read(tmp_path, simple(checksums=False)).leads
    assert read(tmp_path, simple(magic=b"")).leads
    name = content.replace(b"\x1a\3\0\3\4\5", b"\x1a\3\0\0\0\0")  # changed where nothing is read
    assert read(tmp_path, name).start == "2024-01-02 00:00:00"
    place = len(content) - 500
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    refused(scp_reader, tmp_path, changed, "section 6 does not match its checksum")


def test_a_lead_that_is_a_little_short(tmp_path):
    assert read(tmp_path, simple(s3=span_section(5001))).leads[0].signal.size == 5000


def test_damage(tmp_path):
    content = simple()
    refused(scp_reader, tmp_path, content[:-500], "cut, it is shorter than it names")
    refused(scp_reader, tmp_path, simple(s6=b""), "holds no rhythm")
    refused(scp_reader, tmp_path, simple(s3=span_section(2**32 - 1)), "lead 0 claims 4294967295")
    refused(scp_reader, tmp_path, simple(s3=span_section(6000)), "lead 0 has 5000 of 6000")
    refused(scp_reader, tmp_path, simple(s3=b"\xff\0"), "cannot be decoded")
    refused(scp_reader, tmp_path, simple(s3=b"\0\0"), "no leads")
    refused(scp_reader, tmp_path, simple(s2=struct.pack("<HH", 1, 60000)), "table of codes is cut")
    refused(scp_reader, tmp_path, simple(s2=struct.pack("<HHBBBhI", 1, 1, 9, 2, 1, 0, 0)), "a code")
    lone = struct.pack("<HHBBBhI", 1, 1, 1, 1, 0, 7, 0)
    refused(scp_reader, tmp_path, simple(s2=lone, s6=block(STORED * 0, 0, "default")), "table 7")
    zero = block(STORED, 2, "default", step=0)
    refused(scp_reader, tmp_path, simple(s6=zero), "no amplitude")
    refused(scp_reader, tmp_path, simple(s6=block(STORED, 2, "default")[:-1000]), "its leads need")
    third = bytearray(block(STORED, 2, "default"))
    third[4] = 3
    refused(scp_reader, tmp_path, simple(s6=bytes(third)), "differences of order 3")
    reference, _ = scp_maker.with_reference()
    for whole in (simple(checksums=False), b"\0\0" + reference[2:]):
        assert survives_damage(scp_reader, tmp_path, whole) > 20


def test_endless_changes_of_tables_end(tmp_path):
    here = struct.pack("<HHBBBhI", 1, 1, 1, 1, 0, 1, 0)
    content = assembled(
        {2: here, 3: span_section(4992), 6: block(STORED[:, :4992] * 0, 0, "default")}
    )
    refused(scp_reader, tmp_path, content, "has 0 of 4992 samples")


def test_sample_is_that_of_aecg():
    """The two samples hold the same recording, written by different programs."""
    found = scp_reader.read(sample(scp_reader.SAMPLE))
    other = aecg_reader.read(sample(aecg_reader.SAMPLE))
    by_name = {one.name: one.signal for one in found.leads}
    for one in other.leads[:8]:
        np.testing.assert_allclose(by_name[one.name] / 1000, one.signal, atol=1e-6)
    record = found.record()
    assert (record.fs, record.seconds) == (500, 10)
    assert heart_rate(record) == pytest.approx(71, abs=1)


def test_matches_nothing_else(tmp_path):
    for head in (b"", bytes(4096), b"SCPECG" * 100, b"0       " * 40):
        assert not scp_reader.matches(tmp_path / "a.scp", head)
    with pytest.raises(RecordError):
        scp_reader._sections(tmp_path / "a.scp", bytes(100)[:20])
