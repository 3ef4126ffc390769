"""Electrocardiograms in the XML of several manufacturers, for the tests of their readers."""

import base64
import zlib

import numpy as np
from recording_maker import signals

FS = 500
MILLIVOLTS = signals(FS, 8).T
"""(8, n_samples) in mV: the leads that are stored as a rule."""

STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


def aecg(
    values=MILLIVOLTS,
    fs=FS,
    unit="uV",
    scale=2.5,
    increment="s",
    code="MDC_ECG_LEAD_{}",
    namespace="urn:hl7-org:v3",
    prefix="",
    series="RHYTHM",
    origin=0.0,
) -> str:
    """An aECG of leads in mV."""
    per = {"uV": 1e3, "mV": 1.0, "nV": 1e6, "V": 1e-3, "": 1e3}[unit]
    step = {"s": 1 / fs, "ms": 1e3 / fs, "us": 1e6 / fs}[increment]
    p = f"{prefix}:" if prefix else ""
    leads = [
        f'<{p}component><{p}sequence><{p}code code="{code.format(name)}"/><{p}value>'
        f'<{p}origin value="{origin}" unit="{unit}"/><{p}scale value="{scale}" unit="{unit}"/>'
        f"<{p}digits>{' '.join(map(str, np.round((lead * per - origin) / scale).astype(int)))}"
        f"</{p}digits></{p}value></{p}sequence></{p}component>"
        for name, lead in zip(STORED, values, strict=False)
    ]
    space = f' xmlns{":" + prefix if prefix else ""}="{namespace}"' if namespace else ""
    return (
        f"<{p}AnnotatedECG{space}>{one_series(p, series, step, increment, ''.join(leads))}"
        f"</{p}AnnotatedECG>"
    )


def one_series(p, code, step, unit, leads) -> str:
    return (
        f'<{p}component><{p}series><{p}code code="{code}"/><{p}component><{p}sequenceSet>'
        f'<{p}component><{p}sequence><{p}code code="TIME_ABSOLUTE"/><{p}value>'
        f'<{p}head value="20240102030405"/><{p}increment value="{step}" unit="{unit}"/>'
        f"</{p}value></{p}sequence></{p}component>{leads}"
        f"</{p}sequenceSet></{p}component></{p}series></{p}component>"
    )


def muse_lead(name, lead, units="MICROVOLTS", step=4.88, dtype="<i2", **fields) -> str:
    """A LeadData of a lead in mV; fields replace what is written, None leaves one out."""
    per = {"MICROVOLTS": 1e3, "MILLIVOLTS": 1.0, "NANOVOLTS": 1e6}[units]
    content = np.round(lead * per / step).astype(dtype).tobytes()
    written = {
        "LeadSampleCountTotal": lead.size,
        "LeadAmplitudeUnitsPerBit": step,
        "LeadAmplitudeUnits": units,
        "LeadID": name,
        "LeadSampleSize": np.dtype(dtype).itemsize,
        "LeadDataCRC32": zlib.crc32(content),
        "WaveFormData": base64.encodebytes(content).decode(),
    } | fields
    inside = "".join(f"<{k}>{v}</{k}>" for k, v in written.items() if v is not None)
    return f"<LeadData>{inside}</LeadData>"


def muse(leads=None, fs=FS, exponent=0, kind="Rhythm", head='encoding="ISO-8859-1"') -> str:
    """A MUSE export of leads, which are those of MILLIVOLTS by default."""
    leads = leads or [muse_lead(*pair) for pair in zip(STORED, MILLIVOLTS, strict=True)]
    median = muse_lead("I", np.tile(MILLIVOLTS[0, :600], 20))
    return (
        f'<?xml version="1.0" {head}?><!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG>'
        f"<Waveform><WaveformType>Median</WaveformType><SampleBase>{fs}</SampleBase>{median}"
        f"</Waveform><Waveform><WaveformType>{kind}</WaveformType><SampleBase>{fs}</SampleBase>"
        f"<SampleExponent>{exponent}</SampleExponent>{''.join(leads)}</Waveform></RestingECG>"
    )


def twelve() -> np.ndarray:
    """(12, n_samples) in mV: the leads of MILLIVOLTS and those that follow from I and II."""
    i, ii = MILLIVOLTS[:2]
    limbs = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    return np.array([*limbs, *MILLIVOLTS[2:]])


def lzw(content: bytes) -> bytes:
    """LZW with codes of ten bits, of which the last is never used."""
    codes = {bytes([i]): i for i in range(256)}
    bits, string = "", b""
    for byte in content:
        longer = string + bytes([byte])
        if longer in codes:
            string = longer
            continue
        bits += f"{codes[string]:010b}"
        if len(codes) <= 1022:
            codes[longer] = len(codes)
        string = bytes([byte])
    bits += f"{codes[string]:010b}"
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def xli(leads: np.ndarray) -> bytes:
    """The XLI of leads (n_leads, n_samples) of integers."""
    chunks = b""
    for x in leads.astype(np.int64):
        correction = 2 * x[1:-1] - x[:-2] - x[2:]
        stored = np.array([x[0], x[1], *(correction[1:] + 64), 64]).astype(np.int16)
        high, low = (stored >> 8).astype(np.uint8), (stored & 255).astype(np.uint8)
        packed = lzw(high.tobytes() + low.tobytes())
        first = int(correction[0]).to_bytes(2, "little", signed=True)
        chunks += len(packed).to_bytes(4, "little") + b"\1\0" + first + packed
    return chunks


def philips(
    version="1.04", leads=None, fs=FS, resolution=5, calibration=True, compression="XLI", **changed
) -> str:
    """A SierraECG file of twelve leads in mV."""
    leads = twelve() if leads is None else leads
    values = np.round(leads * 1000 / resolution).astype(np.int64)
    if calibration:
        pulse = np.zeros(fs, np.int64)
        pulse[fs // 5 : fs // 2] = round(1000 / resolution)
        values = np.hstack([values, np.tile(pulse, (len(values), 1))])
    duration = 1000 * values.shape[1] / fs
    if compression == "XLI":
        i, ii, iii, avr, avl, avf = values[:6]
        stored = [ii - i - iii, -avr - (i + ii) // 2, (i - iii) // 2 - avl, (ii + iii) // 2 - avf]
        content = base64.encodebytes(xli(np.array([i, ii, *stored, *values[6:]]))).decode()
    else:
        content = base64.encodebytes(values.astype("<i2").tobytes()).decode()
    written = {"dataencoding": "Base64", "durationperchannel": f"{duration:g}"}
    if version == "1.03":
        written |= {"compressflag": str(compression == "XLI"), "compressmethod": compression}
        unit = f"<signalresolution>{resolution}</signalresolution>"
    else:
        written |= {"compression": compression, "leadlabels": " ".join(STANDARD)}
        written |= {"numberofleads": "12", "resolution": str(resolution)}
        unit = f"<resolution>{resolution}</resolution>"
    attributes = "".join(f' {k}="{v}"' for k, v in (written | changed).items())
    return (
        '<restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo><documentversion>'
        f'{version}</documentversion></documentinfo><dataacquisition date="2024-01-02" '
        f'time="03:04:05"><signalcharacteristics><samplingrate>{fs}</samplingrate>{unit}'
        "<acquisitiontype>STD-12</acquisitiontype><numberchannelsallocated>12"
        "</numberchannelsallocated></signalcharacteristics></dataacquisition><waveforms>"
        f"<parsedwaveforms{attributes}>{content}</parsedwaveforms></waveforms></restingecgdata>"
    )
