"""WFDB headers and samples of format 16, against the specification and against `wfdb`."""

import numpy as np
import pytest

from ecglab.readers.plain_wfdb import (
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
        ("r/3 1 300 10\ns 10\n", "segments"),
        ("r 2 300 10\nr.dat 16\n", "1 signals where its first line says 2"),
        ("r 1 300 10\nr.dat\n", "signal line"),
        ("r 1 300 10\nr.dat sixteen\n", "signal line"),
        ("r 1 300 10\nr.dat 16 1000mV\n", "signal line"),
        ("r 1 300 10\nr.dat 16 1e999/mV\n", "signal line"),
        ("r 1 300 10\nr.dat 16 200 11 zero\n", "signal line"),
        ("r 1 300 10\nr.dat 16x4 200\n", "several samples a frame"),
        ("r 1 300 10\nr.dat 16:3 200\n", "skew"),
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
    ("line", "words"), [("a 212", "format 212"), ("a 16+7", "holds 6 of the 10 samples")]
)
def test_bad_samples_are_refused(line, words):
    header = parse_header(f"r 1 300 10\n{line}\n")
    with pytest.raises(RecordError, match=words):
        read_samples(header, lambda _: bytes(20))


def test_files_of_different_lengths_are_refused():
    header = parse_header("r 2 300\na 16\nb 16\n")
    with pytest.raises(RecordError, match="different lengths"):
        read_samples(header, {"a": bytes(20), "b": bytes(22)}.get)


@pytest.mark.parametrize("name", ["a103l", "test01_00s"])
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
