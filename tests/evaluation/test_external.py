"""External evaluation: labels are mapped, training records are refused, nothing is lost unseen."""

import json

import evaluation_maker
import numpy as np
import pytest
from evaluation_maker import CLASSES, MeanPredictor, make_data

from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.evaluation import class_metrics, external, metrics
from ecglab.utils.errors import EcglabError

GIVEN = {"SR": "N", "AFIB": "A"}
LABELS = ["SR"] * 30 + ["AFIB"] * 20 + ["PACED"] * 7


@pytest.fixture
def data():
    return make_data(LABELS)


def test_labels_are_mapped_and_those_without_a_counterpart_are_left_out(data):
    found = external.evaluate(MeanPredictor(), data, GIVEN)
    assert found.facts["mapping"] == GIVEN
    assert found.facts["left_out"]["labels"] == {"PACED": 7}
    assert found.facts["scored"] == len(found.labels) == 50
    assert found.facts["counts"] == {"N": 30, "A": 20, "O": 0, "~": 0}
    assert list(found.labels) == ["N"] * 30 + ["A"] * 20
    assert json.loads(json.dumps(found.facts, allow_nan=False))["values"] == found.facts["values"]


def test_metrics_are_of_the_classes_that_records_have(data):
    found = external.evaluate(MeanPredictor(), data, GIVEN)
    facts, predicted = found.facts, found.predicted
    assert facts["ranked"] == ["N", "A"] and facts["not_ranked"] == ["O"]
    f1 = metrics.f1_scores(found.labels, predicted, CLASSES)
    assert facts["values"]["challenge_f1"] == pytest.approx((f1["f1/N"] + f1["f1/A"]) / 2)
    assert facts["values"]["recall/O"] is None and facts["intervals"]["recall/O"] is None
    low, high = facts["intervals"]["challenge_f1"]
    assert low < facts["values"]["challenge_f1"] < high
    matrix = np.array(facts["confusion"])
    assert (matrix == metrics.confusion(found.labels, predicted, CLASSES)).all()
    assert matrix.sum(axis=1).tolist() == [30, 20, 0, 0]
    assert set(facts["reliability"]) == {"N", "A"}
    assert sum(facts["reliability"]["A"]["records"]) == 50
    last = facts["risk_coverage"][-1]
    assert last["share"] == 1
    assert last["risk"] == pytest.approx(1 - facts["values"]["accuracy"])
    assert last["challenge_f1"] == pytest.approx(facts["values"]["challenge_f1"])


def test_no_ranked_class_gives_no_challenge_f1(data):
    found = external.evaluate(MeanPredictor(), data, {"PACED": "~", "SR": "", "AFIB": ""})
    assert found.facts["values"]["challenge_f1"] is None
    assert found.facts["intervals"]["challenge_f1"] is None
    assert found.facts["scored"] == 7
    assert found.facts["left_out"]["labels"] == {"SR": 30, "AFIB": 20}


def test_equal_labels_need_no_mapping_and_can_be_left_out():
    data = make_data(["N", "A", "AFIB"])
    assert external.mapping(data.classes, CLASSES, {}) == {"N": "N", "A": "A"}
    assert external.mapping(data.classes, CLASSES, {"AFIB": "A", "N": ""}) == {
        "A": "A",
        "AFIB": "A",
    }
    assert external.mapping(data.classes, CLASSES, {"N": "O"}) == {"N": "O", "A": "A"}


@pytest.mark.parametrize(
    "given, message",
    [
        ({"SRR": "N"}, "--map SRR=N: the data set has no label 'SRR', it has SR, AFIB, PACED"),
        ({"SR": "X"}, "--map SR=X: the model has no class 'X', it has N, A, O, ~"),
        ({}, "no label of clinic .* is a class of mean-1 .* --map"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(data, given, message):
    with pytest.raises(EcglabError, match=message):
        external.evaluate(MeanPredictor(), data, given)


def test_digests_of_the_data_and_of_the_training_data_are_told(data):
    facts = external.evaluate(MeanPredictor(), data, GIVEN, uri="default").facts
    assert facts["data"]["digest"] == data.digest
    assert facts["model"]["data"]["digest"] == "d" * 64
    assert (facts["model"]["uri"], facts["model"]["name"]) == ("default", "mean-1")


# Records that the model was trained on


def digests(data, rows, fs):
    return [signal_digest(prepare(data.record(int(i)), fs))[:16] for i in rows]


@pytest.mark.parametrize("fs", [250.0, 300.0])
def test_training_records_are_left_out_at_the_rate_of_the_model(data, fs):
    predictor = MeanPredictor(fs=fs, trained_on=digests(data, [0, 3, 30], fs))
    assert np.flatnonzero(external.trained_on(predictor, data)).tolist() == [0, 3, 30]
    found = external.evaluate(predictor, data, GIVEN)
    assert found.facts["left_out"]["training_records"] == 3
    assert found.facts["scored"] == 47
    assert not {"r000", "r003", "r030"} & set(found.ids)
    assert found.facts["training_records_scored"] == 0


def test_training_records_are_scored_where_that_is_asked_for(data):
    predictor = MeanPredictor(trained_on=digests(data, [0, 3, 30, 55], 300.0))
    found = external.evaluate(predictor, data, GIVEN, include_training_records=True)
    assert found.facts["training_records_scored"] == 3  # the fourth has no class
    assert found.facts["left_out"]["training_records"] == 0
    assert found.facts["scored"] == 50


def test_training_data_alone_are_refused(data):
    predictor = MeanPredictor(trained_on=digests(data, range(50), 300.0))
    with pytest.raises(EcglabError, match=r"trained on all 50 .*--include-training-records"):
        external.evaluate(predictor, data, GIVEN)
    found = external.evaluate(predictor, data, GIVEN, include_training_records=True)
    assert found.facts["training_records_scored"] == 50


# Records that cannot be classified


def test_records_that_cannot_be_classified_are_counted_by_reason(data):
    predictor = MeanPredictor(refused=["r001", "r002", "r040"])
    found = external.evaluate(predictor, data, GIVEN)
    (entry,) = found.facts["left_out"]["unclassified"]
    assert entry["records"] == 3 and entry["example"] == "r001"
    assert entry["reason"].endswith("min are too long for one prediction")
    assert found.facts["scored"] == 47 and "r040" not in found.ids
    whole = external.evaluate(MeanPredictor(), data, GIVEN)
    rest = ~np.isin(whole.ids, ["r001", "r002", "r040"])
    np.testing.assert_array_equal(found.probabilities, whole.probabilities[rest])


def test_nothing_that_can_be_classified_is_refused(data):
    predictor = MeanPredictor(refused=data.ids)
    with pytest.raises(EcglabError, match=r"no record of clinic can be classified \(70 min"):
        external.evaluate(predictor, data, GIVEN)


# Groups


def test_intervals_are_by_group_where_groups_are_known():
    labels = ["SR"] * 40 + ["AFIB"] * 40
    groups = [f"p{i // 8}" for i in range(80)]
    data = make_data(labels, groups=groups)
    found = external.evaluate(MeanPredictor(), data, GIVEN)
    assert found.facts["resampled"] == {"by": "group", "units": 10, "n": 1000}
    assert found.facts["data"]["groups"] == 10
    expected = class_metrics.scores(found.labels, found.probabilities, CLASSES, groups=groups)
    assert found.facts["intervals"]["accuracy"] == expected["intervals"]["accuracy"]
    alone = external.evaluate(MeanPredictor(), make_data(labels), GIVEN)
    assert alone.facts["resampled"] == {"by": "record", "units": 80, "n": 1000}
    assert alone.facts["values"] == found.facts["values"]


def test_a_model_of_two_classes():
    classes = evaluation_maker.Classes({"AF": "atrial fibrillation", "no": "no fibrillation"})
    data = make_data(["SR"] * 20 + ["AFIB"] * 20)
    given = {"SR": "AF", "AFIB": "no"}  # as the means are: class 0 is AF
    facts = external.evaluate(MeanPredictor(classes), data, given).facts
    assert facts["ranked"] == ["AF", "no"]
    assert facts["values"]["recall/AF"] == facts["values"]["specificity/no"]
    assert facts["values"]["auroc/AF"] == pytest.approx(facts["values"]["auroc/no"])
