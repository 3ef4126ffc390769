"""Functions that the readers share: text, units, sampling rates, names of settings."""

import codecs
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglab.readers.plain_file import content_of
from ecglab.utils.errors import RecordError

_MILLIVOLTS = {
    **dict.fromkeys(("v", "volt", "volts"), 1e3),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1.0),
    **dict.fromkeys(("uv", "µv", "mcv", "microvolt", "microvolts"), 1e-3),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-6),
}
_RATES = {
    *("fs", "fshz", "sfreq", "srate", "hz", "frequency", "frequencyhz"),
    *(
        f"{first}{second}{unit}"
        for first in ("sample", "sampling", "samples")
        for second in ("rate", "frequency", "freq")
        for unit in ("", "hz", "hertz", "inhz")
    ),
}
_UNITS = {"unit", "units", "einheit", "unité", "unidad"}
_SHOWN = 16
_LONGEST = 60


def text_of(path: Path) -> str:
    """A text file in UTF-8, UTF-16 with its mark, or else Latin-1; RecordError if it is binary."""
    content = content_of(path)
    wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise RecordError(f"{path}: is not text: does the suffix match the format?")
    return text


def letters(name: str) -> str:
    """The letters and digits of a name in small letters, so that Sampling_Rate is samplingrate."""
    return "".join(filter(str.isalnum, name[:_LONGEST].casefold()))


def is_rate_name(name: str) -> bool:
    """Whether a name is that of a sampling rate: fs, Sampling Rate, samplingFrequencyHz."""
    return letters(name) in _RATES


def is_unit_name(name: str) -> bool:
    """Whether a name is that of a unit: unit, units."""
    return letters(name) in _UNITS


def number_in(text: object) -> float | None:
    """The number with which a text begins, as in "512 hertz" or "512,0 Hz"; None without one.

    NaN is one: a file that states it is refused, and the rate or unit that is given not taken.
    """
    words = str(text)[:_LONGEST].replace(",", ".").split()
    if not words:
        return None
    digits = words[0].rstrip("HhertzZ ")
    try:
        return float(digits)
    except ValueError:
        return None


def millivolts(unit: str) -> float | None:
    """Number of mV in one `unit`; None where it is not a voltage.

    A unit is mV, µV, V, nV or a number of them, such as 1000/mV for samples of 1000 per mV.
    """
    unit = unit[:_LONGEST].strip().lower().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    per, slash, rest = unit.rpartition("/")
    factor = _MILLIVOLTS.get(rest.strip())
    if not slash or factor is None:
        return factor
    number = number_in(per)
    return factor / number if number and number > 0 else None


def listed(names: Sequence[str]) -> str:
    """The leads of a file with their numbers, for a message."""
    shown = [
        str(i) if name in ("", str(i)) else f"{i}: {name[:_LONGEST]}"
        for i, name in enumerate(names[: _SHOWN + 1])
    ]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def in_millivolts(path: Path, signal: np.ndarray, name: str, unit: str) -> np.ndarray:
    """The signal (n_samples,) of a lead in mV; RecordError where `unit` is not a voltage."""
    factor = millivolts(unit)
    if factor is None:
        raise RecordError(
            f"{path}: lead {name[:_LONGEST]!r} is in {unit[:_LONGEST]!r}, not in mV, µV or V: "
            "choose another (--lead NAME on the command line, lead= in Python)"
        )
    return signal if factor == 1 else signal * factor
