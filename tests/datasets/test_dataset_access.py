"""A data set behaves like a sequence of its Records, and shows what it is in one line."""

import numpy as np
import pytest

from ecglab.datasets import dataset, splits
from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError


@pytest.fixture(scope="module")
def data(packed):
    return dataset.Dataset(packed / "synthetic.arrow")


@pytest.mark.parametrize("key", [2, -58, np.int64(2), "S00003", np.str_("S00003")])
def test_a_row_or_an_id_is_a_record(data, key):
    record = data[key]
    assert isinstance(record, Record)
    assert (record.id, record.fs) == ("S00003", 300.0)
    np.testing.assert_array_equal(record.signal, data.signal(2))


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (slice(5), range(5)),
        (slice(-2, None), [58, 59]),
        (slice(None, None, 20), [0, 20, 40]),
        ([3, 1, -1], [3, 1, 59]),
        (np.array([3, 1]), [3, 1]),
        (np.arange(60) < 2, [0, 1]),
        ([True] * 3 + [False] * 57, [0, 1, 2]),
        ([], []),
        (np.arange(60) < 0, []),
    ],
)
def test_a_slice_rows_or_a_mask_are_a_data_set(data, key, rows):
    part = data[key]
    assert isinstance(part, dataset.Dataset)
    assert part.ids.tolist() == [data.ids[i] for i in rows]
    assert len(part) == len(part.labels) == len(part.signals) == len(rows)


@pytest.mark.parametrize("key", [1.5, None, True, ["S00001"], {1}, [[0.5]]])
def test_another_index_gets_a_sentence(data, key):
    with pytest.raises(TypeError, match=r"^a data set is indexed by a row, the id of a record"):
        data[key]


def test_what_is_not_there_gets_a_sentence(data):
    for row in (60, -61):
        with pytest.raises(IndexError, match=f"^there is no record {row} in synthetic: it has 60$"):
            data[row]
    with pytest.raises(EcglabError, match=r"^synthetic has no record 'A00001'$"):
        data["A00001"]


def test_iteration_and_membership_are_of_records(data):
    assert [record.id for record in data] == data.ids.tolist()
    assert [record.id for record in data[:3]] == data.ids[:3].tolist()
    assert "S00060" in data
    assert "S00060" not in data[:3]
    assert 3 not in data


def test_signals_are_views_of_the_file(data):
    for i, signal in enumerate(data.signals):
        assert (signal.dtype, signal.shape) == (np.float32, (data.lengths[i],))
        assert np.shares_memory(signal, data.signal(i))
        assert not signal.flags.writeable
    assert np.shares_memory(data[data.labels == "A"].signals[0], data["S00002"].signal)


def test_signals_of_one_length_are_as_many(data):
    whole = data[data.lengths == 9000]
    assert 1 < len(whole) == whole.signals.size


def test_folds_are_those_of_the_split(data):
    assert data.folds.tolist() == splits.folds(data).tolist()
    assert sorted(set(data.folds)) == [0, 1, 2, 3, 4]
    for k in range(5):
        assert set(data[data.folds == k].folds) == {k}


def test_whole_is_the_data_set_of_a_part(data):
    assert data[:3].whole().ids.tolist() == data.ids.tolist()


def test_repr_is_one_readable_line(data):
    minutes = data.lengths.sum() / 300 / 60
    assert repr(data) == (
        "<Dataset synthetic | 60 records (N 24, A 12, O 15, ~ 9) | "
        f"{minutes:.1f} min at 300 Hz | simulated>"
    )
