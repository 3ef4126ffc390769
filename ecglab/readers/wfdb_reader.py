"""WFDB records: a header (.hea) and the files of samples, or the segments, that it names."""

from functools import partial
from pathlib import Path

import numpy as np

from ecglab.readers.common import text_of
from ecglab.readers.leads import Lead
from ecglab.readers.library import library
from ecglab.readers.plain_file import content_of, named_by
from ecglab.readers.recording import Recording
from ecglab.readers.wfdb_header import Header, SignalHeader, parse_header
from ecglab.readers.wfdb_signals import physical, read_samples
from ecglab.utils.errors import RecordError

FORMAT = "WFDB"
SUFFIXES = (".hea", ".dat", ".mat")
LIBRARY = "NumPy, soundfile"
RATE, UNIT = "header", "header"
SAMPLE = "wfdb/100.hea"

_GAP = "~"
_MOST_MISSING = 10
_HEADER_BYTES = 1 << 16


def matches(path: Path, head: bytes) -> bool:
    """Whether there is a header of a record of this name."""
    return path.suffix.lower() == ".hea" or header_of(path) is not None


def header_of(path: Path) -> Path | None:
    """The header beside `path`, which names a record or one of its files; None without one.

    A MATLAB file is one of them only where the header names it: it can be another recording.
    """
    if not path.name:
        return None
    if path.suffix.lower() in SUFFIXES:
        header = path.with_suffix(".hea")
    else:
        header = path.with_name(path.name + ".hea")
    if not header.is_file():
        return None
    other = path.suffix.lower() == ".mat" and not _names(header, path)
    return None if other else header


def _names(header: Path, path: Path) -> bool:
    try:
        return path.name.encode() in content_of(header, _HEADER_BYTES)
    except RecordError:  # reading it will tell why
        return True


def read(path: Path) -> Recording:
    """Read a WFDB record, named by its header, a file of samples, or no suffix.

    The format is that of https://wfdb.io/spec, with records in segments, signals of several rates
    and skewed ones. Missing samples are NaN.

    Raises RecordError for a missing, cut or damaged file.
    """
    path = header_of(path) or path
    header = parse_header(text_of(path), str(path))
    if header.segments:
        return Recording(path, FORMAT, _in_segments(path, header), header.start)
    leads = [
        Lead(signal.lead, signal.units, header.fs * signal.per_frame, values)
        for signal, values in zip(header.signals, _signals(path, header), strict=True)
        if values.size
    ]
    if not leads:
        raise RecordError(f"{path}: has no signal")
    return Recording(path, FORMAT, leads, header.start)


def _signals(path: Path, header: Header) -> list[np.ndarray]:
    """The signals of a record, or of a segment, in their units."""
    samples = read_samples(
        header,
        lambda file: content_of(named_by(path, file)),
        str(path),
        partial(library, path, "soundfile"),
    )
    return [
        physical(signal, values) for signal, values in zip(header.signals, samples, strict=True)
    ]


def _in_segments(path: Path, header: Header) -> list[Lead]:
    """The leads of a record in segments, NaN where a segment lacks them.

    They are those of its layout, a first segment without samples, or else of its first segment.
    """
    parts = {
        segment.record: _segment(path, header, segment.record)
        for segment in header.segments
        if segment.record != _GAP
    }
    if not parts:
        raise RecordError(f"{path}: has no segment with samples")
    first = next(segment for segment in header.segments if segment.record != _GAP)
    signals = parts[first.record].signals
    by_name = not first.n_frames or len({len(part.signals) for part in parts.values()}) > 1
    n_frames = sum(segment.n_frames for segment in header.segments)
    n_stored = sum(segment.n_frames for segment in header.segments if segment.record != _GAP)
    if n_frames > _MOST_MISSING * n_stored:
        raise RecordError(f"{path}: claims {n_frames} samples, of which only {n_stored} are stored")
    found = [np.full(n_frames * signal.per_frame, np.nan, np.float32) for signal in signals]
    at = 0
    for segment in header.segments:
        if segment.record != _GAP and segment.n_frames:
            part = parts[segment.record]
            if part.n_samples not in (None, segment.n_frames):
                raise RecordError(
                    f"{path}: segment {segment.record} has {part.n_samples} samples, not "
                    f"{segment.n_frames}"
                )
            values = _signals(named_by(path, f"{segment.record}.hea"), part)
            place = {s.lead if by_name else i: i for i, s in enumerate(part.signals)}
            for i, signal in enumerate(signals):
                source = place.get(signal.lead if by_name else i)
                if source is not None:
                    _check_alike(path, segment.record, signal, part.signals[source])
                    start = at * signal.per_frame
                    whole = segment.n_frames * signal.per_frame
                    found[i][start : start + whole] = values[source][:whole]
        at += segment.n_frames
    return [
        Lead(signal.lead, signal.units, header.fs * signal.per_frame, values)
        for signal, values in zip(signals, found, strict=True)
    ]


def _segment(path: Path, header: Header, name: str) -> Header:
    """The header of a segment, which has signals and the rate of the record."""
    segment_path = named_by(path, f"{name}.hea")
    found = parse_header(text_of(segment_path), str(segment_path))
    if found.segments:
        raise RecordError(f"{path}: segment {name} is itself in segments")
    if abs(found.fs - header.fs) > 1e-6 * header.fs:
        raise RecordError(f"{path}: segment {name} has {found.fs:g} Hz, not {header.fs:g} Hz")
    return found


def _check_alike(path: Path, name: str, signal: SignalHeader, other: SignalHeader) -> None:
    if (signal.units, signal.per_frame) != (other.units, other.per_frame):
        raise RecordError(
            f"{path}: segment {name} has lead {other.lead[:40]!r} in other units or at another "
            "rate than the segments before"
        )
