"""A recording: what a file holds, its leads in the units of the file, before one is selected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers.common import checked_rate, in_millivolts, listed, millivolts
from ecglab.readers.leads import Lead, number_of, select
from ecglab.utils.errors import RecordError


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
        and where they differ from those of the file.
        """
        if not self.leads:
            raise RecordError(f"{self.path}: has no lead")
        if lead is None:
            number, reason = select(self.leads, fs)
        else:
            number, reason = self._requested(lead)
        found = self.leads[number]
        unit = _checked_unit(self.path, found, units)
        rate = checked_rate(self.path, found.fs, fs)
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


def _checked_unit(path: Path, lead: Lead, given: str | None) -> str:
    """The unit of a lead: the file's own, else the one given."""
    own = lead.unit.strip()
    if not own and not given:
        raise RecordError(
            f"{path}: the file does not state the unit of its samples: give it "
            "(--units mV on the command line, units='mV' in Python; also µV, V)"
        )
    if own and given and millivolts(own) != millivolts(given):
        raise RecordError(
            f"{path}: the file states the unit {own}, not {given}: leave the unit out"
        )
    return own or (given or "")
