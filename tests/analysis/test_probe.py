"""Quick measurements with forests."""

import numpy as np
import pytest

from ecglab.analysis import compare, probe
from ecglab.datasets import dataset
from ecglab.ecg import features
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.evaluation import metrics

FS = 300
RHYTHM = Classes({"N": "normal", "A": "fibrillation", "O": "other", "~": "noise"}, tuple("NAO"))


def labels_of(n: int, classes: Classes = RHYTHM) -> np.ndarray:
    return np.array(classes.codes)[np.arange(n) % len(classes)]


def test_halves_are_the_features_of_both_halves_of_long_records():
    dataset.make_synthetic(20)
    data = dataset.open("synthetic")
    x, rows = probe.halves(data)
    long = np.flatnonzero(data.lengths >= 20 * FS)
    assert 0 < long.size < len(data)
    assert rows.tolist() == np.repeat(long, 2).tolist()
    signal = data.signal(long[0])
    middle = signal.size // 2
    for row, part in enumerate((signal[:middle], signal[middle:])):
        assert np.array_equal(x[row], features.extract(part, FS), equal_nan=True)


def test_a_leak_inflates_the_score(rng):
    """Two halves look alike but say nothing of the label: only memory can score."""
    n = 120
    x = np.repeat(rng.normal(0, 1, (n, 8)), 2, axis=0) + rng.normal(0, 0.01, (2 * n, 8))
    labels = np.repeat(rng.permutation(labels_of(n)), 2)
    of_record = np.repeat(np.arange(n) % 5, 2)
    of_half = probe.random_folds(labels, 5)
    leaky, clean = (
        compare.score("", probe.out_of_fold(x, labels, fold, RHYTHM, probe.nearest), RHYTHM)
        for fold in (of_half, of_record)
    )
    assert leaky["value"] > 0.7
    assert clean["value"] < 0.4


def test_random_folds_keep_the_classes_in_proportion():
    labels = labels_of(100)
    fold = probe.random_folds(labels, 5)
    for k in range(5):
        assert [int((labels[fold == k] == code).sum()) for code in RHYTHM] == [5, 5, 5, 5]


@pytest.mark.parametrize("classes", [RHYTHM, Classes({"AF": "fibrillation", "other": "not"})])
def test_each_row_is_predicted_by_a_model_of_other_folds(rng, classes):
    labels, n = labels_of(120, classes), len(classes)
    x = rng.normal(0, 1, (120, 3)) + (np.arange(120) % n)[:, None]
    x[::7, 1] = np.nan
    table = probe.out_of_fold(x, labels, np.arange(120) % 5, classes)
    assert table[list(classes)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert table["record"].tolist() == list(range(120))
    found = compare.score("forest", table, classes)
    assert 1 / n < found["low"] < found["value"] < found["high"] < 1
    memory = probe.out_of_fold(x, labels, np.arange(120) % 5, classes, probe.nearest)
    assert set(np.unique(memory[list(classes)])) == {0.0, 1.0}


def test_a_class_that_a_fold_lacks_has_probability_0(rng):
    labels, fold = labels_of(40), np.arange(40) % 4
    table = probe.out_of_fold(rng.normal(0, 1, (40, 2)), labels, fold, RHYTHM)
    for k, code in enumerate(RHYTHM):  # fold k holds all records of class k
        assert (table[code][fold == k] == 0).all()


def test_candidates_have_the_scores_of_their_predictions(rng):
    labels = labels_of(200)
    x = rng.normal(0, 1, (200, 6)) + 0.5 * (np.arange(200) % 4)[:, None]
    fold = np.arange(200) // 4 % 5
    found = probe.candidates(x, labels, fold, RHYTHM, n=3)
    assert found["scored"].shape == found["validation"].shape == (5, 3)
    codes = np.array(RHYTHM.codes)[found["predicted"]]
    for k in range(5):
        rows = fold == k
        for j in range(3):
            f1 = metrics.f1_scores(labels[rows], codes[rows, j], RHYTHM)
            assert found["scored"][k, j] == pytest.approx(f1["challenge_f1"])
    alone = probe.score_of_choice(found, labels, fold, RHYTHM, [1] * 5)
    f1 = metrics.f1_scores(labels, codes[:, 1], RHYTHM)
    assert alone == pytest.approx(f1["challenge_f1"])
    best = found["scored"].argmax(axis=1)
    mixed = np.where(fold == 0, codes[np.arange(200), best[0]], codes[:, 2])
    choice = [best[0], 2, 2, 2, 2]
    f1 = metrics.f1_scores(labels, mixed, RHYTHM)
    assert probe.score_of_choice(found, labels, fold, RHYTHM, choice) == f1["challenge_f1"]


def test_the_numbers_of_a_spectrogram_tell_a_regular_rhythm():
    regular, irregular = np.zeros(9000), np.zeros(9000)
    regular[150::240] = 1
    rng = np.random.default_rng(0)
    irregular[np.cumsum(rng.uniform(120, 360, 36)).astype(int)[:-4]] = 1
    kernel = np.hanning(24)
    numbers = [
        probe.spectrogram_numbers(Record(np.convolve(x, kernel, "same"), FS), 0.32, 0.08, (0, 50))
        for x in (regular, irregular)
    ]
    assert numbers[0].shape == numbers[1].shape
    spread = [x[-5] for x in numbers]
    assert spread[0] < 0.1 < spread[1]
