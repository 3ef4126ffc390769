"""A recording: what a file holds, its leads in the units of the file, before one is selected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers.common import in_millivolts, listed, millivolts
from ecglab.readers.leads import Lead, number_of, select
from ecglab.utils.errors import RecordError

_SAME_RATE = 1e-3
"""Two rates are one where they differ by no more than this share."""


@dataclass(frozen=True, eq=False)
class Recording:
    """All leads of a file.

    path: of the file, for messages; format: its name in words, such as EDF+
    start: date and time of the first sample as the file has it, empty where it has none
    """

    path: Path
    format: str
    leads: Sequence[Lead]
    start: str = ""

    def record(
        self, lead: str | None = None, fs: float | None = None, units: str | None = None
    ) -> Record:
        """One lead in mV, with the id of the recording and why this lead.

        lead: name or number (from 0) of a lead; lead I is found as MDC_ECG_LEAD_I, too. By default
        lead I, else II, else the ECG lead with the best quality
        fs, units: rate in Hz and unit of the samples, where the file does not state them
        Raises RecordError where there is no such lead, where rate or unit are in neither place,
        and where the file states another one.
        """
        if not self.leads:
            raise RecordError(f"{self.path}: has no lead")
        if lead is None:
            number, reason = select(self.leads, fs)
        else:
            number, reason = self._requested(lead)
        found = self.leads[number]
        rate, unit = _rate_and_unit(self.path, found, fs, units)
        with np.errstate(over="ignore"):  # Record refuses what is infinite or beyond any ECG
            signal = in_millivolts(self.path, found.signal, found.name, unit)
            return Record(signal, rate, self.path.stem, found.name, reason)

    def _requested(self, lead: str) -> tuple[int, str]:
        """(place, reason) of a lead that was asked for."""
        number = number_of(self.leads, lead)
        if number is None:
            names = listed([one.name for one in self.leads])
            raise RecordError(f"{self.path}: there is no lead {str(lead)!r:.40}; it has {names}")
        name = self.leads[number].name or str(number)
        return number, f"lead {name}: as requested"


def _rate_and_unit(
    path: Path, lead: Lead, fs: float | None, units: str | None
) -> tuple[float, str]:
    """Rate in Hz and unit of a lead: what the file states, else what is given.

    RecordError where one is in neither place, and where the file states another: what is given
    fills in and never replaces, because no one knows which of the two is right.
    """
    own_rate, own_unit = lead.fs, lead.unit.strip()
    rate, unit = fs if own_rate is None else own_rate, own_unit or units
    if rate is None or not unit:
        absent = [("sampling rate", "--fs HZ", "fs=HZ")] * (rate is None)
        absent += [("unit (mV, µV or V)", "--units UNIT", "units='UNIT'")] * (not unit)
        what, options, arguments = zip(*absent, strict=True)
        raise RecordError(
            f"{path}: the file does not state the {' and the '.join(what)}: give "
            f"{'both' if absent[1:] else 'it'} ({' '.join(options)} on the command line, "
            f"{', '.join(arguments)} in Python)"
        )
    differs = []
    if own_rate is not None and fs is not None and not abs(fs - rate) <= _SAME_RATE * rate:
        differs.append((f"{rate:g} Hz", f"{fs:g} Hz", "--fs"))
    if own_unit and units and millivolts(unit) != millivolts(units):
        differs.append((f"the unit {unit:.16}", f"{units:.16}", "--units"))
    if differs:
        own, given, names = (" and ".join(words) for words in zip(*differs, strict=True))
        raise RecordError(
            f"{path}: the file states {own}, not {given}: leave out {names} (fs=, units= in "
            "Python; for files that state none), or correct the file"
        )
    return rate, unit
