"""Philips SierraECG XML, versions 1.03 and 1.04, of PageWriter and other electrocardiographs."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.readers import xli
from ecglab.readers import xml_file as xml
from ecglab.readers.leads import Lead, standard_name
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = "Philips SierraECG"
SUFFIXES = (".xml",)
LIBRARY = "defusedxml"
RATE, UNIT = "samplingrate", "resolution, in µV"
SAMPLE = "philips/129DYPRG.XML"

_STANDARD = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
_MOST_SECONDS = 3600


def matches(path: Path, head: bytes) -> bool:
    return xml.root_name(path, head) == "restingecgdata"


def read(path: Path) -> Recording:
    """All leads of the waveform in µV.

    Raises RecordError for damaged XML or samples and for a compression other than XLI.
    """
    root = xml.parse(path)
    waveform = next(xml.descendants(root, "parsedwaveforms"), None)
    signals = next(xml.descendants(root, "signalcharacteristics"), None)
    if waveform is None or signals is None:
        raise RecordError(f"{path}: holds no waveform (parsedwaveforms)")
    fs = xml.number(xml.text_of(signals, "samplingrate")) or xml.number(
        xml.attribute(waveform, "samplespersecond")
    )
    milliseconds = xml.number(xml.attribute(waveform, "durationperchannel"))
    if not fs or not milliseconds or not 0 < fs <= 1e5:
        raise RecordError(f"{path}: names no sampling rate or no duration: export it again")
    if not 0 < milliseconds <= 1000 * _MOST_SECONDS:
        raise RecordError(f"{path}: claims {milliseconds / 1000:g} s, which no resting ECG has")
    names = _names(signals, waveform)
    values = _samples(path, waveform, names, round(milliseconds * fs / 1000))
    resolution = xml.number(
        xml.attribute(waveform, "resolution")
        or xml.text_of(signals, "resolution")
        or xml.text_of(signals, "signalresolution")
    )
    unit, step = ("µV", resolution) if resolution else ("", 1.0)
    values = _without_calibration(values, 1000 / step)
    leads = [Lead(n, unit, fs, step * v) for n, v in zip(names, values, strict=False)]
    acquired = next(xml.descendants(root, "dataacquisition"), None)
    start = f"{xml.attribute(acquired, 'date')} {xml.attribute(acquired, 'time')}".strip()
    return Recording(path, FORMAT, leads, start)


def _names(signals: "Element", waveform: "Element") -> list[str]:
    """Names of the leads: in the file (1.04), else in the standard order (1.03)."""
    labels = xml.attribute(waveform, "leadlabels").replace(",", " ").split()
    if labels:
        n = int(xml.number(xml.attribute(waveform, "numberofleads")) or len(labels))
        return [standard_name(label) or label for label in labels[: max(n, 0)]]
    n = int(xml.number(xml.text_of(signals, "numberchannelsallocated")) or len(_STANDARD))
    return (_STANDARD + [f"channel {i}" for i in range(13, 17)])[: max(n, 0)]


def _samples(path: Path, waveform: "Element", names: list[str], n_samples: int) -> list[np.ndarray]:
    """The integers (n_samples,) of each lead."""
    n_leads = len(names)
    encoding = xml.attribute(waveform, "dataencoding").lower()
    method = xml.attribute(waveform, "compression") or xml.attribute(waveform, "compressmethod")
    compressed = method.lower() not in ("", "none", "uncompressed")
    if xml.attribute(waveform, "compressflag").lower() == "false":
        compressed = False
    if encoding == "plain" and not compressed:
        try:
            values = np.array((waveform.text or "").replace(",", " ").split(), float)
        except ValueError:
            raise RecordError(f"{path}: its samples are not numbers: copy it again") from None
    elif encoding in ("", "base64"):
        content = xml.base64_bytes(path, waveform.text, "the waveform")
        if compressed:
            stored = _decompressed(path, method, content, n_leads, n_samples)
            return _limb_leads(stored) if names[:6] == _STANDARD[:6] else stored
        values = np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(float)
    else:
        raise RecordError(f"{path}: its samples are encoded as {encoding[:40]}, not as base64")
    if values.size < n_leads * n_samples:
        raise RecordError(
            f"{path}: has {values.size} of {n_leads * n_samples} samples: it is cut, copy it again"
        )
    return list(values[: n_leads * n_samples].reshape(n_leads, n_samples))


def _decompressed(
    path: Path, method: str, content: bytes, n_leads: int, n_samples: int
) -> list[np.ndarray]:
    if method.upper() != "XLI":
        raise RecordError(f"{path}: its compression {method[:40]} is not read, only XLI")
    try:
        return xli.decode(content, n_leads, n_samples)
    except ValueError as error:
        raise RecordError(f"{path}: damaged or cut, {error}: copy it again") from None


def _without_calibration(values: list[np.ndarray], millivolt: float) -> list[np.ndarray]:
    """The samples before the calibration, a pulse of 1 mV at the end of all leads."""
    if len(values) < 3:
        return values
    stacked = np.array(values)
    same = (stacked == stacked[0]).all(axis=0) & np.isin(stacked[0], (0, millivolt))
    end = int(np.flatnonzero(~same)[-1]) + 1 if not same.all() else 0
    pulse = bool((stacked[0, end:] == millivolt).any())
    return list(stacked[:, :end]) if pulse and end else values


def _limb_leads(stored: list[np.ndarray]) -> list[np.ndarray]:
    """Leads I, II, III, aVR, aVL, aVF, ...: XLI stores how III to aVF differ from I and II."""
    if len(stored) < 6:
        return stored
    i, ii, iii, avr, avl, avf = stored[:6]
    iii = ii - i - iii
    limbs = [-avr - (i + ii) // 2, (i - iii) // 2 - avl, (ii + iii) // 2 - avf]
    return [i, ii, iii, *limbs, *stored[6:]]
