"""The summary of the beats: what it counts, and what is not defined."""

import numpy as np
import pytest

from ecglab.datasets import rhythms
from ecglab.ecg.features import BeatSummary, beat_summary
from ecglab.evaluation.beats import match

FS = 300


def simulated(make, seed=0, seconds=30.0):
    """A nearly clean ECG (n,) in mV and its rhythm, whose times begin with the signal."""
    rng = np.random.default_rng([7, seed])
    patient = rhythms.Patient.drawn(rng)
    rhythm = make(patient, rhythms.LEAD_IN + seconds, FS, rng)
    signal = rhythms.clean_ecg(rhythm, patient, 0.8, seconds, FS, rng)
    return signal + 0.01 * rng.standard_normal(signal.size), rhythm


def of_r(r, kinds=None) -> BeatSummary:
    r = np.array(r)
    kinds = np.zeros(r.size, "U1") if kinds is None else np.array(kinds)
    return BeatSummary(r, kinds, np.zeros(r.size, bool), np.diff(r) / FS)


def test_numbers_in_closed_form():
    even = of_r([0, 240, 480, 720])
    assert even.heart_rate == pytest.approx(75)
    assert even.rr_cv == pytest.approx(0) and even.rmssd == pytest.approx(0)
    two = of_r([0, 180, 480, 660, 960], ["", "V", "", "S", "V"])
    assert two.rr_cv == pytest.approx(0.25) and two.rmssd == pytest.approx(0.4)
    assert (two.n_ventricular, two.n_supraventricular) == (2, 1)
    assert two.p_wave_share == 0


@pytest.mark.parametrize("signal", [np.zeros(3000), np.full(3000, np.nan), np.zeros(1)])
def test_without_beats_nothing_is_defined(signal):
    summary = beat_summary(signal, FS)
    assert summary.r.size == summary.kinds.size == summary.rr.size == 0
    for value in (summary.heart_rate, summary.rr_cv, summary.rmssd, summary.p_wave_share):
        assert np.isnan(value)
    assert summary.n_ventricular == summary.n_supraventricular == 0


def total(make, attribute, n=6) -> float:
    return sum(getattr(beat_summary(simulated(make, seed)[0], FS), attribute) for seed in range(n))


def test_premature_beats_are_counted_by_kind():
    assert total(rhythms.sinus_rhythm, "n_ventricular") == 0
    assert total(rhythms.premature_ventricular, "n_ventricular") > 5
    assert total(rhythms.premature_atrial, "n_supraventricular") > 5
    assert total(rhythms.premature_atrial, "n_ventricular") == 0


def test_p_waves_are_seen_in_sinus_rhythm():
    sinus, af = (
        total(make, "p_wave_share") / 6
        for make in (rhythms.sinus_rhythm, rhythms.atrial_fibrillation)
    )
    assert sinus > 0.9 and af < 0.6


def test_inversion_changes_nothing():
    signal, _ = simulated(rhythms.premature_ventricular)
    up, down = beat_summary(signal, FS), beat_summary(-signal, FS)
    np.testing.assert_array_equal(up.r, down.r)
    np.testing.assert_array_equal(up.kinds, down.kinds)


def test_bigeminy_is_ventricular_though_half_of_the_beats_are():
    at = np.arange(0, 30, 1 / FS)
    normal = np.exp(-(((at[:, None] - np.arange(0.5, 30, 1.6)) / 0.015) ** 2)).sum(axis=1)
    broad = np.exp(-(((at[:, None] - np.arange(1.0, 30, 1.6)) / 0.05) ** 2)).sum(axis=1)
    broad -= 0.5 * np.exp(-(((at[:, None] - np.arange(1.12, 30, 1.6)) / 0.05) ** 2)).sum(axis=1)
    rng = np.random.default_rng(0)
    summary = beat_summary(normal + broad + 0.01 * rng.standard_normal(at.size), FS)
    assert summary.n_ventricular >= 0.45 * summary.r.size
    assert summary.n_supraventricular == 0


def test_ventricular_beats_of_annotated_recordings(long):
    wfdb = pytest.importorskip("wfdb")
    found = missed = wrong = 0
    for header in sorted((long / "mitdb").glob("*.hea")):
        record = wfdb.rdrecord(str(header.with_suffix("")))
        marks = wfdb.rdann(str(header.with_suffix("")), "atr")
        width = round(30 * record.fs)
        for start in range(0, record.sig_len - width + 1, width):
            summary = beat_summary(record.p_signal[start : start + width, 0], record.fs)
            of_marks, of_found = match(marks.sample - start, summary.r, 0.15 * record.fs)
            ventricular = np.array(marks.symbol)[of_marks] == "V"
            called = summary.kinds[of_found] == "V"
            inside = (summary.r[of_found] > 0.4 * record.fs) & (
                summary.r[of_found] < width - 0.6 * record.fs
            )
            found += (ventricular & called & inside).sum()
            missed += (ventricular & ~called & inside).sum()
            wrong += (~ventricular & called & inside).sum()
    assert found / (found + missed) > 0.8 and found / (found + wrong) > 0.98
