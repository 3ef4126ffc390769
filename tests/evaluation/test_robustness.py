"""Robustness: each record by a member that never saw it, and shares that are counted right."""

from functools import partial

import evaluation_maker
import numpy as np
import package_maker
import pytest
from evaluation_maker import make_data

from ecglab.datasets import splits
from ecglab.ecg.record import Record
from ecglab.evaluation import robustness
from ecglab.evaluation.disturbances import Disturbance, gain, length
from ecglab.evaluation.out_of_fold import OutOfFold
from ecglab.inference.package import TRAINED_ON
from ecglab.inference.predictor import Predictor
from ecglab.utils import digests
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_text

LABELS = ["N"] * 14 + ["A"] * 10 + ["O"] * 10
NOTHING = Disturbance("x 1", "gain", partial(gain, factor=1))


@pytest.fixture
def data():
    made = make_data(LABELS, fs=300.0)
    splits.write(made, n_folds=2)
    return made


def trained_on(folder, data, name="clinic", rows=slice(None), folds=2):
    """A package that was trained on records of the data, with members of its first folds."""
    package_maker.make(
        folder,
        folds=folds,
        data={**package_maker.card()["data"], "name": name},
        split={"folds": 2, "digest": splits.digest(data.ids, splits.folds(data))},
    )
    lines = sorted(str(digest)[:16] for digest in data.sha256[rows])
    write_text(folder / TRAINED_ON, "".join(f"{line}\n" for line in lines))
    digests.write_manifest(folder, digests.read_manifest(folder, ""))
    return folder


def test_a_record_is_predicted_by_the_member_of_its_fold(data, tmp_path):
    folder = trained_on(tmp_path / "p", data)
    model = OutOfFold(folder, data)
    assert model.by_fold
    found = model.predict_proba(list(data))
    for k in (0, 1):
        rows = np.flatnonzero(splits.folds(data) == k)
        member = Predictor(folder, members=[k])
        expected = member.predict_proba([data.record(i) for i in rows])
        np.testing.assert_allclose(found[rows], expected, atol=1e-6)
        whole = model.model.predict_proba([data.record(i) for i in rows])
        assert np.abs(whole - expected).max() > 0.01


def test_records_that_no_member_left_out_are_left_out(data, tmp_path):
    model = OutOfFold(trained_on(tmp_path / "p", data, folds=1), data)
    assert set(model.data.ids) == set(data.ids[splits.folds(data) == 0])


def test_other_records_are_predicted_by_all_members(data, tmp_path):
    folder = package_maker.make(tmp_path / "p")
    model = OutOfFold(folder, data)
    assert not model.by_fold
    expected = Predictor(folder).predict_proba(list(data))
    np.testing.assert_allclose(model.predict_proba(list(data)), expected, atol=1e-6)


def test_records_whose_folds_are_not_known_are_refused(data, tmp_path):
    folder = trained_on(tmp_path / "p", data, name="home", rows=slice(0, 3))
    with pytest.raises(EcglabError, match="was trained on 3 of these records of clinic"):
        OutOfFold(folder, data)


def test_what_is_refused_has_no_probabilities(data, tmp_path):
    model = OutOfFold(package_maker.make(tmp_path / "p"), data)
    records = list(data)
    records[3] = None
    held = np.random.default_rng(0).normal(size=1800)
    held[1000:] = 0
    records[5] = Record(held, 300)
    found = model.predict_proba(records)
    assert list(np.flatnonzero(np.isnan(found).any(axis=1))) == [3, 5]


class Scripted:
    """In place of OutOfFold: predicts the class whose number is the mean of the signal."""

    by_fold = True

    def __init__(self, data):
        self.data, self.model = data, self
        self.classes, self.name = package_maker.RHYTHM, "scripted"

    def predict_proba(self, records):
        found = np.full((len(records), 4), np.nan)
        for i, record in enumerate(records):
            if record is not None:
                place = int(np.clip(round(float(record.signal.mean())), 0, 3))
                found[i] = np.eye(4)[place]
        return found


def moved(by, which=()):
    """A disturbance that adds to the mean of records."""

    def change(record, rng):
        if which and record.id not in which:
            return record
        return Record(record.signal + by, record.fs, id=record.id)

    return Disturbance(f"+ {by}", "offset", change)


@pytest.fixture
def scripted(monkeypatch):
    for place, label in enumerate("NAO"):
        monkeypatch.setitem(evaluation_maker.MEANS, label, place)
    return Scripted(make_data(["N"] * 10 + ["A"] * 10 + ["O"] * 5, fs=300.0))


def test_shares_and_scores(scripted):
    data = scripted.data
    before = scripted.predict_proba(list(data)).argmax(axis=1)
    recognised = [i for i in range(25) if data.labels[i] == "A" and before[i] == 1]
    lost = recognised[:3]
    some = moved(1, which=set(data.ids[lost]))
    found = robustness.measure(scripted, disturbances=[NOTHING, some], rates=())
    same, other = found["disturbances"]
    assert (same["kept"], same["found"], same["refused"]) == (1, 1, 0)
    assert same["challenge_f1"] == found["challenge_f1"]
    assert robustness.reached(same) and not robustness.reached(other)
    assert found["recognised"] == len(recognised)
    assert other["kept"] == pytest.approx(1 - 3 / 25)
    assert other["found"] == pytest.approx(1 - 3 / len(recognised))
    assert other["challenge_f1"] < found["challenge_f1"]


def test_a_record_that_is_refused_is_not_kept(scripted):
    short = Disturbance("4 s", "length", partial(length, seconds=4))
    (row,) = robustness.measure(scripted, disturbances=[short], rates=())["disturbances"]
    assert (row["refused"], row["kept"], row["found"], row["challenge_f1"]) == (25, 0, 0, 0)


def test_the_score_is_that_of_the_metrics(scripted):
    from ecglab.evaluation import metrics

    labels = scripted.data.labels.astype(str)
    classes = package_maker.RHYTHM
    codes = classes.predicted(scripted.predict_proba(list(scripted.data))).astype(str)
    expected = metrics.f1_scores(labels, codes, classes)["challenge_f1"]
    assert robustness.challenge_f1(labels, codes, classes) == pytest.approx(expected)


def test_the_curves_of_hum_begin_without_it(scripted):
    found = robustness.measure(scripted, disturbances=[], rates=(100.0, 300.0))
    points = {(p["hz"], p["fs"], p["mv"]): p["challenge_f1"] for p in found["hum"]}
    assert len(points) == 2 * 2 * 5
    assert points[50, 300, 0] == points[60, 300, 0] == found["challenge_f1"]


def test_other_classes_are_refused(scripted):
    with pytest.raises(EcglabError, match="scripted has no class 'B'"):
        robustness.measure(scripted, "B", disturbances=[])
    other = Scripted(make_data(["SR"] * 4 + ["N"] * 4, fs=300.0))
    with pytest.raises(EcglabError, match="has no class 'SR'"):
        robustness.measure(other, disturbances=[])
