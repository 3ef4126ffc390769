"""Predictions: any length, rate and number of classes, and only by a model that fits its card."""

import numpy as np
import onnx
import package_maker
import pytest

from ecglab.ecg.record import Record
from ecglab.inference.package import MODEL
from ecglab.inference.predictor import Predictor, pooled
from ecglab.inference.rows import ROW
from ecglab.packaging.package import seal
from ecglab.utils.errors import EcglabError, RecordError
from ecglab.utils.paths import PRETRAINED


@pytest.fixture(scope="module")
def fast() -> Predictor:
    return Predictor(PRETRAINED / "fast")


def noise(rng, seconds: float, fs: float = 300.0, **keys) -> Record:
    return Record(rng.normal(size=round(seconds * fs)).astype(np.float32), fs, **keys)


def test_a_prediction_has_the_classes_of_the_package(tmp_path, rng):
    predictor = Predictor(package_maker.make(tmp_path / "af", classes=package_maker.AF))
    [found] = predictor.rows([noise(rng, 10, id="x1")])
    assert list(found) == list(ROW)
    assert (found["record"], found["model"]) == ("x1", "tiny-1")
    assert list(found["probabilities"]) == ["AF", "other"]
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert found["label"] == max(found["probabilities"], key=found["probabilities"].get)
    assert type(found["label"]) is str


def test_the_rate_is_that_of_the_card(tmp_path, rng):
    """A record at the rate of the model goes in as it is, whatever that rate is."""
    folder = package_maker.make(tmp_path / "slow", fs=100.0)
    record = noise(rng, 8, fs=100.0)
    slow = Predictor(folder)
    session = slow._session.run(
        None, {"signal": record.signal[None], "mask": np.ones((1, 800), np.float32)}
    )
    np.testing.assert_allclose(slow.predict_proba([record])[0], np.mean(session, axis=0)[0])
    assert slow.fs == 100


def test_a_record_is_predicted_alike_alone_and_among_others(fast, rng):
    records = [noise(rng, seconds) for seconds in (5, 30, 61, 10, 300)]
    records.append(noise(rng, 20, fs=250.0))
    together = fast.predict_proba(records)
    for record, expected in zip(records, together, strict=True):
        np.testing.assert_allclose(fast.predict_proba([record])[0], expected, atol=1e-6)


def test_no_records_have_no_predictions(fast):
    assert fast.predict_proba([]).shape == (0, 4)
    assert fast.rows([]) == []
    assert fast.predict([]).shape == (0, 16)


def test_missing_samples_are_missing_whatever_the_device_writes_for_them(fast, rng):
    signal = noise(rng, 30).signal.copy()
    signal[3000:5000] = np.nan
    with_gap = fast.predict_proba([Record(signal, 300.0)])
    assert np.isfinite(with_gap).all()
    with_zeros = fast.predict_proba([Record(np.nan_to_num(signal), 300.0)])
    np.testing.assert_array_equal(with_zeros, with_gap)
    signal[3000:5000] = 1e-3 * np.arange(2000)
    with_ramp = fast.predict_proba([Record(signal, 300.0)])
    assert np.abs(with_gap - with_ramp).max() > 1e-3


def test_a_record_of_more_than_an_hour_is_refused(fast):
    long = Record(np.sin(np.arange(3601 * 100) / 20), 100.0, id="night")
    with pytest.raises(RecordError, match=r"^night: 61 min are too long .*cut it into pieces$"):
        fast.predict_proba([long])


def test_members_are_averaged_or_asked_alone(tmp_path, rng):
    folder = package_maker.make(tmp_path / "two")
    record = noise(rng, 10)
    each = [Predictor(folder, members=[k]).predict_proba([record]) for k in (0, 1)]
    assert np.abs(each[0] - each[1]).max() > 1e-3
    both = Predictor(folder).predict_proba([record])
    np.testing.assert_allclose(both, np.mean(each, axis=0), atol=1e-6)
    with pytest.raises(EcglabError, match=r"no member \[4\]: its members are folds \[0, 1\]"):
        Predictor(folder, members=[4])


def test_models_of_a_member_are_pooled_by_their_exponents(tmp_path, rng):
    part = [{"output": f"fold-0/{name}/probabilities", "exponent": 0.6} for name in ("a", "b")]
    folder = package_maker.make(tmp_path / "pool", folds=1, members={"0": part})
    predictor = Predictor(folder)
    record = noise(rng, 10)
    batch = {"signal": record.signal[None], "mask": np.ones((1, record.n_samples), np.float32)}
    expected = pooled(np.stack(predictor._session.run(None, batch)), [0.6, 0.6])
    np.testing.assert_allclose(predictor.predict_proba([record]), expected, atol=1e-6)


def test_a_pool_is_the_scaled_product_of_powers():
    p = np.array([[[0.7, 0.2, 0.1]], [[0.5, 0.4, 0.1]]])
    product = p[0, 0] ** 0.5 * p[1, 0] ** 2
    np.testing.assert_allclose(pooled(p, [0.5, 2.0])[0], product / product.sum())
    sure = np.array([[[1.0, 0.0]], [[0.1, 0.9]]])
    assert pooled(sure, [1.0, 1.0])[0, 1] > 0.008  # one model cannot overrule all others


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        (
            {"fold-0/tiny/probabilities": 4, "fold-1/other/probabilities": 4},
            "it lacks the output 'fold-1/tiny/probabilities' of its card",
        ),
        (
            {"fold-0/tiny/probabilities": 4, "fold-1/tiny/probabilities": 3},
            "it gives 3 probabilities for 4 classes",
        ),
    ],
)
def test_a_model_that_is_not_the_one_of_its_card_is_refused(tmp_path, outputs, problem):
    folder = package_maker.make(tmp_path / "other")
    (folder / MODEL).write_bytes(package_maker.model(outputs).SerializeToString())
    seal(folder, package_maker.card())
    with pytest.raises(EcglabError, match=problem):
        Predictor(folder)


def test_a_model_with_an_unknown_input_is_refused(tmp_path):
    folder = package_maker.make(tmp_path / "old")
    model = onnx.load(folder / MODEL)
    for given in model.graph.input:
        given.name = given.name.replace("mask", "valid")
    for node in model.graph.node:
        node.input[:] = [name.replace("mask", "valid") for name in node.input]
    (folder / MODEL).write_bytes(model.SerializeToString())
    seal(folder, package_maker.card())
    with pytest.raises(EcglabError, match="its input 'valid' is unknown"):
        Predictor(folder)


def test_what_is_no_model_is_refused(tmp_path):
    folder = package_maker.make(tmp_path / "text")
    (folder / MODEL).write_bytes(b"no model")
    seal(folder, package_maker.card())
    with pytest.raises(EcglabError, match=r"model\.onnx cannot be read \([^\n]+\): package"):
        Predictor(folder)


def test_a_pretrained_model_knows_what_it_was_trained_on(fast):
    assert len(fast.trained_on) == 7498  # of 7,500 records, two pairs have the same samples


# Explanation


def test_explanation_is_what_hiding_a_part_changes(fast, rng):
    record = noise(rng, 30)
    edges, changes = fast.explain(record)
    assert edges.tolist() == np.arange(0, 31, 2).tolist()
    assert changes.shape == (15,)
    [probabilities] = fast.predict_proba(record)
    label = fast.classes.codes[probabilities.argmax()]
    np.testing.assert_array_equal(fast.explain(record, label)[1], changes)
    hidden = record.signal.copy()
    hidden[4 * 300 : 6 * 300] = np.nan
    both = fast.predict_proba([record, Record(hidden, 300)])[:, probabilities.argmax()]
    odds = np.log(both) - np.log1p(-both)
    assert changes[2] == pytest.approx(odds[0] - odds[1], abs=1e-4)


def test_explanation_finds_the_part_that_matters(fast, monkeypatch):
    """Of a model whose probability is the share of known samples in the first five seconds."""

    def run(analyses):
        known = [0.9 * float(np.isfinite(x.signal[: 5 * 300]).mean()) for x in analyses]
        return np.array([[1 - x, x, 0, 0] for x in known])

    monkeypatch.setattr(fast, "_run", run)
    record = Record(np.sin(np.arange(20 * 300) / 20), 300)
    edges, changes = fast.explain(record)
    assert edges[0] == 0 and edges[-1] == pytest.approx(20)
    assert (changes[:2] > 0.5).all() and changes[3:] == pytest.approx(0)
    assert fast.explain(record, "N")[1] == pytest.approx(-changes)


@pytest.mark.parametrize(("seconds", "fs", "parts"), [(5, 300, 2), (7, 250, 4), (30, 500, 15)])
def test_short_and_other_records_are_explained(fast, rng, seconds, fs, parts):
    edges, changes = fast.explain(noise(rng, seconds, fs=fs))
    assert edges[[0, -1]].tolist() == [0, seconds]
    assert np.isfinite(changes).all()
    assert changes.size == parts


def test_explanation_of_an_unknown_class_is_refused(fast, rng):
    with pytest.raises(EcglabError, match="label 'X' is none of N, A, O, ~"):
        fast.explain(noise(rng, 5), "X")
