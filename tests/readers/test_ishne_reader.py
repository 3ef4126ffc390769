"""Reads ISHNE Holter files, which the tests write."""

import binascii

import numpy as np
import pytest
from reader_maker import refused, survives_damage
from recording_maker import signals

from ecglab.readers import ishne_reader
from ecglab.readers.ishne_reader import _HEADER
from ecglab.utils.errors import RecordError

FS = 200
MILLIVOLTS = signals(FS, 3)


def holter(block=b"notes", count="leads", order="little", **changed) -> bytes:
    """A file of three leads, V1, I and V5, of 2.5 µV a step."""
    samples = np.round(MILLIVOLTS * 1e6 / 2500).astype("<i2")
    samples[100:110, 1] = -32768
    header = np.zeros(1, _HEADER)
    header["magic"], header["fs"], header["n_leads"] = b"ISHNE1.0", FS, 3
    header["block_size"], header["block_at"], header["samples_at"] = (
        len(block),
        522,
        522 + len(block),
    )
    header["n_samples"] = samples.shape[0] * (3 if count == "all" else 1)
    header["names"][0] = [11, 5, 15] + [-9] * 9
    header["resolutions"][0] = [2500] * 3 + [-9] * 9
    header["date"], header["time"] = [2, 1, 2024], [3, 4, 5]
    for key, value in changed.items():
        header[key] = value
    head = header.tobytes() + block
    checksum = binascii.crc_hqx(head[10:], 0xFFFF).to_bytes(2, order)
    return head[:8] + checksum + head[10:] + samples.tobytes()


def read(tmp_path, content):
    path = tmp_path / "rec.ecg"
    path.write_bytes(content)
    assert ishne_reader.matches(path, content[:4096])
    return ishne_reader.read(path)


@pytest.mark.parametrize("count", ["leads", "all"])
@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("block", [b"", b"notes"])
def test_round_trip(tmp_path, count, order, block):
    found = read(tmp_path, holter(block, count, order))
    assert [one.name for one in found.leads] == ["V1", "I", "V5"]
    assert found.start == "2024-01-02 03:04:05"
    record = found.record()
    assert (record.lead, record.fs, record.n_samples) == ("I", 200, 2000)
    missing = np.zeros(2000, bool)
    missing[100:110] = True
    np.testing.assert_array_equal(np.isnan(record.signal), missing)
    np.testing.assert_allclose(record.signal[110:], MILLIVOLTS[110:, 1], atol=0.0013)


def test_no_checksum_no_count_no_resolution(tmp_path):
    content = holter(n_samples=-9)
    assert read(tmp_path, content[:8] + b"\0\0" + content[10:]).record().n_samples == 2000
    with pytest.raises(RecordError, match="--units"):
        read(tmp_path, holter(resolutions=-9)).record()


def test_damage(tmp_path):
    content = holter()
    refused(ishne_reader, tmp_path, content[:300], "header is not whole")
    refused(ishne_reader, tmp_path, content[:3000], "cut, it has 412 of 2000 samples")
    refused(ishne_reader, tmp_path, content[:272] + b"\xff" + content[273:], "its checksum")
    refused(ishne_reader, tmp_path, holter(n_samples=2**31 - 1), "of 2147483647 samples")
    refused(ishne_reader, tmp_path, holter(samples_at=2**31 - 1), "header is damaged")
    refused(ishne_reader, tmp_path, holter(samples_at=-5), "header is damaged")
    refused(ishne_reader, tmp_path, holter(n_leads=0), "header is damaged")
    refused(ishne_reader, tmp_path, holter(n_leads=1000), "header is damaged")
    refused(ishne_reader, tmp_path, holter(fs=-200), "header is damaged")
    refused(ishne_reader, tmp_path, b"ANN  1.0" + content[8:], "annotations of a Holter")
    assert survives_damage(ishne_reader, tmp_path, content) > 20
