"""Explanations of one prediction."""

import numpy as np
import pytest

from ecglab.analysis import explain
from ecglab.datasets import dataset, splits
from ecglab.ecg import features
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(40)
        return dataset.open("synthetic")


def test_a_change_of_log_odds_is_also_one_of_the_probability():
    change = np.log(0.8 / 0.2) - np.log(0.3 / 0.7)
    assert explain.probability_without(0.8, change) == pytest.approx(0.3)
    assert explain.probability_without(0.9, 1) == pytest.approx(0.768, abs=1e-3)


@pytest.mark.parametrize("fs", [300, 250])
def test_the_most_unusual_feature_comes_first(data, fs):
    source = data.record(1)
    record = Record(prepare(source, fs), fs, id="mine")
    own = features.extract(prepare(record, data.fs), data.fs)
    vectors = np.stack([features.extract(data.signal(i), data.fs) for i in range(len(data))])
    plain = explain.unusual(record, data, vectors, "N", "A", n=len(features.names))
    last = plain["feature"].iloc[-1]
    column = features.names.index(last)
    vectors[:, column] += 1000 * np.nanstd(vectors[:, column])
    table = explain.unusual(record, data, vectors, "N", "A", n=4)
    assert table["feature"].iloc[0] == last and len(table) == 4
    first = table.iloc[0]
    assert first["meaning"] == features.meaning[last]
    assert first["this record"] == own[column]
    for label in "N", "A":
        middle = np.nanmedian(vectors[data.labels == label, column])
        assert first[f"median of {label}"] == pytest.approx(middle)


class Package:
    """A predictor of five folds that was trained on the records of one data set."""

    trained_on, fs = frozenset(), 300.0

    def __init__(self, folder, members=None):
        self.card, self.members = {"members": {"2": [], "3": []}}, members


def test_a_record_of_the_training_data_is_left_to_the_member_that_did_not_see_it(data, monkeypatch):
    monkeypatch.setattr(explain, "Predictor", Package)
    monkeypatch.setattr(Package, "trained_on", frozenset(x[:16] for x in data.sha256))
    record, predictor = explain.unseen_record(data, "folder", "A")
    row = int(np.flatnonzero(data.ids == record)[0])
    assert data.labels[row] == "A" and predictor.members == [2]
    assert splits.folds(data)[row] == 2


def test_a_record_of_other_data_is_left_to_all_members(data, monkeypatch):
    monkeypatch.setattr(explain, "Predictor", Package)
    record, predictor = explain.unseen_record(data, "folder", "A")
    assert data.labels[data.ids == record].tolist() == ["A"] and predictor.members is None
