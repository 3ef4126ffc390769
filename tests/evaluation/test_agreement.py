"""Which records several models get wrong, and the best choice among them."""

import numpy as np
import pandas as pd

from ecglab.ecg.classes import Classes
from ecglab.evaluation import agreement, metrics

CLASSES = Classes({"N": "normal", "A": "fibrillation", "O": "other"})
LABELS = list("NNAAOO")


def table(predicted: str, ids: str = "abcdef", **columns) -> pd.DataFrame:
    probabilities = dict(zip(CLASSES, CLASSES.one_hot(list(predicted)).T, strict=True))
    return pd.DataFrame({"record": list(ids), "label": LABELS, **probabilities, **columns})


TABLES = {"x": table("NAAAON"), "y": table("NAANOO"), "z": table("AOAAOO")}


def test_errors_are_those_of_each_record():
    wrong = agreement.errors(TABLES, CLASSES)
    assert wrong.index.tolist() == list("abcdef")
    assert {name: "".join(wrong.index[wrong[name]]) for name in wrong} == {
        "x": "bf",
        "y": "bd",
        "z": "ab",
    }


def test_tables_are_compared_by_record_not_by_row():
    shuffled = {**TABLES, "y": TABLES["y"].sample(frac=1, random_state=1)}
    wrong = agreement.errors(shuffled, CLASSES).loc[list("abcdef")]
    assert wrong.equals(agreement.errors(TABLES, CLASSES))
    fewer = {**TABLES, "y": TABLES["y"].iloc[:3]}
    assert agreement.errors(fewer, CLASSES).index.tolist() == list("abc")


def test_overlap_is_the_share_of_the_errors_of_the_row():
    found = agreement.overlap(agreement.errors({**TABLES, "w": table("NNAAON")}, CLASSES))
    assert found.loc["x"].tolist() == [1, 0.5, 0.5, 0.5]
    assert found.loc["w"].tolist() == [1, 0, 0, 1]
    right = agreement.overlap(agreement.errors({"x": TABLES["x"], "v": table("NNAAOO")}, CLASSES))
    assert right.loc["v"].isna().all() and right.loc["x", "v"] == 0


def test_shared_counts_the_others_that_err_as_well():
    wrong = agreement.errors(TABLES, CLASSES)
    assert agreement.shared(wrong, "x", ["y", "z"]).to_dict() == {"b": 2, "f": 0}


def test_the_oracle_is_wrong_only_where_all_are():
    found = agreement.oracle(TABLES, CLASSES)
    assert "".join(found["predicted"]) == "NAAAOO"  # of b, the prediction of the first
    score = metrics.f1_scores(found["label"], found["predicted"], CLASSES)["challenge_f1"]
    alone = [
        metrics.f1_scores(LABELS, metrics.predicted(one, CLASSES), CLASSES)["challenge_f1"]
        for one in TABLES.values()
    ]
    assert score > max(alone)


def test_the_oracle_keeps_the_groups():
    grouped = {name: one.assign(group=list("ppqqrr")) for name, one in TABLES.items()}
    found = agreement.oracle(grouped, CLASSES)
    assert np.array_equal(metrics.groups_of(found), list("ppqqrr"))
