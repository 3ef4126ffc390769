"""What the tests of readers share: samples, refusals, and damaged copies of a file."""

import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from ecglab.ecg.features import qrs
from ecglab.ecg.features.bands import Bands
from ecglab.utils.errors import RecordError


def sample(name: str) -> Path:
    """A file of the folder of samples; the test is skipped without one."""
    folder = os.environ.get("ECGLAB_FORMATS")
    if not folder:
        pytest.skip("needs samples of other formats, named by ECGLAB_FORMATS")
    return Path(folder) / name


def heart_rate(record) -> float:
    """Beats per minute, from the median RR interval."""
    r = qrs.detect(Bands(record.signal, record.fs))
    return 60 * record.fs / float(np.median(np.diff(r)))


def refused(reader, folder, content, pattern, most_mb=64) -> str:
    """Reading a file of this content raises RecordError in one line, within so much memory."""
    path = folder / "refused.xyz"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    with pytest.raises(RecordError) as caught:
        reader.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400, message
    assert message.startswith(str(path)), message
    assert re.search(pattern, message), message
    assert peak < most_mb * 1e6, f"{peak / 1e6:.0f} MB"
    return message


def survives_damage(reader, folder, content: bytes, seed: int = 0, n: int = 60) -> int:
    """Read damaged copies; the number of those refused. Any error but RecordError fails the test.

    A third is cut, in a third some bytes are other ones, in a third everything after a place is
    noise.
    """
    rng = np.random.default_rng(seed)
    path = folder / "damaged.xyz"
    n_refused = 0
    for i in range(n):
        damaged = np.frombuffer(content, np.uint8).copy()
        place = int(rng.integers(0, damaged.size) ** (1 if i % 2 else 0.6))
        if i % 3 == 0:
            damaged = damaged[:place]
        elif i % 3 == 1:
            places = place + rng.integers(0, 40, 6)
            damaged[places[places < damaged.size]] = rng.integers(0, 256)
        else:
            damaged[place:] = rng.integers(0, 256, damaged.size - place)
        path.write_bytes(damaged.tobytes())
        try:
            for lead in reader.read(path).leads:
                assert lead.signal.ndim == 1
        except RecordError as error:
            assert "\n" not in str(error)
            n_refused += 1
    return n_refused
