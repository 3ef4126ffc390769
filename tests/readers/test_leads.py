"""Names of leads, and which lead of a recording is read."""

from pathlib import Path

import numpy as np
import pytest
from recording_maker import signals

from ecglab.readers.leads import is_ecg, number_of, select, standard_name
from ecglab.readers.recording import Lead, Recording
from ecglab.utils.errors import RecordError

FS = 250
BEATS = signals(FS)[:, 0]


def lead(name, signal=BEATS, unit="mV", fs=FS):
    return Lead(name, unit, fs, signal)


def recording(*leads):
    return Recording(Path("rec.xyz"), "test", leads)


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("I", "I"),
        ("MDC_ECG_LEAD_I", "I"),
        ("Lead I (Einthoven)", "I"),
        ("ECG I", "I"),
        ("DI", "I"),
        ("ECG LA-RA", "I"),
        ("ecg_lead_ii", "II"),
        ("MLII", "II"),
        ("Lead aVR", "aVR"),
        ("MDC_ECG_LEAD_AVF", "aVF"),
        ("EKG-V4", "V4"),
        ("ECG", ""),
        ("ECG 1", ""),
        ("V10", ""),
        ("EEG C3-A2", ""),
        ("Resp I chest belt", ""),
        ("", ""),
        ("I" * 100_000, ""),
    ],
)
def test_names_of_devices(name, standard):
    assert standard_name(name) == standard


def test_names_of_ecg_leads():
    assert all(map(is_ecg, ("ECG 1", "EKG", "MCL1", "V5", "CM5", "ecg_1", "V3R", "DII")))
    assert not any(map(is_ecg, ("EEG Fpz-Cz", "Resp", "SpO2", "X", "", "time")))


def test_a_lead_is_requested_by_any_of_its_names():
    leads = [lead("V1"), lead("MDC_ECG_LEAD_II"), lead("II copy")]
    assert number_of(leads, "ii") == 1
    assert number_of(leads, "II COPY") == 2
    assert number_of(leads, "0") == 0
    assert number_of(leads, "9" * 5000) is None
    assert number_of(leads, "aVR") is None
    with pytest.raises(RecordError, match=r"no lead 'aVR'; it has 0: V1, 1: MDC_ECG_LEAD_II"):
        recording(*leads).record("aVR")
    record = recording(*leads).record("II")
    assert record.lead == "MDC_ECG_LEAD_II"
    assert record.lead_reason == "lead MDC_ECG_LEAD_II: as requested"


def test_lead_i_then_ii_then_the_best():
    flat, gone = np.zeros(BEATS.size), np.full(BEATS.size, np.nan)
    noisy = BEATS + np.random.default_rng(0).normal(0, 0.4, BEATS.size)
    i, ii = lead("Lead I"), lead("MLII")
    assert select([i]) == (0, "lead Lead I: the only one of the file")
    assert select([ii, lead("V1"), i]) == (2, "lead Lead I: preferred to the other 2")
    assert select([lead("V1"), ii]) == (1, "lead MLII: the file has no lead I")
    assert select([lead("I", flat), ii]) == (1, "lead MLII: lead I is flat")
    assert select([lead("I", gone), ii]) == (1, "lead MLII: lead I is flat")
    assert select([lead("I", unit="bpm"), ii])[0] == 1
    number, reason = select([lead("V1", noisy), lead("V2"), lead("V3", noisy)])
    assert (number, reason.partition(":")[0]) == (1, "lead V2")
    assert "best quality of 3" in reason


def test_signals_other_than_an_ecg_come_last():
    assert select([lead("EEG Fpz-Cz", unit="uV"), lead("Resp"), lead("ECG")])[0] == 2
    assert select([lead("EEG Fpz-Cz", unit="uV"), lead("channel 7")])[0] == 1
    assert select([lead("SpO2", unit="%"), lead("EEG C3", unit="uV")])[0] == 1
    assert select([lead("SpO2", unit="%"), lead("Resp", unit="l")])[0] == 0


def test_leads_without_a_rate_are_compared_at_the_one_given():
    noisy = BEATS + np.random.default_rng(0).normal(0, 0.4, BEATS.size)
    leads = [lead("", noisy, fs=None), lead("", fs=None)]
    assert select(leads, FS)[0] == 1
    assert select(leads)[0] == 0
    assert recording(*leads).record(fs=FS).lead_reason.startswith("the best quality of 2")


def test_rate_and_unit_that_are_given_fill_in_what_the_file_does_not_state():
    stated, silent = lead("I"), lead("I", unit="", fs=None)
    for one in (stated, silent, lead("I", unit=""), lead("I", fs=None)):
        record = recording(one).record(fs=FS, units="mV")
        assert record.fs == FS
        np.testing.assert_allclose(record.signal, BEATS, atol=1e-6)
    assert recording(stated).record(fs=FS * 1.0005).fs == FS
    for one, given, words in (
        (silent, {}, r"the sampling rate and the unit \(mV, µV or V\): give both .--fs HZ --units"),
        (silent, {"fs": FS}, r"not state the unit \(mV, µV or V\): give it \(--units UNIT on"),
        (silent, {"units": "mV"}, r"not state the sampling rate: give it \(--fs HZ on"),
        (stated, {"fs": 2 * FS}, f"states {FS} Hz, not {2 * FS} Hz: leave out --fs "),
        (stated, {"units": "V"}, "states the unit mV, not V: leave out --units "),
        (stated, {"fs": 1, "units": "V"}, "and the unit mV, not 1 Hz and V: leave out --fs and "),
    ):
        with pytest.raises(RecordError, match=words):
            recording(one).record(**given)


def test_units_and_amplitudes():
    with pytest.raises(RecordError, match="not state the unit"):
        recording(lead("I", unit="")).record()
    np.testing.assert_allclose(
        recording(lead("I", 1000 * BEATS, "")).record(units="uV").signal, BEATS, atol=1e-6
    )
    assert recording(lead("I", 1000 * BEATS, "uV")).record(units="µV").lead == "I"
    for scale in (1e6, 1e300, np.inf):
        with pytest.raises(RecordError, match=r"is no ECG|not finite"):
            recording(lead("I", np.append(BEATS, scale), "V")).record()
    with pytest.raises(RecordError, match="has no lead"):
        recording().record()
