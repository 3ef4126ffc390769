"""Functions that the readers share: text, voltage units, sampling rate."""

import codecs
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglab.readers.plain_file import content_of
from ecglab.utils.errors import RecordError

_MILLIVOLTS = {
    **dict.fromkeys(("v", "volt", "volts"), 1e3),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1.0),
    **dict.fromkeys(("uv", "µv", "microvolt", "microvolts"), 1e-3),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-6),
}
_SHOWN = 16
_SAME_RATE = 1e-3


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


def millivolts(unit: str) -> float | None:
    """Number of mV in one `unit`; None where it is not a voltage."""
    unit = unit.strip().lower().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    return _MILLIVOLTS.get(unit)


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
