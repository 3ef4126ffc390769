"""Schiller XML, of electrocardiographs of Schiller.

No specification is published. Read as open-source readers do: `wavedata` of type `ECG_RHYTHMS`
below `eventdata`, with its resolution and comma-separated samples (load_schillerxml.m of
BRAVEHEART).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.readers import xml_file as xml
from ecglab.readers.leads import Lead, standard_name
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = "Schiller XML"
SUFFIXES = (".xml",)
LIBRARY = "defusedxml"
RATE, UNIT = "resolution/samplerate", "resolution/yres"
SAMPLE = "tests/readers/test_other_readers.py"

_MARKS = (b"<eventdata", b"<examdescript")


def matches(path: Path, head: bytes) -> bool:
    plain = head.replace(b"\0", b"").lower()
    return bool(xml.root_name(path, head)) and any(mark in plain for mark in _MARKS)


def read(path: Path) -> Recording:
    """All leads of the rhythm strip, in the unit of the file.

    Raises RecordError for damaged XML, and for samples that are not numbers between commas.
    """
    root = xml.parse(path)
    rhythm = next(
        (
            wave
            for wave in xml.descendants(root, "wavedata")
            if xml.text_of(wave, "type").upper() == "ECG_RHYTHMS"
        ),
        None,
    )
    if rhythm is None:
        raise RecordError(f"{path}: holds no rhythm strip (wavedata of type ECG_RHYTHMS)")
    fs = xml.number(xml.text_of(rhythm, "resolution", "samplerate", "value"))
    if xml.number(xml.text_of(rhythm, "resolution", "samplerate", "exponent") or "1") != 1:
        raise RecordError(f"{path}: its sampling rate has an exponent, whose meaning is unknown")
    step = xml.number(xml.text_of(rhythm, "resolution", "yres", "unitperbit"))
    unit = xml.text_of(rhythm, "resolution", "yres", "units")
    if not step:
        step, unit = 1.0, ""
    leads = [
        Lead(name, unit, fs, step * _samples(path, channel, name))
        for channel in xml.children(rhythm, "channel")
        for name in [standard_name(xml.text_of(channel, "name")) or xml.text_of(channel, "name")]
    ]
    if not leads:
        raise RecordError(f"{path}: its rhythm strip has no channel")
    when = next(xml.descendants(root, "startdatetime"), None)
    start = "" if when is None else f"{xml.text_of(when, 'date')} {xml.text_of(when, 'time')}"
    return Recording(path, FORMAT, leads, start.strip())


def _samples(path: Path, channel: "Element", name: str) -> np.ndarray:
    text = xml.text_of(channel, "data").replace(",", " ")
    try:
        return np.array(text.split(), float)
    except ValueError:
        raise RecordError(
            f"{path}: the samples of lead {name[:20]!r} are not numbers between commas"
        ) from None
