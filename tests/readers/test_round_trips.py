"""The same 30 s in every format that a test can write give the same signal, rate and lead."""

import csv
import json
import struct
import wave

import numpy as np
import pandas as pd
import pytest
import wfdb

from ecglab import readers

SECONDS = 30
RATES = (125, 250, 500, 1000)


def ecg(fs: int) -> np.ndarray:
    """(n_samples,) in mV, of whole µV, as beats on a slow wave with some noise."""
    t = np.arange(SECONDS * fs) / fs
    beats = np.exp(-(((t % 0.83) - 0.4) ** 2) / 3e-4) + 0.2 * np.sin(t)
    return np.round(beats + np.random.default_rng(fs).normal(0, 0.02, t.size), 3)


def as_wfdb(folder, signal, fs, form):
    wfdb.wrsamp(
        "rec",
        fs,
        ["mV"],
        ["I"],
        p_signal=signal[:, None],
        fmt=[form],
        adc_gain=[500.0],
        baseline=[0],
        write_dir=str(folder),
    )
    return folder / "rec.hea"


def as_table(folder, signal, fs, separator, decimal, times):
    path = folder / "rec.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, delimiter=separator)
        table.writerow([f"time_{times}", "I_mV"])
        scale = {"s": 1, "ms": 1e3, "us": 1e6}[times]
        for i, v in enumerate(signal):
            cells = (f"{scale * i / fs:.6f}", f"{v:.3f}")
            table.writerow([cell.replace(".", decimal) for cell in cells])
    return path


def as_npz(folder, signal, fs):
    np.savez(folder / "rec.npz", I=signal, fs=fs, units="mV")
    return folder / "rec.npz"


def as_mat(folder, signal, fs, **options):
    from scipy.io import savemat

    savemat(folder / "rec.mat", {"I_uV": np.round(1e3 * signal), "fs": float(fs)}, **options)
    return folder / "rec.mat"


def as_mat_73(folder, signal, fs):
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "rec.mat", "w", userblock_size=512) as file:
        file["I_mV"], file["fs"] = signal[None], [[float(fs)]]
    return folder / "rec.mat"


def as_json(folder, signal, fs):
    content = {"samplingRate": fs, "unit": "mV", "leads": {"I": signal.tolist()}}
    (folder / "rec.json").write_text(json.dumps(content))
    return folder / "rec.json"


def as_parquet(folder, signal, fs):
    frame = pd.DataFrame({"time_s": np.arange(signal.size) / fs, "I_mV": signal})
    frame.to_parquet(folder / "rec.parquet")
    return folder / "rec.parquet"


def as_watch(folder, signal, fs):
    head = f'Gerät,"Watch6,2"\nAbtastrate,"{fs},0 Hertz"\n\nAbleitung,"Ableitung I"\nEinheit,µV\n\n'
    values = "\n".join(f"{1e3 * v:.3f}".replace(".", ",") for v in signal)
    (folder / "ecg.csv").write_text(head + values, encoding="utf-8")
    return folder / "ecg.csv"


def as_atc(folder, signal, fs):
    content = b"ALIVE\0\0\0" + struct.pack("<I", 5)
    samples = np.round(2000 * signal).astype("<i2").tobytes()
    for kind, data in ((b"fmt ", struct.pack("<BHHBH", 1, fs, 500, 14, 0)), (b"ecg ", samples)):
        block = kind + struct.pack("<I", len(data)) + data
        content += block + struct.pack("<I", sum(block))
    (folder / "rec.atc").write_bytes(content)
    return folder / "rec.atc"


WRITERS = {
    "WFDB 16": lambda *a: as_wfdb(*a, "16"),
    "WFDB 212": lambda *a: as_wfdb(*a, "212"),
    "WFDB 24": lambda *a: as_wfdb(*a, "24"),
    "CSV": lambda *a: as_table(*a, ",", ".", "s"),
    "CSV of a spreadsheet": lambda *a: as_table(*a, ";", ",", "ms"),
    "TSV": lambda *a: as_table(*a, "\t", ".", "us"),
    "npz": as_npz,
    "MATLAB 4": lambda *a: as_mat(*a, format="4"),
    "MATLAB 5": lambda *a: as_mat(*a, do_compression=True),
    "MATLAB 7.3": as_mat_73,
    "JSON": as_json,
    "Parquet": as_parquet,
    "Apple Watch": as_watch,
    "Kardia": as_atc,
}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("name", WRITERS)
def test_same_signal_in_every_format(tmp_path, name, fs, sign):
    signal = sign * ecg(fs)
    record = readers.read(WRITERS[name](tmp_path, signal, fs))
    assert (record.lead, record.n_samples) == ("I", signal.size)
    assert record.fs == pytest.approx(fs, rel=1e-6)
    step = 1 / 500 if name.startswith("WFDB") else 1e-6
    np.testing.assert_allclose(record.signal, signal, atol=step / 2 + 1e-6)


@pytest.mark.parametrize("fs", RATES)
def test_same_signal_where_rate_and_unit_are_given(tmp_path, fs):
    signal = ecg(fs)
    np.save(tmp_path / "rec.npy", signal)
    np.savetxt(tmp_path / "rec.txt", signal)
    with wave.open(str(tmp_path / "rec.wav"), "wb") as file:
        file.setparams((1, 2, fs, 0, "NONE", ""))
        file.writeframes(np.round(1000 * signal).astype("<i2").tobytes())
    for name, options in (
        ("rec.npy", {"fs": fs, "units": "mV"}),
        ("rec.txt", {"fs": fs, "units": "mV"}),
        ("rec.wav", {"units": "1000/mV"}),
    ):
        record = readers.read(tmp_path / name, **options)
        assert record.fs == fs
        np.testing.assert_allclose(record.signal, signal, atol=1e-6)
