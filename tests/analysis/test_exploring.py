"""What notebooks ask of the library: numbers of records, probes, explanations, comparisons."""

import numpy as np
import pandas as pd
import pytest
from scipy import signal as scipy_signal

from ecglab.analysis import compare, explain, explore, probe, spectrum
from ecglab.datasets import dataset, synthetic
from ecglab.ecg.record import LABELS, Record
from ecglab.evaluation import metrics
from ecglab.utils.errors import EcglabError

FS = 300


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exploring")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        synthetic.pack(60)
        return dataset.open("synthetic")


# --- the spectrogram


def test_the_spectrogram_is_scipys(rng):
    record = Record(rng.normal(0, 1, 3000), FS)
    found = spectrum.spectrogram(record, window=0.32, hop=0.08, band=(0, 50))
    hz, time, power = scipy_signal.spectrogram(
        record.signal.astype(float), FS, "hann", nperseg=96, noverlap=96 - 24
    )
    kept = (hz > 0) & (hz <= 50)
    assert found.frequency == pytest.approx(hz[kept])
    assert found.time == pytest.approx(time)
    assert found.power == pytest.approx(power[kept], rel=1e-6)


def test_padding_only_makes_it_smooth(rng):
    record = Record(rng.normal(0, 1, 3000), FS)
    for padding in 2, 4:
        found = spectrum.spectrogram(record, 0.32, 0.08, (0, 150), padding)
        n_fft = padding * 128
        hz, _, power = scipy_signal.spectrogram(
            record.signal.astype(float), FS, "hann", nperseg=96, noverlap=72, nfft=n_fft
        )
        assert found.power == pytest.approx(power[hz > 0], rel=1e-6)


def test_a_hop_longer_than_the_window_leaves_out_what_is_between():
    record = Record(np.sin(np.arange(3000)), FS)
    found = spectrum.spectrogram(record, window=0.1, hop=0.5)
    assert np.diff(found.time) == pytest.approx(0.5)


# --- measures


def test_measures_tell_the_rate_and_the_irregularity(data):
    table = explore.measures(data).set_index("record")
    assert list(table.columns) == ["label", *explore.MEASURES]
    assert table["seconds"].to_numpy() == pytest.approx(data.lengths / FS)
    middle = table.groupby("label").median(numeric_only=True)
    assert middle.loc["A", "irregularity"] > 3 * middle.loc["N", "irregularity"]
    assert middle.loc["N", "p_wave"] > middle.loc["A", "p_wave"]
    assert middle.loc["~", "noise"] > middle.loc["N", "noise"]
    assert 50 < middle.loc["N", "rate"] < 100


def test_a_turned_record_measures_the_same_but_for_its_polarity(data):
    i = int(np.flatnonzero(data.labels == "N")[0])
    record = data.record(i)
    one = explore._measured(record)
    other = explore._measured(Record(-record.signal, record.fs))
    names = list(explore.MEASURES)
    assert {one[names.index("upright")], other[names.index("upright")]} == {0.0, 1.0}
    for name in "rate", "irregularity", "p_wave", "noise":
        assert one[names.index(name)] == pytest.approx(other[names.index(name)], rel=0.1)


def test_typical_records_are_near_the_median_of_their_class(data):
    table = explore.measures(data)
    few = explore.typical(table, "A", 2)
    own = table[table["label"] == "A"]
    distance = (own["rate"] - own["rate"].median()).abs()
    assert set(few) <= set(own["record"])
    assert distance[own["record"].isin(few)].mean() <= distance.mean()
    assert explore.by_lot(data, "A", 2) == explore.by_lot(data, "A", 2)


def test_beats_on_a_coarse_grid_look_uneven(data):
    few = data.select(np.flatnonzero(data.labels == "N")[:6])
    exact, coarse = (explore.on_frames(few, hop)["irregularity"].median() for hop in (0, 0.2))
    assert coarse > 2 * exact
    assert exact == pytest.approx(explore.measures(few)["irregularity"].median(), abs=1e-6)


def test_mean_beats_and_spectrograms_peak_at_r(data):
    templates, time = explore.templates(data, 5)
    assert set(templates) == {"N", "A", "O"}
    for rows in templates.values():
        assert abs(time[np.abs(np.median(rows, axis=0)).argmax()]) < 0.03
    means, time, frequency = explore.mean_spectrograms(data, 5)
    for mean in means.values():
        assert mean.shape == (frequency.size, time.size)
        assert abs(time[mean.mean(axis=0).argmax()]) <= 0.06


def test_one_label_version_changes_nothing(data):
    assert explore.relabelled(data, "synthetic").empty


# --- probes


def test_a_leak_flatters(data):
    x, rows = probe.halves(data)
    assert len(x) == len(rows) and (np.bincount(rows)[np.unique(rows)] == 2).all()
    assert (data.lengths[np.unique(rows)] >= 20 * FS).all()


def test_out_of_fold_gives_each_row_an_opinion_of_another_fold(rng):
    labels = np.array(LABELS)[np.arange(120) % 4]
    x = rng.normal(0, 1, (120, 3)) + (np.arange(120) % 4)[:, None]
    x[::7, 1] = np.nan
    said = probe.out_of_fold(x, labels, np.arange(120) % 5)
    assert said.sum(axis=1) == pytest.approx(1)
    found = probe.nao(labels, said)
    assert found["low"] < found["value"] < found["high"]
    memory = probe.out_of_fold(x, labels, np.arange(120) % 5, probe.nearest)
    assert set(np.unique(memory)) == {0.0, 1.0}


def test_paired_probes_leave_out_the_base(rng):
    labels = np.array(LABELS)[np.arange(80) % 4]
    good = (labels[:, None] == np.array(LABELS)).astype(float)
    pairs = probe.paired(labels, {"good": good, "none": np.roll(good, 1, axis=1)}, "none")
    assert [pair["name"] for pair in pairs] == ["good"]
    assert pairs[0]["difference"] == pytest.approx(1) and pairs[0]["low"] > 0


def test_choosing_on_the_scored_fold_is_never_below_a_candidate(rng):
    labels = np.array(LABELS)[np.arange(200) % 4]
    x = rng.normal(0, 1, (200, 6)) + 0.5 * (np.arange(200) % 4)[:, None]
    fold = np.arange(200) // 4 % 5
    found = probe.candidates(x, labels, fold, n=3)
    assert found["scored"].shape == found["inner"].shape == (5, 3)
    for k in range(5):
        rows = fold == k
        for j in range(3):
            said = np.array(LABELS)[found["said"][rows, j]]
            nao = metrics.f1_scores(labels[rows], said)["F1_NAO"]
            assert found["scored"][k, j] == pytest.approx(nao)
    alone = probe.of_choice(found, labels, fold, [1] * 5)
    said = np.array(LABELS)[found["said"][:, 1]]
    assert alone == pytest.approx(metrics.f1_scores(labels, said)["F1_NAO"])


def test_a_spectrogram_of_an_even_heart_says_so():
    even, uneven = np.zeros(9000), np.zeros(9000)
    even[150::240] = 1
    uneven[np.cumsum(np.random.default_rng(0).uniform(120, 360, 36)).astype(int)[:-4]] = 1
    kernel = np.hanning(24)
    numbers = [
        probe.spectrogram_numbers(Record(np.convolve(x, kernel, "same"), FS), 0.32, 0.08, (0, 50))
        for x in (even, uneven)
    ]
    assert numbers[0].shape == numbers[1].shape
    spread = [x[-5] for x in numbers]
    assert spread[0] < 0.1 < spread[1]


# --- explanations


class Ruler:
    """A model whose probability of A is how much of the first five seconds it knows."""

    def probabilities(self, records):
        known = [float(np.isfinite(r.signal[: 5 * FS]).mean()) for r in records]
        return np.array([[1 - 0.9 * x, 0.9 * x, 0, 0] for x in known])


def test_occlusion_finds_what_matters():
    record = Record(np.sin(np.arange(20 * FS) / 20), FS)
    edges, change = explain.occlusion(Ruler(), record, "A", seconds=2)
    assert edges[0] == 0 and edges[-1] == pytest.approx(20)
    assert (change[:2] > 0.5).all() and change[3:] == pytest.approx(0)


def test_the_unusual_features_of_a_record_come_first(data):
    from ecglab.ecg import features

    vectors = np.stack([features.extract(data.signal(i)) for i in range(20)])
    table = explain.unusual(data.record(1), vectors, data.labels[:20], n=4)
    assert len(table) == 4
    assert list(table["meaning"]) == [features.meaning[name] for name in table["feature"]]


# --- runs


def predictions(labels, said, ids=None):
    table = pd.DataFrame({"record": ids or [f"A{i}" for i in range(len(labels))], "label": labels})
    for label in LABELS:
        table[label] = (np.asarray(said) == label).astype(float)
    return table


def test_runs_are_paired_on_the_records_that_both_judged():
    labels = list("NAO~" * 10)
    good, poor = predictions(labels, labels), predictions(labels, ["N"] * 40)
    shuffled = good.sample(frac=1, random_state=0)
    (pair,) = compare.paired({"good": shuffled, "poor": poor}, "poor")
    f1 = (
        metrics.f1_scores(labels, labels)["F1_NAO"]
        - metrics.f1_scores(labels, ["N"] * 40)["F1_NAO"]
    )
    assert pair["name"] == "good" and pair["difference"] == pytest.approx(f1)
    assert compare.promotable({"good": good, "poor": poor}, [pair], "poor") == "good"
    unsure = {**pair, "low": -0.1}
    assert compare.promotable({"good": good, "poor": poor}, [unsure], "poor") == "poor"
    table = compare.disagreement(good, poor)
    assert list(table["the first is right"]) == [0, 10, 10, 10]
    other = predictions(labels, labels, [f"B{i}" for i in range(40)])
    with pytest.raises(EcglabError, match="no record in common"):
        compare.paired({"good": good, "other": other}, "other")
