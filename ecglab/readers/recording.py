"""A recording: what a file holds, its leads in the units of the file, before one is selected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.ecg.record import Record
from ecglab.readers.common import checked_rate, chosen_lead, in_millivolts
from ecglab.utils.errors import RecordError


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
        """One lead in mV, with the id of the recording.

        lead: name or number (from 0) of a lead
        fs, units: rate in Hz and unit of the samples, where the file does not state them
        Raises RecordError where there is no such lead, where rate or unit are in neither place,
        and where they differ from those of the file.
        """
        names = [one.name for one in self.leads]
        number = chosen_lead(self.path, names, lead, [one.unit for one in self.leads])
        found = self.leads[number]
        unit = _checked_unit(self.path, found, units)
        signal = in_millivolts(self.path, found.signal, found.name, unit)
        return Record(signal, checked_rate(self.path, found.fs, fs), self.path.stem, found.name)


def _checked_unit(path: Path, lead: Lead, given: str | None) -> str:
    """The unit of a lead: the file's own, else the one given."""
    own = lead.unit.strip()
    if not own and not given:
        raise RecordError(
            f"{path}: the file does not state the unit of its samples: give it "
            "(--units mV on the command line, units='mV' in Python; also µV, V)"
        )
    if own and given and own.casefold() != given.strip().casefold():
        raise RecordError(
            f"{path}: the file states the unit {own}, not {given}: leave the unit out"
        )
    return own or (given or "")
