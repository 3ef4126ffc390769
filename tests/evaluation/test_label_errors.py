"""Confident learning in closed form, and on labels of which a known share was changed."""

import numpy as np
import pytest

from ecglab.ecg.classes import Classes
from ecglab.evaluation import label_errors, metrics

TWO = Classes({"N": "normal", "A": "fibrillation"})
FOUR = Classes({"N": "normal", "A": "fibrillation", "O": "other", "~": "noise"}, tuple("NAO"))


def test_the_joint_of_a_few_records_by_hand():
    """Thresholds 0.7 (N) and 0.65 (A): the last record of N is confidently A, one is neither."""
    labels = ["N", "N", "N", "N", "A", "A"]
    p = np.array([0.95, 0.9, 0.65, 0.3, 0.5, 0.2])
    probabilities = np.column_stack([p, 1 - p])
    assert label_errors.thresholds(labels, probabilities, TWO) == pytest.approx([0.7, 0.65])
    found = label_errors.estimate(labels, probabilities, TWO, n=20)
    # Of the four records labelled N, three are confident: two as N, one as A.
    assert found.joint == pytest.approx(np.array([[8 / 3, 4 / 3], [0, 2]]))
    assert found.flagged.tolist() == [False, False, False, True, False, False]
    assert found.wrong == pytest.approx([4 / 3, 0])
    f1 = [2 * (8 / 3) / (4 + 8 / 3), 2 * 2 / (2 + 10 / 3)]
    assert [found.scores["f1/N"], found.scores["f1/A"]] == pytest.approx(f1)
    assert found.scores["challenge_f1"] == pytest.approx(np.mean(f1))


def test_certain_probabilities_recover_the_noise_of_the_labels(rng):
    """The joint is then that of given and latent labels, and the ceiling the F1 between them."""
    latent = rng.choice(list(FOUR), 4000, p=[0.6, 0.1, 0.25, 0.05])
    given = np.where(rng.random(4000) < 0.1, rng.choice(list(FOUR), 4000), latent)
    probabilities = 0.9 * FOUR.one_hot(latent) + 0.025
    found = label_errors.estimate(given, probabilities, FOUR, n=200)
    assert found.joint == pytest.approx(metrics.confusion(given, latent, FOUR))
    assert np.array_equal(found.flagged, given != latent)
    expected = metrics.f1_scores(given, latent, FOUR)["challenge_f1"]
    assert found.scores["challenge_f1"] == pytest.approx(expected)
    low, high = metrics.bootstrap(given, latent, FOUR)["challenge_f1"]
    assert found.interval == pytest.approx((low, high), abs=0.004)


def test_a_model_without_errors_finds_none():
    labels = list("NAO~" * 20)
    found = label_errors.estimate(labels, FOUR.one_hot(labels), FOUR, n=10)
    assert not found.flagged.any() and found.wrong.sum() == 0
    assert found.scores["challenge_f1"] == found.interval[0] == 1


def test_a_confident_error_of_the_model_counts_as_one_of_the_label(rng):
    """The limit that the module states: right labels and a weak model give a low ceiling."""
    labels = rng.choice(list(FOUR), 2000)
    logits = rng.normal(0, 1, (2000, 4)) + 1.5 * FOUR.one_hot(labels)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = label_errors.estimate(labels, probabilities, FOUR, n=10)
    assert found.wrong.sum() > 200 and found.scores["challenge_f1"] < 0.9


def test_a_class_that_no_record_has_is_no_latent_class():
    labels = ["N", "N", "A", "A"]
    probabilities = np.array([[0.4, 0, 0.6, 0], [0.9, 0.1, 0, 0], [0, 1, 0, 0], [0, 0.8, 0, 0.2]])
    found = label_errors.estimate(labels, probabilities, FOUR, n=10)
    assert found.joint[:, 2:].sum() == 0 and found.joint.sum(axis=1).tolist() == [2, 2, 0, 0]


def test_whole_groups_are_drawn(rng):
    """Copies of few records are no more evidence than the records themselves."""
    labels = rng.choice(list(FOUR), 40)
    wrong = rng.random(40) < 0.3
    latent = np.where(wrong, "N", labels)
    probabilities = 0.9 * FOUR.one_hot(latent) + 0.025
    ten = [np.repeat(labels, 10), np.repeat(probabilities, 10, axis=0), FOUR]
    groups = np.repeat([f"P{i}" for i in range(40)], 10)
    alone, grouped = (label_errors.estimate(*ten, n=100, groups=g) for g in (None, groups))
    assert np.diff(grouped.interval) > 2 * np.diff(alone.interval)
