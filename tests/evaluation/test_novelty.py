"""What counts as an ECG like those of the training, and what the shipped models refuse."""

from dataclasses import replace

import numpy as np
import pytest

from ecglab.datasets import dataset, other_signals
from ecglab.ecg import features
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.evaluation import novelty
from ecglab.inference import parameters
from ecglab.inference.novelty import ALIKE, LARGEST
from ecglab.utils.paths import PRETRAINED

N = len(features.names)


class Drawn:
    """Feature vectors of a normal distribution in the place of those of records."""

    def __init__(self, n: int, seed: int = 0):
        rng = np.random.default_rng(seed)
        mix = rng.normal(size=(N, N)) / np.sqrt(N)

        def vectors(n: int, spread: float = 1) -> np.ndarray:
            drawn = 3 + spread * rng.normal(size=(n, N)) @ mix
            drawn[:, ALIKE] = rng.uniform(size=n)
            return drawn

        self.vectors, self.changed, self.short = vectors(n), vectors(n), vectors(n, 1.5)
        self.seconds = np.full(n, 30.0)
        self.changed_rows = self.short_rows = np.arange(n)
        self.new, self.far, self.others = vectors(n), vectors(n, 2), vectors(200) + 5


@pytest.fixture(scope="module")
def drawn():
    return Drawn(2000)


def test_the_reference_is_the_normal_distribution_of_the_vectors(drawn):
    reference = novelty.reference(drawn.vectors, drawn.others)
    assert reference.center == pytest.approx(np.median(drawn.vectors, axis=0))
    normal = np.delete(np.arange(N), ALIKE)
    spread = drawn.vectors.std(axis=0)[normal]
    assert reference.scale[normal] == pytest.approx(spread, rel=0.1)
    # The squared distance of a normal vector is of the chi-squared distribution, whose mean is N;
    # with a shrunk covariance it is less.
    alone = replace(reference, slope=np.zeros(N), offset=0.0)
    assert 0.7 * N < np.exp(alone.scores(drawn.vectors)).mean() < N
    assert (np.triu(reference.root, 1) == 0).all()


def test_the_linear_model_adds_to_the_score_of_others(drawn):
    reference = novelty.reference(drawn.vectors, drawn.others)
    alone = replace(reference, slope=np.zeros(N), offset=0.0)
    added = {
        name: reference.scores(vectors) - alone.scores(vectors)
        for name, vectors in (("new", drawn.new), ("others", drawn.others))
    }
    assert (added["others"] > 0).all() and (added["new"] < 0).mean() > 0.99


def test_a_feature_that_is_never_defined_does_not_matter(drawn):
    vectors = drawn.vectors.copy()
    vectors[:, 7] = np.nan
    reference = novelty.reference(vectors, drawn.others)
    other = np.where(np.isnan(vectors), 0, vectors)
    other[:, 7] = LARGEST * 100
    assert np.isfinite(reference.scores(other)).all()


def test_the_limit_holds_for_new_records(drawn):
    parts = np.arange(2000) % 5
    reference, share = novelty.fitted(drawn, np.ones(2000, bool), parts)
    assert share == pytest.approx(novelty.FAR + novelty.UNLIKE, abs=1e-3)
    assert reference.alike == pytest.approx(novelty.UNLIKE, abs=2e-3)
    refused = {
        name: np.mean([bool(reference.reason(x, 30)) for x in vectors])
        for name, vectors in (("new", drawn.new), ("far", drawn.far), ("short", drawn.short))
    }
    assert refused["new"] < 0.03 and refused["far"] > 0.95
    assert refused["short"] > 0.5
    assert np.mean([bool(reference.reason(x, 10)) for x in drawn.short]) < 0.03


def test_unreadable_records_are_no_part_of_the_reference(drawn):
    readable = np.arange(2000) % 4 > 0
    moved = Drawn(2000)
    moved.vectors[~readable] += 5
    found, _ = novelty.fitted(moved, readable, np.arange(2000) % 5)
    kept, _ = novelty.fitted(drawn, readable, np.arange(2000) % 5)
    np.testing.assert_array_equal(found.center, kept.center)


def test_records_of_other_devices_are_still_records(packed, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    data = dataset.open("synthetic")
    changed = [
        novelty.as_another_device(data.signal(i), data.fs, np.random.default_rng(i))
        for i in range(20)
    ]
    for i, x in enumerate(changed):
        assert x.size <= data.lengths[i] and x.size >= min(9 * data.fs, data.lengths[i])
        again = novelty.as_another_device(data.signal(i), data.fs, np.random.default_rng(i))
        np.testing.assert_array_equal(x, again)
    assert len({x.size for x in changed}) > 5
    assert any(np.isnan(x).any() for x in changed)


@pytest.fixture(scope="module")
def signals():
    return novelty.tested(300.0, n=20)


@pytest.mark.parametrize("name", ["default", "fast"])
def test_shipped_models_refuse_what_is_no_ecg(name, signals):
    fitted = parameters.read(PRETRAINED / name, ("N", "A", "O", "~"), N)
    refused = novelty.refused(fitted.novelty, signals)
    assert min(refused[kind] for kind in other_signals.TRIED) >= 0.95
    apart = [refused[kind] for kind in other_signals.KEPT_APART]
    assert np.mean(np.array(apart) >= 0.9) >= 0.8


@pytest.mark.parametrize("kind", [*other_signals.TRIED, *other_signals.KEPT_APART])
def test_other_signals_are_seeded_and_differ(kind):
    one, same, other = (
        other_signals.signal(kind, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert one.dtype == np.float32 and np.isfinite(one).all()
    assert 0.19 < np.ptp(one) < 3.01
    assert one.size != other.size
    assert other_signals.SHORTEST <= one.size / other_signals.FS <= other_signals.LONGEST


def test_a_pulse_wave_of_a_monitor_is_refused_and_the_ecg_beside_it_is_not(formats):
    wfdb = pytest.importorskip("wfdb")
    recording = wfdb.rdrecord(str(formats / "wfdb" / "a103l"))
    fitted = parameters.read(PRETRAINED / "default", ("N", "A", "O", "~"), N).novelty
    n = round(30 * recording.fs)
    refused = {}
    for name, signal in zip(recording.sig_name, recording.p_signal.T, strict=True):
        pieces = [Record(x, recording.fs) for x in signal[: signal.size // n * n].reshape(-1, n)]
        vectors = [features.extract(prepare(piece, 300.0), 300.0) for piece in pieces]
        refused[name] = np.mean([bool(fitted.reason(vector, 30)) for vector in vectors])
    assert refused["PLETH"] >= 0.8
    assert max(refused["II"], refused["V"]) <= 0.2
