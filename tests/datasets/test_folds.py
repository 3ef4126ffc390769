"""The folds: the committed list, classes dealt out evenly, duplicates on one side."""

import csv

import numpy as np
import pytest

from ecglab.datasets import cinc2017, dataset, folds
from ecglab.ecg.record import LABELS
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import EXPERIMENTS

SHARES = {"N": 0.6, "A": 0.09, "O": 0.28, "~": 0.03}


def packed(ids, labels, name="cinc2017", kind="recordings"):
    """A data set of these records, of 0 mV each."""
    dataset.write(
        name,
        kind=kind,
        ids=list(ids),
        signals=[np.zeros(10, np.int16)] * len(ids),
        labels={"v1": ["N"] * len(ids), "v3": list(labels)},
        default_labels="v3",
        published=cinc2017.N_RECORDS,
    )
    return dataset.open(name)


def drawn_labels(n: int, rng) -> np.ndarray:
    return rng.choice(LABELS, n, p=list(SHARES.values()))


@pytest.fixture
def published(rng):
    """The first 3,500 published records, which hold both pairs of duplicates, with any labels."""
    ids = np.array(sorted(cinc2017.digests())[:3500])
    labels = drawn_labels(ids.size, rng)
    labels[np.isin(ids, cinc2017.DUPLICATES)] = "N"
    return packed(ids, labels)


def counts(fold, of, n_folds=folds.N_FOLDS) -> np.ndarray:
    """Records of each fold among those of the mask."""
    return np.bincount(np.asarray(fold)[of], minlength=n_folds)


# The committed list


def test_list_has_every_published_record_once_in_five_equal_folds():
    with open(EXPERIMENTS / "folds" / "cinc2017.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = [row["record"] for row in rows]
    assert ids == sorted(cinc2017.digests())
    sizes = np.bincount([int(row["fold"]) for row in rows])
    assert sizes.size == folds.N_FOLDS
    assert np.ptp(sizes) <= 1


def test_list_keeps_duplicates_together():
    listed = folds.read_list("cinc2017")
    assert all(listed[first] == listed[second] for first, second in cinc2017.DUPLICATES)


@pytest.fixture(scope="module")
def recordings(archive, tmp_path_factory):
    """The real data set."""
    from ecglab.datasets.archive import import_archive

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(tmp_path_factory.mktemp("data")))
        yield import_archive(archive, progress=lambda done, n_records: None)


@pytest.mark.archive
def test_real_classes_are_spread_evenly(recordings):
    assert recordings.label_version == "v3"
    fold = folds.fold_of(recordings)
    for label in LABELS:
        of_class = counts(fold, recordings.labels == label)
        assert np.ptp(of_class) <= 1, f"{label}: {of_class}"
    assert np.ptp(counts(fold, slice(None))) <= 2


@pytest.mark.archive
def test_the_same_samples_are_on_one_side_of_every_split(recordings):
    samples, n_records = np.unique(recordings.sha256.astype(str), return_counts=True)
    pairs = [recordings.sha256 == sha256 for sha256 in samples[n_records > 1]]
    assert len(pairs) == 2
    fold = folds.fold_of(recordings)
    for k in range(folds.N_FOLDS):
        rest, inner = folds.inner_split(recordings, np.flatnonzero(fold != k), 0.25, seed=k)
        side = np.zeros(len(recordings))
        side[rest], side[inner] = 1, 2
        assert all(np.ptp(side[pair]) == 0 for pair in pairs)


# Which fold a record is in


def test_fold_is_that_of_the_list_in_any_excerpt_and_label_version(published):
    listed = folds.read_list("cinc2017")
    excerpt = published.excerpt(200)
    for data in (published, dataset.open("cinc2017", "v1"), excerpt, excerpt.select([5, 2])):
        assert folds.fold_of(data).tolist() == [listed[record] for record in data.ids]


def test_record_in_no_fold_is_an_error():
    data = packed(["A00001", "B00001", "B00002"], "NNN")
    with pytest.raises(EcglabError) as caught:
        folds.fold_of(data)
    assert str(caught.value) == (
        "B00001 and 1 more records of cinc2017 are in no fold of experiments/folds/cinc2017.csv"
    )


def test_recordings_without_a_list_are_an_error():
    with pytest.raises(EcglabError, match=r"^cannot read the list of folds .*mitdb.csv: [^\n]+$"):
        folds.fold_of(packed(["100"], "N", name="mitdb"))


def test_synthetic_records_are_dealt(rng):
    labels = drawn_labels(100, rng)
    ids = [f"S{i:05d}" for i in range(100)]
    data = packed(ids, labels, name="synthetic", kind="synthetic")
    fold = folds.fold_of(data)
    assert np.ptp(counts(fold, slice(None))) == 0
    for label in LABELS:
        assert np.ptp(counts(fold, data.labels == label)) <= 1
    assert fold.tolist() == folds.fold_of(data).tolist()


def test_digest_changes_with_the_records(published):
    half = published.select(np.arange(1000))
    assert folds.digest(published) == folds.digest(dataset.open("cinc2017", "v1"))
    assert folds.digest(half) != folds.digest(published)
    assert folds.digest(half) != folds.digest(published.select(np.arange(1, 1001)))


# Dealing


@pytest.mark.parametrize("n_folds", [2, 5, 10])
@pytest.mark.parametrize("n", [3, 20, 997])
def test_deal_spreads_every_class_and_the_whole_evenly(rng, n, n_folds):
    labels = drawn_labels(n, rng)
    fold = folds.deal([f"S{i:05d}" for i in range(n)], labels, seed=3, n_folds=n_folds)
    assert fold.shape == (n,)
    assert fold.min() >= 0
    for part in (slice(None), *(labels == label for label in LABELS)):
        sizes = counts(fold, part, n_folds)
        assert sizes.size == n_folds
        assert np.ptp(sizes) <= 1


def test_deal_depends_on_the_seed_alone_and_is_shuffled(rng):
    labels = drawn_labels(500, rng)
    ids = [f"S{i:05d}" for i in range(500)]
    first = folds.deal(ids, labels, seed=1)
    assert first.tolist() == folds.deal(ids, labels, seed=1).tolist()
    assert 0.1 < (first == folds.deal(ids, labels, seed=2)).mean() < 0.4
    in_order = np.arange(500) % folds.N_FOLDS
    assert 0.1 < (first == in_order).mean() < 0.4


@pytest.mark.parametrize("seed", range(5))
def test_deal_keeps_duplicates_together(rng, seed):
    (first, second), (third, fourth) = cinc2017.DUPLICATES
    others = [record for record in sorted(cinc2017.digests())[:300] if record != first]
    ids = [*others, fourth, third, first, second]  # in any order
    labels = drawn_labels(len(ids), rng)
    fold = dict(zip(ids, folds.deal(ids, labels, seed), strict=True))
    assert fold[first] == fold[second]
    assert fold[third] == fold[fourth]
    assert min(fold.values()) >= 0


def test_half_of_a_pair_is_dealt_as_any_other():
    second = cinc2017.DUPLICATES[0][1]
    dealt = {int(folds.deal(["A00001", second], "NN", seed)[1]) for seed in range(20)}
    assert dealt == {0, 1}


# The inner split


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.25, 1 / 3])
def test_inner_split_holds_back_a_share_of_every_class(published, share):
    rows = np.flatnonzero(folds.fold_of(published) != 2)
    rest, inner = folds.inner_split(published, rows, share, seed=1)
    assert sorted([*rest, *inner]) == rows.tolist()
    assert not set(rest) & set(inner)
    assert inner.size == pytest.approx(share * rows.size, abs=2)
    for label in LABELS:
        held = (published.labels[inner] == label).sum()
        assert held == pytest.approx(share * (published.labels[rows] == label).sum(), abs=2)


@pytest.mark.parametrize("seed", range(10))
def test_inner_split_keeps_duplicates_together(published, seed):
    _, inner = folds.inner_split(published, np.arange(len(published)), 1 / 3, seed)
    held = set(published.ids[inner])
    assert all((first in held) == (second in held) for first, second in cinc2017.DUPLICATES)


def test_inner_split_depends_on_the_seed_alone(published):
    rows = np.arange(1000)
    _, first = folds.inner_split(published, rows, 0.1, seed=1)
    _, again = folds.inner_split(published, rows, 0.1, seed=1)
    _, other = folds.inner_split(published, rows, 0.1, seed=2)
    assert first.tolist() == again.tolist()
    assert len(set(first) & set(other)) < 30


def test_share_0_holds_nothing_back(published):
    rows = np.array([7, 3, 11])
    rest, inner = folds.inner_split(published, rows, 0, seed=1)
    assert rest.tolist() == [7, 3, 11]
    assert inner.size == 0
