"""Answers only where a model is certain: against closed form and against the definition."""

import numpy as np
import package_maker
import pytest

from ecglab.evaluation import selective

CLASSES = package_maker.AF


def made(n: int, rng, calibrated: bool = True):
    """Labels and probabilities (n, 2); a prediction is right with its probability."""
    p = rng.uniform(0.5, 1, n)
    first = rng.random(n) < 0.5
    right = rng.random(n) < (p if calibrated else 0.75)
    labels = np.where(first == right, *CLASSES.codes)
    return labels, np.where(first[:, None], np.stack([p, 1 - p], 1), np.stack([1 - p, p], 1))


def test_aurc_is_the_mean_risk_of_all_coverages(rng):
    wrong, certainty = rng.random(200) < 0.3, rng.permutation(200) / 200
    order = np.argsort(-certainty)
    risks = [wrong[order[: k + 1]].mean() for k in range(200)]
    assert selective.aurc(wrong, certainty) == pytest.approx(np.mean(risks))


def test_aurc_of_a_perfect_order_and_of_none():
    """With the k wrong records of n last, the risk at j > n - k records is (j - n + k) / j."""
    n, k = 50, 10
    wrong = np.arange(n) >= n - k
    expected = sum((j - n + k) / j for j in range(n - k + 1, n + 1)) / n
    assert selective.aurc(wrong, -np.arange(n)) == pytest.approx(expected)
    assert selective.aurc(wrong, np.zeros(n)) == pytest.approx(k / n)  # all are as certain


def test_a_weight_is_a_repetition(rng):
    wrong, certainty = rng.random(40) < 0.3, rng.random(40).round(1)
    weights = rng.integers(0, 4, (3, 40))
    repeated = [selective.aurc(np.repeat(wrong, w), np.repeat(certainty, w)) for w in weights]
    assert selective.aurc(wrong, certainty, weights) == pytest.approx(repeated)


def test_the_interval_of_aurc_has_its_value(rng):
    labels, p = made(400, rng)
    wrong, certainty = CLASSES.predicted(p) != labels, p.max(axis=1)
    low, high = selective.aurc_interval(wrong, certainty, n=200)
    assert low < selective.aurc(wrong, certainty) < high < 2 * low
    assert (low, high) == selective.aurc_interval(wrong, certainty, n=200)


def test_the_rule_keeps_the_share_that_is_asked_for(rng):
    labels, p = made(5000, rng)
    rule = selective.fitted(labels, p, CLASSES)
    certainty, wrong = p.max(axis=1), CLASSES.predicted(p) != labels
    for coverage in (0.3, 0.8, 1.0):
        kept = certainty >= rule.least(coverage)
        assert kept.mean() == pytest.approx(coverage, abs=1e-3)
        at = np.searchsorted(rule.coverage, coverage - 1e-9)
        assert rule.error[at] == pytest.approx(wrong[kept].mean(), abs=1e-3)
    # Uniform from 0.5 to 1: at coverage c, they are above 1 - c / 2, and wrong by c / 4.
    assert rule.least(0.8) == pytest.approx(0.6, abs=0.02)
    assert rule.error[-1] == pytest.approx(0.25, abs=0.02)
    assert (certainty >= rule.least(max_error=0.1)).mean() == pytest.approx(0.4, abs=0.05)


def test_the_check_is_made_on_records_that_the_rule_has_not_seen(rng):
    labels, p = made(1000, rng)
    folds = np.arange(1000) % 4
    [row] = selective.checked(labels, p, folds, [0.9], CLASSES)
    kept, wrong = [], []
    for k in range(4):
        rule = selective.fitted(labels[folds != k], p[folds != k], CLASSES)
        answered = p[folds == k].max(axis=1) >= rule.least(0.9)
        kept += answered.tolist()
        wrong += (CLASSES.predicted(p) != labels)[folds == k][answered].tolist()
    assert row == {"coverage": 0.9, "kept": np.mean(kept), "error": pytest.approx(np.mean(wrong))}


def test_one_fold_is_divided_at_random():
    folds = np.array([3, 1, 3])
    assert selective.parts(folds).tolist() == [3, 1, 3]
    parts = selective.parts(np.zeros(20, int))
    assert np.bincount(parts).tolist() == [4] * selective.PARTS
    assert parts.tolist() == selective.parts(np.zeros(20, int)).tolist()
