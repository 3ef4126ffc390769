"""Classes: their order, one-hot labels, predictions, and names of metrics."""

import numpy as np
import pytest

from ecglab.ecg.classes import RESERVED, Classes
from ecglab.inference.rows import ROW
from ecglab.utils.errors import EcglabError

RHYTHMS = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"}, ("N", "A", "O")
)


def test_order_is_that_of_the_meanings():
    assert list(RHYTHMS) == list(RHYTHMS.codes) == ["N", "A", "O", "~"]
    assert len(RHYTHMS) == 4
    assert RHYTHMS.ranked == ("N", "A", "O")
    assert Classes({"b": "", "a": ""}).ranked == ("b", "a")


def test_labels_and_predictions():
    assert RHYTHMS.index(["~", "N"]).tolist() == [3, 0]
    assert RHYTHMS.one_hot(["A"]).tolist() == [[0, 1, 0, 0]]
    assert RHYTHMS.one_hot([]).shape == (0, 4)
    probabilities = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.4, 0.2, 0.0]])
    assert RHYTHMS.predicted(probabilities).tolist() == ["~", "N"]


def test_unknown_label_is_refused():
    with pytest.raises(EcglabError, match=r"'AFIB' is none of N, A, O, ~"):
        RHYTHMS.index(["N", "AFIB"])


def test_metric_names_have_only_characters_that_mlflow_allows():
    assert [RHYTHMS.metric(code) for code in RHYTHMS] == ["f1/N", "f1/A", "f1/O", "f1/noise"]
    other = Classes({"not AF": "", "1°": "AV block, first degree"})
    assert [other.metric(code) for code in other] == ["f1/not_AF", "f1/AV_block_first_degree"]


def test_dictionary_and_back():
    assert Classes.from_dict(RHYTHMS.as_dict()) == RHYTHMS
    for damaged in ({}, {"meanings": 1, "ranked": []}, {"meanings": {"N": ""}, "ranked": []}):
        with pytest.raises(EcglabError):
            Classes.from_dict(damaged)


@pytest.mark.parametrize(
    ("meanings", "ranked", "words"),
    [
        ({}, (), "at least two"),
        ({"N": "normal"}, (), "at least two"),
        ({"N": "normal", "A": "AF"}, ("X",), "ranked class 'X'"),
        ({"~": "noise", "*": "noise"}, (), "rename one"),
    ],
)
def test_impossible_classes_are_refused(meanings, ranked, words):
    with pytest.raises(EcglabError, match=words):
        Classes(meanings, ranked)


def test_a_class_is_named_like_no_column_of_the_predictions():
    assert {*ROW, "file", "error"} <= set(RESERVED)
    for name in RESERVED:
        with pytest.raises(EcglabError, match=f"cannot be named '{name}', .*--map '{name}=NAME'"):
            Classes({name: "a class", "N": "normal"})
