"""Reads recordings from files: one module per format, chosen by the file's suffix."""

import os
from pathlib import Path
from typing import Any

from ecglab.ecg.record import Record
from ecglab.readers import csv_reader, mat_reader, npy_reader, wfdb_reader
from ecglab.utils.errors import RecordError

_READERS = (wfdb_reader, csv_reader, npy_reader, mat_reader)
"""Each has SUFFIXES and read(path, lead, fs) -> Record. Add a new format to this tuple."""

READERS = {suffix: reader for reader in _READERS for suffix in reader.SUFFIXES}
"""{suffix: module that reads such files}"""


def read(path: str | Path, lead: str | None = None, fs: float | None = None) -> Record:
    """Read one lead of a recording in mV, in any format; its id is the name without suffix.

    path: a file, or a WFDB record by its name without suffix
    lead: name or number (as text, from 0) of a lead where there are several; by default the
    first that is an ECG lead in mV, else the first
    fs: sampling rate in Hz, needed where the file has none

    Raises RecordError for a file that cannot be read: one line with what, where and what to do.

    >>> lines = [f"{i / 300:.4f},{i % 300 / 300:.3f}" for i in range(3000)]
    >>> _ = Path("mine.csv").write_text("\\n".join(["time_s,ecg_mV", *lines]))
    >>> record = read("mine.csv")
    >>> record.id, record.lead, record.n_samples, round(record.fs)
    ('mine', 'ecg', 3000, 300)
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a recording is read from the path of its file, not from {path!r:.40}")
    path = Path(path)
    try:
        return _reader_of(path).read(path, lead, fs)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror or error})") from None


def _reader_of(path: Path) -> Any:
    """The module that reads this file."""
    if wfdb_reader.header_of(path):
        return wfdb_reader
    if path.is_dir():
        raise RecordError(f"{path}: is a folder: name a file in it")
    if not path.exists():
        raise RecordError(f"{path}: there is no such file")
    if not path.stat().st_size:
        raise RecordError(f"{path}: empty, it has no bytes: copy it again")
    reader = READERS.get(path.suffix.lower())
    if not reader:
        raise RecordError(
            f"{path}: format not supported: convert the file to one of {', '.join(READERS)} "
            "(a WFDB record may be named without suffix)"
        )
    return reader
