"""Predictions of records with added noise."""

import numpy as np
import pytest

from ecglab.analysis import noise
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record

FS = 300
RHYTHM = Classes({"N": "normal", "A": "fibrillation", "~": "noise"}, ("N", "A"))


class Loudness:
    """A model whose probability of noise is the SD of a record."""

    def predict_proba(self, records):
        p = np.array([min(float(r.signal.std()), 1) for r in records])
        return np.stack([1 - p, 0 * p, p], axis=1)


def test_records_are_predicted_with_more_and_more_of_the_same_noise(rng):
    records = [Record(rng.normal(0, 0.01, 6 * FS), FS) for _ in range(3)]
    found = noise.predicted(Loudness(), records, [0, 0.2, 0.4], seed=1)
    assert found.shape == (3, 3, 3)
    assert found[0] == pytest.approx(Loudness().predict_proba(records))
    assert found[1, :, 2] == pytest.approx(0.2, abs=0.02)
    assert np.array_equal(found, noise.predicted(Loudness(), records, [0, 0.2, 0.4], seed=1))


def test_a_record_that_is_predicted_as_noise_is_neither_right_nor_wrong():
    labels = np.array(["N", "A", "~", "N"])
    predicted = [["N", "A", "~", "A"], ["~", "A", "~", "~"], ["A", "N", "N", "~"]]
    probabilities = np.stack([RHYTHM.one_hot(row) for row in predicted])
    found = noise.outcomes(probabilities, labels, RHYTHM, "~")
    assert list(found["right"]) == [0.75, 0.5, 0]
    assert list(found["noise"]) == [0, 0.5, 0.25]
    assert list(found["wrong"]) == [0.25, 0, 0.75]
    assert set(noise.outcomes(probabilities, labels, RHYTHM)) == {"right", "wrong"}


def test_the_table_has_the_certainty_of_right_and_of_wrong_predictions():
    labels = np.array(["N", "A"])
    level = [[[0.9, 0.1, 0], [0, 0.7, 0.3]], [[0.4, 0.6, 0], [0, 0.2, 0.8]]]
    found = noise.table([0, 0.05], np.array(level), labels, RHYTHM, "~")
    assert list(found.index) == ["0 µV", "50 µV"]
    assert found["certainty"].tolist() == pytest.approx([0.8, 0.7])
    assert found["certainty if right"].iloc[0] == pytest.approx(0.8)
    assert np.isnan(found["certainty if wrong"].iloc[0]) and np.isnan(
        found["certainty if right"].iloc[1]
    )
    assert found["certainty if wrong"].iloc[1] == pytest.approx(0.6)  # that of noise is no error
