"""Import of the user's own recordings: tables, mappings, parts of files, and what is refused."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest
import wfdb

from ecglab import readers
from ecglab.datasets import dataset, folder, info, splits
from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.utils.errors import EcglabError, RecordError

LABELS = ("SR", "AFIB", "SR", "FLUT", "SR", "AFIB")


def wave(i: int, fs: float, seconds: float = 12.0) -> np.ndarray:
    """Signal (n_samples,) float64 in mV, another for each i."""
    t = np.arange(round(seconds * fs)) / fs
    return np.sin(2 * np.pi * (1 + i / 10) * t) + 0.1 * np.sin(2 * np.pi * 7 * t)


@pytest.fixture
def clinic(tmp_path):
    """A folder with two WFDB records at 250 Hz, two CSV at 300 Hz and two .npy at 200 Hz."""
    home = tmp_path / "clinic"
    (home / "more").mkdir(parents=True)
    for i in (0, 1):
        signal = np.stack([wave(i, 250), wave(i + 20, 250)], axis=1)
        options = {"units": ["mV", "mV"], "sig_name": ["I", "II"], "fmt": ["16", "16"]}
        wfdb.wrsamp(f"w{i}", 250, p_signal=signal, write_dir=str(home), **options)
    for i in (2, 3):
        signal = wave(i, 300)
        cells = ["" if 30 <= k < 40 else f"{x:.5f}" for k, x in enumerate(signal)]
        rows = (f"{k / 300:.6f},{cell}\n" for k, cell in enumerate(cells))
        (home / f"c{i}.csv").write_text("time,ecg_mV\n" + "".join(rows))
    for i in (4, 5):
        np.save(home / "more" / f"n{i}.npy", wave(i, 200))
    return home


FILES = ("w0.hea", "w1", "c2.csv", "c3.csv", "more/n4.npy", "more/n5.npy")


def table(clinic, path="table.csv", **columns):
    """Write the table of the six files with these columns, and its path."""
    units = ["mV" if "n" in file else "" for file in columns.get("file", FILES)]
    columns = {"file": FILES, "label": LABELS, "fs": ["", "", "", "", "200", "200"], **columns}
    columns = {"units": units, **columns}
    frame = pd.DataFrame({name: list(column) for name, column in columns.items()})
    path = clinic.parent / path
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


def refused(*arguments, **options) -> str:
    """The one line with which an import is refused, which leaves nothing behind."""
    with pytest.raises(EcglabError) as caught:
        folder.import_folder(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert not list(dataset.data_dir().glob("[!.]*")) if dataset.data_dir().exists() else True
    return message


# What is imported


def test_recordings_of_several_formats(clinic):
    data = folder.import_folder(clinic, table(clinic), "clinic")
    assert data.ids.tolist() == ["w0", "w1", "c2", "c3", "n4", "n5"]
    assert data.labels.tolist() == list(LABELS)
    assert data.classes.meanings == {"AFIB": "AFIB", "FLUT": "FLUT", "SR": "SR"}
    assert (data.fs, data.simulated, data.spec.grouped) == (300.0, False, False)
    assert data.groups.tolist() == [""] * 6
    rates = dict.fromkeys(FILES[4:], 200)
    for i, file in enumerate(FILES):
        units = "mV" if file in rates else None
        signal = prepare(readers.read(clinic / file, fs=rates.get(file), units=units), 300)
        assert signal_digest(signal) == data.sha256[i]
        np.testing.assert_array_equal(signal, data.signal(i))
        np.testing.assert_allclose(signal[60:-60], wave(i, 300)[60:-60], atol=0.02)
    assert np.isnan(data.signal(2)).sum() == 10
    assert "SR SR" not in re.sub(" +", " ", info.describe(data)), "a code without a meaning"
    data.check()


def test_units_and_rates_of_the_command_are_for_files_that_state_none(clinic):
    files, labels = FILES[4:] * 2, ["SR", "AFIB"] * 2
    path = table(clinic, file=files, label=labels, fs=[""] * 4, units=["mV", "", "mV", ""])
    data = folder.import_folder(clinic, path, "clinic", fs=200, units="V")
    np.testing.assert_allclose(data.signal(0)[60:-60], wave(4, 300)[60:-60], atol=0.02)
    np.testing.assert_allclose(data.signal(1)[60:-60], 1e3 * wave(5, 300)[60:-60], atol=20)


def test_a_file_that_states_another_rate_or_unit_than_the_command_is_refused(clinic):
    message = refused(clinic, table(clinic), "clinic", fs=300, units="V")
    assert "line 2 (w0.hea): the file states 250 Hz and the unit mV, not 300 Hz and V" in message
    assert "the file states the unit mV, not V: leave out --units " in message
    assert "columns fs and units of the table hold what files do not state" in message
    with pytest.raises(RecordError, match="states 250 Hz and the unit mV, not 300 Hz and V"):
        readers.read(clinic / "w0.hea", fs=300, units="V")


def test_groups_leads_and_parts(clinic):
    path = table(
        clinic,
        file=["w0", "w0", "c3.csv", "c3.csv", "w1", "more/n4.npy"],
        group=["P1", "P1", "P2", "P2", "", "P3"],
        lead=["II", "0", "", "", "I", ""],
        start=["", "", "0", "6", "2.5", ""],
        end=["", "", "6", "", "", "6.0"],
        fs=[""] * 5 + ["200"],
    )
    data = folder.import_folder(clinic, path, "clinic", rate=100)
    assert data.ids.tolist() == ["w0", "w0-2", "c3", "c3-2", "w1", "n4"]
    assert data.groups.tolist() == ["P1", "P1", "P2", "P2", "", "P3"]
    assert data.spec.grouped
    assert data.fs == 100
    assert data.lengths.tolist() == [1200, 1200, 600, 600, 950, 600]
    middle = slice(100, 500)
    np.testing.assert_allclose(data.signal(0)[middle], wave(20, 100)[middle], atol=0.02)
    np.testing.assert_allclose(data.signal(1)[middle], wave(0, 100)[middle], atol=0.02)
    np.testing.assert_allclose(data.signal(3)[middle], wave(3, 100)[700:1100], atol=0.02)
    np.testing.assert_allclose(data.signal(4)[middle], wave(1, 100)[350:750], atol=0.02)


def test_ids_are_distinct(clinic):
    (clinic / "w0-2.csv").write_text((clinic / "c2.csv").read_text())
    files = ["w0", "w0", "w0-2.csv", "w0", "w1", "c2.csv"]
    data = folder.import_folder(clinic, table(clinic, file=files, fs=[""] * 6), "clinic")
    assert data.ids.tolist() == ["w0", "w0-3", "w0-2", "w0-4", "w1", "c2"]


def test_mapping_makes_the_classes(clinic, capsys):
    mapping = {"SR": "N", "AFIB": "A", "FLUT": ""}
    data = folder.import_folder(clinic, table(clinic), "clinic", mapping=mapping)
    assert data.classes.meanings == {"N": "normal", "A": "atrial fibrillation"}
    assert data.labels.tolist() == ["N", "A", "N", "N", "A"]
    assert "left out 1 rows that are mapped to no class (FLUT)" in capsys.readouterr().err


def test_toml_beside_the_table(clinic):
    path = table(clinic, label=["x"] * 6)
    columns = {"rhythm": LABELS, "patient": range(6)}
    frame = pd.read_csv(path).drop(columns="label").assign(**columns)
    frame.to_csv(path, index=False, sep=";")
    path.with_suffix(".toml").write_text(
        """
description = "Recordings of a test."
licence = "none"
ranked = ["af"]
[columns]
label = "rhythm"
group = "patient"
[labels]
SR = "sinus"
AFIB = "af"
FLUT = "af"
[classes]
af = "atrial fibrillation or flutter"
sinus = "sinus rhythm"
"""
    )
    data = folder.import_folder(clinic, path, "clinic")
    assert data.labels.tolist() == ["sinus", "af", "sinus", "af", "sinus", "af"]
    assert list(data.classes) == ["af", "sinus"]
    assert data.classes.ranked == ("af",)
    assert data.groups.tolist() == list("012345")
    assert (data.spec.description, data.spec.licence) == ("Recordings of a test.", "none")
    mapped = folder.import_folder(clinic, path, "clinic", mapping={"FLUT": "sinus"}, replace=True)
    assert mapped.counts() == {"af": 2, "sinus": 4}


def test_parquet_table_with_numbers_and_gaps(clinic):
    path = table(
        clinic,
        "table.parquet",
        label=[0, 1, 0, 1, 0, 1],
        group=[1.0, 1.0, None, 2.0, 3.0, 3.0],
        fs=[None, None, None, None, 200.0, 200.0],
        end=[None, 6.0, None, None, None, 7.5],
    )
    data = folder.import_folder(clinic, path, "clinic")
    assert data.labels.tolist() == list("010101")
    assert data.groups.tolist() == ["1", "1", "", "2", "3", "3"]
    assert data.lengths.tolist() == [3600, 1800, 3600, 3600, 3600, 2250]


def test_unreadable_recordings_are_left_out_on_request(clinic, capsys):
    (clinic / "c2.csv").write_text("hello\n")
    path = table(clinic, file=[*FILES[:4], "none.npy", FILES[5]])
    data = folder.import_folder(clinic, path, "clinic", skip_unreadable=True)
    assert data.ids.tolist() == ["w0", "w1", "c3", "n5"]
    err = capsys.readouterr().err
    assert "left out 2 of 6 rows: line 4 (c2.csv): " in err
    assert "line 6 (none.npy): there is no such file" in err


def test_a_new_import_takes_the_place_of_the_earlier_one(clinic):
    first = folder.import_folder(clinic, table(clinic), "clinic")
    earlier = first.path.read_bytes()
    with pytest.raises(EcglabError, match="there is no such file"):
        folder.import_folder(
            clinic, table(clinic, file=["none.csv", *FILES[1:]]), "clinic", replace=True
        )
    assert first.path.read_bytes() == earlier
    second = folder.import_folder(
        clinic, table(clinic, label=["x", "y"] * 3), "clinic", replace=True
    )
    assert second.counts() == {"x": 3, "y": 3}


# What is refused


def test_every_problem_is_counted_and_some_are_shown(clinic):
    path = table(
        clinic,
        file=["none.hea", "", *FILES[2:]],
        label=["SR", "SR", "", "SR", "AFIB", "SR"],
        start=["", "", "", "5", "3", "x"],
        end=["", "", "", "4", "99", ""],
    )
    message = refused(clinic, path, "clinic")
    assert f"{path}: cannot import 6 of 6 rows: line 2 (none.hea): " in message
    assert "line 3: has no file; line 4 (c2.csv): has no label; and 3 other problems" in message
    assert "--skip-unreadable" in message


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"start": ["5"] + [""] * 5, "end": ["4"] + [""] * 5},
            "line 2 (w0.hea): 5 s to 4 s is not within",
        ),
        ({"end": ["13"] + [""] * 5}, "0 s to 13 s is not within its 12 s"),
        ({"start": ["9"] + [""] * 5}, "too short, 3 s"),
        ({"start": ["x"] + [""] * 5}, "start is 'x', not a number"),
        ({"lead": ["V9"] + [""] * 5}, "there is no lead 'V9'"),
        ({"fs": ["360"] + [""] * 3 + ["200"] * 2}, "250 Hz, not 360 Hz"),
        ({"fs": [""] * 6}, "columns fs and units of the table hold what files do not state"),
    ],
)
def test_impossible_row_is_refused(clinic, columns, words):
    assert words in refused(clinic, table(clinic, **columns), "clinic")


def test_label_that_is_not_mapped_is_refused(clinic):
    message = refused(clinic, table(clinic), "clinic", mapping={"SR": "N", "AFIB": "A"})
    assert "line 5 (c3.csv): label 'FLUT' is none of the classes N, A" in message
    assert "--map 'FLUT=CLASS'" in message and "--map 'FLUT=' leaves it out" in message


def test_a_problem_of_many_rows_is_reported_once(clinic):
    path = table(clinic)
    lines = path.read_text().splitlines()
    one = lines[1].replace("SR", "X Y")
    path.write_text("\n".join([*lines[:3], "", *([one] * 37), *lines[3:]]) + "\n\n")
    message = refused(clinic, path, "clinic", mapping={"SR": "N", "AFIB": "A", "FLUT": ""})
    assert "cannot import 37 of 42 rows: label 'X Y' is none of the classes N, A" in message
    assert "--map 'X Y=' leaves it out): 37 rows (lines 5, 6, 7, ...); correct them" in message
    parquet = path.with_suffix(".parquet")
    pd.read_csv(path, dtype=str, keep_default_na=False).to_parquet(parquet)
    message = refused(clinic, parquet, "clinic", mapping={"SR": "N", "AFIB": "A", "FLUT": ""})
    assert "37 rows (rows 3, 4, 5, ...)" in message


@pytest.mark.parametrize("label", ["label", "record", "error", "file", "verdict"])
def test_class_named_as_a_column_is_refused(clinic, label):
    message = refused(clinic, table(clinic, label=[label, "b"] * 3), "clinic")
    assert f"a class cannot be named {label!r}" in message and "--map" in message


def test_rare_classes_are_pointed_out(clinic, capsys):
    path = table(clinic, group=list("112233"))
    folder.import_folder(clinic, path, "clinic")
    err = capsys.readouterr().err
    assert "warning: clinic cannot be split into 5 folds (" in err
    assert "class 'AFIB' is in 2 groups, class 'FLUT' is in 1 group, class 'SR' is in 3" in err
    path = path.with_suffix(".toml")
    path.write_text('[classes]\nSR = "sinus"\nAFIB = "af"\nFLUT = "flutter"\nX = "noise"\n')
    folder.import_folder(clinic, path.with_suffix(".csv"), "clinic", replace=True)
    assert "warning: no recording has the class 'X'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("factor", "words"),
    [(1, ""), (5, ""), (1000, "has beats of 2,0"), (0.005, "has beats of 0.011 mV")],
)
def test_implausible_amplitudes_are_pointed_out(clinic, capsys, factor, words):
    for i in (0, 1, 2):
        np.save(clinic / f"u{i}.npy", wave(i, 200) * factor)
    files = ["u0.npy", "u1.npy", "u2.npy", "u0.npy", "u1.npy", "more/n4.npy"]
    path = table(clinic, file=files, fs=["200"] * 6)
    folder.import_folder(clinic, path, "clinic")
    err = capsys.readouterr().err
    assert words in err and ("is its unit right" in err) == bool(words)


@pytest.mark.parametrize("name", ["cinc2017", "synthetic", "synthetic_af", "a/b", "", "1", "ä"])
def test_name_is_refused(clinic, name):
    message = refused(clinic, table(clinic), name)
    assert "give yours another name" in message or "cannot name a data set" in message


def test_one_class_is_refused(clinic):
    assert "at least two" in refused(clinic, table(clinic, label=["SR"] * 6), "clinic")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot read the table"),
        (b"\xff\xfe\x00", "cannot read the table"),
        (b"file,label\n", "has no rows"),
        (b"file,rhythm\nw0,SR\n", "has no column 'label' (it has file, rhythm)"),
    ],
)
def test_table_is_refused(clinic, content, words):
    path = clinic.parent / "table.csv"
    path.write_bytes(content)
    assert words in refused(clinic, path, "clinic")


def test_missing_table_or_folder_is_refused(clinic):
    assert "none.csv" in refused(clinic, clinic / "none.csv", "clinic")
    assert "is not a folder" in refused(clinic / "none", table(clinic), "clinic")
    (clinic / "t.parquet").write_bytes(b"PAR1 no")
    assert "cannot read the table" in refused(clinic, clinic / "t.parquet", "clinic")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("labels = 3", "labels must be a table of texts"),
        ("[labels]\nSR = 1", "labels must be a table of texts"),
        ("ranked = 'A'", "ranked must be a list of texts"),
        ("description = 1", "description must be a text"),
        ("names = 'x'", "there is no key 'names'"),
        ("[columns]\npath = 'x'", "[columns] names 'path'"),
        ("[columns]\nlead = 'channel'", "has no column 'channel'"),
        ("[classes]\nN = 'normal'", "at least two"),
        ("ranked = ['X']", "ranked class 'X' is none of"),
        ("[labels", "cannot read"),
    ],
)
def test_toml_is_refused(clinic, text, words):
    path = table(clinic)
    path.with_suffix(".toml").write_text(text)
    message = refused(clinic, path, "clinic")
    assert words in message


# The commands


def test_commands(ecglab, clinic):
    for name in ("w0", "w1", "c2", "c3"):
        np.save(clinic / f"{name}.npy", wave(int(name[1]), 200))
    files = ["w0.npy", "w1.npy", "c2.npy", "c3.npy", *FILES[4:]]
    columns = {"label": ["a", "b"] * 3, "group": list("112233"), "fs": [""] * 6}
    path = table(clinic, file=files, **columns)
    mapped = ("--map", "a=N", "--map", "b=A")
    arguments = ("data", "import", clinic, "--labels", path, "--name", "clinic", "--fs", 200)
    status, out, _ = ecglab(*arguments, *mapped)
    assert status == 0
    assert "N  normal" in out and "3, of 2 records" in out

    status, out, _ = ecglab("data", "info", "clinic")
    assert status == 0
    assert "All digests match" in out

    status, _, err = ecglab("data", "split", "clinic")
    assert status == 1
    assert "cannot be split into 5 folds (class 'A' is in 3 groups, " in err
    status, out, _ = ecglab("data", "split", "clinic", "--folds", "3")
    assert status == 0
    assert "3 folds of 2 records" in out
    content = splits.path_of("clinic").read_bytes()
    assert ecglab("data", "split", "clinic")[0] == 1
    assert splits.path_of("clinic").read_bytes() == content

    packed = dataset.path_of("clinic")
    spoiled = bytearray(packed.read_bytes())
    spoiled[spoiled.index(dataset.open("clinic").signal(0).tobytes()) + 400] ^= 1
    packed.write_bytes(spoiled)
    status, _, err = ecglab("data", "info", "clinic")
    assert (status, err.count("\n")) == (1, 1)
    assert "the samples of w0 have changed" in err
    assert hashlib.sha256(packed.read_bytes()).digest() == hashlib.sha256(spoiled).digest()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--labels", "t.csv"), "give both"),
        (("--name", "clinic"), "give both"),
        ((), "is not the archive of cinc2017: for recordings of your own"),
        (("--labels", "t.csv", "--name", "c", "--map", "SR"), "--map SR: give LABEL=CLASS"),
        (("--labels", "t.csv", "--name", "c", "--map", "=N"), "--map =N: give LABEL=CLASS"),
    ],
)
def test_command_says_what_it_needs(ecglab, clinic, arguments, words):
    status, _, err = ecglab("data", "import", clinic, *arguments)
    assert status == 1
    assert words in err


def test_an_earlier_import_is_replaced_only_when_asked(clinic):
    folder.import_folder(clinic, table(clinic), "clinic")
    before = dataset.path_of("clinic").read_bytes()
    with pytest.raises(EcglabError, match=r"there is a data set 'clinic' already: .*--replace"):
        folder.import_folder(clinic, table(clinic), "clinic")
    assert dataset.path_of("clinic").read_bytes() == before
