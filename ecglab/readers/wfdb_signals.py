"""The signals of a WFDB record that is not in segments: from its files to physical units."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ecglab.readers import wfdb_samples
from ecglab.readers.wfdb_header import Header, SignalHeader
from ecglab.utils.errors import RecordError


def read_samples(
    header: Header,
    read: Callable[[str], bytes],
    where: str = "",
    soundfile: Callable[[], Any] | None = None,
) -> list[np.ndarray]:
    """The samples (n_frames * per_frame,) of each signal in ADC units, none of one without a file.

    read: returns the content of a signal file by its name; where: name of the record, for messages
    soundfile: imports that package, for FLAC
    Raises RecordError when a file is shorter than its header says, or its signals differ in format.
    """
    where = where or header.record
    found = [np.empty(0, "i2")] * len(header.signals)
    for file in dict.fromkeys(s.file for s in header.signals if s.format != wfdb_samples.NULL):
        # The signals of a file may be apart in the header.
        places = [i for i, signal in enumerate(header.signals) if signal.file == file]
        signals = [header.signals[i] for i in places]
        parts = _read_file(header, signals, read(file), where, soundfile)
        for i, part in zip(places, parts, strict=True):
            found[i] = part
    lengths = [x.size // s.per_frame for x, s in zip(found, header.signals, strict=True) if x.size]
    if len(set(lengths)) > 1:
        raise RecordError(f"{where}: its signal files are of different lengths")
    return found


def _read_file(
    header: Header,
    signals: list[SignalHeader],
    content: bytes,
    where: str,
    soundfile: Callable[[], Any] | None,
) -> list[np.ndarray]:
    """The samples (n_frames * per_frame,) of the signals of one file."""
    form, offset, file = signals[0].format, signals[0].offset, signals[0].file
    if any(signal.format != form for signal in signals):
        raise RecordError(f"{where}: the header names several formats for {file}")
    per_frame = [signal.per_frame for signal in signals]
    total = sum(per_frame)
    if form in wfdb_samples.FLAC:
        frames = _flac_frames(header, signals, content, where, soundfile)
        n_stored = len(frames)
    else:
        n_stored = wfdb_samples.capacity(form, max(len(content) - offset, 0)) // total
    n_frames = header.n_samples or n_stored
    if n_stored < n_frames:
        raise RecordError(
            f"{where}: {file} is cut, it holds {n_stored} of the {n_frames} samples that the "
            "header names: copy it again"
        )
    if not n_frames:
        raise RecordError(f"{where}: {file} is cut, it holds no samples: copy it again")
    if form not in wfdb_samples.FLAC:
        # Samples that are late are stored behind those that the header names.
        late = min(max(signal.skew for signal in signals), n_stored - n_frames)
        frames = wfdb_samples.decode(form, content, offset, (n_frames + late) * total)
        frames = frames.reshape(-1, total)
    ends = np.cumsum(per_frame)
    parts = [frames[:, end - n : end].reshape(-1) for end, n in zip(ends, per_frame, strict=True)]
    if form == "8":
        parts = [
            part.cumsum(dtype="i4") + np.int32(s.initial)
            for part, s in zip(parts, signals, strict=True)
        ]
    return [
        _shifted(part, signal, n_frames * signal.per_frame, where)
        for part, signal in zip(parts, signals, strict=True)
    ]


def _shifted(samples: np.ndarray, signal: SignalHeader, n: int, where: str) -> np.ndarray:
    """The n samples of a signal without its skew, missing ones where none are stored."""
    shift = signal.skew * signal.per_frame
    if shift >= n:
        raise RecordError(f"{where}: a skew of {signal.skew} is longer than the record")
    kept = samples[shift : shift + n]
    if kept.size == n:
        return kept
    mark = wfdb_samples.missing(signal.format)
    filler = kept[-1] if mark is None else mark
    return np.concatenate([kept, np.full(n - kept.size, filler, kept.dtype)])


def _flac_frames(
    header: Header,
    signals: list[SignalHeader],
    content: bytes,
    where: str,
    soundfile: Callable[[], Any] | None,
) -> np.ndarray:
    """The frames (n_frames, samples per frame) of a FLAC file."""
    signal, n = signals[0], len(signals)
    if any(other.per_frame != signal.per_frame for other in signals):
        raise RecordError(f"{where}: {signal.file} has signals of several rates, as FLAC has not")
    if soundfile is None:
        raise RecordError(f"{where}: {signal.file} is FLAC")
    module = soundfile()
    late = max(other.skew for other in signals)
    wanted = None if header.n_samples is None else (header.n_samples + late) * signal.per_frame
    try:
        samples = wfdb_samples.decode_flac(module, signal.format, content, signal.offset, wanted, n)
    except (ValueError, RuntimeError) as error:  # soundfile's own error is a RuntimeError
        raise RecordError(
            f"{where}: {signal.file} cannot be read ({' '.join(str(error).split())[:120]}): "
            "copy it again"
        ) from None
    n_frames = len(samples) // signal.per_frame
    whole = samples[: n_frames * signal.per_frame].reshape(n_frames, signal.per_frame, n)
    return whole.transpose(0, 2, 1).reshape(n_frames, -1)


def physical(signal: SignalHeader, samples: np.ndarray) -> np.ndarray:
    """Samples (n_samples,) as float32 in the units of the signal, NaN for missing ones."""
    values = ((samples - float(signal.baseline)) / signal.gain).astype(np.float32)
    mark = wfdb_samples.missing(signal.format)
    if mark is not None:
        values[samples == mark] = np.nan
    return values
