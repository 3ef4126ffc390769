"""The scores against scikit-learn, the intervals against plain resampling, closed forms."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
)

from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics

CLASSES = list(metrics.F1_NAMES.values())


def tables(n: int, seed: int, right: float = 0.7):
    """Labels (n,) in the challenge's shares, and what a model that is often right says."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(LABELS, n, p=[0.6, 0.09, 0.28, 0.03])
    said = np.where(rng.random(n) < right, labels, rng.choice(LABELS, n))
    return labels, said


# F1


@pytest.mark.parametrize("seed", range(20))
def test_f1_is_scikit_learns(seed):
    labels, said = tables(int(np.random.default_rng(seed).integers(5, 400)), seed)
    expected = f1_score(labels, said, labels=LABELS, average=None, zero_division=0)
    found = metrics.f1_scores(labels, said)
    assert [found[name] for name in CLASSES] == pytest.approx(expected)
    assert found["F1_NAO"] == pytest.approx(expected[:3].mean())
    assert found["F1_mean"] == pytest.approx(expected.mean())
    assert len(found) == 6


def test_confusion_is_scikit_learns():
    labels, said = tables(300, seed=0)
    matrix = metrics.confusion(labels, said)
    np.testing.assert_array_equal(matrix, confusion_matrix(labels, said, labels=LABELS))


def test_f1_in_closed_form():
    """N: 2 right, 1 called A; A: 1 right; O: 1 called N."""
    found = metrics.f1_scores(list("NNNAO"), list("NNAAN"))
    assert found["F1_N"] == pytest.approx(2 * 2 / (3 + 3))
    assert found["F1_A"] == pytest.approx(2 * 1 / (1 + 2))
    assert found["F1_O"] == 0
    assert found["F1_noise"] == 0
    assert found["F1_NAO"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found["F1_mean"] == pytest.approx((2 / 3 + 2 / 3) / 4)


def test_all_right_is_1():
    assert set(metrics.f1_scores(LABELS, LABELS).values()) == {1.0}


def test_absent_class_has_f1_0_and_counts():
    found = metrics.f1_scores(list("NNAO"), list("NNAO"))
    assert found["F1_noise"] == 0
    assert (found["F1_NAO"], found["F1_mean"]) == (1, 0.75)
    assert metrics.f1_scores(list("NNAO"), list("NN~O"))["F1_A"] == 0


def test_lists_of_different_lengths_are_no_scores():
    with pytest.raises(ValueError, match="zip"):
        metrics.f1_scores(list("NNA"), list("NN"))


# Intervals


def test_interval_holds_the_value_and_is_ordered():
    labels, said = tables(400, seed=1)
    values = metrics.f1_scores(labels, said)
    intervals = metrics.bootstrap(labels, said)
    assert intervals.keys() == values.keys()
    for name, (low, high) in intervals.items():
        assert 0 <= low < values[name] < high <= 1


def test_interval_is_always_the_same():
    labels, said = tables(200, seed=2)
    assert metrics.bootstrap(labels, said) == metrics.bootstrap(labels, said)
    assert metrics.bootstrap(labels, said) != metrics.bootstrap(labels, said, seed=1)


def test_interval_shrinks_as_one_over_the_root_of_n():
    widths = []
    for n in (500, 8000):
        low, high = metrics.bootstrap(*tables(n, seed=3))["F1_NAO"]
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)


def test_interval_is_that_of_plain_resampling():
    labels, said = tables(300, seed=4)
    rng = np.random.default_rng(5)
    rows = rng.integers(0, 300, (1500, 300))
    scores = [metrics.f1_scores(labels[row], said[row]) for row in rows]
    for name, interval in metrics.bootstrap(labels, said, n=1500).items():
        plain = np.percentile([score[name] for score in scores], [2.5, 97.5])
        tolerance = 0.1 * np.ptp(plain)
        assert interval == pytest.approx(plain, abs=tolerance), name


def test_interval_of_what_is_always_right_is_a_point():
    labels = list("NAO~") * 100
    assert set(metrics.bootstrap(labels, labels).values()) == {(1.0, 1.0)}


# Two models on the same records


def difference(labels, a, b) -> float:
    return metrics.f1_scores(labels, a)["F1_NAO"] - metrics.f1_scores(labels, b)["F1_NAO"]


def test_paired_difference_is_that_of_the_scores_and_its_interval_that_of_plain_resampling():
    labels, a = tables(300, seed=6, right=0.8)
    b = np.where(np.random.default_rng(7).random(300) < 0.8, a, tables(300, seed=8)[1])
    value, low, high = metrics.paired_difference(labels, a, b, n=1500)
    assert value == pytest.approx(difference(labels, a, b))
    rows = np.random.default_rng(9).integers(0, 300, (1500, 300))
    plain = np.percentile([difference(labels[r], a[r], b[r]) for r in rows], [2.5, 97.5])
    assert (low, high) == pytest.approx(plain, abs=0.1 * np.ptp(plain))
    unpaired = np.hypot(*(np.ptp(metrics.bootstrap(labels, x)["F1_NAO"]) for x in (a, b)))
    assert high - low < 0.8 * unpaired


def test_paired_difference_in_closed_form():
    """All right against all called N: NAO 1 less that of N alone, and the same on any draw."""
    labels = list("NAO") * 300
    value, low, high = metrics.paired_difference(labels, labels, ["N"] * 900)
    assert value == pytest.approx(1 - 0.5 / 3)
    share = 1 / 3 + np.array([1, -1]) * 1.96 * np.sqrt(1 / 3 * 2 / 3 / 900)
    expected = 1 - 2 * share / (1 + share) / 3
    assert (low, high) == pytest.approx(tuple(expected), abs=2e-3)


def test_difference_turned_round_has_the_other_sign_and_to_itself_is_none():
    labels, a = tables(200, seed=10)
    _, b = tables(200, seed=11)
    value, low, high = metrics.paired_difference(labels, a, b)
    back = metrics.paired_difference(labels, b, a)
    assert back[0] == pytest.approx(-value)
    assert back[1:] == pytest.approx((-high, -low), abs=0.1 * (high - low))
    assert metrics.paired_difference(labels, a, a) == (0, 0, 0)
    assert metrics.paired_difference(labels, a, b) == (value, low, high)


def test_paired_lists_of_different_lengths_are_no_difference():
    with pytest.raises(ValueError, match="zip"):
        metrics.paired_difference(list("NNA"), list("NNA"), list("NN"))


# Calibration


def probabilities(confidence, said="N") -> np.ndarray:
    """(n, 4): the said label has this probability, the others share the rest."""
    confidence = np.asarray(confidence, float)
    table = np.repeat((1 - confidence)[:, None] / 3, 4, axis=1)
    table[:, LABELS.index(said)] = confidence
    return table


def test_perfectly_calibrated_has_no_error():
    """Of those said with 0.6, 6 in 10 are right; of those with 0.9, 9 in 10; all with 1."""
    labels = list("NNNNNNAAAA") + list("NNNNNNNNNO") + list("NNNNNNNNNN")
    confidence = np.repeat([0.6, 0.9, 1.0], 10)
    found = metrics.calibration_error(labels, probabilities(confidence))
    assert found == pytest.approx(0, abs=1e-12)


def test_always_sure_and_half_wrong_is_half():
    assert metrics.calibration_error(list("NA"), probabilities([1, 1])) == pytest.approx(0.5)


def test_error_is_weighted_by_the_records_of_a_bin():
    """30 records at 1.0 with half of them right, 10 at 0.5 with all right: |0.5| in both bins."""
    labels = list("NA" * 15) + list("N" * 10)
    table = probabilities(np.repeat([1.0, 0.5], [30, 10]))
    assert metrics.calibration_error(labels, table) == pytest.approx(0.5)
    table = probabilities(np.repeat([1.0, 0.8], [30, 10]))
    expected = (30 * 0.5 + 10 * 0.2) / 40
    assert metrics.calibration_error(labels, table) == pytest.approx(expected)


def test_too_sure_and_too_shy_cancel_in_one_bin_and_not_in_two():
    labels = list("NA" * 10) + list("NNNNNNNNNN" * 2)
    table = probabilities(np.repeat([0.75, 0.76], 20))
    in_one = (20 * (0.75 - 0.5) - 20 * (1 - 0.76)) / 40
    assert metrics.calibration_error(labels, table, bins=4) == pytest.approx(in_one)
    in_two = (20 * (0.75 - 0.5) + 20 * (1 - 0.76)) / 40
    assert metrics.calibration_error(labels, table, bins=200) == pytest.approx(in_two)


@pytest.mark.parametrize("said", LABELS)
def test_what_counts_is_the_chosen_label(said):
    table = probabilities([0.7] * 10, said)
    assert metrics.calibration_error([said] * 10, table) == pytest.approx(0.3)
    others = [label for label in LABELS if label != said]
    assert metrics.calibration_error([others[0]] * 10, table) == pytest.approx(0.7)


@pytest.mark.parametrize("bins", [1, 10])
def test_error_of_a_class_is_that_of_its_probability_against_the_others(bins):
    """N is told 0.7 of 10 records and is right in 4; the others are told 0.1 and right in 2."""
    table = probabilities([0.7] * 10)
    found = metrics.class_calibration_errors(list("NNNNAAOO~~"), table, bins)
    assert found == pytest.approx({"N": 0.3, "A": 0.1, "O": 0.1, "~": 0.1})
    assert list(found) == list(LABELS)


# Coverage


def test_coverage_rises_where_the_wrong_ones_are_the_least_certain():
    labels = list("NAO") * 40
    right = np.eye(4)[[LABELS.index(label) for label in labels]]
    wrong = np.roll(right, 1, axis=1)
    certainty = np.linspace(0.5, 0.99, 120)[:, None]
    table = np.where(certainty < 0.65, wrong, right) * certainty + (1 - certainty) / 4
    shares = [0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    found = metrics.coverage(labels, table, shares)
    assert (np.diff(found) <= 0).all() and found[0] == found[2] == 1
    said = np.array(LABELS)[table.argmax(axis=1)]
    assert found[-1] == metrics.f1_scores(labels, said)["F1_NAO"] < 0.75
    assert found[3] == metrics.f1_scores(labels[36:], said[36:])["F1_NAO"]


def test_coverage_does_not_hang_on_the_order_and_ties_are_answered_together():
    labels = np.array(list("NNAAOO"))
    table = np.concatenate([probabilities([0.9, 0.6]), probabilities([0.6] * 4, "A")])
    found = metrics.coverage(labels, table, [1 / 6, 1 / 3, 1])
    assert found[1] == found[2]
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(6)
        assert (metrics.coverage(labels[order], table[order], [1 / 6, 1 / 3, 1]) == found).all()


def test_class_that_is_withheld_has_f1_0():
    table = np.concatenate([probabilities([0.9] * 2), probabilities([0.5] * 2, "A")])
    assert metrics.coverage(list("NNAA"), table, [0.5, 1]) == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        metrics.coverage(list("NA"), probabilities([0.5, 0.6]), [share])


# Precision and recall


@pytest.mark.parametrize("steps", [3, 10, 1000])
def test_precision_and_recall_are_scikit_learns(steps):
    rng = np.random.default_rng(steps)
    truth = rng.random(200) < 0.2
    probability = np.round(rng.random(200) * steps) / steps  # with ties, the fewer steps the more
    precision, recall, average = metrics.precision_recall(truth, probability)
    theirs = precision_recall_curve(truth, probability)
    np.testing.assert_allclose(precision, theirs[0][::-1])
    np.testing.assert_allclose(recall, theirs[1][::-1])
    assert average == pytest.approx(average_precision_score(truth, probability))
