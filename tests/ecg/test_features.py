"""Features: beats where they are, rhythm by what defines it, and no input that breaks them."""

import subprocess
import sys

import numpy as np
import pytest

from ecglab.datasets import rhythms, synthetic
from ecglab.ecg import features
from ecglab.ecg.features import atrial, beats, qrs, quality, rr, series
from ecglab.ecg.features.bands import Bands, moving_mean
from ecglab.ecg.prepare import at_rate
from ecglab.utils.errors import RecordError

FS = 300
RHYTHMS = [rhythm for of_class in synthetic.RHYTHMS.values() for rhythm in of_class]


def simulated(make, seed=0, seconds=30.0):
    """A clean ECG (n,) in mV and the sample numbers of all its R peaks."""
    rng = np.random.default_rng([5, seed])
    patient = rhythms.Patient.drawn(rng)
    rhythm = make(patient, rhythms.LEAD_IN + seconds, FS, rng)
    signal = rhythms.clean_ecg(rhythm, patient, 0.8, seconds, FS, rng)
    signal += 0.01 * rng.standard_normal(signal.size)
    return signal, np.rint((rhythm.r - rhythms.LEAD_IN) * FS).astype(int)


def named(signal) -> dict[str, float]:
    return dict(zip(features.names, features.extract(signal, FS).tolist(), strict=True))


def mean_of(make, name, n=6) -> float:
    return float(np.mean([named(simulated(make, seed)[0])[name] for seed in range(n)]))


# The detector


@pytest.mark.parametrize("make", RHYTHMS, ids=lambda make: make.__name__)
def test_beats_are_found_where_they_are(make):
    right = there = found_right = found_all = 0
    for seed in range(4):
        signal, r = simulated(make, seed)
        found = qrs.detect(Bands(signal * (-1) ** seed, FS))
        inside = r[(r > 0.1 * FS) & (r < signal.size - 0.1 * FS)]
        right += quality._near(inside, found, 0.1 * FS)
        found_right += quality._near(found, r, 0.1 * FS)
        there, found_all = there + inside.size, found_all + found.size
    assert right / there > 0.98, "sensitivity"
    assert found_right / found_all > 0.98, "precision"


def test_a_missing_beat_is_not_made_up_and_a_jerk_is_no_beat():
    signal, r = simulated(rhythms.sinus_rhythm)
    r = r[(r > 0) & (r < signal.size)]
    gone = r[r.size // 2]
    signal[gone - 30 : gone + 30] = np.linspace(signal[gone - 30], signal[gone + 30], 60)
    between = (r[3] + r[4]) // 2
    signal[between - 30 : between + 30] += np.hanning(60)
    found = qrs.detect(Bands(signal, FS))
    assert np.abs(found - gone).min() > 0.2 * FS
    assert np.abs(found - between).min() > 0.2 * FS
    assert quality._near(np.delete(r, r.size // 2)[1:-1], found, 0.05 * FS) == r.size - 3


def test_intervals_do_not_reach_over_a_gap():
    signal, _ = simulated(rhythms.sinus_rhythm)
    signal[3000:4500] = np.nan
    bands = Bands(signal, FS)
    r = qrs.detect(bands)
    assert not ((r > 3000) & (r < 4500)).any()
    assert qrs.intervals(bands, r).max() < 2
    assert qrs.intervals(bands, r).size == r.size - 2


def test_a_gap_makes_no_beat_strange_and_no_rhythm_irregular():
    for seed in range(4):
        signal, _ = simulated(rhythms.sinus_rhythm, seed)
        whole = named(signal)
        for start in (2000, 4000, 6500):
            signal[start : start + 400] = np.nan
        gapped = named(signal)
        assert gapped["rr_typical_cv_all"] < whole["rr_typical_cv_all"] + 0.03
        assert gapped["beat_strange"] <= whole["beat_strange"]
        assert gapped["beat_late_atypical"] <= whole["beat_late_atypical"] + 0.05
        assert gapped["quality_no_beats"] < 1.5 * whole["quality_no_beats"]
        assert gapped["quality_flat"] <= whole["quality_flat"]
        if np.isfinite(whole["f_tq_turns"]):  # at a high rate there is nothing between T and P
            assert gapped["f_tq_turns"] == pytest.approx(whole["f_tq_turns"], rel=0.15)


# What they do not depend on


@pytest.mark.parametrize(("fs", "step"), [(125, 0), (250, 0.005), (1000, 0.0025)])
def test_rate_and_steps_of_the_converter_change_no_measure_of_noise(fs, step):
    for make in (rhythms.sinus_rhythm, rhythms.atrial_fibrillation):
        signal, _ = simulated(make)
        plain = named(signal)
        written = at_rate(np.float32(signal), FS, fs)
        if step:
            written = np.float32(step * np.round(written / step))
        found = named(at_rate(written, fs, FS))
        for name in ("quality_jumps", "quality_noise_fast", "quality_power_25_40", "f_tq_power"):
            assert found[name] == pytest.approx(plain[name], abs=0.1), name
        assert found["quality_clipped"] == pytest.approx(plain["quality_clipped"], abs=0.002)


@pytest.mark.parametrize("make", RHYTHMS, ids=lambda make: make.__name__)
def test_polarity_and_amplitude_change_nothing(make):
    signal, _ = simulated(make)
    plain = features.extract(signal, FS)
    for factor in (-1, 0.25, -3):
        np.testing.assert_allclose(
            features.extract(factor * signal, FS), plain, rtol=1e-3, atol=1e-4
        )


def test_an_offset_changes_nothing():
    signal, _ = simulated(rhythms.sinus_rhythm)
    plain = features.extract(signal, FS)
    np.testing.assert_allclose(features.extract(signal + 2, FS), plain, rtol=1e-3, atol=1e-4)


def test_where_the_record_begins_hardly_matters():
    signal, _ = simulated(rhythms.atrial_fibrillation, seconds=40.0)
    one, other = named(signal[: 30 * FS]), named(signal[17 : 30 * FS + 17])
    for name in ("rr_mean", "rr_cv", "rr_cosen", "beat_width", "beat_t", "f_entropy"):
        assert other[name] == pytest.approx(one[name], rel=0.1, abs=0.05), name


# What they tell apart


def test_irregular_rhythm_is_told_from_regular():
    for name in ("rr_cv", "rr_rmssd", "rr_cosen", "rr_lorenz_cells", "rr_pnn50"):
        irregular = min(
            named(simulated(rhythms.atrial_fibrillation, seed)[0])[name] for seed in range(6)
        )
        assert irregular > mean_of(rhythms.sinus_rhythm, name), name


def test_p_waves_are_there_in_sinus_rhythm_only():
    for name in ("p_coherence", "p_snr"):
        sinus, af = (
            mean_of(make, name) for make in (rhythms.sinus_rhythm, rhythms.atrial_fibrillation)
        )
        assert sinus > 2 * af, name


def test_fibrillatory_waves_show_between_the_beats():
    assert (
        mean_of(rhythms.atrial_fibrillation, "f_power")
        > mean_of(rhythms.sinus_rhythm, "f_power") + 0.5
    )
    peak = named(simulated(rhythms.atrial_flutter)[0])["f_peak"]
    assert 4 < peak < 6


def test_ventricular_beats_are_early_and_strange():
    ventricular, atrial_ = (
        mean_of(make, "beat_early_atypical")
        for make in (rhythms.premature_ventricular, rhythms.premature_atrial)
    )
    assert ventricular > 0.05 > atrial_
    assert mean_of(rhythms.bundle_branch_block, "beat_spread") > 1.2 * mean_of(
        rhythms.sinus_rhythm, "beat_spread"
    )


def test_noise_shows_in_the_quality(rng):
    signal, _ = simulated(rhythms.sinus_rhythm)
    clean, noisy = named(signal), named(signal + 0.6 * rng.standard_normal(signal.size))
    assert noisy["quality_noise_level"] > 1.5 * clean["quality_noise_level"]
    assert noisy["quality_spectral_entropy"] > clean["quality_spectral_entropy"]
    assert noisy["beat_correlation_mean"] < clean["beat_correlation_mean"]


class OfNoBeats:
    typical_rr = np.empty(0)


def of_rr(intervals) -> dict[str, float]:
    return rr.features(np.array(intervals, float), OfNoBeats())


def test_rr_features_against_what_is_known():
    even = of_rr([0.8] * 20)
    for name in ("rr_cv", "rr_mad", "rr_rmssd", "rr_sd1", "rr_pnn50"):
        assert even[name] == pytest.approx(0, abs=1e-9), name
    assert even["rr_mean"] == pytest.approx(0.8)
    two = of_rr([0.6, 1.0] * 10)
    assert two["rr_cv"] == pytest.approx(0.25) and two["rr_rmssd"] == pytest.approx(0.5)
    assert two["rr_bigeminy"] == two["rr_turning_points"] == 1
    assert two["rr_autocorrelation_1"] < -0.9 and two["rr_autocorrelation_2"] > 0.8
    three = of_rr([0.8, 0.55, 1.05] * 8)
    assert three["rr_trigeminy"] == 1 and three["rr_autocorrelation_3"] > 0.8
    assert three["rr_short_long"] == pytest.approx(1 / 3, abs=0.05)
    assert three["rr_pause_ratio"] == pytest.approx(1, abs=0.02)


def test_sample_entropy_against_its_definition(rng):
    for intervals in (0.8 + 0.2 * rng.random(30), 0.7 + 0.1 * rng.random(40)):
        single, double, r = 0, 0, 0.03
        while double < 5:
            r += 1e-4
            pairs = [(i, j) for i in range(intervals.size - 1) for j in range(i)]
            close = [abs(intervals[i] - intervals[j]) <= r for i, j in pairs]
            both = [
                c and abs(intervals[i + 1] - intervals[j + 1]) <= r
                for c, (i, j) in zip(close, pairs, strict=True)
            ]
            single, double = sum(close), sum(both)
        mine = rr.cosen(intervals)
        theirs = -np.log(double / single) + np.log(2 * r) - np.log(intervals.mean())
        assert mine == pytest.approx(theirs, abs=0.02)
    steady, random = (rr.cosen(0.8 + s * rng.random(60)) for s in (0.01, 0.5))
    assert steady < random


def test_what_is_between_t_and_p_piece_by_piece():
    bands = Bands(simulated(rhythms.atrial_fibrillation)[0], FS)
    shape = beats.Beats(bands, qrs.detect(bands))
    pieces = []
    for one, next_one in zip(shape.r[:-1], shape.r[1:], strict=True):
        start = one + int(min(0.55 * (next_one - one), 0.45 * FS))
        pieces.append(bands.slow[start : next_one - round(0.24 * FS)])
    pieces = [piece for piece in pieces if piece.size >= 0.1 * FS]
    assert 2 < len(pieces) < shape.r.size - 1, "some are too short"
    samples = sum(piece.size for piece in pieces)
    turns = sum(np.count_nonzero(np.diff(np.sign(np.diff(piece)))) for piece in pieces)
    found = atrial._tq(bands, shape)
    energy = np.median([piece.var() for piece in pieces])
    assert found["f_tq_power"] == pytest.approx(np.log10(energy / shape.height**2))
    assert found["f_tq_share"] == samples / bands.n
    assert found["f_tq_turns"] == pytest.approx(turns / samples * FS)


def test_coherence_is_1_for_equal_rows_and_0_for_noise(rng):
    row = rng.standard_normal(60)
    assert beats.coherence(np.tile(row, (20, 1))) == pytest.approx(1)
    assert abs(beats.coherence(rng.standard_normal((200, 60)))) < 0.02


@pytest.mark.parametrize("n", [1, 2, 4, 5, 6, 9, 38, 1001])
def test_medians_and_percentiles_against_numpy(n, rng):
    x = rng.standard_normal(n).round(1)
    rows = rng.standard_normal((3, n))
    around = np.pad(x, 4, mode="reflect" if n > 4 else "edge")
    before = x.copy()
    assert series.median(x) == np.median(x)
    np.testing.assert_array_equal(series.median(rows), np.median(rows, axis=1))
    np.testing.assert_array_equal(series.median(rows.T), np.median(rows, axis=0))
    np.testing.assert_allclose(series.percentile(x, [10, 90]), np.percentile(x, [10, 90]))
    assert series.local_median(x).tolist() == [np.median(around[i : i + 9]) for i in range(n)]
    assert series.fraction(x > 0) == np.mean(x > 0)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("width", [1, 2, 5, 6, 40])
def test_a_moving_mean_takes_the_samples_that_are_there(width, rng):
    x = rng.random(30)
    starts = np.arange(30) - width // 2
    means = [x[max(start, 0) : start + width].mean() for start in starts]
    np.testing.assert_allclose(moving_mean(x, width), means)


def test_a_shannon_entropy_counts_as_a_histogram_does(rng):
    for n in (3, 20, 60):
        lengths = rng.integers(200, 280, n) / FS
        cut = n // 16
        share = np.histogram(np.sort(lengths)[cut : n - cut], 16)[0] / (n - 2 * cut)
        share = share[share > 0]
        assert rr._shannon(lengths) == pytest.approx(-(share * np.log(share)).sum() / np.log(16))


# Any input


def inputs():
    rng = np.random.default_rng(1)
    ecg, _ = simulated(rhythms.sinus_rhythm)
    gapped = ecg.copy()
    gapped[rng.random(gapped.size) < 0.2] = np.nan
    halves = ecg.copy()
    halves[2000:7000] = np.nan
    spike = np.zeros(3000)
    spike[1500] = 5
    late = ecg.copy()
    late[:4500] = 0
    return {
        "ecg": ecg,
        "5 s": ecg[: 5 * FS],
        "3 s": ecg[: 3 * FS],
        "a minute": np.tile(ecg, 2),
        "gaps": gapped,
        "a long gap": halves,
        "missing at both ends": np.concatenate([[np.nan] * 900, ecg, [np.nan] * 900]),
        "half flat": late,
        "flat": np.zeros(3000),
        "flat elsewhere": np.full(3000, 1.3),
        "almost flat": 1e-9 * rng.standard_normal(3000),
        "one spike": spike,
        "steps": np.repeat(rng.standard_normal(30), 100),
        "a square wave": np.tile(np.repeat([0.0, 1.0], 150), 20),
        "a sine": np.sin(np.arange(9000) / 20),
        "a ramp": np.arange(9000) / 100.0,
        "clipped": np.clip(20 * ecg, -1, 1),
        "white noise": rng.standard_normal(9000),
        "brown noise": np.cumsum(rng.standard_normal(9000)),
        "huge": 1e6 * ecg,
        "int16": np.rint(1000 * ecg).astype(np.int16),
        "one sample": np.zeros(1),
        "no sample": np.zeros(0),
        "all missing": np.full(3000, np.nan),
        "a list": ecg.tolist(),
    }


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", list(inputs()))
def test_any_signal_has_features(kind):
    vector = features.extract(inputs()[kind], FS)
    assert vector.shape == (len(features.names),) and vector.dtype == np.float32
    assert not np.isinf(vector).any()
    if kind in ("ecg", "5 s", "a minute", "int16", "a list"):
        assert np.isnan(vector).mean() < 0.1


@pytest.mark.filterwarnings("error")
def test_what_is_short_or_missing_has_none():
    for kind in ("one sample", "no sample", "all missing"):
        assert np.isnan(features.extract(inputs()[kind], FS)).all()


@pytest.mark.parametrize("fs", [100.0, 250.0, 500.0])
def test_other_rates_give_the_same_rhythm(fs):
    signal, _ = simulated(rhythms.premature_atrial)
    at = np.arange(int(30 * fs)) / fs
    other = features.extract(np.interp(at, np.arange(signal.size) / FS, signal), fs)
    one = features.extract(signal, FS)
    for name in ("rr_mean", "rr_cv", "rr_premature"):
        i = features.names.index(name)
        assert other[i] == pytest.approx(one[i], abs=0.03), name


@pytest.mark.parametrize(
    ("wrong", "fs"),
    [
        (np.zeros((3000, 1)), 300),
        (np.zeros((1, 3000)), 300),
        (np.full(3000, np.inf), 300),
        ("signal", 300),
        (["a", "b"], 300),
        (np.zeros(3000), 0),
        (np.zeros(3000), 59),
        (np.zeros(3000), float("nan")),
    ],
)
def test_wrong_input_is_refused_in_one_line(wrong, fs):
    with pytest.raises(RecordError) as caught:
        features.extract(wrong, fs)
    assert "\n" not in str(caught.value)


# Names


def test_names_are_unique_grouped_and_explained():
    assert len(set(features.names)) == len(features.names) > 80
    groups = {name.split("_")[0] for name in features.names}
    assert groups == {"rr", "beat", "p", "f", "quality"}
    assert all(features.meaning[name] for name in features.names)


def test_every_feature_is_given_and_none_beside():
    signal, _ = simulated(rhythms.premature_ventricular)
    bands = Bands(signal, FS)
    r = qrs.detect(bands)
    shape = beats.Beats(bands, r)
    given = {
        **rr.features(qrs.intervals(bands, r), shape),
        **beats.features(shape),
        **atrial.features(bands, shape),
        **quality.features(bands, r),
    }
    assert set(given) == set(features.names)


def test_numpy_is_all_that_is_loaded():
    code = (
        "import sys; import ecglab.ecg.features; "
        "print([m for m in ('scipy', 'pandas', 'wfdb', 'keras', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
