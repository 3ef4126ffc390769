"""A recording is recognised by its content, whatever the suffix, and read in one way."""

import io
import subprocess
import sys

import numpy as np
import pytest
import scp_maker
import xml_maker
from format_maker import WRITERS
from recording_maker import assert_refused, signals

from ecglab import readers


def edf():
    edfio = pytest.importorskip("edfio")
    signal = edfio.EdfSignal(
        xml_maker.MILLIVOLTS[0], 500, label="ECG I", physical_dimension="mV", physical_range=(-5, 5)
    )
    file = io.BytesIO()
    edfio.Edf([signal], data_record_duration=1).write(file)
    return file.getvalue()


WRITTEN = {
    "EDF": edf,
    "SCP-ECG": scp_maker.simple,
    "HL7 aECG": lambda: xml_maker.aecg().encode(),
    "GE MUSE XML": lambda: xml_maker.muse().encode(),
    "Philips SierraECG": lambda: xml_maker.philips().encode("utf-16"),
}


@pytest.mark.parametrize("suffix", [".bin", ".csv", ".npy", ""])
@pytest.mark.parametrize("name", WRITTEN)
def test_any_suffix(tmp_path, name, suffix):
    path = tmp_path / f"rec{suffix}"
    path.write_bytes(WRITTEN[name]())
    found = readers.read_recording(path)
    assert found.format == name
    record = found.record()
    assert record.id == "rec" and "I" in record.lead and record.n_samples >= 5000


def test_a_matlab_file_beside_the_header_of_another_record(tmp_path):
    for fs, name in ((500, "WFDB 16"), (250, "MATLAB 5")):
        WRITERS[name](tmp_path, signals(fs)[:, 0], fs)
    assert readers.read_here(tmp_path / "rec.hea").fs == 500
    assert readers.read_here(tmp_path / "rec.dat").fs == 500
    assert readers.read_here(tmp_path / "rec.mat").fs == 250


def test_other_xml_is_refused_in_one_line(tmp_path):
    path = tmp_path / "rec.xml"
    for text in ("<svg/>", "<?xml?>", "<", "<!-- ", "<a" * 5000, xml_maker.BOMB + "<a>&b;</a>"):
        path.write_text(text)
        assert_refused("no known format", path)


def test_an_unknown_library_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "rec.xml"
    path.write_text(xml_maker.aecg())
    monkeypatch.setitem(sys.modules, "defusedxml.ElementTree", None)
    assert_refused(r"needs the package defusedxml: pip install 'ecglab\[formats\]'", path)


def test_scp_needs_numpy_only(tmp_path):
    path = tmp_path / "rec.scp"
    path.write_bytes(scp_maker.simple())
    code = """
import sys
from ecglab import readers
readers.read(sys.argv[1])
sys.exit(", ".join({"edfio", "pydicom", "defusedxml", "wfdb", "scipy"} & set(sys.modules)) or None)
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_recording_in_four_formats_is_one_signal(tmp_path):
    """Lead I of all formats is the same but for the steps in which they store it."""
    expected = xml_maker.MILLIVOLTS[0]
    for name in ("EDF", "HL7 aECG", "GE MUSE XML", "Philips SierraECG"):
        path = tmp_path / "rec"
        path.write_bytes(WRITTEN[name]())
        signal = readers.read(path).signal[: expected.size]
        np.testing.assert_allclose(signal, expected[: signal.size], atol=0.003, err_msg=name)
