"""Disturbances: each does what it says, and the same each time."""

import numpy as np
import pytest

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.record import Record
from ecglab.evaluation import disturbances
from ecglab.evaluation.disturbances import ALL, disturbed

FS = 300


@pytest.fixture(scope="module")
def record() -> Record:
    return Record(simulate("N", 30, np.random.default_rng(0)), FS, id="a", lead="I")


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def difference(record, found) -> np.ndarray:
    return found.signal.astype(float) - record.signal


def spectrum(x, fs=FS):
    """Frequencies, and the amplitude of a sine at each."""
    window = np.hanning(x.size)
    return np.fft.rfftfreq(x.size, 1 / fs), 2 * np.abs(np.fft.rfft(x * window)) / window.sum()


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.group}: {one.name}")
def test_the_id_and_the_seed_decide_what_is_drawn(record, one):
    first, again = disturbed(record, one, 0), disturbed(record, one, 0)
    np.testing.assert_array_equal(first.signal, again.signal)
    assert (first.id, first.lead, first.fs) == ("a", "I", again.fs)
    same = first.n_samples == record.n_samples and np.array_equal(first.signal, record.signal)
    assert not same
    if one.group in ("mains hum", "baseline drift", "missing, 10 %"):
        for other in (
            disturbed(record, one, 1),
            disturbed(Record(record.signal, FS, id="b"), one, 0),
        ):
            assert not np.array_equal(first.signal, other.signal, equal_nan=True)


def test_names_are_unique():
    assert len({(one.group, one.name) for one in ALL}) == len(ALL)
    assert {one.least for one in ALL} == {0.97, 0.99}


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_hum_has_its_size_near_its_frequency_and_harmonics(record, rng, hz):
    frequencies, size = spectrum(difference(record, disturbances.hum(record, rng, hz, 0.5)))
    at = frequencies[size.argmax()]
    assert abs(at - hz) <= 0.55
    assert size.max() == pytest.approx(0.5, rel=0.2)
    third = size[np.abs(frequencies - 2 * at) < 0.3].max()
    assert third == pytest.approx(0.1, rel=0.3)


def test_hum_beyond_half_the_rate_is_seen_as_its_alias(record):
    for hz, fs, seen in ((60.0, 100.0, 40.0), (50.0, 1000.0, 50.0)):
        one = disturbances.hum_at(hz, 1.0, fs)
        without = disturbances.rate(record, np.random.default_rng(0), fs)
        found = disturbed(record, one, 0)
        assert found.fs == fs
        frequencies, size = spectrum(difference(without, found), fs)
        assert abs(frequencies[size.argmax()] - seen) <= 0.55


def test_drift_is_slow_and_within_its_size(record, rng):
    wander = difference(record, disturbances.drift(record, rng, 1.0))
    assert 0.6 < np.abs(wander).max() <= 1.001
    frequencies, size = spectrum(wander)
    assert size[frequencies > 1].max() < 0.01


def test_noise_is_white(record, rng):
    added = difference(record, disturbances.noise(record, rng, 0.1))
    assert added.std() == pytest.approx(0.1, rel=0.05)


def test_gaps_take_their_share_and_show_what_the_device_writes(record, rng):
    for shown in ("nan", "zero", "held", "rail"):
        found = disturbances.gaps(record, np.random.default_rng(3), shown).signal
        changed = ~np.isclose(found, record.signal, atol=1e-9)
        assert 0.06 < changed.mean() < 0.16, "they may overlap"
        values = found[changed]
        if shown == "nan":
            assert np.isnan(values).all()
        elif shown == "zero":
            assert (values == 0).all()
        elif shown == "held":
            edges = np.flatnonzero(np.diff(changed.astype(int)) == 1)
            assert np.isin(values, found[edges]).mean() > 0.9
        else:
            assert (np.abs(values) == disturbances.RAIL_MV).all()


def test_clipping_keeps_what_is_within(record, rng):
    found = disturbances.clipping(record, rng, 0.6).signal
    changed = found != record.signal
    middle = np.median(record.signal)
    assert 0.001 < changed.mean() < 0.2
    far = np.abs(record.signal - middle)
    assert far[changed].min() >= far[~changed].max() - 1e-6
    assert np.abs(found - middle).max() == pytest.approx(0.6 * np.percentile(far, 99.5), rel=1e-3)


def test_inversion_gain_and_rate(record, rng):
    np.testing.assert_array_equal(disturbances.inversion(record, rng).signal, -record.signal)
    np.testing.assert_allclose(disturbances.gain(record, rng, 5).signal, 5 * record.signal)
    assert (disturbances.rate(record, rng, 500).n_samples, record.n_samples) == (15000, 9000)


def test_lengths_are_excerpts_or_repetitions(record, rng):
    part = disturbances.length(record, rng, 9).signal
    starts = [i for i in range(6301) if np.array_equal(record.signal[i : i + 2700], part)]
    assert len(starts) == 1
    long = disturbances.length(record, rng, 60).signal
    assert long.size == 18000
    np.testing.assert_array_equal(long[:9000], record.signal)
    assert np.isnan(long[9000:9300]).all()
    np.testing.assert_array_equal(long[9300:], record.signal[:8700])
