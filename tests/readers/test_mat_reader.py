"""Reading MATLAB files of versions 4, 5 and 7.3: variables, structures and damages."""

import zlib

import numpy as np
import pytest
from recording_maker import assert_refused, signals, write_cinc

from ecglab import readers
from ecglab.utils.errors import RecordError


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
        lead = "trace" if name == "trace" else ""
        assert (record.id, record.lead, record.fs) == ("rec", lead, 200)
        np.testing.assert_allclose(record.signal, signal[:, 0], atol=1e-6)
    assert_refused("states 200 Hz, not 300 Hz", path, fs=300)
    assert_refused("states the unit mV, not V", path, units="V")


def test_mat_without_rate_or_unit(tmp_path):
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", signals(200, 2)
    savemat(path, {"val": signal.T})
    assert_refused("not state the sampling rate.*--fs HZ.*fs=HZ", path, units="mV")
    assert_refused(r"not state the .*unit", path, fs=200)
    record = readers.read(path, lead="1", fs=200, units="mV")
    np.testing.assert_allclose(record.signal, signal[:, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("variables", "pattern"),
    [
        ({"val": np.ones(3000, np.int16)}, "rec.hea is missing"),
        ({"a": np.ones((3000, 2)), "b": np.ones((3000, 2))}, "it has a, b"),
        ({"note": "text"}, "no value is named val, signal or ecg"),
        ({"val": np.empty(0)}, "no value is named val, signal or ecg"),
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
        assert_refused("damaged or cut|not state the sampling rate", path)


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


def test_mat_5_damaged_anywhere_is_read_or_refused(tmp_path, rng):
    from scipy.io import savemat

    path = tmp_path / "rec.mat"
    variables = {"ecg": {"signal": signals(200), "fs": 200.0}, "units": "mV", "cell": [1, "a"]}
    for compressed in (False, True):
        savemat(path, variables, do_compression=compressed)
        whole = path.read_bytes()
        for place in [*range(120, 400), *rng.integers(0, len(whole), 100)]:
            content = bytearray(whole)
            content[place] ^= int(rng.integers(1, 256))
            path.write_bytes(content)
            try:
                readers.read(path, fs=200)
            except RecordError as error:
                assert "\n" not in str(error)


def test_mat_5_in_a_structure_and_of_whole_numbers(tmp_path):
    """MATLAB stores numbers without a fraction in as few bytes as they need."""
    from scipy.io import savemat

    path, signal = tmp_path / "rec.mat", np.round(1000 * signals(200, 2))
    savemat(path, {"rec": {"signal": signal, "Fs": 200.0, "units": "uV", "other": {"x": 1.0}}})
    record = readers.read(path, lead="1")
    assert record.fs == 200
    np.testing.assert_allclose(record.signal, signal[:, 1] / 1000, atol=1e-6)
    savemat(path, {"ecg": signal.astype(np.int16), "fs": np.uint8(200), "units": "1000/mV"})
    first = readers.read(path, lead="0").signal
    np.testing.assert_allclose(first, signal[:, 0] / 1000, atol=1e-6)


def test_mat_5_that_unpacks_to_much(tmp_path):
    from scipy.io import savemat

    path = tmp_path / "rec.mat"
    savemat(path, {"x": np.zeros(3)})
    packed = zlib.compressobj(1)
    n = 300_000_000
    matrix = np.array([14, n], "<u4").tobytes()
    content = packed.compress(matrix) + b"".join(
        packed.compress(bytes(n // 100)) for _ in range(100)
    )
    content += packed.flush()
    tag = np.array([15, len(content)], "<u4").tobytes()
    path.write_bytes(path.read_bytes()[:128] + tag + content)
    assert path.stat().st_size < 3e6
    assert_refused("holds more than 268 MB", path)


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


@pytest.mark.parametrize("kind", ["external", "soft"])
def test_mat_v73_that_leads_elsewhere(tmp_path, kind):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "other.mat", "w") as file:
        file["signal"] = signals(200)
    path = tmp_path / "rec.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["fs"] = [[200.0]]
        link = h5py.ExternalLink("other.mat", "/signal") if kind == "external" else None
        file["signal"] = link or h5py.SoftLink("/fs")
    assert_refused("'signal' is a link, which is not followed", path)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("signal", (2000,), "f8", external=[("other.mat", 0, 16000)])
    assert_refused("'signal' is stored in another file", path)


def test_mat_v73_that_claims_much(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "rec.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("signal", (10**11,), "f8", chunks=(10**6,), compression="gzip")
    assert_refused("holds more than 268 MB", path)


def test_mat_v73_in_a_structure(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, signal = tmp_path / "rec.mat", signals(200)[:, 0]
    with h5py.File(path, "w", userblock_size=512) as file:
        file["ecg/signal"], file["ecg/fs"] = signal[None], [[200.0]]
    np.testing.assert_allclose(readers.read(path, units="mV").signal, signal, atol=1e-6)
