"""Measures, beats and averages of many records."""

from dataclasses import replace

import numpy as np
import pytest

from ecglab.analysis import explore
from ecglab.datasets import dataset
from ecglab.datasets.spec import Example
from ecglab.ecg.record import Record


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(60)
        return dataset.open("synthetic")


def test_measures_separate_the_classes(data):
    table = explore.measures(data).set_index("record")
    assert list(table.columns) == ["label", *explore.MEASURES]
    assert table["seconds"].to_numpy() == pytest.approx(data.lengths / data.fs)
    middle = table.groupby("label").median(numeric_only=True)
    assert middle.loc["A", "irregularity"] > 3 * middle.loc["N", "irregularity"]
    assert middle.loc["N", "p_wave"] > middle.loc["A", "p_wave"]
    assert middle.loc["~", "noise"] > middle.loc["N", "noise"]
    assert 50 < middle.loc["N", "rate"] < 100


def test_an_inverted_record_differs_in_its_polarity_only(data):
    record = data.record(int(np.flatnonzero(data.labels == "N")[0]))
    one = explore._measured(record)
    other = explore._measured(Record(-record.signal, record.fs))
    names = list(explore.MEASURES)
    assert {one[names.index("upright")], other[names.index("upright")]} == {0.0, 1.0}
    for name in "rate", "irregularity", "p_wave", "noise":
        assert one[names.index(name)] == pytest.approx(other[names.index(name)], rel=0.1)


def test_typical_records_are_close_to_the_median_of_their_class(data):
    table = explore.measures(data)
    few = explore.typical(table, "A", 2)
    own = table[table["label"] == "A"]
    distance = (own["rate"] - own["rate"].median()).abs()
    assert set(few) <= set(own["record"])
    assert distance[own["record"].isin(few)].mean() < distance.mean()


def test_random_records_depend_on_the_seed(data):
    drawn = [explore.random_records(data, "A", 4, seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) <= set(data.ids[data.labels == "A"]) and len(set(drawn[0])) == 4


def test_beats_on_coarse_frames_look_irregular(data):
    few = data.select(np.flatnonzero(data.labels == "N")[:6])
    exact, coarse = (
        explore.irregularity_on_frames(few, hop)["irregularity"].median() for hop in (0, 0.2)
    )
    assert coarse > 2 * exact
    assert exact == pytest.approx(explore.measures(few)["irregularity"].median(), abs=1e-6)


def test_median_beats_and_mean_spectrograms_peak_at_r(data):
    beats, time = explore.median_beats(data, 5)
    assert list(beats) == ["N", "A", "O"]
    for rows in beats.values():
        assert abs(time[np.abs(np.median(rows, axis=0)).argmax()]) < 0.03
    means, time, frequency = explore.mean_spectrograms(data, 5)
    assert list(means) == ["N", "A", "O"]
    for mean in means.values():
        assert mean.shape == (frequency.size, time.size)
        assert abs(time[mean.mean(axis=0).argmax()]) <= 0.06


def test_records_that_changed_their_label_are_listed(data, rng):
    spec = replace(data.spec, name="twice", label_versions=("first", "second"), n_records=4)
    versions = {"a": "NN", "b": "NA", "c": "OO", "d": "~N"}
    examples = (
        Example(Record(rng.normal(0, 1, 3000), 300, id=name), {"first": pair[0], "second": pair[1]})
        for name, pair in versions.items()
    )
    dataset.write(spec, examples)
    twice = dataset.open("twice")
    table = explore.relabelled(twice, "first")
    assert table.to_dict("list") == {"record": ["b", "d"], "first": ["N", "~"], "now": ["A", "N"]}
    assert explore.relabelled(twice.select([0, 2]), "first").empty
