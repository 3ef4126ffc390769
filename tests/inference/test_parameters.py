"""The file of a package's verdicts: a round trip, what is refused, and the rules that it holds."""

import json

import numpy as np
import package_maker
import pytest

from ecglab.ecg import features
from ecglab.inference import parameters
from ecglab.inference.novelty import Reference
from ecglab.inference.package import VERDICT
from ecglab.packaging.package import write_parameters
from ecglab.utils.errors import EcglabError

CODES = package_maker.RHYTHM.codes
N = len(features.names)


def read(folder):
    return parameters.read(folder, CODES, N)


def test_what_is_written_is_read(tmp_path, rng):
    root = np.tril(rng.normal(size=(N, N)))
    given = Reference(
        rng.normal(size=N),
        np.exp(rng.normal(size=N)),
        rng.normal(size=N),
        root,
        rng.normal(size=N),
        -0.25,
        np.array([10.0, 20.0]),
        np.array([9.5, 6.0]),
        0.6,
    )
    written = package_maker.parameters(agreement=0.31, novelty=given)
    write_parameters(tmp_path, written)
    found = read(tmp_path)
    assert (found.verdicts, found.agreement) == (written.verdicts, 0.31)
    for name in ("center", "scale", "mean", "root", "slope", "offset", "seconds", "limits"):
        np.testing.assert_allclose(getattr(found.novelty, name), getattr(given, name), rtol=1e-4)
    vectors = rng.normal(size=(5, N))
    np.testing.assert_allclose(found.novelty.scores(vectors), given.scores(vectors), rtol=1e-3)
    assert found.abstention.error.tolist() == written.abstention.error.tolist()
    assert list(found.conformal.least) == list(CODES)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda x: x.pop("agreement"), "key 'agreement' is missing"),
        (lambda x: x.update(agreement="good"), "key 'agreement' is a text, not a number"),
        (lambda x: x["verdicts"].pop("A"), "it is of other classes than N, A, O, ~"),
        (lambda x: x["conformal"]["least"].update(A=[0.1]), "'conformal' has lists of other"),
        (lambda x: x["abstention"].update(coverage=[1.0, 0.5]), "'abstention' is not in increas"),
        (lambda x: x["novelty"]["root"].pop(), f"key 'novelty' is not of {N} features"),
        (lambda x: x["novelty"]["scale"].__setitem__(0, 0), "a scale that is not above 0"),
        (lambda x: x["novelty"]["slope"].pop(), f"key 'novelty' is not of {N} features"),
        (lambda x: x["novelty"].update(alike=float("nan")), "a number that is not finite"),
        (lambda x: x["novelty"]["root"][3].__setitem__(1, None), "'novelty.root.3.1' is null"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(tmp_path, change, problem):
    stored = package_maker.parameters().as_dict()
    change(stored)
    (tmp_path / VERDICT).write_text(json.dumps(stored))
    with pytest.raises(EcglabError, match=problem) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value) and "ecglab package" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / VERDICT).write_text(text)
    with pytest.raises(EcglabError, match=r"verdict\.json"):
        read(tmp_path)


def test_the_least_certainty_lies_between_those_of_the_file():
    rule = parameters.Abstention(
        np.array([0.5, 0.9, 1.0]), np.array([0.9, 0.6, 0.2]), np.array([0.02, 0.05, 0.1])
    )
    assert rule.least(0.9) == 0.6
    assert rule.least(0.7) == pytest.approx(0.75)
    assert rule.least() == rule.least(parameters.COVERAGE) == pytest.approx(0.4)
    assert rule.least(max_error=0.06) == 0.6
    assert rule.least(max_error=0.5) == 0.2
    with pytest.raises(EcglabError, match=r"at most 0\.01 is not possible: .* reached 0\.020"):
        rule.least(max_error=0.01)
    with pytest.raises(EcglabError, match="not both"):
        rule.least(0.9, 0.1)
    for wrong in (0.1, 1.5, float("nan")):
        with pytest.raises(EcglabError, match=r"is not possible: give one from 0\.5 to 1"):
            rule.least(wrong)


def test_a_set_has_the_classes_that_are_probable_enough():
    sets = parameters.Conformal(
        np.array([0.8, 0.9]), {"a": np.array([0.5, 0.1]), "b": np.array([0.6, 0.5])}
    )
    p = np.array([[0.55, 0.45], [0.4, 0.6], [0.5, 0.5]])
    assert sets.sets(p, 0.8).tolist() == [[True, False], [False, True], [True, False]]
    assert sets.sets(p, 0.85).tolist() == sets.sets(p, 0.9).tolist()
    assert sets.sets(p, 0.9).tolist() == [[True, False], [True, True], [True, True]]
    with pytest.raises(EcglabError, match=r"0\.95 is not possible: give one from 0\.8 to 0\.9"):
        sets.sets(p, 0.95)
