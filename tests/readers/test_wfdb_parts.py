"""WFDB headers and samples, against the specification and the package wfdb."""

import numpy as np
import pytest

from ecglab.readers import wfdb_samples
from ecglab.readers.wfdb_header import Segment, SignalHeader, parse_header
from ecglab.readers.wfdb_signals import physical, read_samples
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
    assert header.signals == (
        SignalHeader("A00001.mat", "16", 24, 1000.0, 0, "mV", "ECG", initial=-127),
    )


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
        ("r/1000000000 1 300 10\na 10\n", "1 segments where its first line says 1000000000"),
        ("r/0 1 300 10\na 10\n", "record line"),
        ("r/1 1 nan 10\na 10\n", "record line"),
        ("r/1 1 -300 10\na 10\n", "record line"),
        ("r/1 1 300 10\na -10\n", "WFDB segment"),
        ("r/1 1 300 10\na/2 10\n", "WFDB segment"),
        ("r 1 300 10\nr.dat 17 200\n", "format 17"),
        ("r 1 300 10\nr.dat 16x1000000000 200\n", "signal line"),
        (f"r 1 {'9' * 400} 10\nr.dat 16 200\n", "record line"),
        (f"r 1 300 {'9' * 5000}\nr.dat 16 200\n", "record line"),
        (f"r 1 300 10\nr.dat 16+{'9' * 400} 200\n", "signal line"),
        (f"r 1 300 10\nr.dat 16 {'9' * 5000}/mV\n", "signal line"),
        (f"r 1 300 10\nr.dat 16 200({'9' * 5000})/mV\n", "signal line"),
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


def test_segments_and_frames():
    header = parse_header("r/3 2 300 60 05:05:15 1/05/2000\nlayout 0\n~ 20\nb 40\n")
    assert header.segments == (Segment("layout", 0), Segment("~", 20), Segment("b", 40))
    assert header.start == "05:05:15 1/05/2000"
    signal = lead("r.dat 212x4:3+9 200 12 0 -7")
    assert (signal.format, signal.per_frame, signal.skew, signal.offset) == ("212", 4, 3, 9)
    assert signal.initial == -7


def test_several_leads_and_files():
    values = np.arange(12, dtype="<i2").reshape(4, 3)
    stored = {"a": b"head" + values[:, [0, 2]].tobytes(), "b": values[:, 1].tobytes()}
    header = parse_header("r 3 300 4\na 16+4 100\nb 16 100\na 16+4 100\n")
    np.testing.assert_array_equal(np.stack(read_samples(header, stored.get), 1), values)


def test_length_comes_from_the_file_where_the_header_leaves_it_open():
    header = parse_header("r 1 300\na 16")
    [samples] = read_samples(header, lambda _: bytes(20))
    assert samples.shape == (10,)


def test_missing_and_scaled_samples():
    first, second = parse_header("r 2 300 2\na 16 200(100)/mV\na 16 1000/mV\n").signals
    values = physical(first, np.array([300, 100], np.int16))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.float32([1.0, 0.0]))
    values = physical(second, np.array([-32768, 500], np.int16))
    np.testing.assert_array_equal(values, np.float32([np.nan, 0.5]))


def test_skew_and_several_samples_per_frame():
    stored = np.array([[1, 10, 11], [2, 20, 21], [3, 30, 31], [4, 40, 41]], "<i2")
    header = parse_header("r 2 100 4\na 16:1 1\na 16x2 1\n")
    first, second = read_samples(header, lambda _: stored.tobytes())
    assert first.tolist() == [2, 3, 4, -32768]
    assert second.tolist() == [10, 11, 20, 21, 30, 31, 40, 41]
    header = parse_header("r 2 100 3\na 16:1 1\na 16x2 1\n")
    assert read_samples(header, lambda _: stored.tobytes())[0].tolist() == [2, 3, 4]
    header = parse_header("r 1 100 12\na 16:1000000000 1\n")
    with pytest.raises(RecordError, match="skew of 1000000000 is longer than the record"):
        read_samples(header, lambda _: stored.tobytes())


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

OTHERS = (*wfdb_samples.FLAC, wfdb_samples.NULL)


@pytest.mark.parametrize(
    ("form", "stored", "values"),
    [  # by hand from the specification
        ("16", "01 00 ff ff 00 80", [1, -1, -32768]),
        ("61", "00 01 ff ff 80 00", [1, -1, -32768]),
        ("160", "01 80 ff 7f 00 00", [1, -1, -32768]),
        ("80", "81 7f 00", [1, -1, -128]),
        ("212", "01 f0 ff 00 08", [1, -1, -2048]),
        ("310", "02 00 fe 87", [1, -1, -512]),
        ("311", "01 fc 0f 20", [1, -1, -512]),
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
@pytest.mark.parametrize("form", [f for f in wfdb_samples.FORMATS if f not in OTHERS])
def test_every_format_agrees_with_wfdb(tmp_path, rng, form, n_signals, n_samples):
    wfdb = pytest.importorskip("wfdb")
    n = n_samples * n_signals
    n_bytes = next(i for i in range(5 * n) if wfdb_samples.capacity(form, i) >= n)
    # Any bytes are samples; the first ones are missing samples in one format or another.
    content = bytes([0] * 11 + [128, 0, 128, 0, 8, 128, 0]) + rng.bytes(n_bytes - 18)
    if form == "311":  # the highest two bits of four bytes are not used
        content = bytes(b & 0x3F if i % 4 == 3 else b for i, b in enumerate(content))
    (tmp_path / "r.dat").write_bytes(content)
    gains = ("200(5)/mV", "1e3(-5)/mV", "7.5/mV 12 100")[:n_signals]
    lines = [f"r {n_signals} 300 {n_samples}", *(f"r.dat {form} {gain}" for gain in gains), ""]
    (tmp_path / "r.hea").write_text("\n".join(lines))
    header = parse_header((tmp_path / "r.hea").read_text())
    found = read_samples(header, lambda file: (tmp_path / file).read_bytes())
    expected = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    np.testing.assert_array_equal(np.stack(found, 1), expected.d_signal)
    values = np.stack([physical(s, x) for s, x in zip(header.signals, found, strict=True)], 1)
    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal
    np.testing.assert_array_equal(values, expected.astype(np.float32))
    assert np.isnan(values).any() == (form != "8")
    # The length is the file's where the header leaves it open.
    lines[0] = f"r {n_signals} 300"
    found = read_samples(parse_header("\n".join(lines)), lambda _: content)
    stored = wfdb_samples.capacity(form, len(content)) // n_signals
    assert [x.size for x in found] == [stored] * n_signals and stored - n_samples < 2


def test_files_of_different_formats():
    header = parse_header("r 3 300 2\na 80\nb 24\na 80\n")
    stored = {"a": bytes([129, 0, 130, 127]), "b": bytes([0, 0, 1, 0, 0, 128])}
    samples = read_samples(header, stored.get)
    assert [x.tolist() for x in samples] == [[1, 2], [65536, -8388608], [-128, -1]]
    values = [physical(s, x) for s, x in zip(header.signals, samples, strict=True)]
    assert np.isnan(values).tolist() == [[False, False], [False, True], [True, False]]


@pytest.mark.parametrize("name", ["100", "100_3chan", "a103l", "test01_00s"])
def test_agrees_with_wfdb(formats, name):
    wfdb = pytest.importorskip("wfdb")
    folder = formats / "wfdb"
    header = parse_header((folder / f"{name}.hea").read_text())
    samples = read_samples(header, lambda file: (folder / file).read_bytes())
    digital = wfdb.rdrecord(str(folder / name), physical=False)
    np.testing.assert_array_equal(np.stack(samples, 1), digital.d_signal)
    assert [signal.baseline for signal in header.signals] == digital.baseline
    assert [signal.lead for signal in header.signals] == digital.sig_name
    expected = wfdb.rdrecord(str(folder / name)).p_signal
    values = [physical(s, x) for s, x in zip(header.signals, samples, strict=True)]
    np.testing.assert_allclose(np.stack(values, 1), expected, atol=1e-6)
