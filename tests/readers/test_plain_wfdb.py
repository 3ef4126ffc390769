"""WFDB headers and samples without the package, against the specification and the package."""

import numpy as np
import pytest

from ecglab.readers import wfdb_samples
from ecglab.readers.plain_wfdb import (
    NotPlainError,
    SignalHeader,
    parse_header,
    physical,
    read_samples,
)
from ecglab.utils.errors import RecordError


def lead(line: str) -> SignalHeader:
    return parse_header(f"r 1 300 10\n{line}\n").signals[0]


@pytest.mark.parametrize(
    "when", ["", " 05:05:15 1/05/2000", " 2014-05-08 05:05:15 ", " 2014-05-08", " 05:05:15"]
)
def test_forms_of_cinc_2017(when):
    text = f"A00001 1 300 9000{when}\r\nA00001.mat 16+24 1000/mV 16 0 -127 0 0 ECG \r\n"
    header = parse_header(text)
    assert (header.record, header.fs, header.n_samples) == ("A00001", 300.0, 9000)
    assert header.signals == (SignalHeader("A00001.mat", "16", 24, 1000.0, 0, "mV", "ECG"),)


def test_defaults():
    header = parse_header("r 1\nr.dat 16\n")
    assert (header.fs, header.n_samples) == (250.0, None)
    assert header.signals == (SignalHeader("r.dat", "16", 0, 200.0, 0, "mV", ""),)


def test_blank_lines_and_comments_are_skipped():
    text = (
        "\n\n# a comment\n  # another\n100 2 360/720(5) 650000\n#\n\na.dat 212\n\nb.dat 212\n# end"
    )
    header = parse_header(text)
    assert (header.record, header.fs, header.n_samples) == ("100", 360.0, 650000)
    assert [signal.file for signal in header.signals] == ["a.dat", "b.dat"]


@pytest.mark.parametrize(
    ("fields", "gain", "baseline", "units"),
    [
        ("200", 200.0, 0, "mV"),
        ("0", 200.0, 0, "mV"),
        ("1000/mV", 1000.0, 0, "mV"),
        ("200(1024)/mV", 200.0, 1024, "mV"),
        ("200(-5)", 200.0, -5, "mV"),
        ("200(0)/mV 11 1024", 200.0, 0, "mV"),
        ("200 11 1024", 200.0, 1024, "mV"),
        ("1.052e+04/uV 16 -7", 10520.0, -7, "uV"),
        ("2.5/mm/s", 2.5, 0, "mm/s"),
    ],
)
def test_forms_of_gain(fields, gain, baseline, units):
    signal = lead(f"r.dat 16 {fields}")
    assert (signal.gain, signal.baseline, signal.units) == (gain, baseline, units)


def test_lead_may_have_spaces():
    assert lead("r.dat 16 200 11 0 0 0 0 lead I  left").lead == "lead I  left"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("hello", "record line"),
        ("r one 300\n", "record line"),
        ("r 1 fast 10\nr.dat 16", "record line"),
        ("r 1 nan 10\nr.dat 16", "record line"),
        ("r 1 -300 10\nr.dat 16", "record line"),
        ("r 0 300 10\n", "record line"),
        ("r 2 300 10\nr.dat 16\n", "1 signals where its first line says 2"),
        ("r 1 300 10\nr.dat\n", "signal line"),
        ("r 1 300 10\nr.dat sixteen\n", "signal line"),
        ("r 1 300 10\nr.dat 16 1000mV\n", "signal line"),
        ("r 1 300 10\nr.dat 16 1e999/mV\n", "signal line"),
        ("r 1 300 10\nr.dat 16 200 11 zero\n", "signal line"),
        ("r 1 300 10\n../r.dat 16 200\n", "beside the header"),
        ("r 1 300 10\n/etc/passwd 16 200\n", "beside the header"),
        ("r 1 300 10\n.. 16 200\n", "beside the header"),
    ],
)
def test_bad_header_is_refused_in_one_line(text, words):
    with pytest.raises(RecordError) as caught:
        parse_header(text, "a.hea")
    message = str(caught.value)
    assert message.startswith("a.hea: ")
    assert words in message
    assert "\n" not in message
    assert not isinstance(caught.value, NotPlainError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("r/3 1 300 10\ns 10\n", "segments"),
        ("r 1 300 10\nr.dat 16x4 200\n", "several samples a frame"),
        ("r 1 300 10\nr.dat 16:3 200\n", "skew"),
        ("r 1 300 10\nr.dat 310 200\n", "format 310"),
        ("r 1 300 10\nr.dat 524 200\n", "format 524"),
        ("r 1 300 10\nr.dat 8 200\n", "format 8"),
    ],
)
def test_rare_records_are_left_to_the_package(text, words):
    with pytest.raises(NotPlainError, match=words):
        parse_header(text, "a.hea")


def test_several_leads_and_files():
    values = np.arange(12, dtype="<i2").reshape(4, 3)
    stored = {"a": b"head" + values[:, [0, 2]].tobytes(), "b": values[:, 1].tobytes()}
    header = parse_header("r 3 300 4\na 16+4 100\nb 16 100\na 16+4 100\n")
    np.testing.assert_array_equal(read_samples(header, stored.get), values)


def test_length_comes_from_the_file_where_the_header_leaves_it_open():
    header = parse_header("r 1 300\na 16")
    assert read_samples(header, lambda _: bytes(20)).shape == (10, 1)


def test_missing_and_scaled_samples():
    header = parse_header("r 2 300 2\na 16 200(100)/mV\na 16 1000/mV\n")
    samples = np.array([[300, -32768], [100, 500]], dtype=np.int16)
    values = physical(header, samples)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.float32([[1.0, np.nan], [0.0, 0.5]]))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a 16+7"], "holds 6 of the 10 samples"),
        (["a 212+6"], "holds 9 of the 10 samples"),
        (["a 24"], "holds 6 of the 10 samples"),
        (["a 32+25"], "holds 0 of the 10 samples"),
        (["a 16", "a 80"], "several formats for a"),
    ],
)
def test_bad_samples_are_refused(lines, words):
    header = parse_header("\n".join([f"r {len(lines)} 300 10", *lines]))
    with pytest.raises(RecordError, match=words):
        read_samples(header, lambda _: bytes(20))


def test_file_without_samples_is_refused_where_the_header_leaves_the_length_open():
    with pytest.raises(RecordError, match="holds no samples"):
        read_samples(parse_header("r 1 300\na 16+24"), lambda _: bytes(24))


def test_files_of_different_lengths_are_refused():
    header = parse_header("r 2 300\na 16\nb 16\n")
    with pytest.raises(RecordError, match="different lengths"):
        read_samples(header, {"a": bytes(20), "b": bytes(22)}.get)


# Samples


@pytest.mark.parametrize(
    ("form", "stored", "values"),
    [  # by hand from the specification
        ("16", "01 00 ff ff 00 80", [1, -1, -32768]),
        ("61", "00 01 ff ff 80 00", [1, -1, -32768]),
        ("160", "01 80 ff 7f 00 00", [1, -1, -32768]),
        ("80", "81 7f 00", [1, -1, -128]),
        ("212", "01 f0 ff 00 08", [1, -1, -2048]),
        ("24", "01 00 00 ff ff ff 00 00 80", [1, -1, -8388608]),
        ("32", "01 00 00 00 ff ff ff ff 00 00 00 80", [1, -1, -(2**31)]),
    ],
)
def test_every_format(form, stored, values):
    content = b"head" + bytes.fromhex(stored)
    assert wfdb_samples.capacity(form, len(content) - 4) == 3
    assert wfdb_samples.decode(form, content, 4, 3).tolist() == values
    assert wfdb_samples.missing(form) == values[-1]


@pytest.mark.parametrize("n_samples", [1000, 1001])
@pytest.mark.parametrize("n_signals", [1, 2, 3])
@pytest.mark.parametrize("form", wfdb_samples.FORMATS)
def test_every_format_agrees_with_wfdb(tmp_path, rng, form, n_signals, n_samples):
    wfdb = pytest.importorskip("wfdb")
    n = n_samples * n_signals
    n_bytes = next(i for i in range(5 * n) if wfdb_samples.capacity(form, i) >= n)
    # Any bytes are samples; the first ones are missing samples in one format or another.
    content = bytes([0] * 11 + [128, 0, 128, 0, 8, 128, 0]) + rng.bytes(n_bytes - 18)
    (tmp_path / "r.dat").write_bytes(content)
    gains = ("200(5)/mV", "1e3(-5)/mV", "7.5/mV 12 100")[:n_signals]
    lines = [f"r {n_signals} 300 {n_samples}", *(f"r.dat {form} {gain}" for gain in gains), ""]
    (tmp_path / "r.hea").write_text("\n".join(lines))
    header = parse_header((tmp_path / "r.hea").read_text())
    found = read_samples(header, lambda file: (tmp_path / file).read_bytes())
    expected = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    np.testing.assert_array_equal(found, expected.d_signal)
    values = physical(header, found)
    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal
    np.testing.assert_array_equal(values, expected.astype(np.float32))
    assert np.isnan(values).any()
    # The length is the file's where the header leaves it open.
    lines[0] = f"r {n_signals} 300"
    found = read_samples(parse_header("\n".join(lines)), lambda _: content)
    assert found.shape == expected.shape


def test_files_of_different_formats():
    header = parse_header("r 3 300 2\na 80\nb 24\na 80\n")
    stored = {"a": bytes([129, 0, 130, 127]), "b": bytes([0, 0, 1, 0, 0, 128])}
    samples = read_samples(header, stored.get)
    assert samples.tolist() == [[1, 65536, -128], [2, -8388608, -1]]
    np.testing.assert_array_equal(
        np.isnan(physical(header, samples)), [[False, False, True], [False, True, False]]
    )


@pytest.mark.parametrize("name", ["100", "100_3chan", "a103l", "test01_00s"])
def test_agrees_with_wfdb(formats, name):
    wfdb = pytest.importorskip("wfdb")
    folder = formats / "wfdb"
    header = parse_header((folder / f"{name}.hea").read_text())
    samples = read_samples(header, lambda file: (folder / file).read_bytes())
    digital = wfdb.rdrecord(str(folder / name), physical=False)
    np.testing.assert_array_equal(samples, digital.d_signal)
    assert [signal.baseline for signal in header.signals] == digital.baseline
    assert [signal.lead for signal in header.signals] == digital.sig_name
    expected = wfdb.rdrecord(str(folder / name)).p_signal
    np.testing.assert_allclose(physical(header, samples), expected, atol=1e-6)
