"""Mortara ELI XML, of electrocardiographs of Mortara, Welch Allyn and Baxter.

No specification is published. Read as open-source readers do: element `CHANNEL` of `ECG`, with
base64 int16 in `DATA`, `UNITS_PER_MV` and `SAMPLE_FREQ` (load_elixml.m of BRAVEHEART).
"""

from pathlib import Path

import numpy as np

from ecglab.readers import xml_file as xml
from ecglab.readers.leads import Lead, standard_name
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "Mortara ELI XML"
SUFFIXES = (".xml",)
LIBRARY = "defusedxml"
RATE, UNIT = "SAMPLE_FREQ", "UNITS_PER_MV"
SAMPLE = "tests/readers/test_other_readers.py"


def matches(path: Path, head: bytes) -> bool:
    return xml.root_name(path, head) == "ecg"


def read(path: Path) -> Recording:
    """All leads, whose unit is the stated number of units per mV.

    Raises RecordError for damaged XML or samples, and for samples of another kind than int16.
    """
    root = xml.parse(path)
    leads = []
    for channel in xml.children(root, "channel"):
        name = xml.attribute(channel, "name")
        bits, form = xml.attribute(channel, "bits"), xml.attribute(channel, "format").upper()
        encoding = xml.attribute(channel, "encoding").upper()
        if (bits, form, encoding) != ("16", "SIGNED", "BASE64"):
            raise RecordError(
                f"{path}: lead {name[:20]!r} has samples of {bits[:9]!r} bits, {form[:9]!r}, "
                f"{encoding[:9]!r}, where 16, SIGNED, BASE64 are read"
            )
        if xml.number(xml.attribute(channel, "offset") or "0"):
            raise RecordError(f"{path}: lead {name[:20]!r} has an OFFSET, whose meaning is unknown")
        content = xml.base64_bytes(path, xml.attribute(channel, "data"), f"lead {name[:20]}")
        per_mv = xml.number(xml.attribute(channel, "units_per_mv"))
        fs = xml.number(xml.attribute(channel, "sample_freq"))
        unit = f"{per_mv:g}/mV" if per_mv and per_mv > 0 else ""
        samples = np.frombuffer(content, "<i2", len(content) // 2).astype(float)
        leads.append(Lead(standard_name(name) or name, unit, fs, samples))
    if not leads:
        raise RecordError(f"{path}: holds no waveform (CHANNEL)")
    return Recording(path, FORMAT, leads, xml.attribute(root, "acquisition_time"))
