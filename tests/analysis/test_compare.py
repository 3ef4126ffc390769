"""Tables of predictions compared."""

import numpy as np
import pytest

from ecglab.analysis import compare
from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.reports.results import Result
from ecglab.utils.errors import EcglabError

RHYTHM = Classes({"N": "normal", "A": "fibrillation", "O": "other", "~": "noise"}, tuple("NAO"))
LABELS = list("NAO~" * 10)


def table(predicted, ids=None):
    ids = ids or [f"A{i}" for i in range(len(LABELS))]
    return compare.predictions(ids, LABELS, RHYTHM.one_hot(predicted), RHYTHM)


def f1(predicted) -> float:
    return metrics.f1_scores(LABELS, predicted, RHYTHM)["challenge_f1"]


def test_a_score_has_its_interval():
    predicted = [*LABELS[:30], *"N" * 10]
    found = compare.score("mine", table(predicted), RHYTHM)
    assert found["name"] == "mine" and found["value"] == pytest.approx(f1(predicted))
    assert found["low"] < found["value"] < found["high"]


def test_tables_are_paired_on_their_common_records():
    good, poor = table(LABELS), table(["N"] * 40)
    shuffled = good.sample(frac=1, random_state=0)
    (pair,) = compare.paired({"good": shuffled, "poor": poor}, "poor", RHYTHM)
    assert pair["name"] == "good"
    assert pair["difference"] == pytest.approx(f1(LABELS) - f1(["N"] * 40))
    assert 0 < pair["low"] <= pair["difference"] <= pair["high"]
    half = good.iloc[:20]
    (pair,) = compare.paired({"half": half, "poor": poor}, "poor", RHYTHM)
    here = metrics.f1_scores(LABELS[:20], ["N"] * 20, RHYTHM)["challenge_f1"]
    assert pair["difference"] == pytest.approx(1 - here)


def test_pairs_of_grouped_records_draw_groups():
    """Of ten copies of four patients, whose records are right or wrong together."""
    good, poor = table(LABELS), table(["N"] * 40)
    groups = list("abcd" * 10)
    (pair,) = compare.paired({"x": good.assign(group=groups), "poor": poor}, "poor", RHYTHM)
    (alone,) = compare.paired({"x": good, "poor": poor}, "poor", RHYTHM)
    assert pair["difference"] == alone["difference"]
    assert pair["high"] - pair["low"] > 1.5 * (alone["high"] - alone["low"])


def test_tables_without_a_common_record_are_refused():
    other = table(LABELS, [f"B{i}" for i in range(40)])
    with pytest.raises(EcglabError, match="no record in common"):
        compare.paired({"good": table(LABELS), "other": other}, "other", RHYTHM)


def test_disagreement_counts_who_is_right():
    good, poor = table(LABELS), table(["N"] * 40)
    found = compare.disagreement(good, poor, RHYTHM)
    assert found.index.tolist() == list(RHYTHM)
    assert found["they differ on"].tolist() == [0, 10, 10, 10]
    assert found["the first is right"].tolist() == [0, 10, 10, 10]
    assert found["the second is right"].tolist() == [0, 0, 0, 0]
    assert compare.disagreement(poor, good, RHYTHM)["the second is right"].sum() == 30


def test_the_best_is_the_base_unless_another_is_clearly_better():
    tables = {"good": table(LABELS), "poor": table(["N"] * 40)}
    (pair,) = compare.paired(tables, "poor", RHYTHM)
    assert compare.clearly_best(tables, [pair], "poor", RHYTHM) == "good"
    unclear = {**pair, "low": -0.1}
    assert compare.clearly_best(tables, [unclear], "poor", RHYTHM) == "poor"


def test_few_results_are_the_best_and_one_of_each_other_kind():
    kinds = ["ensemble", "ensemble", "ensemble", "network", "trees", "network", "committee"]
    every = [Result(str(i), None, RHYTHM, {"kind": kind}) for i, kind in enumerate(kinds)]
    assert [x.name for x in compare.few(every)] == ["0", "1", "3", "4", "6"]
    assert [x.name for x in compare.few(every, best=4)] == ["0", "1", "2", "3", "4", "6"]
    assert compare.few([]) == []


def test_probabilities_keep_their_order():
    probabilities = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]])
    found = compare.predictions(["a", "b"], ["~", "N"], probabilities, RHYTHM)
    assert found.columns.tolist() == ["record", "label", *RHYTHM]
    assert metrics.predicted(found, RHYTHM).tolist() == ["~", "N"]
