"""The splits: CinC's committed folds, classes in proportion, groups and duplicates on one side."""

import hashlib

import numpy as np
import pytest

from ecglab.datasets import cinc2017, dataset, splits
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import data_dir

SHARES = {"N": 0.6, "A": 0.09, "O": 0.28, "~": 0.03}
RHYTHMS = cinc2017.SPEC.classes


def packed(labels, name="clinic", ids=None, groups=None, same=()):
    """A data set of records with these labels. same: rows whose samples are those of row 0."""
    ids = [f"R{i:04d}" for i in range(len(labels))] if ids is None else ids
    groups = [""] * len(ids) if groups is None else groups
    wave = np.sin(np.arange(1500) / 20).astype(np.float32)
    dataset.write(
        Spec(name=name, description="A test.", classes=RHYTHMS, label_versions=("v1", "v3")),
        (
            Example(
                Record(wave + (0 if i in same else i), 300.0, id=str(ids[i])),
                {"v1": "N", "v3": str(labels[i])},
                str(groups[i]),
            )
            for i in range(len(ids))
        ),
    )
    return dataset.open(name)


def drawn_labels(n: int, rng) -> np.ndarray:
    return rng.choice(list(SHARES), n, p=list(SHARES.values()))


@pytest.fixture
def clinic(rng):
    """400 records of 60 patients, ten of no known one; rows 0, 5 and 9 have the same samples."""
    groups = np.array([f"P{k}" for k in rng.integers(0, 60, 400)])
    groups[rng.choice(400, 10, replace=False)] = ""
    return packed(drawn_labels(400, rng), groups=groups, same=(0, 5, 9))


def refused(call, *arguments) -> str:
    """The one line with which a split is refused."""
    with pytest.raises(EcglabError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def apart(data, side) -> list[str]:
    """Groups, and digests of records with the same samples, that are on several sides."""
    sides: dict[str, set] = {}
    for of in (data.groups, data.sha256):
        for key, where in zip(of, side, strict=True):
            sides.setdefault(key, set()).add(int(where))
    return [key for key, found in sides.items() if key and len(found) > 1]


# The committed folds of cinc2017


def test_committed_folds_are_unchanged():
    content = splits.path_of("cinc2017").read_bytes()
    known = "9c03fd92f2fa3b9c52b0f62d564973ddc725f94eb81aa741021dfece0d7e5fd1"
    assert hashlib.sha256(content).hexdigest() == known
    rows = [line.split(",") for line in content.decode().splitlines()[1:]]
    assert [record for record, _ in rows] == sorted(cinc2017.digests())
    sizes = np.bincount([int(fold) for _, fold in rows])
    assert sizes.size == 5
    assert np.ptp(sizes) <= 1


def test_fold_is_that_of_the_list_in_any_excerpt_and_label_version(rng):
    ids = sorted(cinc2017.digests())[:300]
    published = packed(drawn_labels(300, rng), "cinc2017", ids)
    rows = (line.split(",") for line in splits.path_of("cinc2017").read_text().splitlines()[1:])
    listed = {record: int(fold) for record, fold in rows}
    excerpt = published.excerpt(100)
    for data in (published, dataset.open("cinc2017", "v1"), excerpt, excerpt.select([5, 2])):
        assert splits.folds(data).tolist() == [listed[record] for record in data.ids]
        assert splits.n_folds(data) == 5
    assert not list(data_dir().glob("*.csv"))
    assert "come with ecglab and do not change" in refused(splits.write, published)


def test_record_in_no_fold_is_an_error():
    data = packed("NNN", "cinc2017", ["A00001", "B00001", "B00002"])
    message = refused(splits.folds, data)
    assert message.startswith("B00001 and 1 more records of cinc2017 are in no fold of ")


@pytest.fixture(scope="module")
def recordings(archive, tmp_path_factory):
    """The real data set."""
    from ecglab.datasets.archive import import_archive

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(tmp_path_factory.mktemp("data")))
        yield import_archive(archive)


@pytest.mark.archive
def test_real_classes_are_spread_evenly_and_duplicates_are_together(recordings):
    assert recordings.label_version == "v3"
    fold = splits.folds(recordings)
    for label in RHYTHMS:
        of_class = np.bincount(fold[recordings.labels == label], minlength=5)
        assert np.ptp(of_class) <= 1, f"{label}: {of_class}"
    assert np.ptp(np.bincount(fold)) <= 2
    assert not apart(recordings, fold)
    _, counts = np.unique(recordings.sha256.astype(str), return_counts=True)
    assert (counts > 1).sum() == 2
    for k in range(5):
        rows, held = splits.validation_split(recordings, np.flatnonzero(fold != k), 0.25, seed=k)
        side = np.zeros(len(recordings))
        side[rows], side[held] = 1, 2
        assert not apart(recordings, side)


# The file of folds


def test_folds_are_made_once_for_the_whole_data_set(clinic):
    path = splits.path_of("clinic")
    assert path == data_dir() / "clinic.folds.csv"
    part = splits.folds(clinic.excerpt(50))
    content = path.read_bytes()
    assert len(content.splitlines()) == 402
    whole = dict(zip(clinic.ids, splits.folds(clinic), strict=True))
    assert part.tolist() == [whole[record] for record in clinic.excerpt(50).ids]
    assert splits.n_folds(clinic.select([0])) == 5
    assert path.read_bytes() == content
    assert not apart(clinic, splits.folds(clinic))


def test_written_folds_are_used_and_not_overwritten(clinic):
    path = splits.write(clinic, n_folds=3, seed=4)
    assert splits.n_folds(clinic) == 3
    assert splits.folds(clinic).tolist() == splits.make(clinic, 3, 4).tolist()
    content = path.read_bytes()
    assert "delete that file to split again" in refused(splits.write, clinic)
    assert path.read_bytes() == content


def test_folds_may_be_written_by_hand(clinic):
    fold = splits.make(clinic, 4, 0)
    lines = (f"{record},{k}\n" for record, k in zip(clinic.ids, fold, strict=True))
    splits.path_of("clinic").write_text("record,fold\n" + "".join(lines))
    assert splits.folds(clinic).tolist() == fold.tolist()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace("R0007,", "R0007,1"), "SHA-256"),
        (lambda text: text[:-30], "SHA-256"),
        (lambda text: text.partition("\n")[2].replace("fold", "part"), "cannot be read"),
        (lambda text: text.partition("\n")[2].replace("R0007,", "R0007,x"), "cannot be read"),
        (lambda text: text.partition("\n")[2].replace("R0007,", "R0007,7"), "not numbered"),
        (lambda text: text.partition("\n")[2].replace("R0007,", "R0008,"), "twice"),
        (lambda text: text.partition("\n")[2].replace("R0007,", "R9007,"), "R0007 of clinic are"),
        (lambda text: "", "cannot be read"),
    ],
)
def test_damaged_file_is_one_line(clinic, spoil, words):
    path = splits.write(clinic)
    path.write_text(spoil(path.read_text()))
    message = refused(splits.folds, clinic)
    assert words in message
    assert str(path) in message
    assert "delete it and run 'ecglab data split clinic'" in message


def test_group_or_duplicate_in_two_folds_is_refused(clinic):
    fold = splits.make(clinic, 5, 0)
    patient = np.flatnonzero(clinic.groups == clinic.groups[clinic.groups != ""][0])
    for row, words in ((patient[-1], f"of group {clinic.groups[patient[0]]}"), (9, "same samples")):
        changed = fold.copy()
        changed[row] = (changed[row] + 1) % 5
        lines = (f"{record},{k}\n" for record, k in zip(clinic.ids, changed, strict=True))
        splits.path_of("clinic").write_text("record,fold\n" + "".join(lines))
        message = refused(splits.folds, clinic)
        assert "a model would be scored on what it was trained on" in message
        assert words in message or "of group" in message


def test_digest_changes_with_the_records_and_the_folds(clinic):
    fold = splits.folds(clinic)
    whole = splits.digest(clinic.ids, fold)
    assert whole == splits.digest(clinic.ids, splits.folds(dataset.open("clinic", "v1")))
    assert whole != splits.digest(clinic.ids[1:], fold[1:])
    assert whole != splits.digest(clinic.ids, (fold + 1) % 5)


# Making folds


@pytest.mark.parametrize("n_folds", [2, 5, 10])
def test_classes_are_in_proportion_in_every_fold(rng, n_folds):
    data = packed(drawn_labels(997, rng))
    fold = splits.make(data, n_folds, seed=3)
    assert fold.shape == (997,)
    assert np.unique(fold).tolist() == list(range(n_folds))
    for label in RHYTHMS:
        assert np.ptp(np.bincount(fold[data.labels == label], minlength=n_folds)) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_groups_and_duplicates_stay_together(clinic, seed):
    fold = splits.make(clinic, 5, seed)
    assert not apart(clinic, fold)
    for label in "NO":
        of_class = np.bincount(fold[clinic.labels == label], minlength=5)
        assert np.ptp(of_class) < 0.5 * of_class.mean()


def test_records_that_are_joined_by_a_third_stay_together(rng):
    """Patients P1 and P2 share a recording, so that all of both are one unit."""
    groups = ["P1"] * 20 + ["P2"] * 20 + [f"Q{i}" for i in range(60)]
    data = packed(["N", "A"] * 50, groups=groups, same=(3, 30))
    assert np.unique(splits.make(data, 3, 0)[:40]).size == 1


def test_folds_depend_on_the_seed_alone_and_are_shuffled(rng):
    data = packed(drawn_labels(500, rng))
    first = splits.make(data, 5, seed=1)
    assert first.tolist() == splits.make(data, 5, seed=1).tolist()
    assert 0.1 < (first == splits.make(data, 5, seed=2)).mean() < 0.4
    assert 0.1 < (first == np.arange(500) % 5).mean() < 0.4


def test_too_rare_a_class_is_refused():
    data = packed(["N"] * 20 + ["A"] * 4)
    message = refused(splits.make, data, 5, 0)
    assert "cannot be split into 5 folds (class 'A' is in 4 different records)" in message
    assert "--folds" in message and "--map" in message
    assert splits.make(data, 4, 0).max() == 3
    grouped = packed(["N"] * 20 + ["A"] * 9, groups=["P"] * 10 + list(range(10)) + ["Q"] * 9)
    assert "into 2 folds (class 'A' is in 1 group)" in refused(splits.make, grouped, 2, 0)
    assert "at least 2 are needed" in refused(splits.make, data, 1, 0)
    assert not splits.path_of("clinic").exists()


# The validation set


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.25, 1 / 3])
def test_validation_set_has_a_share_of_every_class(rng, share):
    data = packed(drawn_labels(900, rng))
    rows = np.flatnonzero(np.arange(900) % 5 != 2)
    rest, held = splits.validation_split(data, rows, share, seed=1)
    assert sorted([*rest, *held]) == rows.tolist()
    assert not set(rest) & set(held)
    for label in RHYTHMS:
        n_held = (data.labels[held] == label).sum()
        assert n_held == pytest.approx(share * (data.labels[rows] == label).sum(), abs=1)


@pytest.mark.parametrize("seed", range(5))
def test_validation_set_keeps_groups_and_duplicates_together(clinic, seed):
    rows = np.arange(len(clinic))
    rest, held = splits.validation_split(clinic, rows, 0.2, seed)
    assert sorted([*rest, *held]) == rows.tolist()
    assert 0.1 < held.size / rows.size < 0.4
    assert not apart(clinic, np.isin(rows, held))


def test_validation_set_leaves_every_class_one_group_to_train_on():
    data = packed(["N"] * 12 + ["A"] * 6, groups=["P"] * 6 + ["Q"] * 6 + ["R"] * 6)
    rest, held = splits.validation_split(data, np.arange(18), 0.2, seed=0)
    assert np.unique(data.groups[rest]).size == 2
    assert set(data.labels[rest]) == {"N", "A"}
    assert set(data.labels[held]) == {"N"}


def test_validation_set_depends_on_the_seed_alone(rng):
    data = packed(drawn_labels(900, rng))
    rows = np.arange(900)
    _, first = splits.validation_split(data, rows, 0.1, seed=1)
    _, again = splits.validation_split(data, rows, 0.1, seed=1)
    _, other = splits.validation_split(data, rows, 0.1, seed=2)
    assert first.tolist() == again.tolist()
    assert len(set(first) & set(other)) < 30


def test_share_0_holds_nothing_back(clinic):
    rest, held = splits.validation_split(clinic, np.array([7, 3, 11]), 0, seed=1)
    assert rest.tolist() == [7, 3, 11]
    assert held.size == 0
