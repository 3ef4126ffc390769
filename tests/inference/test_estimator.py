"""A packaged model in scikit-learn: parameters, copies, pipelines, cross-validation."""

import pickle

import numpy as np
import package_maker
import pytest

from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.utils.errors import EcglabError

sklearn = pytest.importorskip("sklearn")


@pytest.fixture
def model(tmp_path):
    return Predictor(package_maker.make(tmp_path / "package"), coverage=1.0)


@pytest.fixture
def records(rng):
    return [Record(rng.normal(x, 1, 3000), 300, id=f"r{i}") for i, x in enumerate([-2, 0, 2] * 4)]


def test_parameters_are_those_of_the_constructor(model):
    names = ["folder", "members", "threads", "coverage", "max_error", "conformal"]
    assert list(model.get_params()) == names
    assert model.get_params()["coverage"] == 1.0
    assert model.set_params(coverage=0.5, members=[1]) is model
    assert (model.coverage, model.members, model.max_error) == (0.5, [1], None)
    with pytest.raises(ValueError, match="'depth' is none of folder, members"):
        model.set_params(depth=3)
    with pytest.raises(EcglabError, match="coverage of 7 is not possible"):
        model.set_params(coverage=7)


def test_copies_predict_alike(model, records):
    from sklearn.base import clone

    expected = model.predict_proba(records)
    for copy in (clone(model), pickle.loads(pickle.dumps(model))):
        assert copy is not model and copy.get_params() == model.get_params()
        np.testing.assert_array_equal(copy.predict_proba(records), expected)


def test_a_pipeline_from_arrays_to_predictions(model, records):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def read(signals):
        return [Record(x, 300, id=f"r{i}") for i, x in enumerate(signals)]

    signals = np.stack([record.signal for record in records])
    labels = model.predict(records)["label"].to_numpy()
    pipeline = make_pipeline(FunctionTransformer(read), model)
    fitted = pipeline.fit(signals, labels)
    np.testing.assert_array_equal(fitted.predict_proba(signals), model.predict_proba(records))
    assert fitted.predict(signals).equals(model.predict(records))
    assert fitted.classes_.tolist() == ["N", "A", "O", "~"]
    assert fitted.score(signals, labels) == 1


def test_cross_validation_scores_it_and_changes_nothing(model, records):
    from sklearn.model_selection import cross_val_predict, cross_val_score

    labels = model.predict(records)["label"].to_numpy()
    assert model.fit(records, labels) is model
    assert cross_val_score(model, records, labels, cv=3).tolist() == [1, 1, 1]
    of_all = ["N", "A", "O", "~"] * 3
    found = cross_val_predict(model, records, of_all, cv=3, method="predict_proba")
    np.testing.assert_allclose(found, model.predict_proba(records), atol=1e-6)


def test_accuracy_is_the_share_of_right_labels(model, records):
    labels = model.predict(records)["label"].to_numpy()
    labels[:3] = "none of them"
    assert model.score(records, labels) == pytest.approx(0.75)


def test_scikit_learn_takes_it_for_a_fitted_classifier(model):
    from sklearn.base import is_classifier
    from sklearn.utils.validation import check_is_fitted

    assert is_classifier(model)
    check_is_fitted(model)
