"""Functions that the readers share: text, choice of a lead, voltage units, sampling rate."""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglab.utils.errors import RecordError

_MILLIVOLTS = {
    **dict.fromkeys(("v", "volt", "volts"), 1e3),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1.0),
    **dict.fromkeys(("uv", "µv", "microvolt", "microvolts"), 1e-3),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-6),
}
_ECG_NAME = re.compile(
    r"""(?:.*\b|.*_)?(?:ecg|ekg).*           # ECG, ECG 1, ecg_lead_i
    |(?:lead[ _]?)?(?:m?l|d)?(?:i{1,3})      # I, Lead II, MLII, DI
    |(?:lead[ _]?)?(?:m?c?[vl]|cm|d)\d{1,2}  # V1, MCL1, ML2, CM5, D1
    |(?:lead[ _]?)?a?v[rlf]?                 # aVR, and the V of monitors""",
    re.IGNORECASE | re.VERBOSE,
)
_SHOWN = 16
_SAME_RATE = 1e-3


def text_of(path: Path) -> str:
    """A text file in UTF-8, UTF-16 with its mark, or else Latin-1; RecordError if it is binary."""
    content = path.read_bytes()
    wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise RecordError(f"{path}: is not text: does the suffix match the format?")
    return text


def millivolts(unit: str) -> float | None:
    """Number of mV in one `unit`; None where it is not a voltage. No unit means mV."""
    unit = unit.strip().lower().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    return _MILLIVOLTS.get(unit or "mv")


def chosen_lead(
    path: Path, names: Sequence[str], lead: str | None, units: Sequence[str] | None = None
) -> int:
    """Index of the lead to read: the one of that name, else of that number (from 0).

    names, units: of each lead in the file; without units all are in mV
    By default the first whose name is that of an ECG lead and whose unit is a voltage, else the
    first. Raises RecordError, which lists the leads, where none is `lead`.
    """
    units = units or [""] * len(names)
    if lead is None:
        return next(
            (
                i
                for i, (name, unit) in enumerate(zip(names, units, strict=True))
                if _ECG_NAME.fullmatch(name.strip()) and millivolts(unit)
            ),
            0,
        )
    lead = str(lead).strip()
    for i, name in enumerate(names):
        if name.strip().lower() == lead.lower():
            return i
    if lead.isdecimal() and int(lead) < len(names):
        return int(lead)
    raise RecordError(f"{path}: there is no lead {lead!r}; it has {listed(names)}")


def listed(names: Sequence[str]) -> str:
    """The leads of a file with their numbers, for a message."""
    shown = [str(i) if name in ("", str(i)) else f"{i}: {name}" for i, name in enumerate(names)]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def in_millivolts(path: Path, signal: np.ndarray, name: str, unit: str) -> np.ndarray:
    """The signal (n_samples,) of a lead in mV; RecordError where `unit` is not a voltage."""
    factor = millivolts(unit)
    if factor is None:
        raise RecordError(
            f"{path}: lead {name!r} is in {unit!r}, not in mV, µV or V: "
            "choose another (--lead NAME on the command line, lead= in Python)"
        )
    return signal if factor == 1 else signal * factor


def checked_rate(path: Path, own: float | None, given: float | None) -> float:
    """The sampling rate in Hz: the file's own, else the one given.

    Raises RecordError where there is neither, or where they differ by more than 0.1 %.
    """
    if own is None:
        if given is None:
            raise RecordError(
                f"{path}: the file has no sampling rate: give it in Hz "
                "(--fs 300 on the command line, fs=300 in Python)"
            )
        return given
    if given is not None and not abs(given - own) <= _SAME_RATE * own:
        raise RecordError(
            f"{path}: the file has {own:g} Hz, not {given:g} Hz: leave the rate out, "
            "or correct the file"
        )
    return own


def lead_of_array(path: Path, array: np.ndarray, lead: str | None) -> tuple[np.ndarray, str]:
    """One lead (n_samples,) of an array in mV, and its name: its number where there are several.

    array: (n_samples,), (n_samples, n_leads) or (n_leads, n_samples), float; the longer dimension
    is time. Raises RecordError for other shapes and types.
    """
    if array.dtype.kind in "iu":
        raise RecordError(
            f"{path}: holds integers ({array.dtype}), whose unit is unknown: "
            "save it as floating-point numbers in mV"
        )
    if array.dtype.kind != "f":
        raise RecordError(
            f"{path}: holds {array.dtype}, not numbers: save floating-point numbers in mV"
        )
    if array.ndim not in (1, 2):
        raise RecordError(
            f"{path}: has shape {array.shape}: (n_samples,) or (n_samples, n_leads) is needed"
        )
    if not array.size:
        raise RecordError(f"{path}: empty, it has no samples")
    if array.ndim == 1:
        array = array[:, None]
    elif array.shape[0] < array.shape[1]:
        array = array.T
    names = [str(i) for i in range(array.shape[1])]
    number = chosen_lead(path, names, lead)
    return array[:, number], names[number] if len(names) > 1 else ""
