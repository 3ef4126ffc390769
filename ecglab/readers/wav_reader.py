"""WAV files: recordings of an amplifier or of an audio input."""

import wave
from pathlib import Path

import numpy as np

from ecglab.readers.leads import Lead
from ecglab.readers.plain_file import open_plain
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "WAV"
SUFFIXES = (".wav",)
LIBRARY = "wave"
RATE, UNIT = "header", "--units, such as 1000/mV"
SAMPLE = "tests/readers/test_other_readers.py"

_DTYPES = {1: "u1", 2: "<i2", 4: "<i4"}


def matches(path: Path, head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def read(path: Path) -> Recording:
    """Read whole numbers as they are stored. A WAV file does not state their unit.

    Raises RecordError for samples that are not whole numbers, and for damage.
    """
    with open_plain(path) as file:
        try:
            with wave.open(file) as stored:
                fs, width, n_leads = (
                    stored.getframerate(),
                    stored.getsampwidth(),
                    stored.getnchannels(),
                )
                content = stored.readframes(stored.getnframes())
        except (wave.Error, EOFError, ValueError, RuntimeError) as error:
            raise RecordError(
                f"{path}: not a WAV file of whole numbers, or damaged ({error!s:.60}): "
                "export it as PCM"
            ) from None
    n = len(content) // (width * n_leads) * n_leads
    if width == 3:  # the high byte at the top of an int32, so that the shift extends its sign
        low, middle, high = np.frombuffer(content, "u1", 3 * n).reshape(-1, 3).T
        samples = (low.astype("i4") << 8 | middle.astype("i4") << 16 | high.astype("i4") << 24) >> 8
    elif width in _DTYPES:
        samples = np.frombuffer(content, _DTYPES[width], n)
    else:
        raise RecordError(f"{path}: has samples of {8 * width} bits: export it with 16 bits")
    values = samples.reshape(-1, n_leads).astype(float) - 128 * (width == 1)
    if not values.size:
        raise RecordError(f"{path}: empty, it has no samples")
    names = [str(i) if n_leads > 1 else "" for i in range(n_leads)]
    return Recording(
        path,
        FORMAT,
        [Lead(name, "", float(fs), v) for name, v in zip(names, values.T, strict=True)],
    )
