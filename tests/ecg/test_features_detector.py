"""The QRS detector: hard signals, its parts in closed form, and real annotated recordings."""

import itertools

import numpy as np
import pytest

from ecglab.datasets import rhythms
from ecglab.ecg.features import candidates, qrs, sequence
from ecglab.ecg.features.bands import Bands
from ecglab.evaluation.beats import BeatScore, score

FS = 300


def simulated(make=rhythms.sinus_rhythm, seed=0, seconds=30.0):
    """A clean ECG (n,) in mV and the sample numbers of its R peaks."""
    rng = np.random.default_rng([9, seed])
    patient = rhythms.Patient.drawn(rng)
    rhythm = make(patient, rhythms.LEAD_IN + seconds, FS, rng)
    signal = rhythms.clean_ecg(rhythm, patient, 0.8, seconds, FS, rng)
    signal += 0.005 * rng.standard_normal(signal.size)
    r = np.rint((rhythm.r - rhythms.LEAD_IN) * FS).astype(int)
    return signal, r[(r > 0.1 * FS) & (r < signal.size - 0.1 * FS)]


def scored(signal, r, fs=FS) -> BeatScore:
    found = qrs.detect(Bands(signal, fs))
    return score(r, found, 0.1 * fs, 0.3 * fs, signal.size - 0.3 * fs)


def total(disturbed, n=6) -> BeatScore:
    """The score over simulated records; disturbed(signal, r, rng) is the signal to detect in."""
    scores = []
    for seed in range(n):
        signal, r = simulated(seed=seed)
        scores.append(scored(disturbed(signal, r, np.random.default_rng(seed)), r))
    return sum(scores, BeatScore())


def bump(signal, at, seconds, height):
    """The signal with a smooth bump added around a sample number."""
    half = round(seconds * FS / 2)
    start, end = max(at - half, 0), min(at + half, signal.size)
    out = signal.copy()
    out[start:end] += height * np.hanning(2 * half)[start - at + half : end - at + half]
    return out


# Hard signals


def test_t_waves_higher_than_the_qrs_are_no_beats():
    def with_t(signal, r, rng):
        for beat in r:
            signal = bump(signal, beat + round(0.3 * FS), 0.2, 1.2)
        return signal

    found = total(with_t)
    assert found.sensitivity > 0.99 and found.precision > 0.99


def test_small_beats_among_much_higher_ones_are_found():
    def every_third_higher(signal, r, rng):
        gain = np.ones(signal.size)
        for beat in r[::3]:
            gain = bump(gain, beat, 0.4, 3.0)
        return signal * gain

    found = total(every_third_higher)
    assert found.sensitivity > 0.98 and found.precision > 0.99


def test_jerks_between_regular_beats_are_no_beats():
    def with_jerks(signal, r, rng):
        for i in range(2, r.size - 2, 4):
            at = round((r[i] + r[i + 1]) / 2)
            signal = bump(signal, at, rng.uniform(0.06, 0.15), rng.uniform(0.1, 0.3))
        return signal

    found = total(with_jerks)
    assert found.sensitivity > 0.99 and found.precision > 0.97


def test_noise_as_high_as_a_third_of_the_qrs():
    found = total(lambda signal, r, rng: signal + 0.12 * rng.standard_normal(signal.size))
    assert found.sensitivity > 0.97 and found.precision > 0.97


def test_broad_smooth_beats_are_found():
    scores = [scored(*simulated(rhythms.premature_ventricular, seed)) for seed in range(6)]
    found = sum(scores, BeatScore())
    assert found.sensitivity > 0.98 and found.precision > 0.99


@pytest.mark.parametrize("fs", [100, 125, 250, 500, 1000])
def test_any_rate(fs):
    signal, r = simulated(rhythms.premature_atrial)
    at = np.arange(int(30 * fs)) / fs
    other = np.interp(at, np.arange(signal.size) / FS, signal)
    found = scored(other, r * fs / FS, fs)
    assert found.sensitivity == found.precision == 1


def test_a_long_record_is_decided_on_in_parts():
    signal, r = simulated(rhythms.atrial_fibrillation, seconds=200.0)
    found = scored(signal, r)
    assert found.sensitivity > 0.99 and found.precision > 0.99


# Its parts


def test_the_best_sequence_against_all_sequences(rng):
    """Without rhythm, the only price is that of an interval below half of the usual one."""

    def value(chosen, time, evidence):
        gaps = np.diff(time[list(chosen)])
        if (gaps < sequence.SHORTEST).any():
            return -np.inf
        short = np.maximum(sequence.SHORT - gaps / sequence.USUAL, 0)
        return evidence[list(chosen)].sum() - sequence.SHORT_PRICE * short.sum()

    for _ in range(20):
        time, evidence = np.cumsum(rng.uniform(0.15, 0.6, 8)), 3 * rng.standard_normal(8)
        every = [c for n in range(1, 9) for c in itertools.combinations(range(8), n)]
        best = max(every, key=lambda chosen: value(chosen, time, evidence))
        assert sequence.best_sequence(time, evidence).tolist() == list(best)


def test_rhythm_decides_where_evidence_is_weak():
    time = np.array([0, 0.8, 1.2, 1.6, 2.4, 3.2, 4.0])
    evidence = np.array([5, 5, 1, 5, 5, -1, 5.0])
    usual, spread = np.full(7, 0.8), 0.12
    found = sequence.best_sequence(time, evidence, usual, spread)
    assert found.tolist() == [0, 1, 3, 4, 5, 6], "the extra one is left out, the weak one taken"
    evidence[2] = 12
    assert 2 in sequence.best_sequence(time, evidence, usual, spread), "clear evidence wins"


def test_usual_intervals_are_those_of_clear_beats():
    beats = np.array([0, 1, 2, 3, 4, 4.4, 5, 6, 7, 8, 9.0])
    clear = beats != 4.4
    usual, spread = sequence.usual_intervals(beats, clear, beats)
    np.testing.assert_allclose(usual, 1)
    assert spread == sequence.SPREAD


def test_groups_are_of_rows_that_look_alike(rng):
    one, other = rng.standard_normal((2, 30))
    rows = np.array([one] * 10 + [other] * 5 + [rng.standard_normal(30)])
    rows = rows * rng.uniform(0.5, 2, (16, 1)) + 0.05 * rng.standard_normal((16, 30))
    first, second = candidates.groups(rows)
    assert first.tolist() == list(range(10)) and second.tolist() == list(range(10, 15))
    assert len(candidates.groups(rows[:10])) == 1
    assert candidates.groups(np.zeros((4, 30)))[0].size == 4


def test_the_size_of_windows_against_its_definition(rng):
    x = 100 + rng.standard_normal(50)
    rows = np.lib.stride_tricks.sliding_window_view(x, 7)
    np.testing.assert_allclose(
        candidates.moving_size(x, 7), np.sqrt(7) * rows.std(axis=1), rtol=1e-6
    )
    assert not candidates.moving_size(np.full(20, 3.0), 5).any()


def test_the_likeness_to_a_template_is_1_for_the_same_beat_anywhere():
    signal, _ = simulated()
    bands = Bands(signal, FS)
    found = qrs.detect(bands)[2:-2]
    shapes = candidates.Shapes(bands)
    same, _, _ = shapes.likeness(found, found)
    assert np.median(same) > 0.98
    shifted, _, shift = shapes.likeness(found + 6, found)
    assert np.median(shifted) > 0.98 and abs(np.median(shift) + 6) <= 2


# Real recordings


@pytest.mark.parametrize(
    ("name", "tolerance", "start", "sensitivity", "precision"),
    [("mitdb", 0.15, 300, 0.997, 0.997), ("cpsc2019", 0.075, 0.5, 0.97, 0.97)],
)
def test_annotated_recordings(name, tolerance, start, sensitivity, precision, long):
    wfdb = pytest.importorskip("wfdb")
    found = BeatScore()
    for header in sorted((long / name).glob("*.hea")):
        record = wfdb.rdrecord(str(header.with_suffix("")))
        marks = wfdb.rdann(str(header.with_suffix("")), "atr")
        r = qrs.detect(Bands(record.p_signal[:, 0], record.fs))
        end = record.sig_len - (0.5 * record.fs if name == "cpsc2019" else 0)
        found += score(marks.sample, r, tolerance * record.fs, start * record.fs, end)
    assert found.sensitivity >= sensitivity and found.precision >= precision
