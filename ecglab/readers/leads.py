"""The leads of a recording, their names as devices write them, and which one is read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ecglab.ecg import quality
from ecglab.ecg.features import qrs
from ecglab.ecg.features import quality as features
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.record import MIN_FS
from ecglab.readers.common import millivolts

NUMBERED = {
    **dict(enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "V7"), 1)),
    **{i: f"V{i - 8}R" for i in range(10, 16)},
    **{16: "X", 17: "Y", 18: "Z", 19: "CC5", 20: "CM5"},
    **dict(enumerate(("III", "aVR", "aVL", "aVF", "-aVR", "V8", "V9"), 61)),
    **{91: "MCL", **{91 + i: f"MCL{i}" for i in range(1, 7)}},
    **{131: "ES", 132: "AS", 133: "AI"},
}
"""{number: name} of the leads of SCP-ECG (EN 1064), which the codes of DICOM repeat."""

_STANDARD = {
    name.upper(): name
    for name in ("I", "II", "III", "aVR", "aVL", "aVF", *(f"V{i}" for i in range(1, 10)))
} | {
    **{"DI": "I", "D1": "I", "DII": "II", "D2": "II", "DIII": "III", "D3": "III"},
    **{"VR": "aVR", "VL": "aVL", "VF": "aVF", "MLII": "II", "ML2": "II"},
    **{"LA-RA": "I", "LL-RA": "II", "LL-LA": "III"},
}
_FILLER = {
    *("MDC", "ECG", "EKG", "LEAD", "ABL", "ABLEITUNG", "DERIVATION", "CH", "CHANNEL", "EINTHOVEN"),
    *("GOLDBERGER", "WILSON", "MODIFIED", "STANDARD", "LIMB", "AUGMENTED", "CHEST", "PRECORDIAL"),
    *("RAW", "FILTERED"),
}
_ECG_WORD = re.compile(r"(ECG|EKG).{0,8}|M?CL\d|C[CMSHR]\d|V\d{1,2}R?|MV\d|ML\d|V")
_OTHER_WORD = re.compile(
    r"(EEG|EMG|EOG|RESP|PPG|PLETH|SPO2|ABP|ART|CVP|PAP|TEMP|FLOW|ACC|GSR|EDA|SAO2|NASAL|THOR|ABD"
    r"|SNORE|STATUS|MARKER|TRIGGER|EVENT).{0,12}"
)
_LONGEST = 64
_COMPARED = 32
_COMPARED_SECONDS = 30


@dataclass(frozen=True, eq=False)
class Lead:
    """One channel of a recording.

    name: as in the file, empty where it has none
    unit: as in the file, such as mV or µV; empty where the file does not state it
    fs: sampling rate in Hz; None where the file does not state it
    signal: (n_samples,) float, in `unit`; NaN marks a missing sample
    """

    name: str
    unit: str
    fs: float | None
    signal: np.ndarray


class LateLead(Lead):
    """A lead whose samples are converted when they are asked for, so that a file may be long."""

    def __init__(self, name: str, unit: str, fs: float | None, load: Callable[[], np.ndarray]):
        for key, value in (("name", name), ("unit", unit), ("fs", fs), ("_load", load)):
            object.__setattr__(self, key, value)

    @property
    def signal(self) -> np.ndarray:  # type: ignore[override]  # read-only, as all of a Lead
        return self._load()  # type: ignore[attr-defined]


def _words(name: str) -> list[str]:
    """The words of a name in capitals, without those that only say that it is a lead."""
    words = re.split(r"[\s_.,:;()\[\]/\\]+", name[:_LONGEST].upper())
    return [word for word in words if word and word not in _FILLER]


def standard_name(name: str) -> str:
    """A lead of the standard ECG as I, II, III, aVR, aVL, aVF, V1 to V9; empty for other names.

    >>> names = ("MDC_ECG_LEAD_II", "Lead I (Einthoven)", "DIII", "ECG 1")
    >>> [standard_name(name) for name in names]
    ['II', 'I', 'III', '']
    """
    words = _words(name)
    if len(words) != 1:
        return ""
    word = words[0]
    for filler in ("ECG", "EKG", "LEAD"):
        word = word.removeprefix(filler).removeprefix("-") if word != filler else word
    return _STANDARD.get(word, "")


def with_limb_leads(leads: Sequence[Lead]) -> list[Lead]:
    """The leads, and III, aVR, aVL and aVF as I and II determine them (Einthoven, Goldberger).

    I and II are there, of one unit, rate and length, or nothing is added.
    """
    there = {one.name: one for one in leads}
    if "I" not in there or "II" not in there:
        return list(leads)
    i, ii = there["I"], there["II"]
    if (i.unit, i.fs, i.signal.size) != (ii.unit, ii.fs, ii.signal.size):
        return list(leads)
    derived = {
        "III": ii.signal - i.signal,
        "aVR": -(i.signal + ii.signal) / 2,
        "aVL": i.signal - ii.signal / 2,
        "aVF": ii.signal - i.signal / 2,
    }
    added = [Lead(n, i.unit, i.fs, signal) for n, signal in derived.items() if n not in there]
    return [*leads, *added]


def is_ecg(name: str) -> bool:
    """Whether a name is that of an ECG lead: I, V5, ECG 1, MCL1."""
    capitals = name[:_LONGEST].upper()
    words = re.split(r"[\s_.,:;()\[\]/\\-]+", capitals)
    return bool(standard_name(name)) or any(_ECG_WORD.fullmatch(word) for word in words)


def number_of(leads: Sequence[Lead], wanted: str) -> int | None:
    """Place of the lead of that name, else of that standard lead, else of that number (from 0).

    A name may be followed by the unit, as in a column ecg_mV.
    """
    wanted = str(wanted).strip()
    for same in (str.casefold, standard_name):
        for i, lead in enumerate(leads):
            if same(wanted) and same(lead.name.strip()) == same(wanted):
                return i
    for i, lead in enumerate(leads):
        if lead.unit and _letters(lead.name + lead.unit) == _letters(wanted):
            return i
    if wanted.isascii() and wanted.isdecimal() and int(wanted[:9]) < len(leads):
        return int(wanted)
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def select(leads: Sequence[Lead], fs: float | None = None) -> tuple[int, str]:
    """(place, reason in words) of the lead to read: I, else II, else the best ECG lead.

    fs: rate in Hz of leads that have none
    A lead that is flat or without samples, or whose unit is no voltage, is left out.
    """
    if len(leads) == 1:
        return 0, _reason(leads[0], "the only one of the file")
    voltages = [i for i, one in enumerate(leads) if not one.unit or millivolts(one.unit)]
    standard = [standard_name(lead.name) for lead in leads]
    absent: list[str] = []
    for name in ("I", "II"):
        for i in voltages:
            if standard[i] == name and _moves(leads[i].signal):
                why = "; ".join(absent) or f"preferred to the other {len(leads) - 1}"
                return i, _reason(leads[i], why)
        there = name in standard
        absent.append(f"lead {name} is flat" if there else f"the file has no lead {name}")
    named = [i for i in voltages if is_ecg(leads[i].name)]
    maybe = [i for i in voltages if not any(map(_OTHER_WORD.fullmatch, _words(leads[i].name)))]
    candidates = [i for i in (named or maybe or voltages)[:_COMPARED] if _moves(leads[i].signal)]
    if not candidates:
        return 0, _reason(leads[0], "no lead has a signal in mV")
    if len(candidates) == 1:
        return candidates[0], _reason(leads[candidates[0]], "the only one with an ECG")
    best = max(candidates, key=lambda i: _quality(leads[i], fs))
    why = f"the best quality of {len(candidates)}; the file has no usable lead I or II"
    return best, _reason(leads[best], why)


def _reason(lead: Lead, why: str) -> str:
    return f"lead {lead.name}: {why}" if lead.name else why


def _moves(signal: np.ndarray) -> bool:
    """Whether a signal has two different samples."""
    return signal.size > 0 and bool(np.fmax.reduce(signal) > np.fmin.reduce(signal))


def _quality(lead: Lead, fs: float | None) -> float:
    """Signal quality of the middle of a lead, from 0 to 1; below 0 where it has no beats."""
    rate = lead.fs or fs or 0.0
    if not rate >= MIN_FS:
        return -1.0
    signal = lead.signal
    n = min(signal.size, round(_COMPARED_SECONDS * rate))
    start = (signal.size - n) // 2
    part = signal[start : start + n]
    if n < rate or not np.isfinite(part).any() or not _moves(part):
        return -1.0
    bands = Bands(part, rate)
    r = qrs.detect(bands)
    return quality.quality(features.features(bands, r)) if r.size else -1.0
