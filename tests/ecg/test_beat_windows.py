"""The sequence of beats: each by a direct computation, and none where none can be cut out."""

import numpy as np
import pytest

from ecglab.datasets import rhythms
from ecglab.ecg import features
from ecglab.ecg.features import beat_sequence, beat_windows, qrs
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.features.beat_windows import POINTS, TIMES, WIDTH, batch_of_beats
from ecglab.utils.errors import RecordError

FS = 300


def fibrillation(fs: int = FS, seconds: float = 20) -> np.ndarray:
    """Atrial fibrillation with a little noise, the same at every rate."""
    rng = np.random.default_rng(3)
    patient = rhythms.Patient.drawn(rng)
    rhythm = rhythms.atrial_fibrillation(patient, rhythms.LEAD_IN + seconds, FS, rng)
    signal = rhythms.clean_ecg(rhythm, patient, 1.0, seconds, FS, rng)
    signal += np.random.default_rng(4).normal(0, 0.005, signal.size)
    at = np.arange(round(seconds * fs)) / fs
    return np.interp(at, np.arange(signal.size) / FS, signal)


def test_shapes_and_times_are_those_of_a_direct_computation():
    signal = fibrillation()
    bands = Bands(signal, FS)
    r = qrs.detect(bands)
    kept = r[(r >= 90) & (r + 150 < signal.size)]
    found = beat_sequence(signal, FS)
    assert found.shape == (len(kept), WIDTH) and found.dtype == np.float32
    sample = np.arange(signal.size)
    cut = [np.interp(b + 3 * (np.arange(POINTS) - 30), sample, bands.wide) for b in kept]
    tops = np.array([bands.wide[b - 12 : b + 15].max() for b in kept])
    np.testing.assert_allclose(found[:, :POINTS], np.stack(cut) / np.median(tops), atol=1e-5)
    rr = np.diff(r) / FS
    usual = np.median(rr)
    times = dict(zip(TIMES, found[:, POINTS:].T, strict=True))
    for k, beat in enumerate(kept):
        i = int(np.flatnonzero(r == beat)[0])
        before = rr[i - 1] if i else usual
        after = rr[i] if i < len(rr) else usual
        assert times["before"][k] == pytest.approx(np.log(before / usual), abs=1e-5)
        assert times["after"][k] == pytest.approx(np.log(after / usual), abs=1e-5)
        assert times["before_log"][k] == pytest.approx(np.log(before), abs=1e-5)
        assert times["change"][k] == pytest.approx(np.log(after / before), abs=1e-5)
        assert times["height"][k] == pytest.approx(tops[k] / np.median(tops), abs=1e-5)
    assert (np.abs(times["correlation"]) <= 1).all() and np.median(times["correlation"]) > 0.9


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: 7 * x, lambda x: x + 3])
def test_polarity_gain_and_offset_do_not_matter(change):
    signal = fibrillation()
    np.testing.assert_allclose(
        beat_sequence(change(signal), FS), beat_sequence(signal, FS), atol=1e-3
    )


@pytest.mark.parametrize("fs", [150, 250, 500])
def test_the_sampling_rate_hardly_matters(fs):
    one, other = beat_sequence(fibrillation(), FS), beat_sequence(fibrillation(fs), fs)
    assert one.shape == other.shape
    assert np.median(np.abs(one - other)) < 0.02


def test_beats_in_which_samples_are_missing_are_left_out():
    signal = fibrillation()
    r = features.beat_summary(signal, FS).r
    gap = signal.copy()
    gap[r[8] + 20 : r[10] - 20] = np.nan
    found = beat_sequence(gap, FS)
    assert len(found) == len(beat_sequence(signal, FS)) - 3
    assert np.isfinite(found).all()


def test_an_interval_across_missing_samples_counts_as_the_usual_one():
    signal = fibrillation()
    r = features.beat_summary(signal, FS).r
    gap = signal.copy()
    gap[r[8] + round(0.51 * FS) : r[12] - round(0.31 * FS)] = np.nan
    column = POINTS + TIMES.index("before")
    before, whole = (beat_sequence(x, FS)[:, column] for x in (gap, signal))
    assert before.size == whole.size - 3
    assert (before == 0).sum() == (whole == 0).sum() + 1  # the first beat after the gap
    assert np.abs(before).max() < 1.05 * np.abs(whole).max() + 0.1


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(3000),
        np.full(3000, np.nan),
        np.where(np.arange(3000) < 2900, np.nan, 1.0),
        np.sin(np.arange(1500) / 200),
        fibrillation(seconds=5)[:400],
    ],
    ids=["flat", "missing", "nearly missing", "wave", "short"],
)
def test_there_may_be_no_beats(signal):
    assert beat_sequence(signal, FS).shape == (0, WIDTH)


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_artefacts_stay_within_limits(seed):
    rng = np.random.default_rng(seed)
    signal = fibrillation() + rng.normal(0, 10.0 ** -rng.integers(0, 3), 20 * FS)
    signal[rng.integers(0, signal.size, 5)] += 1e4
    signal[rng.random(signal.size) < 0.1 * seed] = np.nan
    found = beat_sequence(signal, FS)
    assert found.shape[1] == WIDTH
    assert np.isfinite(found).all() and np.abs(found).max(initial=0) <= beat_windows._LIMIT


def test_a_signal_that_is_none_is_refused():
    with pytest.raises(RecordError, match="has shape"):
        beat_sequence(np.zeros((2, 3000)), FS)


# A batch


def test_a_batch_is_padded_at_the_end():
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(n, WIDTH)).astype(np.float32) for n in (3, 0, 5)]
    batch = batch_of_beats(given)
    assert list(batch) == ["beats", "beats_mask"]
    assert batch["beats"].shape == (3, 5, WIDTH) and batch["beats"].dtype == np.float32
    assert batch["beats_mask"].tolist() == [[1, 1, 1, 0, 0], [0] * 5, [1] * 5]
    for beats, one in zip(batch["beats"], given, strict=True):
        np.testing.assert_array_equal(beats[: len(one)], one)
        assert not beats[len(one) :].any()
    assert batch_of_beats(given, 9)["beats"].shape == (3, 9, WIDTH)
    assert batch_of_beats(given[1:2])["beats_mask"].tolist() == [[0]]


# What is shared


def test_beats_are_looked_for_once_whatever_is_made_of_them(monkeypatch):
    signal, calls, detect = fibrillation(), [], qrs.detect
    monkeypatch.setattr(qrs, "detect", lambda bands: calls.append(1) or detect(bands))
    analysis = features.Analysis(signal, FS)
    assert not calls
    vector, sequence, summary = analysis.features, analysis.beat_sequence, analysis.beat_summary
    assert len(calls) == 1
    np.testing.assert_array_equal(vector, features.extract(signal, FS))
    np.testing.assert_array_equal(sequence, features.beat_sequence(signal, FS))
    alone = features.beat_summary(signal, FS)
    np.testing.assert_array_equal(summary.r, alone.r)
    np.testing.assert_array_equal(summary.kinds, alone.kinds)
    assert len(calls) == 4
