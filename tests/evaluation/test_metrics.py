"""The scores against scikit-learn, the intervals against plain resampling, closed forms."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
)

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.utils.errors import EcglabError

LABELS = ("N", "A", "O", "~")
CLASSES = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"}, ("N", "A", "O")
)
NAMES = ["f1/N", "f1/A", "f1/O", "f1/noise"]


def tables(n: int, seed: int, right: float = 0.7):
    """Labels (n,) in the challenge's shares, and predictions that are often right."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(LABELS, n, p=[0.6, 0.09, 0.28, 0.03])
    predicted = np.where(rng.random(n) < right, labels, rng.choice(LABELS, n))
    return labels, predicted


# F1


@pytest.mark.parametrize("seed", range(20))
def test_f1_is_scikit_learns(seed):
    labels, predicted = tables(int(np.random.default_rng(seed).integers(5, 400)), seed)
    expected = f1_score(labels, predicted, labels=LABELS, average=None, zero_division=0)
    found = metrics.f1_scores(labels, predicted, CLASSES)
    assert [found[name] for name in NAMES] == pytest.approx(expected)
    assert found["challenge_f1"] == pytest.approx(expected[:3].mean())
    assert found["mean_f1"] == pytest.approx(expected.mean())
    assert len(found) == 6


def test_confusion_is_scikit_learns():
    labels, predicted = tables(300, seed=0)
    matrix = metrics.confusion(labels, predicted, CLASSES)
    np.testing.assert_array_equal(matrix, confusion_matrix(labels, predicted, labels=LABELS))


def test_f1_in_closed_form():
    """N: 2 right, 1 called A; A: 1 right; O: 1 called N."""
    found = metrics.f1_scores(list("NNNAO"), list("NNAAN"), CLASSES)
    assert found["f1/N"] == pytest.approx(2 * 2 / (3 + 3))
    assert found["f1/A"] == pytest.approx(2 * 1 / (1 + 2))
    assert found["f1/O"] == 0
    assert found["f1/noise"] == 0
    assert found["challenge_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found["mean_f1"] == pytest.approx((2 / 3 + 2 / 3) / 4)


def test_all_right_is_1():
    assert set(metrics.f1_scores(LABELS, LABELS, CLASSES).values()) == {1.0}


def test_absent_class_has_f1_0_and_counts():
    found = metrics.f1_scores(list("NNAO"), list("NNAO"), CLASSES)
    assert found["f1/noise"] == 0
    assert (found["challenge_f1"], found["mean_f1"]) == (1, 0.75)
    assert metrics.f1_scores(list("NNAO"), list("NN~O"), CLASSES)["f1/A"] == 0


def test_lists_of_different_lengths_are_no_scores():
    with pytest.raises(ValueError, match="different lengths"):
        metrics.f1_scores(list("NNA"), list("NN"), CLASSES)


# Intervals


def test_interval_holds_the_value_and_is_ordered():
    labels, predicted = tables(400, seed=1)
    values = metrics.f1_scores(labels, predicted, CLASSES)
    intervals = metrics.bootstrap(labels, predicted, CLASSES)
    assert intervals.keys() == values.keys()
    for name, (low, high) in intervals.items():
        assert 0 <= low < values[name] < high <= 1


def test_interval_is_always_the_same():
    labels, predicted = tables(200, seed=2)
    found = metrics.bootstrap(labels, predicted, CLASSES)
    assert found == metrics.bootstrap(labels, predicted, CLASSES)
    assert found != metrics.bootstrap(labels, predicted, CLASSES, seed=1)


def test_interval_shrinks_as_one_over_the_root_of_n():
    widths = []
    for n in (500, 8000):
        low, high = metrics.bootstrap(*tables(n, seed=3), CLASSES)["challenge_f1"]
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)


def test_interval_is_that_of_plain_resampling():
    labels, predicted = tables(300, seed=4)
    rng = np.random.default_rng(5)
    rows = rng.integers(0, 300, (1500, 300))
    scores = [metrics.f1_scores(labels[row], predicted[row], CLASSES) for row in rows]
    for name, interval in metrics.bootstrap(labels, predicted, CLASSES, n=1500).items():
        plain = np.percentile([score[name] for score in scores], [2.5, 97.5])
        tolerance = 0.1 * np.ptp(plain)
        assert interval == pytest.approx(plain, abs=tolerance), name


def test_interval_of_what_is_always_right_is_a_point():
    labels = list("NAO~") * 100
    assert set(metrics.bootstrap(labels, labels, CLASSES).values()) == {(1.0, 1.0)}


# Groups


def test_groups_that_are_not_known_or_of_one_record_change_nothing():
    labels, predicted = tables(300, seed=12)
    alone = metrics.bootstrap(labels, predicted, CLASSES)
    assert metrics.bootstrap(labels, predicted, CLASSES, groups=[""] * 300) == alone
    single = [f"p{i}" for i in range(300)]
    for name, interval in metrics.bootstrap(labels, predicted, CLASSES, groups=single).items():
        assert interval == pytest.approx(alone[name], abs=0.1 * np.ptp(alone[name]) + 1e-12), name


def test_interval_of_records_that_repeat_in_a_group_is_that_of_the_groups():
    """Each record ten times, one group each: no more is known than from one of each."""
    labels, predicted = tables(150, seed=13)
    alone = metrics.bootstrap(labels, predicted, CLASSES)
    groups = np.repeat(np.arange(150), 10).astype(str)
    ten = metrics.bootstrap(np.repeat(labels, 10), np.repeat(predicted, 10), CLASSES, groups=groups)
    for name, interval in alone.items():
        assert ten[name] == pytest.approx(interval, abs=0.12 * np.ptp(interval) + 1e-12), name
    pair = metrics.paired_difference(labels, labels, predicted, CLASSES)
    wide = metrics.paired_difference(
        np.repeat(labels, 10),
        np.repeat(labels, 10),
        np.repeat(predicted, 10),
        CLASSES,
        groups=groups,
    )
    assert wide == pytest.approx(pair, abs=0.12 * (pair[2] - pair[1]))


def test_the_order_of_the_records_does_not_matter(rng):
    labels, predicted = rng.choice(list(CLASSES), (2, 300))
    groups, order = rng.choice(["", "p", "q", "r"], 300), rng.permutation(300)
    again = metrics.bootstrap(labels[order], predicted[order], CLASSES, groups=groups[order])
    assert again == metrics.bootstrap(labels, predicted, CLASSES, groups=groups)


def test_whole_groups_are_resampled_and_unknown_ones_alone():
    counts = metrics.resampled(6, 500, groups=["a", "a", "b", "b", "", ""])
    assert counts.shape == (500, 6)
    assert (counts[:, 0] == counts[:, 1]).all() and (counts[:, 2] == counts[:, 3]).all()
    assert (counts[:, 4] != counts[:, 5]).any()
    assert (counts[:, [0, 2, 4, 5]].sum(axis=1) == 4).all()


# Other classes


def test_two_classes_with_one_that_ranks():
    classes = Classes({"AF": "atrial fibrillation", "no AF": "no fibrillation"}, ("AF",))
    labels, predicted = ["AF", "AF", "no AF", "no AF"], ["AF", "no AF", "no AF", "no AF"]
    found = metrics.f1_scores(labels, predicted, classes)
    expected = {"f1/AF": 2 / 3, "f1/no_AF": 4 / 5}
    assert found == pytest.approx({**expected, "challenge_f1": 2 / 3, "mean_f1": 11 / 15})
    assert metrics.bootstrap(labels, predicted, classes).keys() == found.keys()
    assert metrics.paired_difference(labels, labels, predicted, classes)[0] == pytest.approx(1 / 3)


def test_label_that_is_no_class_is_refused():
    with pytest.raises(EcglabError, match="'SR' is none of N, A, O, ~"):
        metrics.f1_scores(["SR"], ["N"], CLASSES)


def test_scores_of_a_table():
    labels, predicted = tables(200, seed=14)
    table = pd.DataFrame(CLASSES.one_hot(predicted), columns=list(CLASSES)).assign(label=labels)
    found = metrics.scores(table, CLASSES)
    wrong = (labels != predicted).mean()
    f1 = metrics.f1_scores(labels, predicted, CLASSES)
    assert found["values"] == pytest.approx({**f1, "ece": wrong})
    assert found["intervals"] == metrics.bootstrap(labels, predicted, CLASSES)
    assert (metrics.predicted(table, CLASSES) == predicted).all()


def test_scores_of_a_table_with_groups_draw_groups():
    labels, predicted = tables(60, seed=14)
    table = pd.DataFrame(CLASSES.one_hot(predicted), columns=list(CLASSES)).assign(label=labels)
    ten = pd.concat([table] * 10, ignore_index=True)
    groups = np.tile([f"p{i}" for i in range(60)], 10)
    found = metrics.scores(ten.assign(group=groups), CLASSES)["intervals"]
    assert found == metrics.bootstrap(ten["label"], np.tile(predicted, 10), CLASSES, groups=groups)
    for name, ends in metrics.scores(ten, CLASSES)["intervals"].items():
        assert np.ptp(found[name]) > 2 * np.ptp(ends), "ten recordings of a patient are not ten"


# Two models on the same records


def difference(labels, a, b) -> float:
    score_a, score_b = (metrics.f1_scores(labels, x, CLASSES)["challenge_f1"] for x in (a, b))
    return score_a - score_b


def test_paired_difference_is_that_of_the_scores_and_its_interval_that_of_plain_resampling():
    labels, a = tables(300, seed=6, right=0.8)
    b = np.where(np.random.default_rng(7).random(300) < 0.8, a, tables(300, seed=8)[1])
    value, low, high = metrics.paired_difference(labels, a, b, CLASSES, n=1500)
    assert value == pytest.approx(difference(labels, a, b))
    rows = np.random.default_rng(9).integers(0, 300, (1500, 300))
    plain = np.percentile([difference(labels[r], a[r], b[r]) for r in rows], [2.5, 97.5])
    assert (low, high) == pytest.approx(plain, abs=0.1 * np.ptp(plain))
    unpaired = np.hypot(
        *(np.ptp(metrics.bootstrap(labels, x, CLASSES)["challenge_f1"]) for x in (a, b))
    )
    assert high - low < 0.8 * unpaired


def test_paired_difference_in_closed_form():
    """All right against all predicted N: 1 minus the score of N alone, and the same on any draw."""
    labels = list("NAO") * 300
    value, low, high = metrics.paired_difference(labels, labels, ["N"] * 900, CLASSES)
    assert value == pytest.approx(1 - 0.5 / 3)
    share = 1 / 3 + np.array([1, -1]) * 1.96 * np.sqrt(1 / 3 * 2 / 3 / 900)
    expected = 1 - 2 * share / (1 + share) / 3
    assert (low, high) == pytest.approx(tuple(expected), abs=2e-3)


def test_difference_turned_round_has_the_other_sign_and_to_itself_is_none():
    labels, a = tables(200, seed=10)
    _, b = tables(200, seed=11)
    value, low, high = metrics.paired_difference(labels, a, b, CLASSES)
    back = metrics.paired_difference(labels, b, a, CLASSES)
    assert back[0] == pytest.approx(-value)
    assert back[1:] == pytest.approx((-high, -low), abs=0.1 * (high - low))
    assert metrics.paired_difference(labels, a, a, CLASSES) == (0, 0, 0)
    assert metrics.paired_difference(labels, a, b, CLASSES) == (value, low, high)


def test_paired_lists_of_different_lengths_are_no_difference():
    with pytest.raises(ValueError, match="different lengths"):
        metrics.paired_difference(list("NNA"), list("NNA"), list("NN"), CLASSES)


# Calibration


def probabilities(confidence, predicted="N") -> np.ndarray:
    """(n, 4): the predicted label has this probability, the others share the rest."""
    confidence = np.asarray(confidence, float)
    table = np.repeat((1 - confidence)[:, None] / 3, 4, axis=1)
    table[:, LABELS.index(predicted)] = confidence
    return table


def test_perfectly_calibrated_has_no_error():
    """Of those predicted with 0.6, 6 in 10 are right; of those with 0.9, 9 in 10; all with 1."""
    labels = list("NNNNNNAAAA") + list("NNNNNNNNNO") + list("NNNNNNNNNN")
    confidence = np.repeat([0.6, 0.9, 1.0], 10)
    found = metrics.ece(labels, probabilities(confidence), CLASSES)
    assert found == pytest.approx(0, abs=1e-12)


def test_always_sure_and_half_wrong_is_half():
    assert metrics.ece(list("NA"), probabilities([1, 1]), CLASSES) == pytest.approx(0.5)


def test_error_is_weighted_by_the_records_of_a_bin():
    """30 records at 1.0 with half of them right, 10 at 0.5 with all right: |0.5| in both bins."""
    labels = list("NA" * 15) + list("N" * 10)
    table = probabilities(np.repeat([1.0, 0.5], [30, 10]))
    assert metrics.ece(labels, table, CLASSES) == pytest.approx(0.5)
    table = probabilities(np.repeat([1.0, 0.8], [30, 10]))
    expected = (30 * 0.5 + 10 * 0.2) / 40
    assert metrics.ece(labels, table, CLASSES) == pytest.approx(expected)


def test_too_sure_and_too_shy_cancel_in_one_bin_and_not_in_two():
    labels = list("NA" * 10) + list("NNNNNNNNNN" * 2)
    table = probabilities(np.repeat([0.75, 0.76], 20))
    in_one = (20 * (0.75 - 0.5) - 20 * (1 - 0.76)) / 40
    assert metrics.ece(labels, table, CLASSES, bins=4) == pytest.approx(in_one)
    in_two = (20 * (0.75 - 0.5) + 20 * (1 - 0.76)) / 40
    assert metrics.ece(labels, table, CLASSES, bins=200) == pytest.approx(in_two)


@pytest.mark.parametrize("predicted", LABELS)
def test_what_counts_is_the_predicted_label(predicted):
    table = probabilities([0.7] * 10, predicted)
    assert metrics.ece([predicted] * 10, table, CLASSES) == pytest.approx(0.3)
    others = [label for label in LABELS if label != predicted]
    assert metrics.ece([others[0]] * 10, table, CLASSES) == pytest.approx(0.7)


@pytest.mark.parametrize("bins", [1, 10])
def test_error_of_a_class_is_that_of_its_probability_against_the_others(bins):
    """N is predicted with 0.7 and 4 of 10 are N; the others with 0.1 and 2 of 10 are each."""
    table = probabilities([0.7] * 10)
    found = metrics.class_eces(list("NNNNAAOO~~"), table, CLASSES, bins)
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
    found = metrics.coverage(labels, table, shares, CLASSES)
    assert (np.diff(found) <= 0).all() and found[0] == found[2] == 1
    predicted = np.array(LABELS)[table.argmax(axis=1)]
    assert found[-1] == metrics.f1_scores(labels, predicted, CLASSES)["challenge_f1"] < 0.75
    assert found[3] == metrics.f1_scores(labels[36:], predicted[36:], CLASSES)["challenge_f1"]


def test_coverage_does_not_hang_on_the_order_and_ties_are_answered_together():
    labels = np.array(list("NNAAOO"))
    table = np.concatenate([probabilities([0.9, 0.6]), probabilities([0.6] * 4, "A")])
    found = metrics.coverage(labels, table, [1 / 6, 1 / 3, 1], CLASSES)
    assert found[1] == found[2]
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(6)
        again = metrics.coverage(labels[order], table[order], [1 / 6, 1 / 3, 1], CLASSES)
        assert (again == found).all()


def test_class_that_is_withheld_has_f1_0():
    table = np.concatenate([probabilities([0.9] * 2), probabilities([0.5] * 2, "A")])
    assert metrics.coverage(list("NNAA"), table, [0.5, 1], CLASSES) == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        metrics.coverage(list("NA"), probabilities([0.5, 0.6]), [share], CLASSES)


def test_risk_is_the_share_of_wrong_predictions_among_the_kept():
    labels = list("NNNNNNNNNN")
    certainty = np.linspace(0.5, 0.95, 10)
    table = probabilities(certainty)
    table[:3] = probabilities(certainty[:3], "A")
    found = metrics.risk(labels, table, [0.5, 0.7, 0.8, 1], CLASSES)
    assert found == pytest.approx([0, 0, 1 / 8, 3 / 10])


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
