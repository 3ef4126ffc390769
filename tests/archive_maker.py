"""Small archives in the form of training2017.zip, of made-up recordings."""

import hashlib
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecglab.datasets import cinc2017

LABELS = {
    "A00001": "N",
    "A00002": "N",
    "A00003": "A",
    "A00004": "O",
    "A00005": "~",
    "A00006": "N",
    "A00007": "O",
    "A00008": "N",
}
"""Every published record of this small world; archives hold the first six."""

COUNTS = {"N": 4, "A": 1, "O": 2, "~": 1}
"""How many of them have each label."""

IN_ARCHIVE = list(LABELS)[:6]


def samples(record: str) -> np.ndarray:
    """A record's samples (n_samples,) as int16: noise, always the same."""
    number = int(record[1:])
    return np.random.default_rng(number).integers(-900, 900, 2700 + 10 * number).astype("<i2")


def digests() -> dict[str, tuple[int, str]]:
    """What `cinc2017.digests` gives, for this small world."""
    return {
        record: (samples(record).size, hashlib.sha256(samples(record).tobytes()).hexdigest())
        for record in LABELS
    }


def complete(monkeypatch, counts: dict[str, dict[str, int]]) -> None:
    """Make the small world's eight records the whole of the published data set."""
    spec = replace(cinc2017.SPEC, n_records=len(LABELS), class_counts=counts)
    monkeypatch.setattr(cinc2017, "SPEC", spec)


def mat(signal: np.ndarray) -> bytes:
    """A MATLAB v4 file: int16 (type 30), one row, named "val"."""
    return struct.pack("<5i4s", 30, 1, signal.size, 0, 4, b"val\0") + signal.tobytes()


def hea(record: str, n_samples: int, date: str = "") -> bytes:
    lead = f"{record}.mat 16+24 1000/mV 16 0 0 0 0 ECG"
    return f"{record} 1 300 {n_samples} {date}\n{lead}\n".encode()


def reference(labels: dict[str, str]) -> bytes:
    return "".join(f"{record},{label}\n" for record, label in labels.items()).encode()


def files(records: list[str] = IN_ARCHIVE) -> dict[str, bytes]:
    """The files of an archive of these records, by name."""
    dates = ("05:05:15 1/05/2000", "2014-05-08 05:05:15 ", "")
    made = {}
    for i, record in enumerate(records):
        signal = samples(record)
        made[f"{record}.hea"] = hea(record, signal.size, dates[i % 3])
        made[f"{record}.mat"] = mat(signal)
    made["RECORDS"] = "".join(f"{record}\n" for record in records).encode()
    made["REFERENCE.csv"] = reference({record: LABELS[record] for record in records})
    return made


def zipped(made: dict[str, bytes], path: Path, folder: str = "training2017/") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in made.items():
            file.writestr(folder + name, content)
    return path


def unpacked(made: dict[str, bytes], path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (path / name).write_bytes(content)
    return path
