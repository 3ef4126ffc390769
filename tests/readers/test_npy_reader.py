"""Reading arrays of NumPy (.npy, .npz): their shapes, rates and damages."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from recording_maker import assert_refused, signals

from ecglab import readers


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", ">f8"])
def test_npy(tmp_path, dtype):
    signal = signals(200)[:, 0]
    signal[50:60] = np.nan
    np.save(tmp_path / "rec.npy", signal.astype(dtype))
    record = readers.read(tmp_path / "rec.npy", fs=200, units="mV")
    assert (record.id, record.lead, record.fs) == ("rec", "", 200)
    np.testing.assert_allclose(record.signal, signal, atol=1e-3 if dtype == "float16" else 1e-6)


def test_npy_of_several_leads(tmp_path):
    signal, path = signals(200, 3), tmp_path / "rec.npy"
    for array in (signal, signal.T):
        np.save(path, array)
        assert readers.read(path, fs=200, units="mV").lead == "0"
        record = readers.read(path, lead="2", fs=200, units="mV")
        assert record.lead == "2"
        np.testing.assert_allclose(record.signal, signal[:, 2], atol=1e-6)
        assert_refused("no lead 'II'; it has 0, 1, 2", path, lead="II", fs=200)


@pytest.mark.parametrize(
    ("array", "pattern"),
    [
        (np.zeros(3000, bool), "holds bool"),
        (np.zeros(3000, complex), "holds complex128"),
        (np.array(["a"] * 3000), "holds <U1"),
        (np.zeros((2, 3, 4)), "shape"),
        (np.zeros(()), "shape"),
        (np.zeros((0, 2)), "empty"),
        (np.zeros(0), "empty"),
        (np.zeros(3000), "flat"),
        (np.full(3000, np.nan), "every sample is missing"),
        (np.full(3000, np.inf), "not finite"),
        (np.arange(10.0), "too short"),
        (np.zeros(3000, [("a", float)]), "holds"),
    ],
)
def test_npy_that_is_no_signal(tmp_path, array, pattern):
    np.save(tmp_path / "rec.npy", array)
    assert_refused(pattern, tmp_path / "rec.npy", fs=200, units="mV")


def test_rate_and_unit_of_an_array_must_be_given(tmp_path):
    path, signal = tmp_path / "rec.npy", np.round(1000 * signals(200)[:, 0]).astype(np.int16)
    np.save(path, signal)
    assert_refused("not state the sampling rate.*--fs HZ.*fs=HZ", path, units="uV")
    assert_refused("not state the .*unit.*--units UNIT", path, fs=200)
    assert_refused("is in 'mmHg', not in mV", path, fs=200, units="mmHg")
    record = readers.read(path, fs=200, units="uV")
    np.testing.assert_allclose(record.signal, signal / 1000, atol=1e-6)


class _Opened:
    """Shows whether a pickle was opened."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def test_npy_is_never_unpickled(tmp_path):
    path = tmp_path / "rec.npy"
    np.save(path, np.array([_Opened()], object), allow_pickle=True)
    assert_refused("Python objects, which are not loaded", path, fs=200)
    path.write_bytes(pickle.dumps(_Opened()))
    assert_refused("no known format", path, fs=200)


def test_npy_damaged(tmp_path):
    path = tmp_path / "rec.npy"
    np.save(path, signals(200)[:, 0])
    whole = path.read_bytes()
    for content in (whole[:-8], whole[:50], whole[:6], whole[:90] + b"\0\n(" + whole[93:]):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=200, units="mV")


def test_npy_that_claims_more_than_it_holds(tmp_path):
    path = tmp_path / "rec.npy"
    for shape in ((10**12,), (2**40, 2**40), (-1,), (2**62, 2)):
        with open(path, "wb") as file:
            header = {"descr": "<f8", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.write(bytes(800))
        assert_refused("damaged or cut", path, fs=200)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("name", ["signal", "ecg", "lead_trace"])
def test_npz(tmp_path, save, name):
    signal, path = signals(200, 2), tmp_path / "rec.npz"
    save(path, **{name: signal, "fs": 200, "units": "mV", "note": np.arange(3)})
    record = readers.read(path, lead="1")
    assert (record.id, record.lead, record.fs) == ("rec", "1", 200)
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    assert_refused("states 200 Hz, not 300 Hz", path, fs=300)
    save(path, **{name: signal})
    assert_refused("not state the sampling rate", path, units="mV")
    assert_refused("not state the .*unit", path, fs=200)


def test_npz_of_leads_and_times(tmp_path):
    signal, path = signals(200, 2), tmp_path / "rec.npz"
    times = 1e3 * np.arange(len(signal)) / 200
    np.savez(path, time_ms=times, II_mV=signal[:, 1], V1_mV=signal[:, 0], beats=times[:5])
    record = readers.read(path)
    assert (record.lead, record.fs) == ("II", pytest.approx(200))
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


def test_npz_damaged(tmp_path):
    path = tmp_path / "rec.npz"
    np.savez_compressed(path, signal=signals(200), fs=200)
    whole = path.read_bytes()
    for content in (whole[:-30], whole[: len(whole) // 2], whole[:200] + b"x" * 99 + whole[299:]):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=200)
    np.savez(path, note="a text")
    assert_refused("no value is named", path)
    objects = io.BytesIO()
    np.save(objects, np.array([_Opened()], object), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("signal.npy", objects.getvalue())
    assert_refused("Python objects, which are not loaded", path)


def test_npz_that_unpacks_to_much(tmp_path):
    path = tmp_path / "rec.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("signal.npy", "w", force_zip64=True) as file,
    ):
        for _ in range(60):
            file.write(bytes(10_000_000))
    assert path.stat().st_size < 4e6
    assert_refused("more than 100 arrays or 537 MB", path)
