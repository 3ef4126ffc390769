"""Reading Parquet, WAV, Kardia ATC, and XML of Mortara and Schiller."""

import base64
import struct
import wave
import zlib

import numpy as np
import pandas as pd
import pytest
from recording_maker import assert_refused, signals

from ecglab import readers

# Parquet


@pytest.mark.parametrize("times", ["seconds", "moments", "texts", "none"])
def test_parquet_columns(tmp_path, times):
    signal, path = signals(250, 2), tmp_path / "rec.parquet"
    seconds = np.arange(len(signal)) / 250
    frame = pd.DataFrame({"II_mV": signal[:, 0], "V1 (uV)": 1e3 * signal[:, 1]})
    frame.loc[5, "II_mV"] = None
    frame["note"] = "x"
    if times == "seconds":
        frame.insert(0, "time_s", seconds)
    elif times == "moments":
        frame.insert(0, "when", pd.Timestamp("2024-05-08") + pd.to_timedelta(seconds, "s"))
    elif times == "texts":
        frame.insert(0, "time", [f"2024-05-08T05:05:{s:09.6f}" for s in seconds])
    frame.to_parquet(path)
    record = readers.read(path, fs=250 if times == "none" else None)
    assert (record.lead, record.fs) == ("II", pytest.approx(250))
    assert np.isnan(record.signal).sum() == 1
    np.testing.assert_allclose(record.signal[6:], signal[6:, 0], atol=1e-6)
    record = readers.read(path, lead="V1", fs=250 if times == "none" else None)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


def test_parquet_rows(tmp_path):
    signal, path = signals(250, 2), tmp_path / "rec.parquet"
    rows = [{"signal": x.astype("float32"), "fs": 250.0, "units": "mV"} for x in signal.T]
    pd.DataFrame(rows[:1]).to_parquet(path)
    np.testing.assert_allclose(readers.read(path).signal, signal[:, 0], atol=1e-6)
    pd.DataFrame(rows).to_parquet(path)
    np.testing.assert_allclose(readers.read(path, lead="1").signal, signal[:, 1], atol=1e-6)
    pd.DataFrame(rows[:1] * 101).to_parquet(path)
    assert_refused("101 recordings in rows", path)


def test_parquet_damaged_or_huge(tmp_path):
    path = tmp_path / "rec.parquet"
    pd.DataFrame({"ecg_mV": signals(250)[:, 0]}).to_parquet(path)
    whole = path.read_bytes()
    for content in (whole[:-8], whole[: len(whole) // 2], b"PAR1" + bytes(100)):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=250)
    pd.DataFrame({"ecg_mV": np.zeros(70_000_000, np.float32)}).to_parquet(path)
    assert path.stat().st_size < 1e6
    assert_refused("more than 537 MB", path, fs=250)


# WAV


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav(tmp_path, width):
    signal, path = signals(300, 2), tmp_path / "rec.wav"
    scale = {1: 40, 2: 5000, 3: 10**6, 4: 10**8}[width]
    samples = np.round(scale * signal).astype("<i4")
    content = (samples + 128).astype("u1").tobytes() if width == 1 else b""
    if width > 1:
        content = samples.reshape(-1, 1).view("u1")[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((2, width, 300, 0, "NONE", ""))
        file.writeframes(content)
    assert_refused("not state the .*unit", path)
    record = readers.read(path, lead="1", units=f"{scale}/mV")
    assert (record.lead, record.fs) == ("1", 300)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=0.6 / scale)
    whole = path.read_bytes()
    for cut in (whole[:20], whole[:44], b"RIFF" + whole[4:8] + b"WAVEfmt " + b"\xff" * 30):
        path.write_bytes(cut)
        assert_refused("not a WAV file|empty|bits|cut", path, units="mV")


# Kardia


def block(kind: bytes, data: bytes, checksum=sum) -> bytes:
    content = kind + struct.pack("<I", len(data)) + data
    return content + struct.pack("<I", checksum(content))


@pytest.mark.parametrize("checksum", [sum, zlib.crc32])
def test_kardia_atc(tmp_path, checksum):
    """As its specification lays it out, with blocks that are no lead."""
    signal = np.round(2000 * signals(300, 2)).astype("<i2")
    blocks = [
        block(b"info", b"2010-12-08T15:54:23.245+10:00".ljust(264, b"\0"), checksum),
        block(b"fmt ", struct.pack("<BHHBH", 1, 300, 500, 14, 0), checksum),
        block(b"ecg ", signal[:, 0].tobytes(), checksum),
        block(b"ecg2", signal[:, 1].tobytes(), checksum),
        block(b"avg ", bytes(900), checksum),
        block(b"ann ", struct.pack("<IIH", 300, 1500, 1), checksum),
    ]
    path, head = tmp_path / "rec.atc", b"ALIVE\0\0\0" + struct.pack("<I", 5)
    path.write_bytes(head + b"".join(blocks))
    recording = readers.read_recording(path)
    assert recording.start == "2010-12-08T15:54:23.245+10:00"
    for name, expected in zip(("I", "II"), signal.T, strict=True):
        record = readers.read(path, lead=name)
        assert record.fs == 300
        np.testing.assert_allclose(record.signal, expected / 2000, atol=1e-6)
    whole = path.read_bytes()
    for at in (330, 400, 5000):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert_refused("damaged, the checksum of its block|cut", path)
    path.write_bytes(whole[:6000])
    assert_refused("cut in its block b'ecg '", path)
    path.write_bytes(head + b"".join([blocks[0], *blocks[2:]]))
    assert_refused("no block of its format", path)
    wrong = block(b"fmt ", struct.pack("<BHHBH", 2, 300, 500, 14, 0))
    path.write_bytes(head + wrong + blocks[2])
    assert_refused("samples of format 2", path)


# XML


def mortara(signal, **changes) -> str:
    values = {
        "OFFSET": 0,
        "BITS": 16,
        "FORMAT": "SIGNED",
        "UNITS_PER_MV": 400,
        "DURATION": len(signal),
        "SAMPLE_FREQ": 500,
        "ENCODING": "BASE64",
    }
    channels = []
    for name, samples in zip(("I", "V1"), np.round(400 * signal.T).astype("<i2"), strict=True):
        own = {"NAME": name, "DATA": base64.b64encode(samples.tobytes()).decode(), **values}
        texts = " ".join(f'{key}="{value}"' for key, value in {**own, **changes}.items())
        channels.append(f"<CHANNEL {texts}/>")
    when = 'ACQUISITION_TIME="20240508050515"'
    return f'<?xml version="1.0"?><ECG {when}>{"".join(channels)}</ECG>'


def test_mortara(tmp_path):
    pytest.importorskip("defusedxml")
    signal, path = signals(500, 2), tmp_path / "rec.xml"
    path.write_text(mortara(signal))
    record = readers.read(path)
    assert (record.lead, record.fs) == ("I", 500)
    np.testing.assert_allclose(record.signal, signal[:, 0], atol=0.5 / 400 + 1e-6)
    np.testing.assert_allclose(readers.read(path, lead="V1").signal, signal[:, 1], atol=2e-3)
    for changes, words in (
        ({"BITS": 8}, "samples of '8' bits"),
        ({"OFFSET": 3}, "OFFSET, whose meaning is unknown"),
        ({"DATA": "x"}, "not base64"),
        ({"UNITS_PER_MV": "x"}, "not state the .*unit"),
        ({"SAMPLE_FREQ": ""}, "not state the sampling rate"),
    ):
        path.write_text(mortara(signal, **changes))
        assert_refused(words, path)
    path.write_text("<ECG/>")
    assert_refused("holds no waveform", path)


def schiller(signal, exponent=1, units="uV") -> str:
    channels = "".join(
        f"<channel><name>{name}</name><datastype>COMMASEPARATE</datastype>"
        f"<data>{','.join(f'{v:.0f}' for v in 400 * samples)}</data></channel>"
        for name, samples in zip(("I", "aVR"), signal.T, strict=True)
    )
    resolution = (
        f"<samplerate><value>500</value><exponent>{exponent}</exponent></samplerate>"
        f"<yres><units>{units}</units><unitperbit>2.5</unitperbit></yres>"
    )
    when = "<startdatetime><date>20240508</date><time>050515</time></startdatetime>"
    return (
        f'<?xml version="1.0"?><examdata><examdescript>{when}</examdescript><eventdata><event>'
        "<wavedata><type>ECG_AVERAGES</type></wavedata><wavedata><type>ECG_RHYTHMS</type>"
        f"<resolution>{resolution}</resolution>{channels}</wavedata></event></eventdata></examdata>"
    )


def test_schiller(tmp_path):
    pytest.importorskip("defusedxml")
    signal, path = signals(500, 2), tmp_path / "rec.xml"
    path.write_text(schiller(signal))
    assert readers.read_recording(path).start == "20240508 050515"
    record = readers.read(path)
    assert (record.lead, record.fs) == ("I", 500)
    np.testing.assert_allclose(record.signal, signal[:, 0], atol=0.5 / 400 + 1e-6)
    np.testing.assert_allclose(readers.read(path, lead="aVR").signal, signal[:, 1], atol=2e-3)
    path.write_text(schiller(signal, exponent=2))
    assert_refused("has an exponent", path)
    path.write_text(schiller(signal).replace("ECG_RHYTHMS", "OTHER"))
    assert_refused("holds no rhythm strip", path)
    path.write_text(schiller(signal).replace(",0,", ",x,"))
    assert_refused("not numbers between commas", path)
