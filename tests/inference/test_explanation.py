"""Which parts a prediction rests on: in closed form, and on simulated records of known cause."""

import numpy as np
import pytest

from ecglab.datasets import rhythms
from ecglab.ecg.record import Record
from ecglab.inference import explanation
from ecglab.inference.predictor import Predictor
from ecglab.utils.paths import PRETRAINED

FS = 300


@pytest.fixture(scope="module")
def model():
    return Predictor(PRETRAINED / "default")


def known(signals):
    """(n, 10) whether each second of 10 s at 10 Hz is there."""
    return ~np.isnan(np.stack(signals).reshape(len(signals), 10, 10)).any(axis=2)


@pytest.mark.parametrize("method", explanation.METHODS.values())
def test_of_a_sum_both_methods_find_each_term(method, rng):
    weights = rng.normal(size=10)
    edges = explanation.edges_of(np.zeros(100), 10, 1)
    falls = method(lambda signals: known(signals) @ weights, np.zeros(100), 10, edges)
    np.testing.assert_allclose(falls, weights, atol=1e-9)


def test_of_two_parts_either_of_which_is_enough_occlusion_finds_neither():
    def odds(signals):
        there = known(signals)
        return np.where(there[:, 2] | there[:, 7], 2.0, -2.0)

    edges = explanation.edges_of(np.zeros(100), 10, 1)
    assert (explanation.occlusion(odds, np.zeros(100), 10, edges) == 0).all()
    falls = explanation.random_masking(odds, np.zeros(100), 10, edges)
    assert set(np.argsort(-falls)[:2]) == {2, 7}
    again = explanation.random_masking(odds, np.zeros(100), 10, edges)
    np.testing.assert_array_equal(falls, again)


def test_there_are_at_least_two_parts_and_they_cover_the_record():
    for seconds, n in ((1, 10), (3, 3), (100, 2)):
        edges = explanation.edges_of(np.zeros(100), 10, seconds)
        assert (edges.size - 1, edges[0], edges[-1]) == (n, 0, 10)


def sinus_then_fibrillation(seed: int) -> Record:
    """15 s of sinus rhythm, then 15 s of atrial fibrillation of the same patient."""
    rng = np.random.default_rng(seed)
    patient = rhythms.Patient.drawn(rng)
    halves = [
        rhythms.clean_ecg(rhythm(patient, rhythms.LEAD_IN + 15, FS, rng), patient, 1.0, 15, FS, rng)
        for rhythm in (rhythms.sinus_rhythm, rhythms.atrial_fibrillation)
    ]
    return Record(np.concatenate(halves) + rng.normal(0, 0.01, 30 * FS), FS)


def with_one_ectopic_beat(seed: int) -> tuple[Record, float]:
    """30 s of sinus rhythm with one premature ventricular beat, and its time in s."""
    rng = np.random.default_rng(seed)
    patient = rhythms.Patient.drawn(rng)
    # At a fixed rate without respiratory variation, so that nothing else stands out.
    r = np.arange(0, rhythms.LEAD_IN + 32, 0.9)
    beats = [patient.heart] * r.size
    i = int(np.searchsorted(r, rhythms.LEAD_IN + 15))
    r[i] -= 0.36
    beats[i] = rhythms.Beat(
        at=np.array([-0.16, -0.05, 0, 0.09, 0.34]),
        width=np.array([0.03, 0.025, 0.04, 0.035, 0.07]),
        height=-1.3 * np.array([0, 0.2, 1, -0.3, -0.35]),
    )
    signal = rhythms.clean_ecg(rhythms.Rhythm(r, beats), patient, 1.0, 30, FS, rng)
    return Record(signal + rng.normal(0, 0.01, signal.size), FS), r[i] - rhythms.LEAD_IN


@pytest.mark.parametrize("method", explanation.METHODS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_atrial_fibrillation_is_found_in_its_half(model, method, seed):
    edges, falls = model.explain(sinus_then_fibrillation(seed), "A", method=method)
    second = edges[:-1] >= 15
    first = edges[1:] <= 15
    assert falls[second].mean() > 0 > falls[first].mean()


@pytest.mark.parametrize("method", explanation.METHODS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_ectopic_beat_is_found_where_it_is(model, method, seed):
    record, time = with_one_ectopic_beat(seed)
    edges, falls = model.explain(record, "O", method=method)
    found = falls.argmax()
    assert edges[found] - 1 <= time <= edges[found + 1] + 1  # its pause counts as well
    assert falls[found] > 2
