"""The packed store: what is written comes back, any damage is found and takes one line."""

import hashlib
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from ecglab.datasets import dataset
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.classes import Classes
from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError

N = 40
RHYTHMS = Classes({"N": "normal", "A": "fibrillation", "O": "other", "~": "noise"}, ("N", "A", "O"))
SPEC = Spec(
    name="clinic", description="A test.", classes=RHYTHMS, label_versions=("v1", "v3"), n_records=99
)


def ids_of(n: int = N) -> list[str]:
    return [f"A{i + 1:05d}" for i in range(n)]


def signal_of(i: int) -> np.ndarray:
    """Signal (n_samples,) float32 in mV, always the same; every third has missing samples."""
    signal = np.random.default_rng(i).normal(0, 1, 1500 + 100 + 7 * i).astype(np.float32)
    if i % 3 == 0:
        signal[10:20] = np.nan
    return signal


def labels_of(n: int = N) -> list[str]:
    """N 50 %, A 10 %, O 30 %, ~ 10 %."""
    return [("NNONAONN~O" * n)[i] for i in range(n)]


def write(spec=SPEC, ids=None, signals=None, labels=None, groups=None, fs=300.0):
    """Write a data set of N records, or as the arguments say, and its path."""
    ids = ids_of() if ids is None else ids
    labels = labels_of() if labels is None else labels
    groups = [f"P{i // 2}" for i in range(len(ids))] if groups is None else groups
    signals = map(signal_of, range(len(ids))) if signals is None else signals
    rows = zip(ids, signals, labels, groups, strict=True)
    versions = spec.label_versions
    return dataset.write(
        spec,
        (
            Example(Record(signal, fs, id=i), dict.fromkeys(versions, "N") | {versions[-1]: of}, g)
            for i, signal, of, g in rows
        ),
    )


@pytest.fixture
def data():
    write()
    return dataset.open("clinic")


def refusal(*arguments, **keywords) -> str:
    """The one line with which a data set is not opened."""
    with pytest.raises(EcglabError) as caught:
        dataset.open(*arguments, **keywords)
    message = str(caught.value)
    assert "\n" not in message
    return message


def found(name: str = "clinic") -> str:
    """The one line with which damage is found, when the data set is opened or checked."""
    with pytest.raises(EcglabError) as caught:
        dataset.open(name).check()
    message = str(caught.value)
    assert "\n" not in message
    assert "is damaged" in message
    return message


# Written and opened


def test_what_was_written_comes_back(data):
    assert (data.name, data.simulated, data.fs, data.classes) == ("clinic", False, 300.0, RHYTHMS)
    assert data.spec == SPEC
    assert len(data) == N
    assert data.ids.tolist() == ids_of()
    assert data.labels.tolist() == labels_of()
    assert data.groups[:3].tolist() == ["P0", "P0", "P1"]
    assert data.lengths.tolist() == [signal_of(i).size for i in range(N)]
    for i in range(N):
        assert data.signal(i).dtype == np.float32
        np.testing.assert_array_equal(data.signal(i), signal_of(i))
        assert data.sha256[i] == signal_digest(signal_of(i))
    data.check()


def test_records_come_back_prepared(data):
    for record in (data.record(3), data.record("A00004"), data.record(data.ids[3])):
        assert (record.id, record.fs) == ("A00004", 300.0)
        np.testing.assert_array_equal(record.signal, signal_of(3))
        assert prepare(record, data.fs) is record.signal


def test_records_at_another_rate_are_packed_as_prepare_returns_them():
    write(fs=250.0)
    data = dataset.open("clinic")
    for i in (0, 1):
        prepared = prepare(Record(signal_of(i), 250.0), 300.0)
        assert prepared.size > signal_of(i).size
        np.testing.assert_array_equal(data.signal(i), prepared)
        assert data.sha256[i] == signal_digest(prepared)
    assert np.isnan(data.signal(0)).any()


def test_signal_digest_is_of_little_endian_float32_with_one_nan():
    known = hashlib.sha256(bytes.fromhex("0000803f0000c07f")).hexdigest()
    other_nan = np.array([0x3F800000, 0xFFC00001], "<u4").view("<f4")
    for signal in ([1.0, np.nan], np.array([1, np.nan], ">f4"), other_nan):
        assert signal_digest(signal) == known
    assert signal_digest(other_nan) != signal_digest(np.float32([1, 0]))


def test_unknown_record_is_refused(data):
    with pytest.raises(EcglabError, match=r"^clinic has no record 'A09999'$"):
        data.record("A09999")


def test_large_data_set_is_read_in_place():
    """Several batches, 20 million samples, of which neither opening nor a record copies any."""
    n_samples = 500_000
    slope = np.linspace(0, 1, n_samples, dtype=np.float32)
    write(signals=(slope + i for i in range(N)))
    before = pa.total_allocated_bytes()
    opened = dataset.open("clinic")
    assert pa.total_allocated_bytes() - before < n_samples
    first, again = opened.signal(7), opened.signal(7)
    assert np.shares_memory(first, again)
    assert not np.shares_memory(first, opened.signal(8))
    for i in (0, 7, 8, N - 1):
        np.testing.assert_array_equal(opened.signal(i), slope + np.float32(i))
    opened.check()


def test_signals_cannot_be_overwritten(data):
    with pytest.raises(ValueError, match="read-only"):
        data.signal(0)[0] = 1


def test_open_data_outlives_a_new_import(data):
    write(signals=[np.arange(1500, dtype=np.float32)] * N)
    np.testing.assert_array_equal(data.signal(N - 1), signal_of(N - 1))
    assert (dataset.open("clinic").lengths == 1500).all()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ids": ["A00001"] * N}, "two records have the id 'A00001'"),
        ({"labels": ["X"] * N}, "label 'X' is none of N, A, O, ~"),
        ({"ids": [], "labels": []}, "has no records"),
        ({"spec": replace(SPEC, name="../out")}, "'../out' cannot name a data set"),
    ],
)
def test_impossible_data_set_is_refused(data, changed, words):
    with pytest.raises(EcglabError) as caught:
        write(**changed)
    assert words in str(caught.value)
    assert dataset.open("clinic").digest == data.digest
    assert [p.name for p in data.path.parent.glob("[!.]*")] == ["clinic.arrow"]


def test_interrupted_write_leaves_the_earlier_data(data):
    def signals():
        yield signal_of(0)
        raise EcglabError("stop")

    with pytest.raises(EcglabError, match=r"^stop$"):
        write(signals=signals())
    assert dataset.open("clinic").digest == data.digest
    assert [p.name for p in data.path.parent.glob("[!.]*")] == ["clinic.arrow"]


# Which data set


def test_recordings_are_opened_when_they_are_there():
    dataset.make_synthetic(4)
    assert dataset.open().name == "synthetic"
    write(replace(SPEC, name="cinc2017"))
    assert dataset.open().name == "cinc2017"
    assert dataset.open("synthetic").name == "synthetic"


def test_missing_data_set_says_what_to_do(data):
    message = refusal("cinc2017")
    assert "there is no data set 'cinc2017' in" in message
    assert "(there: clinic)" in message
    assert "ecglab data fetch" in message
    assert "ecglab data import PATH/training2017.zip" in message
    assert "ecglab data import FOLDER --labels TABLE.csv --name mitdb" in refusal("mitdb")


# Labels


def test_label_versions(data):
    assert data.label_versions == ("v1", "v3")
    assert data.label_version == "v3"
    assert data.counts() == {"N": 20, "A": 4, "O": 12, "~": 4}
    older = dataset.open("clinic", "v1")
    assert older.label_version == "v1"
    assert older.counts() == {"N": N, "A": 0, "O": 0, "~": 0}


def test_agreed_is_where_every_version_gives_the_same_label(data):
    assert list(data.agreed) == [label == "N" for label in labels_of()]
    assert list(data.select([1, 2]).agreed) == [True, False]
    assert list(dataset.open("clinic", "v1").agreed) == list(data.agreed)


def test_unknown_label_version_names_those_there(data):
    assert "no label version 'v2': it has v1, v3" in refusal("clinic", labels="v2")


def test_record_weights(data):
    weight = dataset.record_weights(data.labels, RHYTHMS, 1.0)
    assert weight.dtype == np.float32
    assert weight.mean() == pytest.approx(1)
    sums = [weight[data.labels == label].sum() for label in RHYTHMS]
    np.testing.assert_allclose(sums, N / 4, rtol=1e-5)
    np.testing.assert_allclose(dataset.record_weights(data.labels, RHYTHMS, 0), 1)


# Parts


def test_select_takes_rows_or_a_mask(data):
    rows = np.array([5, 3, 39])
    part = data.select(rows)
    assert part.ids.tolist() == ["A00006", "A00004", "A00040"]
    assert len(part) == 3
    for k, i in enumerate(rows):
        np.testing.assert_array_equal(part.signal(k), signal_of(i))
        assert (part.labels[k], part.lengths[k]) == (data.labels[i], data.lengths[i])
        assert (part.groups[k], part.sha256[k]) == (data.groups[i], data.sha256[i])
    assert part.record("A00040").n_samples == signal_of(39).size
    with pytest.raises(EcglabError, match="has no record 'A00001'"):
        part.record("A00001")
    part.check()

    fibrillation = data.select(data.labels == "A")
    assert fibrillation.counts() == {"N": 0, "A": 4, "O": 0, "~": 0}
    of_part = part.select([2])
    np.testing.assert_array_equal(of_part.signal(0), signal_of(39))
    assert len(data) == N, "the whole is not changed"


@pytest.mark.parametrize("n", [1, 10, 17, 39, N])
def test_excerpt_has_the_classes_in_proportion(data, n):
    part = data.excerpt(n)
    assert len(part) == len(set(part.ids)) == n
    assert part.ids.tolist() == sorted(part.ids)
    for label in RHYTHMS:
        assert abs(part.counts()[label] - data.counts()[label] * n / N) <= 1


def test_excerpt_is_always_the_same_and_a_larger_one_holds_a_smaller(data):
    assert data.excerpt(10).ids.tolist() == dataset.open("clinic").excerpt(10).ids.tolist()
    assert data.excerpt(10).ids.tolist() != data.excerpt(10, seed=1).ids.tolist()
    assert data.excerpt(10).ids.tolist() != ids_of(10)
    assert set(data.excerpt(10).ids) < set(data.excerpt(25).ids) < set(data.excerpt(N).ids)


@pytest.mark.parametrize("n", [0, -1, N + 1])
def test_impossible_excerpt_is_refused(data, n):
    with pytest.raises(EcglabError, match=f"^an excerpt of {n} records .* clinic has {N}$"):
        data.excerpt(n)


def test_frame(data):
    table = data.select([4, 8]).to_frame()
    assert table.columns.tolist() == [
        "record", "label", "group", "n_samples", "seconds", "sha256"
    ]  # fmt: skip
    assert table["record"].tolist() == ["A00005", "A00009"]
    assert table["label"].tolist() == ["A", "~"]
    assert table["seconds"].tolist() == [1628 / 300, 1656 / 300]


# Digest


def test_digest_is_of_records_and_samples_not_of_labels(data):
    assert dataset.open("clinic", "v1").digest == data.digest
    write(replace(SPEC, name="mirror", label_versions=("v2",)), labels=["O"] * N, groups=[""] * N)
    assert dataset.open("mirror").digest == data.digest


def test_digest_changes_with_a_sample_a_name_or_a_record(data):
    changed = [signal_of(i) for i in range(N)]
    changed[N - 1][-1] += 1e-6
    write(replace(SPEC, name="sample"), signals=changed)
    write(replace(SPEC, name="name"), ids=[*ids_of()[:-1], "A09999"])
    digests = [data.digest, *(dataset.open(name).digest for name in ("sample", "name"))]
    digests += [data.select(np.arange(N - 1)).digest, data.excerpt(10).digest]
    assert len(set(digests)) == 5
    assert data.select(np.arange(N)).digest == data.digest


# Damage


def flipped(data, at: int) -> None:
    """Flip a bit of one byte of the packed file, in place."""
    content = bytearray(data.path.read_bytes())
    content[at] ^= 1
    data.path.write_bytes(content)


def test_flipped_byte_of_a_sample_is_found(data):
    content = data.path.read_bytes()
    for i in (0, 17, N - 1):
        flipped(data, content.index(signal_of(i).tobytes()) + 4000)
        assert f"the samples of A{i + 1:05d} have changed" in found()
        data.path.write_bytes(content)
    dataset.open("clinic").check()


@pytest.mark.parametrize(
    "column", [b"A00001A00002", b"P0P0P1", b"NNONAONN~O", signal_digest(signal_of(3)).encode()]
)
def test_flipped_byte_of_a_column_is_found_when_it_is_opened(data, column):
    flipped(data, data.path.read_bytes().index(column) + 4)
    message = refusal("clinic")
    assert "is damaged" in message
    assert "ecglab data import FOLDER --labels TABLE.csv --name clinic" in message


@pytest.mark.parametrize("word", [b"fibrillation", b'"n_records": 99', b"300.0"])
def test_flipped_byte_of_the_spec_is_found_when_it_is_opened(data, word):
    content = data.path.read_bytes()
    for at in (content.index(word), content.rindex(word)):  # Arrow keeps it at both ends
        data.path.write_bytes(content)
        flipped(data, at + len(word) - 1)
    assert "is damaged" in refusal("clinic")


def test_whatever_byte_is_flipped_the_data_are_right_or_refused(data, rng):
    """Also Arrow's own structures: some bytes are padding, and all others are noticed."""
    content = data.path.read_bytes()
    signals = content.index(signal_of(0).tobytes())
    places = [*rng.integers(0, signals, 80), *rng.integers(len(content) - 3000, len(content), 80)]
    refused = 0
    for at in places:
        data.path.write_bytes(content)
        flipped(data, int(at))
        try:
            opened = dataset.open("clinic")
            opened.check()
        except EcglabError as error:
            assert "\n" not in str(error)
            refused += 1
        else:
            assert opened.digest == data.digest
            assert (opened.labels.tolist(), opened.spec) == (data.labels.tolist(), SPEC)
            assert opened.groups.tolist() == data.groups.tolist()
    assert refused > 40


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99, 0.9999])
def test_truncated_file_is_one_line(data, share):
    content = data.path.read_bytes()
    data.path.write_bytes(content[: int(share * len(content))])
    assert f"{data.path} is damaged" in found()


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
    assert f"{data.path} is damaged" in found()


def test_file_of_another_data_set_is_one_line(data):
    write(replace(SPEC, name="other"))
    data.path.write_bytes(dataset.path_of("other").read_bytes())
    message = refusal("clinic")
    assert "holds the data set 'other', not 'clinic': rename it to other.arrow" in message


def test_damaged_synthetic_data_set_says_that_it_is_made_again(monkeypatch):
    monkeypatch.setattr(dataset, "make_synthetic", partial(dataset.make_synthetic, 4))
    path = dataset.make_synthetic()
    path.write_bytes(path.read_bytes()[:-100])
    assert "delete it, and it is made again" in found("synthetic")
    path.unlink()
    assert len(dataset.open("synthetic")) == 4


def test_file_without_a_part_is_one_line(data):
    """As of a writer that was ended in the middle, or of another program."""
    with pa.ipc.open_file(data.path) as file:
        whole, last = file.get_batch(0), file.get_batch_with_custom_metadata(1)
    digest = last.custom_metadata
    for columns in (whole.schema.names[:-1], whole.schema.names[1:], ["signal"], ["record"]):
        schema = whole.select(columns).schema
        with pa.OSFile(str(data.path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(whole.select(columns), custom_metadata=digest)
        found()
    for batch in (whole, whole.slice(0, N - 1), whole.replace_schema_metadata(None)):
        for metadata in (None, digest):
            with pa.OSFile(str(data.path), "wb") as f, pa.ipc.new_file(f, batch.schema) as writer:
                writer.write_batch(batch, custom_metadata=metadata)
            if batch is whole and metadata is digest:
                dataset.open("clinic").check()
            else:
                found()


def test_folder_in_its_place_is_one_line():
    dataset.path_of("clinic").mkdir(parents=True)
    assert "is damaged" in found()
