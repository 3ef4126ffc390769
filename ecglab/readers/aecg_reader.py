"""HL7 annotated ECG (aECG), the XML of drug trials and of many electrocardiographs.

HL7 Version 3 Standard: Regulated Studies, Annotated ECG, Release 1 (ANSI, 2004); the guide of
Brown and Badilini (2005) explains it. A series holds sets of sequences: one of times, one a lead.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.readers import xml_file as xml
from ecglab.readers.common import millivolts
from ecglab.readers.leads import Lead, standard_name
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = "HL7 aECG"
SUFFIXES = (".xml",)
LIBRARY = "defusedxml"
RATE, UNIT = "increment of the time sequence", "scale of the lead"
SAMPLE = "aecg/subject1_0.xml"

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def matches(path: Path, head: bytes) -> bool:
    return xml.root_name(path, head) == "annotatedecg"


def read(path: Path) -> Recording:
    """All leads of the longest set of sequences that is a rhythm, not a representative beat.

    Raises RecordError for damaged XML, digits that are no numbers, and a file without a rhythm.
    """
    root = xml.parse(path)
    best: tuple[float, list[Lead], str] = (0.0, [], "")
    for series in xml.children(root, "component", "series"):
        code = xml.attribute(next(xml.children(series, "code"), None), "code")
        if code.upper() == "REPRESENTATIVE_BEAT":
            continue
        for sequences in xml.children(series, "component", "sequenceSet"):
            leads, start = _leads(path, sequences)
            seconds = max((one.signal.size / (one.fs or 1.0) for one in leads), default=0.0)
            if seconds > best[0]:
                best = (seconds, leads, start)
    if not best[1]:
        raise RecordError(f"{path}: holds no rhythm, only what was derived from one")
    return Recording(path, FORMAT, best[1], best[2])


def _leads(path: Path, sequences: "Element") -> tuple[list[Lead], str]:
    """The leads of a set of sequences, and the time of the first sample."""
    fs, start, found = None, "", []
    for sequence in xml.children(sequences, "component", "sequence"):
        code = xml.attribute(next(xml.children(sequence, "code"), None), "code")
        value = next(xml.children(sequence, "value"), None)
        if value is None:
            continue
        if code.upper().startswith("TIME_"):
            fs = _rate(next(xml.children(value, "increment"), None))
            if code.upper() == "TIME_ABSOLUTE":
                start = xml.attribute(next(xml.children(value, "head"), None), "value")
        elif digits := xml.text_of(value, "digits"):
            found.append((code, value, digits))
    return [_lead(path, code, value, digits, fs) for code, value, digits in found], start


def _rate(increment: "Element | None") -> float | None:
    """The sampling rate in Hz of the time from one sample to the next; None without a unit."""
    step = xml.number(xml.attribute(increment, "value"))
    unit = xml.attribute(increment, "unit").lower()
    seconds = _SECONDS.get(unit.replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}"))
    return 1 / (step * seconds) if step and step > 0 and seconds else None


def _lead(path: Path, code: str, value: "Element", digits: str, fs: float | None) -> Lead:
    """A lead of origin + scale times digits, in the unit of the scale."""
    name = standard_name(code) or code.upper().removeprefix("MDC_ECG_LEAD_")
    try:
        signal = np.array(digits.split(), float)
    except ValueError:
        raise RecordError(
            f"{path}: the digits of lead {name[:40]} are not numbers: copy it again"
        ) from None
    scale = next(xml.children(value, "scale"), None)
    origin = next(xml.children(value, "origin"), None)
    unit = xml.attribute(scale, "unit")
    step = xml.number(xml.attribute(scale, "value"))
    offset = xml.number(xml.attribute(origin, "value")) or 0.0
    factor, own = millivolts(xml.attribute(origin, "unit")), millivolts(unit)
    if offset and factor and own and xml.attribute(origin, "unit"):
        offset *= factor / own
    return Lead(name, unit, fs, offset + (1.0 if step is None else step) * signal)
