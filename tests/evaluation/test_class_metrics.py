"""Metrics of each class against scikit-learn, their intervals against plain resampling."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

from ecglab.ecg.classes import Classes
from ecglab.evaluation import class_metrics, metrics
from ecglab.evaluation.class_metrics import name_of

CLASSES = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"}, ("N", "A", "O")
)


def predictions(n: int, seed: int, codes="NAO~", digits: int = 2):
    """Labels (n,) of some classes, and probabilities (n, 4) with ties that are often right."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(codes), n)
    logits = rng.normal(0, 1, (n, 4)) + 1.5 * CLASSES.one_hot(labels)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, np.round(probabilities, digits)


@pytest.mark.parametrize("digits", [1, 3])
def test_metrics_are_scikit_learns(digits):
    labels, probabilities = predictions(300, 1, digits=digits)
    predicted = CLASSES.predicted(probabilities)
    found = class_metrics.scores(labels, probabilities, CLASSES, n=10)["values"]
    theirs = precision_recall_fscore_support(labels, predicted, labels=list(CLASSES))
    for measure, expected in zip(("precision", "recall", "f1"), theirs, strict=False):
        ours = [found[name_of(measure, code, CLASSES)] for code in CLASSES]
        assert ours == pytest.approx(expected)
    for i, code in enumerate(CLASSES):
        truth, p = labels == code, probabilities[:, i]
        assert found[name_of("auroc", code, CLASSES)] == pytest.approx(roc_auc_score(truth, p))
        average = average_precision_score(truth, p)
        assert found[name_of("average_precision", code, CLASSES)] == pytest.approx(average)
        rest = (predicted != code) & ~truth
        specificity = rest.sum() / (~truth).sum()
        assert found[name_of("specificity", code, CLASSES)] == pytest.approx(specificity)
    assert found["accuracy"] == pytest.approx((labels == predicted).mean())


def test_metrics_are_those_of_the_other_modules():
    labels, probabilities = predictions(300, 2)
    found = class_metrics.scores(labels, probabilities, CLASSES, n=10)["values"]
    f1 = metrics.f1_scores(labels, CLASSES.predicted(probabilities), CLASSES)
    assert {name: found[name] for name in f1} == pytest.approx(f1)
    assert found["ece"] == pytest.approx(metrics.ece(labels, probabilities, CLASSES))
    errors = metrics.class_eces(labels, probabilities, CLASSES)
    ours = {code: found[name_of("ece", code, CLASSES)] for code in CLASSES}
    assert ours == pytest.approx(errors)


def test_class_that_no_record_has_is_not_defined_and_in_no_mean():
    labels, probabilities = predictions(200, 3, codes="NA~")
    found = class_metrics.scores(labels, probabilities, CLASSES, n=50)
    values, intervals = found["values"], found["intervals"]
    for measure in class_metrics.OF_CLASS:
        assert values[name_of(measure, "O", CLASSES)] is None
        assert intervals[name_of(measure, "O", CLASSES)] is None
        assert values[name_of(measure, "A", CLASSES)] is not None
    assert (CLASSES.predicted(probabilities) == "O").any()
    assert values["challenge_f1"] == pytest.approx((values["f1/N"] + values["f1/A"]) / 2)
    three = values["f1/N"] + values["f1/A"] + values["f1/noise"]
    assert values["mean_f1"] == pytest.approx(three / 3)
    assert class_metrics.present(labels, CLASSES) == ["N", "A", "~"]


def test_no_ranked_class_and_only_one_class():
    labels, probabilities = np.array(["~"] * 5), predictions(5, 4)[1]
    values = class_metrics.scores(labels, probabilities, CLASSES, n=10)["values"]
    assert values["challenge_f1"] is None
    assert values["auroc/noise"] is None and values["specificity/noise"] is None
    assert values["recall/noise"] is not None


def test_intervals_are_those_of_plain_resampling():
    labels, probabilities = predictions(250, 5)
    found = class_metrics.scores(labels, probabilities, CLASSES)["intervals"]
    rows = np.random.default_rng(6).integers(0, 250, (1000, 250))
    names = ["auroc/A", "average_precision/A", "precision/A", "challenge_f1", "accuracy", "ece"]
    plain = [
        class_metrics.scores(labels[r], probabilities[r], CLASSES, n=0)["values"] for r in rows
    ]
    for name in names:
        expected = np.percentile([values[name] for values in plain], [2.5, 97.5])
        assert found[name] == pytest.approx(expected, abs=0.12 * np.ptp(expected)), name


def test_intervals_are_the_same_each_time_and_in_any_number_of_parts(monkeypatch):
    labels, probabilities = predictions(100, 7)
    found = class_metrics.scores(labels, probabilities, CLASSES, n=40)
    assert found == class_metrics.scores(labels, probabilities, CLASSES, n=40)
    monkeypatch.setattr(class_metrics, "_CELLS", 700)
    parts = class_metrics.scores(labels, probabilities, CLASSES, n=40)
    for name, interval in found["intervals"].items():
        assert parts["intervals"][name] == pytest.approx(interval), name


@pytest.mark.parametrize("known", [False, True])
def test_the_order_of_the_records_does_not_matter(rng, known):
    labels, probabilities = predictions(200, 7, digits=1)
    groups = rng.choice(["", "p", "q", "r"], 200) if known else None
    order = rng.permutation(200)
    found = class_metrics.scores(labels, probabilities, CLASSES, n=40, groups=groups)
    again = class_metrics.scores(
        labels[order],
        probabilities[order],
        CLASSES,
        n=40,
        groups=groups[order] if known else None,
    )
    assert again == found


def test_intervals_by_group_are_wider_where_the_records_of_a_group_are_alike():
    labels, probabilities = predictions(60, 8)
    labels, probabilities = np.repeat(labels, 10), np.repeat(probabilities, 10, axis=0)
    groups = np.repeat(np.arange(60).astype(str), 10)
    alone = class_metrics.scores(labels, probabilities, CLASSES, n=400)["intervals"]
    grouped = class_metrics.scores(labels, probabilities, CLASSES, n=400, groups=groups)
    for name in ("auroc/A", "challenge_f1", "recall/A"):
        ratio = np.ptp(grouped["intervals"][name]) / np.ptp(alone[name])
        assert ratio == pytest.approx(np.sqrt(10), rel=0.25), name


def test_one_group_has_no_interval():
    labels, probabilities = predictions(30, 9)
    found = class_metrics.scores(labels, probabilities, CLASSES, groups=["p"] * 30)
    assert set(found["intervals"].values()) == {None}
    assert found["values"]["accuracy"] is not None
    assert class_metrics.n_units(5, ["a", "a", "", "", "b"]) == 4
