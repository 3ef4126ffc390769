"""What others published about a data set: results with their sources, and relabelled records."""

import csv
import io
import zipfile

import numpy as np
import pytest

from ecglab.datasets import cinc2017, published

SPEC = cinc2017.SPEC


def test_every_published_result_has_a_source_and_a_known_protocol():
    table = published.results("cinc2017")
    assert set(table["protocol"]) == set(published.PROTOCOLS)
    assert table["source"].str.startswith("https://").all()
    assert (table[["year", "authors", "system", "selection", "challenge_f1"]] != "").all(axis=None)
    assert not table.duplicated(["protocol", "year", "system"]).any()
    assert list(SPEC.classes) == [name for name in table if name in SPEC.classes]


def test_the_challenge_f1_is_the_mean_of_the_ranked_classes_as_far_as_published():
    table = published.results("cinc2017")
    table = table[table["N"] != ""]
    means = table[list(SPEC.classes.ranked)].astype(float).mean(axis=1)
    assert len(table) >= 5
    assert np.allclose(means, table["challenge_f1"].astype(float), atol=0.001)


def test_a_relabelled_record_has_different_labels():
    table = published.relabelled("cinc2017")
    labels = table[list(SPEC.label_versions)]
    assert (labels.nunique(axis=1) > 1).all() and not table["record"].duplicated().any()
    assert set(np.unique(labels.to_numpy())) <= set(SPEC.classes)


def test_of_other_data_sets_nothing_is_known():
    assert len(published.results("clinic")) == len(published.relabelled("clinic")) == 0


@pytest.mark.archive
def test_relabelled_records_are_those_of_the_published_label_files(archive):
    labels = {}
    for version in SPEC.label_versions:
        path = archive.parent / cinc2017.LABEL_FILES[version]
        rows = csv.reader(io.StringIO(path.read_text(encoding="ascii")))
        labels[version] = dict(rows)
    with zipfile.ZipFile(archive) as file:
        there = {name.split("/")[-1][:-4] for name in file.namelist() if name.endswith(".mat")}
    rows = {record: [of[record] for of in labels.values()] for record in sorted(there)}
    expected = [[record, *row] for record, row in rows.items() if len(set(row)) > 1]
    table = published.relabelled("cinc2017")
    assert table[table["record"].isin(there)].to_numpy().tolist() == expected
