"""Files that once crashed, hung or filled the process that reads them."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from recording_maker import signals

GIGABYTE = 10**9
FS = 300


def good(folder: Path, name: str = "good") -> Path:
    """A recording that is classified."""
    path = folder / f"{name}.csv"
    times = np.arange(10 * FS) / FS
    columns = np.column_stack([times, signals(FS)[:, 0]])
    np.savetxt(path, columns, "%.4f", ",", header="time_s,ecg_mV", comments="")
    return path


def header(folder: Path, record: str, *signal_lines: str, name: str = "rec") -> Path:
    """A WFDB header, with an int16 file of samples beside it."""
    np.round(1000 * signals(FS)[:, 0]).astype("<i2").tofile(folder / f"{name}.dat")
    lines = signal_lines or (f"{name}.dat 16 1000/mV 16 0 0 0 0 ECG",)
    path = folder / f"{name}.hea"
    path.write_text("\n".join([f"{name}{record}", *lines, ""]))
    return path


def sparse(path: Path, head: bytes = b"") -> Path:
    """A file of 2 GB that takes no space on disk."""
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(2 * GIGABYTE)
    return path


def mat(folder: Path, **variables: object) -> Path:
    """A MATLAB 5 file."""
    from scipy.io import savemat

    savemat(folder / "rec.mat", {"signal": signals(FS), "unit": "mV", **variables})
    return folder / "rec.mat"


def bomb(folder: Path, n_bytes: int = 2 * GIGABYTE) -> Path:
    """A compressed MATLAB 5 file of 2 MB with a variable of 2 GB of zeros."""
    n = n_bytes // 8
    flags = struct.pack("<4I", 6, 8, 6, 0)
    name = struct.pack("<2I8s", 1, 6, b"signal")
    matrix = flags + struct.pack("<2I2i", 5, 8, n, 1) + name + struct.pack("<2I", 9, n_bytes)
    head = struct.pack("<2I", 14, len(matrix) + n_bytes) + matrix
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of the head, and then of zeros, which leave its lower half as it is.
    low, high = zlib.adler32(head) & 0xFFFF, zlib.adler32(head) >> 16
    check = ((high + n_bytes * low) % 65521) << 16 | low
    packed = b"\x78\xda" + start + block * (n_bytes // 10**6) + packer.flush()
    packed += struct.pack(">I", check)
    text = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
    path = folder / "rec.mat"
    path.write_bytes(text + struct.pack("<2I", 15, len(packed)) + packed)
    return path


def hdf5(folder: Path, link: str) -> Path:
    """A MATLAB 7.3 file whose signal lies in another file."""
    import h5py

    shape = (1, 10 * FS)
    secret = folder / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["signal"] = signals(FS).T
    signals(FS).astype("<f8").tofile(folder / "secret.raw")
    path = folder / "rec.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        if link == "external":
            file["signal"] = h5py.ExternalLink("secret.h5", "/signal")
        elif link == "soft":
            file["signal"] = h5py.SoftLink("/behind")
            file["behind"] = h5py.ExternalLink("secret.h5", "/signal")
        elif link == "virtual":
            layout = h5py.VirtualLayout(shape, "f8")
            layout[:] = h5py.VirtualSource("secret.h5", "signal", shape)
            file.create_virtual_dataset("signal", layout)
        else:
            external = [(str(folder / "secret.raw"), 0, h5py.h5f.UNLIMITED)]
            file.create_dataset("signal", shape, "f8", external=external)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


def hdf5_bomb(folder: Path) -> Path:
    """A MATLAB 7.3 file of 5 kB with a variable of 2 GB that was never written."""
    import h5py

    path = folder / "rec.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("signal", (1, GIGABYTE // 4), "f8", chunks=(1, 10**6), compression=9)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


def _named(folder: Path, name: str) -> Path:
    """A header that names a file of samples, which the caller makes."""
    return header(folder, f" 1 {FS} 3000", f"{name} 16 1000/mV 16 0 0 0 0 ECG")


def _pipe_beside(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.dat")
    return _named(folder, "pipe.dat")


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "rec.csv")
    return folder / "rec.csv"


def _zero_beside(folder: Path) -> Path:
    (folder / "zero.dat").symlink_to("/dev/zero")
    return _named(folder, "zero.dat")


def _zero(folder: Path) -> Path:
    (folder / "rec.csv").symlink_to("/dev/zero")
    return folder / "rec.csv"


def _segment_pipe(folder: Path) -> Path:
    """A record in segments, of which one names a pipe."""
    os.mkfifo(folder / "pipe.dat")
    line = "pipe.dat 16 1000/mV 16 0 0 0 0 ECG"
    (folder / "part.hea").write_text(f"part 1 {FS} 3000\n{line}\n")
    return header(folder, f"/1 1 {FS} 3000", "part 3000")


def _text(content: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "rec.csv"
        path.write_text(content)
        return path

    return write


def _header(record: str, *signal_lines: str) -> Callable[[Path], Path]:
    return lambda folder: header(folder, record, *signal_lines)


def _sparse(suffix: str, head: bytes = b"") -> Callable[[Path], Path]:
    return lambda folder: sparse(folder / f"rec{suffix}", head)


def _hdf5(link: str) -> Callable[[Path], Path]:
    return lambda folder: hdf5(folder, link)


def _npy(shape: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
        head = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text.encode()
        (folder / "rec.npy").write_bytes(head + bytes(8000))
        return folder / "rec.npy"

    return write


SPARSE_NPY = b"\x93NUMPY\x01\x00\x76\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (249999984,)}".ljust(117) + b"\n"
)

CASES: dict[str, Callable[[Path], Path]] = {
    "a pipe": _pipe,
    "a pipe beside the header": _pipe_beside,
    "a pipe of a segment": _segment_pipe,
    "a link to a device": _zero,
    "a link to a device beside the header": _zero_beside,
    "a file elsewhere": _header(f" 1 {FS} 3000", "../good.csv 16 1000/mV 16 0 0 0 0 ECG"),
    "10^9 segments": _header(f"/1000000000 1 {FS} 3000", "rec 3000"),
    "10^9 segments in layout": _header(f"/1000000000 1 {FS} 3000", "rec_layout 0", "rec 3000"),
    "itself as a segment": _header(f"/2 1 {FS} 3000", "rec 1500", "rec 1500"),
    "10^9 signals": _header(f" 1000000000 {FS} 3000"),
    "a skew of 10^9": _header(f" 1 {FS} 3000", "rec.dat 16:1000000000 1000/mV 16 0 0 0 0 ECG"),
    "10^9 samples a frame": _header(
        f" 1 {FS} 3000", "rec.dat 16x1000000000 1000/mV 16 0 0 0 0 ECG"
    ),
    "10^15 samples": _header(f" 1 {FS} 1000000000000000"),
    "10^15 samples in segments": _header(f"/1 1 {FS} 1000000000000000", "gone 1000000000000000"),
    "an offset past the end": _header(
        f" 1 {FS} 3000", "rec.dat 16+99999999999 1000/mV 16 0 0 0 0 ECG"
    ),
    "an offset past the end, no length": _header(
        f" 1 {FS}", "rec.dat 16+99999999999 1000/mV 16 0 0 0 0 ECG"
    ),
    "a rate of 400 digits": _header(f" 1 {'9' * 400} 3000"),
    "5,000 digits of samples": _header(f" 1 {FS} {'9' * 5000}"),
    "5,000 digits of signals": _header(f" {'9' * 5000} {FS} 3000"),
    "5,000 digits of an offset": _header(
        f" 1 {FS} 3000", f"rec.dat 16+{'9' * 5000} 1000/mV 16 0 0 0 0 ECG"
    ),
    "400 digits of a gain": _header(f" 1 {FS} 3000", f"rec.dat 16 {'9' * 400}/mV 16 0 0 0 0 ECG"),
    "5,000 digits of a baseline": _header(
        f" 1 {FS} 3000", f"rec.dat 16 1000({'9' * 5000})/mV 16 0 0 0 0 ECG"
    ),
    "5,000 digits of a zero": _header(
        f" 1 {FS} 3000", f"rec.dat 16 1000/mV 16 {'9' * 5000} 0 0 0 ECG"
    ),
    "a rate of -300": _header(" 1 -300 3000"),
    "a rate of NaN": _header(" 1 nan 3000"),
    "a rate of -300 in MATLAB": lambda folder: mat(folder, fs=-300.0),
    "a rate of NaN in MATLAB": lambda folder: mat(folder, fs=float("nan")),
    "2 GB of .csv": _sparse(".csv"),
    "2 GB of text": _sparse(".csv", b"time_s,ecg_mV\n0,0\n"),
    "2 GB of .mat": _sparse(".mat"),
    "2 GB of MATLAB 5": _sparse(".mat", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"),
    "2 GB of .npy": _sparse(".npy", SPARSE_NPY),
    "2 GB of .hea": _sparse(".hea", b"rec 1 300 3000\n"),
    "an array of 10^12": _npy("(1000000000000,)"),
    "an array of 400 digits": _npy(f"({'9' * 60},)"),
    "a compressed bomb": bomb,
    "an HDF5 bomb": hdf5_bomb,
    "an HDF5 external link": _hdf5("external"),
    "an HDF5 soft link": _hdf5("soft"),
    "an HDF5 virtual data set": _hdf5("virtual"),
    "HDF5 external storage": _hdf5("raw"),
    "3,000 spaces": _text(" " * 3000 + "\n0.1\n0.2\n"),
    "3,000 spaces, then a name": _text(" " * 3000 + "x\n0.1\n0.2\n"),
    "100,000 spaces in a name": _text("a" + " " * 100_000 + "(b\n0.1\n0.2\n"),
    "100,000 brackets": _text("(" * 100_000 + "\n0.1\n0.2\n"),
    "100,000 commas": _text("," * 100_000 + "\n0.1\n0.2\n"),
    "100,000 quotes": _text('"' * 100_000 + "\n0.1\n0.2\n"),
    "100,000 digits": _text("ecg_mV\n" + "9" * 100_000 + "\n"),
    "a line of 20 MB": _text("1" * 20_000_000),
}
"""{what: writes it to a folder and returns its path}"""


def flipped(folder: Path, seed: int) -> Path:
    """A MATLAB 5 file with some bytes changed."""
    path = mat(folder)
    rng = np.random.default_rng(seed)
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    at = rng.choice(300, rng.integers(1, 8), replace=False)
    content[at] = rng.integers(0, 256, at.size)
    path = folder / f"flipped{seed}.mat"
    path.write_bytes(content.tobytes())
    return path
