"""Verdicts: which one a record gets, and why."""

import numpy as np
import package_maker
import pytest

from ecglab.ecg import features
from ecglab.ecg.record import Record
from ecglab.inference.findings import findings, heart_rate
from ecglab.inference.novelty import ALIKE, Reference
from ecglab.inference.predictor import Predictor
from ecglab.inference.verdict import STRANGE, UNCERTAIN, UNREADABLE, Limits, verdict, words
from ecglab.utils.paths import PRETRAINED

MEANINGS = package_maker.RHYTHM.meanings
WORDS = words(package_maker.RHYTHM)
FS = 300.0


def given(probabilities, strange="", agreement=0.9):
    by_class = dict(zip(MEANINGS, probabilities, strict=True))
    return verdict(strange, agreement, by_class, MEANINGS, WORDS, Limits(0.5, 0.6))


def test_classes_become_words():
    assert WORDS == {"N": "normal", "A": "AF", "O": "other", "~": UNREADABLE}
    assert words(package_maker.AF) == {"AF": "AF", "other": "anything else"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([0.9, 0.05, 0.03, 0.02],), ("normal", "normal 90 %")),
        (([0.0, 1.0, 0.0, 0.0],), ("AF", "atrial fibrillation 99.9 %")),
        (([0.1, 0.1, 0.7, 0.1],), ("other", "other rhythm 70 %")),
        (([0.1, 0.1, 0.1, 0.7],), (UNREADABLE, "noise 70 %")),
        (([0.5, 0.4, 0.1, 0],), (UNCERTAIN, "normal 50 %, atrial fibrillation 40 %")),
        (([0.2, 0.1, 0.2, 0.5],), (UNCERTAIN, "noise 50 %, normal 20 %")),
        (
            ([0.9, 0.1, 0, 0], "", 0.31),
            (UNREADABLE, "two detectors agree on only 31 % of the heartbeats"),
        ),
        (([0.9, 0.1, 0, 0], "it is flat", 0.1), (STRANGE, "it is flat")),
    ],
)
def test_a_verdict_is_the_first_that_applies(arguments, expected):
    assert given(*arguments) == expected


# Findings


def beating(rr, wide: float = 0.02, p_wave: bool = True, odd: tuple = ()) -> np.ndarray:
    """Beats at these RR intervals in s, in mV; odd: numbers of beats of another shape."""
    rng = np.random.default_rng(0)
    at = 1 + np.cumsum(rr)
    t = np.arange(round((at[-1] + 1) * FS)) / FS
    x = rng.normal(0, 0.005, t.size)
    for i, beat in enumerate(at):
        if i in odd:
            x -= 1.5 * np.exp(-(((t - beat - 0.02) / 0.06) ** 2) / 2)
            continue
        x += np.exp(-(((t - beat) / wide) ** 2) / 2)
        x += 0.25 * np.exp(-(((t - beat - 0.28) / 0.04) ** 2) / 2)
        if p_wave:
            x += 0.15 * np.exp(-(((t - beat + 0.16) / 0.025) ** 2) / 2)
    return x


def found(signal):
    vector = features.extract(signal, FS)
    by_name = dict(zip(features.names, vector.tolist(), strict=True))
    return heart_rate(by_name), findings(by_name, features.beat_summary(signal, FS))


def test_a_normal_rhythm_has_no_findings():
    assert found(beating(np.full(30, 0.8))) == (75.0, [])


def test_an_irregular_rhythm_without_p_waves_is_found(rng):
    rate, shown = found(beating(rng.uniform(0.5, 1.1, 40), p_wave=False))
    assert 60 < rate < 95
    assert shown == ["irregular RR intervals", "no P waves"]


def test_premature_beats_are_counted():
    rr = np.full(30, 0.8)
    rr[[9, 19]], rr[[10, 20]] = 0.5, 1.1
    assert found(beating(rr))[1] == ["2 premature beats"]
    assert found(beating(rr, odd=(9, 19)))[1] == ["2 premature beats (2 ventricular)"]


@pytest.mark.parametrize(
    ("rr", "expected"),
    [(0.5, "fast heart rate (120 bpm)"), (1.5, "slow heart rate (40 bpm)")],
)
def test_the_rate_is_a_finding_beyond_its_limits(rr, expected):
    assert found(beating(np.full(20, rr)))[1] == [expected]


def test_a_pause_is_found():
    rr = np.full(30, 0.8)
    rr[15] = 2.5
    assert "pause of 2.5 s" in found(beating(rr))[1]


# Novelty


def reference(**changes) -> Reference:
    n = len(features.names)
    made = {
        "center": np.zeros(n),
        "scale": np.ones(n),
        "mean": np.zeros(n),
        "root": np.eye(n),
        "slope": np.zeros(n),
        "offset": 0.0,
        "seconds": np.array([10.0, 20.0]),
        "limits": np.log([8.0, 4.0]),
        "alike": 0.5,
    }
    return Reference(**made | changes)


def test_the_score_is_the_log_of_the_squared_distance_and_a_linear_model(rng):
    n = len(features.names)
    root = np.tril(rng.normal(size=(n, n)))
    center, scale, mean = rng.normal(size=n), np.exp(rng.normal(size=n)), 0.1 * rng.normal(size=n)
    slope = rng.normal(size=n)
    given = reference(center=center, scale=scale, mean=mean, root=root, slope=slope, offset=0.5)
    z = rng.normal(size=(3, n))
    squared = np.einsum("ij,jk,lk,il->i", z - mean, root, root, z - mean)
    expected = np.log(squared) + z @ slope + 0.5
    np.testing.assert_allclose(given.scores(center + scale * z), expected)
    z[1, 5] = np.nan  # not defined: as in the middle
    same = z.copy()
    same[1, 5] = 0
    np.testing.assert_allclose(
        given.scores(center + scale * z), given.scores(center + scale * same)
    )


@pytest.mark.parametrize(("seconds", "ok"), [(5, True), (10, True), (12, True), (19, False)])
def test_shorter_records_may_be_further_out(seconds, ok):
    vector = np.zeros(len(features.names))
    vector[ALIKE], vector[0] = 0.9, 2.2  # a squared distance of 5.65
    reason = reference().reason(vector, seconds)
    assert (reason == "") is ok
    if not ok:
        assert reason.endswith(f"most of all in the {features.meaning[features.names[0]]}")


def test_beats_must_be_there_and_alike():
    n = len(features.names)
    assert reference().reason(np.full(n, np.nan), 30) == "no heartbeats were found"
    assert "no common shape (correlation 0.40)" in reference().reason(np.full(n, 0.4), 30)


def test_a_shipped_model_names_a_rhythm_of_beats_and_none_of_a_tone_or_noise(rng):
    model = Predictor(PRETRAINED / "fast")
    beats = beating(np.full(30, 0.8))
    tone = np.sin(2 * np.pi * 7 * np.arange(9000) / FS)
    noisy = beats + rng.normal(0, 0.2, beats.size)
    rows = model.rows([Record(signal, FS) for signal in (tone, noisy, beats)])
    assert [row["verdict"] for row in rows[:2]] == [STRANGE, UNREADABLE]
    assert [(row["findings"], row["heart_rate"]) for row in rows[:2]] == [([], None)] * 2
    assert rows[2]["verdict"] not in (STRANGE, UNREADABLE)
    assert rows[2]["heart_rate"] == pytest.approx(75, abs=0.5)


# Operating points


def test_coverage_decides_what_is_uncertain(tmp_path, rng):
    folder = package_maker.make(tmp_path / "package")
    record = Record(beating(np.full(20, 0.8)), FS)
    [sure] = Predictor(folder, coverage=1.0).rows(record)
    assert sure["verdict"] != UNCERTAIN
    [doubtful] = Predictor(folder, coverage=0.5).rows(record)
    assert doubtful["verdict"] == UNCERTAIN and doubtful["label"] == sure["label"]
    assert Predictor(folder, max_error=0.1).rows(record)[0]["verdict"] == UNCERTAIN
    assert Predictor(folder, max_error=0.2).rows(record)[0]["verdict"] != UNCERTAIN


def test_a_prediction_set_is_given_where_it_is_asked_for(tmp_path):
    folder = package_maker.make(tmp_path / "package")
    record = Record(beating(np.full(20, 0.8)), FS)
    assert "prediction_set" not in Predictor(folder).rows(record)[0]
    model = Predictor(folder, conformal=0.9)
    [row] = model.rows(record)
    assert row["prediction_set"] == [c for c, p in row["probabilities"].items() if p >= 0.2]
    assert model.predict(record)["prediction_set"].iloc[0] == row["prediction_set"]
