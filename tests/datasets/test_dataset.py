"""The packed data set: what is written comes back, unread until used, and damage is said."""

import json

import numpy as np
import pyarrow as pa
import pytest

from ecglab.datasets import dataset
from ecglab.ecg.record import FS, LABELS
from ecglab.utils.errors import EcglabError

N = 40


def ids_of(n: int = N) -> list[str]:
    return [f"A{i + 1:05d}" for i in range(n)]


def samples_of(i: int) -> np.ndarray:
    """Samples (n_samples,) as int16 that use the whole range, always the same."""
    limits = np.iinfo(np.int16)
    samples = np.random.default_rng(i).integers(limits.min, limits.max, 1500 + 7 * i, np.int16)
    samples[:2] = limits.min, limits.max
    return samples


def labels_of(n: int = N) -> list[str]:
    """N 50 %, A 10 %, O 30 %, ~ 10 %."""
    return [("NNONAONN~O" * n)[i] for i in range(n)]


def write(name="cinc2017", signals=None, **changed):
    """Write a data set of N records, or as the arguments say, and its path."""
    facts = {
        "kind": "recordings",
        "ids": ids_of(),
        "labels": {"v1": ["N"] * N, "v3": labels_of()},
        "default_labels": "v3",
        "published": 8528,
    }
    signals = [samples_of(i) for i in range(N)] if signals is None else signals
    return dataset.write(name, signals=signals, **{**facts, **changed})


@pytest.fixture
def data():
    write()
    return dataset.open("cinc2017")


def refusal(*arguments, **keywords) -> str:
    """The one line with which a data set is not opened."""
    with pytest.raises(EcglabError) as caught:
        dataset.open(*arguments, **keywords)
    message = str(caught.value)
    assert "\n" not in message
    return message


# Written and opened


def test_what_was_written_comes_back(data):
    assert (data.name, data.kind, data.published, data.fs) == ("cinc2017", "recordings", 8528, FS)
    assert len(data) == N
    assert data.ids.tolist() == ids_of()
    assert data.labels.tolist() == labels_of()
    assert data.lengths.tolist() == [samples_of(i).size for i in range(N)]
    for i in range(N):
        assert data.samples(i).dtype == np.int16
        np.testing.assert_array_equal(data.samples(i), samples_of(i))
        assert data.sha256[i] == dataset.sha256_of(samples_of(i))


def test_signals_are_in_millivolts(data):
    signal = data.signal(3)
    assert signal.dtype == np.float32
    np.testing.assert_allclose(signal, samples_of(3) / 1000, rtol=1e-6)
    for record in (data.record(3), data.record("A00004"), data.record(data.ids[3])):
        assert (record.id, record.fs) == ("A00004", FS)
        np.testing.assert_array_equal(record.signal, signal)


def test_unknown_record_is_refused(data):
    with pytest.raises(EcglabError, match=r"^cinc2017 has no record 'A09999'$"):
        data.record("A09999")


def test_sha256_is_of_little_endian_int16():
    known = "449c6a1f60e95b7c5cbc273adb0b1500608f742c10489e5cc45e6cdf549cf45b"
    assert dataset.sha256_of(np.array([1, -2, 300], ">i2")) == known


def test_signals_may_come_one_by_one_and_of_any_integer_type():
    write(signals=(samples_of(i).astype(np.int64) for i in range(N)))
    np.testing.assert_array_equal(dataset.open().samples(N - 1), samples_of(N - 1))


def test_nothing_is_read_before_it_is_used():
    """20 MB of samples, of which neither opening nor a record allocates any."""
    n_samples = 500_000
    write(signals=[np.full(n_samples, i, np.int16) for i in range(N)])
    before = pa.total_allocated_bytes()
    opened = dataset.open()
    assert pa.total_allocated_bytes() - before < n_samples
    first, again = opened.samples(7), opened.samples(7)
    assert np.shares_memory(first, again)
    assert not first.flags.owndata
    assert not np.shares_memory(first, opened.samples(8))
    assert (first == 7).all()


def test_samples_cannot_be_overwritten(data):
    with pytest.raises(ValueError, match="read-only"):
        data.samples(0)[0] = 1
    data.signal(0)[0] = 1  # a copy
    np.testing.assert_array_equal(data.samples(0), samples_of(0))


def test_open_data_outlives_a_new_import(data):
    write(signals=[np.zeros(1500, np.int16)] * N)
    np.testing.assert_array_equal(data.samples(N - 1), samples_of(N - 1))
    assert (dataset.open("cinc2017").samples(N - 1) == 0).all()


# Which data set


def test_recordings_are_opened_when_they_are_there():
    labels = {"labels": {"synthetic": labels_of()}, "default_labels": "synthetic"}
    write("synthetic", kind="synthetic", **labels)
    assert dataset.open().name == "synthetic"
    write("cinc2017")
    assert dataset.open().name == "cinc2017"
    assert dataset.open("synthetic").name == "synthetic"


def test_missing_data_set_says_what_to_do():
    message = refusal("cinc2017")
    assert "there is no data set 'cinc2017' in" in message
    assert "ecglab data fetch" in message
    assert "ecglab data import PATH/training2017.zip" in message
    assert "no data set 'mitdb'" in refusal("mitdb")


# Labels


def test_label_versions(data):
    assert data.label_versions == ["v1", "v3"]
    assert data.label_version == "v3"
    assert data.counts() == {"N": 20, "A": 4, "O": 12, "~": 4}
    older = dataset.open("cinc2017", "v1")
    assert older.label_version == "v1"
    assert older.counts() == {"N": N, "A": 0, "O": 0, "~": 0}


def test_agreed_is_where_every_version_gives_the_same_label(data):
    assert list(data.agreed) == [label == "N" for label in labels_of()]
    assert list(data.select([1, 2]).agreed) == [True, False]
    assert list(dataset.open("cinc2017", "v1").agreed) == list(data.agreed)


def test_unknown_label_version_names_those_there(data):
    message = refusal("cinc2017", labels="v2")
    assert "no label version 'v2': it has v1, v3" in message


# Parts


def test_select_takes_rows_or_a_mask(data):
    rows = np.array([5, 3, 39])
    part = data.select(rows)
    assert part.ids.tolist() == ["A00006", "A00004", "A00040"]
    assert len(part) == 3
    for k, i in enumerate(rows):
        np.testing.assert_array_equal(part.samples(k), samples_of(i))
        assert (part.labels[k], part.lengths[k]) == (data.labels[i], data.lengths[i])
    assert part.record("A00040").n_samples == samples_of(39).size
    with pytest.raises(EcglabError, match="has no record 'A00001'"):
        part.record("A00001")

    fibrillation = data.select(data.labels == "A")
    assert fibrillation.counts() == {"N": 0, "A": 4, "O": 0, "~": 0}
    of_part = part.select([2])
    np.testing.assert_array_equal(of_part.samples(0), samples_of(39))
    assert len(data) == N, "the whole is not changed"


@pytest.mark.parametrize("n", [1, 10, 17, 39, N])
def test_excerpt_has_the_classes_in_proportion(data, n):
    part = data.excerpt(n)
    assert len(part) == len(set(part.ids)) == n
    assert part.ids.tolist() == sorted(part.ids)
    for label in LABELS:
        assert abs(part.counts()[label] - data.counts()[label] * n / N) <= 1


def test_excerpt_of_an_uneven_data_set_is_in_proportion():
    counts = {"N": 446, "A": 67, "O": 212, "~": 25}
    labels = [label for label, n in counts.items() for _ in range(n)]
    ids = ids_of(len(labels))
    signals = [np.zeros(1500, np.int16)] * len(labels)
    write(ids=ids, signals=signals, labels={"v3": labels})
    for n in (50, 100, 300):
        found = dataset.open().excerpt(n).counts()
        for label, count in counts.items():
            assert abs(found[label] - count * n / len(labels)) <= 1


def test_excerpt_is_always_the_same_and_a_larger_one_holds_a_smaller(data):
    assert data.excerpt(10).ids.tolist() == dataset.open().excerpt(10).ids.tolist()
    assert data.excerpt(10).ids.tolist() != data.excerpt(10, seed=1).ids.tolist()
    assert data.excerpt(10).ids.tolist() != ids_of(10)
    assert set(data.excerpt(10).ids) < set(data.excerpt(25).ids) < set(data.excerpt(N).ids)


@pytest.mark.parametrize("n", [0, -1, N + 1])
def test_impossible_excerpt_is_refused(data, n):
    with pytest.raises(EcglabError, match=f"^an excerpt of {n} records .* cinc2017 has {N}$"):
        data.excerpt(n)


def test_table(data):
    table = data.select([4, 8]).table()
    assert table.columns.tolist() == ["record", "label", "n_samples", "seconds", "sha256"]
    assert table["record"].tolist() == ["A00005", "A00009"]
    assert table["label"].tolist() == ["A", "~"]
    assert table["seconds"].tolist() == [1528 / 300, 1556 / 300]


# Digest


def test_digest_is_of_records_and_samples_not_of_labels(data):
    assert dataset.open("cinc2017", "v1").digest == data.digest
    write("mirror", labels={"v2": ["O"] * N}, default_labels="v2", published=N)
    assert dataset.open("mirror").digest == data.digest


def test_digest_changes_with_a_sample_a_name_or_a_record(data):
    changed = [samples_of(i) for i in range(N)]
    changed[N - 1][-1] ^= 1
    write("sample", signals=changed)
    write("name", ids=[*ids_of()[:-1], "A09999"])
    digests = [data.digest, *(dataset.open(name).digest for name in ("sample", "name"))]
    digests += [data.select(np.arange(N - 1)).digest, data.excerpt(10).digest]
    assert len(set(digests)) == 5
    assert data.select(np.arange(N)).digest == data.digest


# Damage


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99, 0.9999])
def test_truncated_file_is_one_line(data, share):
    content = data.path.read_bytes()
    data.path.write_bytes(content[: int(share * len(content))])
    message = refusal()
    assert f"{data.path} is damaged" in message
    assert "import the data set again, or delete the file if it is synthetic" in message


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-64] + b"\xa5" * 64,
        lambda content: bytes(len(content)),
        lambda content: b"record,label\n" * 1000,
    ],
)
def test_overwritten_file_is_one_line(data, spoil):
    data.path.write_bytes(spoil(data.path.read_bytes()))
    assert f"{data.path} is damaged" in refusal()


def overwritten(content: bytes, numbers: np.ndarray, changed: int) -> bytes:
    """The file with the last of these numbers, which it holds once, changed."""
    assert content.count(numbers.tobytes()) == 1
    wrong = numbers.copy()
    wrong[-1] = changed
    return content.replace(numbers.tobytes(), wrong.tobytes())


def test_wrong_offsets_are_found_before_they_lead_out_of_the_file(data):
    whole = data.path.read_bytes()
    of_ids = np.arange(N + 1, dtype="<i4") * len("A00001")
    of_samples = np.concatenate([[0], np.cumsum(data.lengths)]).astype("<i8")
    for offsets, wrong in ((of_ids, 10_000), (of_samples, 10**9), (of_samples, 0)):
        data.path.write_bytes(overwritten(whole, offsets, wrong))
        assert "is damaged" in refusal()


def test_other_columns_or_facts_are_one_line(data):
    with pa.ipc.open_file(data.path) as file:
        whole = file.get_batch(0)
    facts = json.loads(whole.schema.metadata[b"ecglab"])
    others = [whole.drop_columns([column]) for column in whole.schema.names]
    for fact in facts:
        fewer = json.dumps({k: v for k, v in facts.items() if k != fact})
        others.append(whole.replace_schema_metadata({"ecglab": fewer}))
    others += [whole.replace_schema_metadata(m) for m in (None, {"ecglab": "{"}, {"other": "{}"})]
    for batch in others:
        with pa.OSFile(str(data.path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        assert "is damaged" in refusal("cinc2017")


def test_folder_in_its_place_is_one_line(tmp_path):
    dataset.path_of("cinc2017").mkdir(parents=True)
    assert "is damaged" in refusal("cinc2017")


def test_interrupted_write_leaves_the_earlier_data(data):
    def signals():
        yield samples_of(0)
        raise EcglabError("stop")

    with pytest.raises(EcglabError, match=r"^stop$"):
        write(signals=signals())
    assert dataset.open().digest == data.digest
    assert [p.name for p in data.path.parent.iterdir()] == ["cinc2017.arrow"]
