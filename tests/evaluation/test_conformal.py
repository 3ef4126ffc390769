"""Class-conditional conformal sets: the definition, and that they cover what they promise."""

import numpy as np
import package_maker
import pytest

from ecglab.evaluation import conformal, selective

CLASSES = package_maker.RHYTHM


def made(n: int, rng):
    """Labels of unequal classes and probabilities (n, 4) that are right to some degree."""
    labels = rng.choice(CLASSES.codes, n, p=[0.6, 0.1, 0.25, 0.05])
    odds = np.exp(rng.normal(size=(n, 4)) + 1.5 * CLASSES.one_hot(labels))
    return labels, odds / odds.sum(axis=1, keepdims=True)


def test_the_least_probability_has_the_rank_of_the_definition(rng):
    labels, p = made(500, rng)
    sets = conformal.fitted(labels, p, CLASSES)
    for i, code in enumerate(CLASSES):
        own = np.sort(p[labels == code, i])
        for at, coverage in enumerate(sets.coverage):
            # The largest threshold of which at most (n + 1) (1 - c) - 1 records are below.
            rank = int((own.size + 1) * (1 - coverage) + 1e-9)
            assert sets.least[code][at] == (own[rank - 1] if rank else 0)


def test_a_class_of_few_records_is_in_every_set(rng):
    labels, p = np.array(["N"] * 50 + ["A"] * 8), made(58, rng)[1]
    sets = conformal.fitted(labels, p, CLASSES)
    assert sets.sets(p, 0.9)[:, 1].all()  # 9 records are needed for 0.9
    assert sets.sets(p, 0.9)[:, 2:].all()  # there is none
    assert not sets.sets(p, 0.5)[:, 1].all()


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_new_records_of_every_class_are_covered(coverage, rng):
    sets = conformal.fitted(*made(20_000, rng), CLASSES)
    labels, p = made(20_000, rng)
    inside = sets.sets(p, coverage)[CLASSES.one_hot(labels) > 0]
    for code in CLASSES:
        assert inside[labels == code].mean() == pytest.approx(coverage, abs=0.03)


def test_the_check_covers_each_class_and_gives_the_size(rng):
    labels, p = made(8000, rng)
    parts = selective.parts(np.zeros(8000, int))
    rows = conformal.checked(labels, p, parts, [0.8, 0.95], CLASSES)
    for row in rows:
        assert list(row["classes"].values()) == pytest.approx([row["coverage"]] * 4, abs=0.05)
    assert 1 < rows[0]["size"] < rows[1]["size"] < 4
    others = labels != "A"
    [row] = conformal.checked(labels[others], p[others], parts[others], [0.9], CLASSES)
    assert list(row["classes"]) == ["N", "O", "~"]
