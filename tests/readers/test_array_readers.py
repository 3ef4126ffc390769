"""Reading arrays of NumPy (.npy) and MATLAB (.mat): their shapes, rates and damages."""

import pickle
import sys

import numpy as np
import pytest
from recording_maker import assert_refused, signals, write_cinc

from ecglab import readers
from ecglab.utils.errors import RecordError

# NumPy


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
    assert_refused("no sampling rate.*--fs 300.*fs=300", path, units="uV")
    assert_refused("does not state the unit.*--units mV", path, fs=200)
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


# MATLAB


@pytest.mark.parametrize("fs_name", ["fs", "Fs", "sampling_rate"])
@pytest.mark.parametrize("name", ["val", "signal", "ecg", "trace"])
@pytest.mark.parametrize("form", ["4", "5"])
def test_mat(tmp_path, form, name, fs_name):
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", signals(200)
    signal[50:60] = np.nan
    for shaped in (signal, signal.T):
        variables = {name: shaped, fs_name: 200, "note": "text", "units": "mV"}
        savemat(path, variables, format=form)
        record = readers.read(path)
        assert (record.id, record.lead, record.fs) == ("rec", "", 200)
        np.testing.assert_allclose(record.signal, signal[:, 0], atol=1e-6)
    assert_refused("has 200 Hz, not 300 Hz", path, fs=300)
    assert_refused("states the unit mV, not V", path, units="V")


def test_mat_without_rate_or_unit(tmp_path):
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", signals(200, 2)
    savemat(path, {"val": signal.T})
    assert_refused(r"no sampling rate.*--fs 300.*fs=300", path, units="mV")
    assert_refused(r"does not state the unit", path, fs=200)
    record = readers.read(path, lead="1", fs=200, units="mV")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("variables", "pattern"),
    [
        ({"val": np.ones(3000, np.int16)}, "rec.hea is missing"),
        ({"a": np.ones(3000), "b": np.ones(3000)}, "it has a, b"),
        ({"note": "text"}, "no numeric variable"),
        ({"val": np.empty(0)}, "no numeric variable"),
        ({"val": np.ones((3, 4, 5))}, "shape"),
    ],
)
def test_mat_that_is_no_signal(tmp_path, variables, pattern):
    from scipy.io import savemat

    savemat(tmp_path / "rec.mat", variables)
    assert_refused(pattern, tmp_path / "rec.mat", fs=300)


def test_mat_damaged(tmp_path):
    from scipy.io import savemat

    path = tmp_path / "rec.mat"
    savemat(path, {"val": signals(200)}, do_compression=True)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100]):
        path.write_bytes(content)
        assert_refused("damaged or cut", path, fs=200)
    path.write_bytes(b"not a MATLAB file\0" * 20)
    assert_refused("no known format", path, fs=200)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_mat_4_as_specified(tmp_path, dtype, order):
    """Byte by byte; text, complex and sparse matrices among the variables are passed over."""

    def variable(name, kind, shape, content, imaginary=0):
        kind += 1000 * (order == ">")
        head = np.array([kind, *shape, imaginary, len(name) + 1], f"{order}i4")
        return head.tobytes() + name.encode() + b"\0" + content

    signal, digit = signals(200, 2), {"f8": 0, "f4": 10}[dtype]
    content = b"".join(
        [
            variable("note", 51, (1, 4), b"text"),
            variable("z", 0, (1, 2), bytes(32), imaginary=1),
            variable("s", 2, (2, 3), bytes(48)),
            variable("units", 51, (1, 2), b"mV"),
            variable("val", digit, signal.shape, signal.T.astype(order + dtype).tobytes()),
            variable("Fs", 30, (1, 1), np.array(200, f"{order}i2").tobytes()),
        ]
    )
    path = tmp_path / "rec.mat"
    path.write_bytes(content)
    record = readers.read(path, lead="1")
    assert record.fs == 200
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    for cut in range(1, 40):
        path.write_bytes(content[:-cut])
        assert_refused("damaged or cut|no sampling rate", path)


def test_mat_4_damaged_anywhere_is_read_or_refused(tmp_path, rng):
    from scipy.io import savemat

    path = tmp_path / "rec.mat"
    savemat(path, {"val": signals(200), "fs": 200.0}, format="4")
    whole = path.read_bytes()
    for place in range(24):
        content = bytearray(whole)
        content[place] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        try:
            readers.read(path, fs=200, units="mV")
        except RecordError as error:
            assert "\n" not in str(error)


def test_later_mat_without_scipy_says_what_to_install(tmp_path, monkeypatch):
    from scipy.io import savemat

    savemat(tmp_path / "rec.mat", {"val": signals(200), "fs": 200.0})
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    install = r"needs the package scipy: pip install 'ecglab\[formats\]'"
    assert_refused(install, tmp_path / "rec.mat")


def test_mat_of_the_challenge_without_its_header(tmp_path):
    path, _ = write_cinc(tmp_path)
    path.with_suffix(".hea").unlink()
    assert_refused("A00003.hea is missing", path.with_suffix(".mat"), fs=300)


def test_mat_v73(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, signal = tmp_path / "rec.mat", signals(200, 2)
    with h5py.File(path, "w", userblock_size=512) as file:
        file["signal"] = signal.T  # as MATLAB stores (n_samples, n_leads)
        file["Fs"] = [[200.0]]
        file["units"] = np.array([[109], [86]], np.uint16)
        file["units"].attrs["MATLAB_class"] = np.bytes_("char")
        file["note"] = np.array([[116], [120]], np.uint16)
        file["note"].attrs["MATLAB_class"] = np.bytes_("char")
    record = readers.read(path, lead="1")
    assert record.fs == 200
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)
    path.write_bytes(path.read_bytes()[:700])
    assert_refused("damaged or cut", path)
