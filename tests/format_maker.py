"""Writes one lead I in many formats: `WRITERS`, by name."""

import csv
import json
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wfdb
import xml_maker

Writer = Callable[[Path, np.ndarray, int], Path]
"""A folder, a signal (n_samples,) in mV and its rate in Hz to the file that is written there."""


def as_wfdb(folder, signal, fs, form, gain):
    wfdb.wrsamp(
        "rec",
        fs,
        ["mV"],
        ["I"],
        p_signal=signal[:, None],
        fmt=[form],
        adc_gain=[gain],
        baseline=[0],
        write_dir=str(folder),
    )
    return folder / "rec.hea"


def as_edf(folder, signal, fs, bdf=False):
    """Whole seconds only."""
    edfio = pytest.importorskip("edfio")
    kind, file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    lead = kind(signal, fs, label="I", physical_dimension="mV", physical_range=(-10, 10))
    file([lead], data_record_duration=1).write(folder / "rec.edf")
    return folder / "rec.edf"


def as_dicom(folder, signal, fs):
    pytest.importorskip("pydicom")
    import dicom_maker

    lead = dicom_maker.channel("Lead I (Einthoven)", "uV", 2.5)
    values = np.round(1e3 * signal / 2.5)[:, None]
    content = dicom_maker.content(dicom_maker.group(values, [lead], fs=fs))
    (folder / "rec.dcm").write_bytes(content)
    return folder / "rec.dcm"


def as_aecg(folder, signal, fs):
    (folder / "rec.xml").write_text(xml_maker.aecg(signal[None], fs))
    return folder / "rec.xml"


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


def as_text(folder, signal, fs):
    np.savetxt(folder / "rec.txt", signal)
    return folder / "rec.txt"


def as_npy(folder, signal, fs):
    np.save(folder / "rec.npy", signal)
    return folder / "rec.npy"


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


def as_wav(folder, signal, fs):
    with wave.open(str(folder / "rec.wav"), "wb") as file:
        file.setparams((1, 2, fs, 0, "NONE", ""))
        file.writeframes(np.round(1000 * signal).astype("<i2").tobytes())
    return folder / "rec.wav"


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


WRITERS: dict[str, Writer] = {
    "WFDB 16": lambda *a: as_wfdb(*a, "16", 1000.0),
    "WFDB 212": lambda *a: as_wfdb(*a, "212", 200.0),
    "WFDB 24": lambda *a: as_wfdb(*a, "24", 1000.0),
    "EDF": as_edf,
    "BDF": lambda *a: as_edf(*a, bdf=True),
    "DICOM": as_dicom,
    "aECG": as_aecg,
    "CSV": lambda *a: as_table(*a, ",", ".", "s"),
    "CSV of a spreadsheet": lambda *a: as_table(*a, ";", ",", "ms"),
    "TSV": lambda *a: as_table(*a, "\t", ".", "us"),
    "one column": as_text,
    "npy": as_npy,
    "npz": as_npz,
    "MATLAB 4": lambda *a: as_mat(*a, format="4"),
    "MATLAB 5": lambda *a: as_mat(*a, do_compression=True),
    "MATLAB 7.3": as_mat_73,
    "JSON": as_json,
    "Parquet": as_parquet,
    "WAV": as_wav,
    "Apple Watch": as_watch,
    "Kardia": as_atc,
}


def not_stated(name: str, fs: int) -> dict[str, object]:
    """What a file of this format does not state and its reader has to be given."""
    return {
        "one column": {"fs": fs, "units": "mV"},
        "npy": {"fs": fs, "units": "mV"},
        "WAV": {"units": "1000/mV"},
    }.get(name, {})
