"""Reads recordings from files: one module per format, selected by the content of the file."""

import os
from pathlib import Path
from types import ModuleType

from ecglab.ecg.record import Record
from ecglab.readers import (
    aecg_reader,
    apple_reader,
    atc_reader,
    csv_reader,
    dicom_reader,
    edf_reader,
    ishne_reader,
    json_reader,
    mat_reader,
    mortara_reader,
    muse_reader,
    npy_reader,
    parquet_reader,
    philips_reader,
    schiller_reader,
    scp_reader,
    wav_reader,
    wfdb_reader,
)
from ecglab.readers.plain_file import content_of
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

READERS: tuple[ModuleType, ...] = (
    wfdb_reader,
    npy_reader,
    parquet_reader,
    wav_reader,
    atc_reader,
    edf_reader,
    dicom_reader,
    ishne_reader,
    scp_reader,
    aecg_reader,
    muse_reader,
    philips_reader,
    mortara_reader,
    schiller_reader,
    mat_reader,
    json_reader,
    apple_reader,
    csv_reader,
)
"""In the order in which they are asked, from strict signatures to plain text.

The first one that matches reads the file: one behind `csv_reader` is never asked about text.

Each has FORMAT, SUFFIXES, LIBRARY, RATE, UNIT and SAMPLE, its row in the table of formats;
matches(path, head) -> bool, which looks at the first bytes of a file, and read(path) -> Recording.
"""

_HEAD = 4096


def read(
    path: str | Path, lead: str | None = None, fs: float | None = None, units: str | None = None
) -> Record:
    """Read one lead of a recording in mV, in any format; its id is the name without suffix.

    path: a file, or a WFDB record by its name without suffix
    lead: name or number (as text, from 0) of a lead where there are several
    fs, units: sampling rate in Hz and unit of the samples (mV, µV, V), where the file does not
    state them

    The file is read by a process of its own (`ecglab.readers.worker`), with limits on time, memory
    and size: it can be anything. Raises RecordError for a file that cannot be read: one line with
    what, where and what to do.

    >>> lines = [f"{i / 300:.4f},{i % 300 / 300:.3f}" for i in range(3000)]
    >>> _ = Path("mine.csv").write_text("\\n".join(["time_s,ecg_mV", *lines]))
    >>> record = read("mine.csv")
    >>> record.id, record.lead, record.n_samples, round(record.fs)
    ('mine', 'ecg', 3000, 300)
    """
    from ecglab.readers import worker

    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a recording is read from the path of its file, not from {path!r:.40}")
    return worker.shared().read(path, lead, fs, units)


def read_here(
    path: str | Path, lead: str | None = None, fs: float | None = None, units: str | None = None
) -> Record:
    """Read as `read` does, in this process and without limits."""
    return read_recording(path).record(lead, fs, units)


def read_recording(path: str | Path) -> Recording:
    """All leads of a recording in any format, in the units of the file. Raises RecordError.

    It is read in this process and without limits.
    """
    path = Path(path)
    return _reader_of(path).read(path)


def _reader_of(path: Path) -> ModuleType:
    """The module that reads this file."""
    head = b""
    if not wfdb_reader.header_of(path):  # a WFDB record may be named by what is no file
        head = content_of(path, _HEAD)
        if not head:
            raise RecordError(f"{path}: empty, it has no bytes: copy it again")
    reader = next((reader for reader in READERS if reader.matches(path, head)), None)
    if not reader:
        if path.suffix.lower() == ".dat":
            raise RecordError(
                f"{path}: {path.stem}.hea is missing beside it: a WFDB record is both files"
            )
        raise RecordError(
            f"{path}: its content is of no known format: is it a recording, is it damaged? "
            "'ecglab formats' lists what is read"
        )
    return reader
