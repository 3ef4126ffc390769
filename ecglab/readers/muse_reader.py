"""GE MUSE XML (RestingECG), the export of the MUSE system for electrocardiograms.

Samples are little-endian integers in base64, of eight leads as a rule; the other limb leads follow
from I and II. Fields as in restecg.dtd of GE Healthcare.
"""

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.readers import xml_file as xml
from ecglab.readers.leads import Lead, standard_name, with_limb_leads
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = "GE MUSE XML"
SUFFIXES = (".xml",)
LIBRARY = "defusedxml"
RATE, UNIT = "SampleBase, SampleExponent", "LeadAmplitudeUnitsPerBit, LeadAmplitudeUnits"
SAMPLE = "muse/muse_ecg1.xml"


def matches(path: Path, head: bytes) -> bool:
    return xml.root_name(path, head) == "restingecg"


def read(path: Path) -> Recording:
    """All leads of the longest waveform that is a rhythm, not a median beat.

    III, aVR, aVL and aVF are computed from I and II where the file lacks them. A lead that was off
    is missing. Raises RecordError for damaged XML or samples, and a file without a rhythm.
    """
    root = xml.parse(path)
    best: list[Lead] = []
    for waveform in xml.children(root, "Waveform"):
        if xml.text_of(waveform, "WaveformType").lower() == "median":
            continue
        fs = _rate(waveform)
        written = [one for one in xml.children(waveform, "LeadData") if _has_samples(one)]
        leads = [_lead(path, one, fs) for one in written]
        if _longest(leads) > _longest(best):
            best = leads
    if not best:
        raise RecordError(f"{path}: holds no rhythm waveform")
    date = xml.text_of(root, "TestDemographics", "AcquisitionDate")
    time = xml.text_of(root, "TestDemographics", "AcquisitionTime")
    return Recording(path, FORMAT, with_limb_leads(best), f"{date} {time}".strip())


def _longest(leads: list[Lead]) -> int:
    return max((one.signal.size for one in leads), default=0)


def _rate(waveform: "Element") -> float | None:
    """SampleBase times ten to the SampleExponent, in Hz."""
    base = xml.number(xml.text_of(waveform, "SampleBase"))
    exponent = xml.number(xml.text_of(waveform, "SampleExponent")) or 0.0
    return base * 10**exponent if base and base > 0 and abs(exponent) < 10 else None


def _has_samples(data: "Element") -> bool:
    """Whether a lead was stored; one that was off may have no samples."""
    return bool(xml.text_of(data, "WaveFormData"))


def _lead(path: Path, data: "Element", fs: float | None) -> Lead:
    name = xml.text_of(data, "LeadID")
    content = xml.base64_bytes(path, xml.text_of(data, "WaveFormData"), f"lead {name[:40]}")
    size = int(xml.number(xml.text_of(data, "LeadSampleSize")) or 2)
    claimed = xml.number(xml.text_of(data, "LeadSampleCountTotal"))
    checksum = xml.text_of(data, "LeadDataCRC32")
    if size not in (1, 2, 4) or len(content) % size:
        raise RecordError(f"{path}: the samples of lead {name[:40]} are no integers: copy it again")
    if claimed is not None and claimed != len(content) // size:
        raise RecordError(
            f"{path}: lead {name[:40]} has {len(content) // size} of {claimed:.0f} samples: "
            "the file is cut, copy it again"
        )
    if checksum.isdecimal() and int(checksum[:20]) not in (0, zlib.crc32(content)):
        raise RecordError(
            f"{path}: lead {name[:40]} does not match its checksum: the file is damaged, "
            "copy it again"
        )
    signal = np.frombuffer(content, f"<i{size}").astype(float)
    if xml.text_of(data, "LeadOff").lower() == "true":
        signal[:] = np.nan
    step = xml.number(xml.text_of(data, "LeadAmplitudeUnitsPerBit"))
    unit = xml.text_of(data, "LeadAmplitudeUnits").lower() if step is not None else ""
    return Lead(standard_name(name) or name, unit, fs, signal * (1.0 if step is None else step))
