"""Synthetic signals and recordings for the tests, and a check of how a recording is refused."""

import re

import numpy as np
import pytest

from ecglab import readers
from ecglab.utils.errors import RecordError

SECONDS = 10


def signals(fs: float, n_leads: int = 1) -> np.ndarray:
    """(n_samples, n_leads) float64 in mV: beats on a slow wave, each lead larger than the last."""
    t = np.arange(int(SECONDS * fs)) / fs
    beats = 0.1 * np.sin(t) + np.exp(-(((t % 0.8) - 0.4) ** 2) / 2e-4)
    return beats[:, None] * np.linspace(1, 2, n_leads)


def wave(fs: float, seconds: float = 12.0, offset: float = 0.0) -> np.ndarray:
    """(n_samples,) float64 in mV: three sines below 40 Hz, together of about 1 mV."""
    t = np.arange(round(seconds * fs)) / fs
    parts = ((0.5, 1.3, 0.0), (0.3, 11.0, 1.0), (0.2, 35.0, 2.0))
    return offset + sum(a * np.sin(2 * np.pi * f * t + phase) for a, f, phase in parts)


def write_cinc(folder, line="A00003 1 300 3000 05:05:15 1/05/2000", name="A00003"):
    """A record in the form of the 2017 challenge: MATLAB v4 head, int16, 1000 units per mV."""
    samples = np.round(1000 * signals(300)[:, 0]).astype("<i2")
    head = np.array([30, 1, samples.size, 0, 4], "<i4").tobytes() + b"val\0"
    (folder / f"{name}.mat").write_bytes(head + samples.tobytes())
    header = f"{line}\n{name}.mat 16+24 1000/mV 16 0 {samples[0]} 0 0 ECG \n"
    (folder / f"{name}.hea").write_text(header)
    return folder / name, samples / 1000


def assert_refused(pattern: str, path, *args, **kwargs) -> str:
    """Reading raises RecordError, with one line that names the record and matches `pattern`."""
    with pytest.raises(RecordError) as caught:
        readers.read_here(path, *args, **kwargs)
    message = str(caught.value)
    assert "\n" not in message, message
    assert path.stem in message, message
    assert re.search(pattern, message), message
    return message
