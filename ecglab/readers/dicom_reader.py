"""DICOM waveforms: 12-lead, general, ambulatory and hemodynamic ECG, read by pydicom.

DICOM PS3.3, C.10.9 Waveform Module. An object holds multiplex groups, such as a rhythm of 10 s and
a median beat.
"""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers.leads import NUMBERED, Lead, standard_name
from ecglab.readers.library import library
from ecglab.readers.plain_file import content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "DICOM waveform"
SUFFIXES = (".dcm",)
LIBRARY = "pydicom"
RATE, UNIT = "Sampling Frequency", "Channel Sensitivity and its units"
SAMPLE = "dicom/anonymous_ecg.dcm"

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = b"1.2.840.10008.1.2.2"
_WITHOUT_PREAMBLE = tuple(bytes([g, 0, e, 0]) for g, e in ((2, 0), (8, 0), (8, 5), (8, 0x16)))
_TYPES = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4"}
_TAGS = ["WaveformSequence", "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"]
_CODED = ("2:", "5.6.3-9-")
_AS_LONG = 0.9


def matches(path: Path, head: bytes) -> bool:
    return head[128:132] == b"DICM" or head[:4] in _WITHOUT_PREAMBLE


def read(path: Path) -> Recording:
    """The channels of the longest multiplex groups, in the unit of their sensitivity.

    The padding value marks a missing sample. Raises RecordError for damaged data sets, those that
    are deflated, and those without a waveform.
    """
    content = content_of(path)
    if _DEFLATED in content[:1024]:
        raise RecordError(f"{path}: is deflated: convert it (dcmconv +te of DCMTK does)")
    pydicom = library(path, "pydicom")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(io.BytesIO(content), force=True, specific_tags=_TAGS)
            groups = [_Group(group) for group in data.get("WaveformSequence") or ()]
            start = " ".join(str(data.get(tag)) for tag in _TAGS[1:] if data.get(tag))
    except MemoryError:
        raise
    except Exception as error:  # of any kind, on a damaged data set
        raise RecordError(
            f"{path}: its data set is damaged or cut ({' '.join(str(error).split())[:80]}): "
            "copy it again"
        ) from None
    groups = [group for group in groups if group.seconds > 0]
    if not groups:
        raise RecordError(f"{path}: holds no waveform: is it an image or a report?")
    longest = max(group.seconds for group in groups)
    order = "<" if _BIG_ENDIAN + b"\0" not in content[:1024] else ">"
    leads: dict[str, Lead] = {}
    for group in sorted(groups, key=lambda group: group.derived):
        if group.seconds >= _AS_LONG * longest:
            for lead in _leads(path, group, order):
                leads.setdefault(lead.name or f"channel {len(leads)}", lead)
    return Recording(path, FORMAT, list(leads.values()), start)


class _Group:
    """What is needed of a multiplex group."""

    def __init__(self, item: Any):
        self.n_channels = int(item.NumberOfWaveformChannels)
        self.n_samples = int(item.NumberOfWaveformSamples)
        self.fs = float(item.SamplingFrequency)
        self.derived = item.get("WaveformOriginality", "ORIGINAL") != "ORIGINAL"
        self.kind = str(item.get("WaveformSampleInterpretation", ""))
        self.content = bytes(item.get("WaveformData") or b"")
        self.padding = item.get("WaveformPaddingValue")
        self.channels = [_Channel(one) for one in item.ChannelDefinitionSequence]

    @property
    def seconds(self) -> float:
        return self.n_samples / self.fs if self.fs > 0 else 0.0


class _Channel:
    """Name and scale of a channel."""

    def __init__(self, item: Any):
        source = (item.get("ChannelSourceSequence") or [{}])[0]
        code, meaning = str(source.get("CodeValue", "")), str(source.get("CodeMeaning", ""))
        numbers = [code.removeprefix(p) for p in _CODED if code.startswith(p)]
        coded = NUMBERED.get(int(numbers[0])) if numbers and numbers[0].isdecimal() else None
        name = meaning or str(item.get("ChannelLabel", ""))
        self.name = standard_name(name) or coded or name
        units = (item.get("ChannelSensitivityUnitsSequence") or [{}])[0]
        sensitivity = item.get("ChannelSensitivity")
        self.unit = str(units.get("CodeValue", "")) if sensitivity is not None else ""
        correction = item.get("ChannelSensitivityCorrectionFactor")
        self.factor = float(1 if sensitivity is None else sensitivity)
        self.factor *= float(1 if correction is None else correction)
        self.baseline = float(item.get("ChannelBaseline") or 0)


def _leads(path: Path, group: _Group, order: str) -> list[Lead]:
    """The leads of a multiplex group; RecordError where it has less data than it names."""
    if group.kind not in _TYPES:
        raise RecordError(f"{path}: its samples are of the kind {group.kind[:20]!r}, not integers")
    dtype = np.dtype(order + _TYPES[group.kind])
    n = group.n_samples * group.n_channels
    if group.n_channels < 1 or len(group.channels) != group.n_channels:
        raise RecordError(
            f"{path}: names {group.n_channels} channels and describes {len(group.channels)}"
        )
    if n * dtype.itemsize > len(group.content):
        raise RecordError(
            f"{path}: cut, it has {len(group.content) // dtype.itemsize} of {n} samples: "
            "copy it again"
        )
    raw = np.frombuffer(group.content, dtype, n).reshape(group.n_samples, group.n_channels)
    missing = None if group.padding is None else raw == _integer(group.padding, dtype)
    leads = []
    for i, channel in enumerate(group.channels):
        values = raw[:, i] * channel.factor + channel.baseline
        if missing is not None:
            values[missing[:, i]] = np.nan
        leads.append(Lead(channel.name, channel.unit, group.fs, values))
    return leads


def _integer(padding: Any, dtype: np.dtype) -> int:
    """The padding value, which is bytes or a number."""
    if isinstance(padding, bytes):
        return int(np.frombuffer(padding.ljust(dtype.itemsize, b"\0"), dtype, 1)[0])
    return int(padding)
