"""Files that are no recordings, or recordings of no ECG, by a seed."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from recording_maker import signals

from ecglab import readers

FS = 300
SUFFIXES = sorted({suffix for reader in readers.READERS for suffix in reader.SUFFIXES})

MAGIC = {
    ".edf": b"0       ",
    ".bdf": b"\xffBIOSEMI",
    ".dcm": bytes(128) + b"DICM",
    ".scp": b"\0\0\0\x10\0\0" + bytes(10) + b"SCPECG",
    ".ecg": b"ISHNE1.0",
    ".atc": b"ALIVE\0\0\0",
    ".wav": b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\xff\xff\xff\xff",
    ".parquet": b"PAR1",
    ".npz": b"PK\x03\x04",
    ".npy": b"\x93NUMPY\x01\0",
    ".mat": b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM",
    ".xml": b'<?xml version="1.0"?>\n',
    ".json": b'{"samples": [',
}
"""{suffix: first bytes of such a file}"""

XML = {
    "entities": '<!DOCTYPE a [<!ENTITY a0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    + "]><a>&a9;</a>",
    "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><AnnotatedECG>&x;</AnnotatedECG>',
    "remote": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><restingecgdata/>',
    "deep": "<a>" * 100_000,
    "wide": "<RestingECG " + " ".join(f'a{i}="1"' for i in range(50_000)) + "/>",
    "long": "<RestingECG><WaveFormData>" + "A" * 3_000_000 + "</WaveFormData></RestingECG>",
    "cut": "<restingecgdata><parsedwaveforms>AAAA",
}


def _content(suffix: str) -> bytes:
    """A recording of this format where NumPy and SciPy write one, else text."""
    signal, file = signals(FS)[:, 0], io.BytesIO()
    if suffix == ".npy":
        np.save(file, signal)
    elif suffix == ".mat":
        from scipy.io import savemat

        savemat(file, {"signal": signal, "fs": float(FS), "unit": "mV"})
    elif suffix == ".dat":
        file.write(np.round(1000 * signal).astype("<i2").tobytes())
    elif suffix == ".hea":
        file.write(b"rec 1 300 3000\nrec.dat 16 1000/mV 16 0 0 0 0 ECG\n")
    else:
        np.savetxt(file, np.column_stack([np.arange(signal.size) / FS, signal]), "%.4f", ",")
    return file.getvalue()


def not_ecg(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """{what: 30 s in mV at 300 Hz} of what is no ECG."""
    t = np.arange(30 * FS) / FS
    rate = rng.uniform(0.9, 1.6)
    phase = 2 * np.pi * np.cumsum(rate + 0.02 * np.sin(2 * np.pi * 0.25 * t)) / FS
    pulse = np.exp(1.5 * np.sin(phase)) + 0.3 * np.exp(1.5 * np.sin(phase - 2))
    spectrum = rng.normal(size=t.size // 2 + 1) + 1j * rng.normal(size=t.size // 2 + 1)
    hertz = np.fft.rfftfreq(t.size, 1 / FS)
    pink = np.fft.irfft(spectrum / np.maximum(hertz, 0.5), t.size)
    alpha = np.sin(2 * np.pi * (10 * t + np.cumsum(rng.normal(size=t.size)) / 3 / FS**0.5))
    return {
        "ppg": 0.4 * pulse,
        "eeg": 0.02 * (pink / pink.std() + alpha),
        "constant": np.full(t.size, rng.uniform(-1, 1)),
        "tone": np.sin(2 * np.pi * rng.uniform(0.3, 20) * t),
        "ramp": rng.uniform(0.01, 1) * t,
        "noise": rng.normal(size=t.size),
        "nan": np.full(t.size, np.nan),
        "large": 1e6 * signals(FS)[:, 0],
        "infinite": np.where(t < 1, np.inf, 0.1),
    }


def write(folder: Path, seed: int = 0, n: int = 300) -> list[Path]:
    """Write n files of all kinds, in turn; their paths, whose names begin with their kind."""
    rng = np.random.default_rng(seed)
    kinds = [_truncated, _random, _wrong, _empty, _claims, _signals, _signals, _xml, _digits]
    makers = [kind(rng) for kind in kinds]
    paths = []
    for i in range(n):
        kind, suffix, content = next(makers[i % len(makers)])
        path = folder / f"{kind}-{i:03d}{suffix}"
        path.write_bytes(content)
        if suffix == ".hea":
            path.write_bytes(content.replace(b"rec", path.stem.encode()))
        paths.append(path)
    return paths


def damaged(folder: Path, files: list[Path], seed: int = 0, n: int = 4) -> Iterator[Path]:
    """Write each file n times, cut or with other bytes, with its companions beside it: its path."""
    rng = np.random.default_rng(seed)
    for i, path in enumerate(files):
        (folder / str(i)).mkdir()
        for beside in path.parent.glob(f"{path.stem}.*"):
            (folder / str(i) / beside.name).write_bytes(beside.read_bytes())
        content = path.read_bytes()
        for k in range(n):
            changed = bytearray(content if k else content[: rng.integers(len(content))])
            reach = min(len(changed), 10 ** (k + 2))
            for at in rng.integers(0, reach, rng.integers(1, 20) if k else 0):
                changed[at] = rng.choice([0, 0xFF, 0x7F, ord("9"), rng.integers(256)])
            (folder / str(i) / path.name).write_bytes(changed)
            yield folder / str(i) / path.name


_File = tuple[str, str, bytes]
"""Kind, suffix and content of a file."""


def _truncated(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        suffix = str(rng.choice([".csv", ".npy", ".mat", ".hea"]))
        content = _content(suffix)
        # A table that is cut is a shorter table: only its first seconds are left.
        most = 10_000 if suffix == ".csv" else len(content) - 1
        yield "truncated", suffix, content[: rng.integers(1, most)]


def _random(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        yield "random", str(rng.choice(SUFFIXES)), rng.bytes(int(10 ** rng.uniform(0, 5)))


def _wrong(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        suffix, other = rng.choice([".csv", ".npy", ".mat", *MAGIC], 2, replace=False)
        yield "wrong", str(other), MAGIC.get(str(suffix), b"") + bytes(rng.integers(1, 5000))


def _empty(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        content = [b"", b"\n", b" " * 5000, b"\0" * 5000, b"\xef\xbb\xbf", b"\xff\xfe"]
        yield "empty", str(rng.choice(SUFFIXES)), content[rng.integers(len(content))]


def _claims(rng: np.random.Generator) -> Iterator[_File]:
    """The head of a format, and then numbers that are as large as can be."""
    while True:
        suffix = str(rng.choice(list(MAGIC)))
        digit = rng.choice([b"\xff", b"9", b"\x7f", struct.pack("<I", 2**31 - 1)])
        yield "claims", suffix, MAGIC[suffix] + bytes(digit) * int(rng.integers(1, 5000))


def _signals(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        for kind, signal in not_ecg(rng).items():
            file = io.BytesIO()
            if rng.random() < 0.5:
                np.save(file, signal)
                yield kind, ".npy", file.getvalue()
            else:
                np.savetxt(file, signal, "%.6g", header="ecg_mV", comments="")
                yield kind, ".csv", file.getvalue()


def _xml(rng: np.random.Generator) -> Iterator[_File]:
    while True:
        for kind, text in XML.items():
            yield f"xml-{kind}", str(rng.choice([".xml", ".csv", ".json"])), text.encode()


def _digits(rng: np.random.Generator) -> Iterator[_File]:
    """Numbers of a header, one of them replaced by a wrong one."""
    wrong = ["-1", "0", "nan", "inf", "1e999", "9" * 400, "9" * 5000, "x", "٣", "1/0", ""]
    while True:
        fields = [
            "rec",
            "1",
            "300",
            "3000\nrec.dat",
            "16",
            "1000/mV",
            "16",
            "0",
            "0",
            "0",
            "0",
            "ECG",
        ]
        fields[rng.integers(1, len(fields) - 1)] = str(rng.choice(wrong))
        yield "digits", ".hea", " ".join(fields).encode()
