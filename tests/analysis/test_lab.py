"""The user's copy of the notebooks: up to date, and nothing of the user's is lost."""

import json
from pathlib import Path

import pytest

from ecglab.analysis import lab
from ecglab.utils.errors import EcglabError

START, NAME = lab.START, "01_explore.ipynb"


@pytest.fixture
def source(tmp_path):
    """The notebooks of ecglab, in their first version."""
    folder = tmp_path / "notebooks"
    (folder / "pictures").mkdir(parents=True)
    (folder / START).write_text("first")
    (folder / NAME).write_text("first")
    (folder / "01_explore.py").write_text("the source of the notebook")
    (folder / "pictures" / "a.png").write_bytes(b"png")
    return folder


@pytest.fixture
def work(source, tmp_path):
    return lab.workspace(source, tmp_path / "work")


def copies(folder):
    files = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in files if not name.startswith("."))


def test_the_first_use_copies_what_a_reader_needs(work):
    assert copies(work) == [NAME, START, "pictures/a.png"]


def test_a_newer_version_replaces_an_unchanged_file(source, work, capsys):
    (source / NAME).write_text("second")
    lab.workspace(source, work)
    assert (work / NAME).read_text() == "second"
    assert len(copies(work)) == 3 and capsys.readouterr() == ("", "")


def test_a_changed_file_is_kept_and_the_newer_version_is_put_beside_it(source, work, capsys):
    (work / NAME).write_text("mine")
    lab.workspace(source, work)
    assert (work / NAME).read_text() == "mine" and len(copies(work)) == 3
    (source / NAME).write_text("second")
    lab.workspace(source, work)
    (beside,) = work.glob("01_explore-new-*.ipynb")
    assert ((work / NAME).read_text(), beside.read_text()) == ("mine", "second")
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and beside.name in err
    beside.write_text("mine too")
    lab.workspace(source, work)  # it is put beside once
    assert beside.read_text() == "mine too" and capsys.readouterr().err == ""
    (source / NAME).write_text("third")
    lab.workspace(source, work)
    assert len(list(work.glob("01_explore-new-*.ipynb"))) == 2
    assert (work / NAME).read_text() == "mine"


def test_a_deleted_file_comes_back(source, work):
    (work / NAME).unlink()
    lab.workspace(source, work)
    assert (work / NAME).read_text() == "first"


@pytest.mark.parametrize("damage", [None, "", "{", "[1]"])
def test_without_the_list_of_copies_every_file_is_the_users(source, work, damage):
    (work / lab.COPIED).unlink() if damage is None else (work / lab.COPIED).write_text(damage)
    (source / NAME).write_text("second")
    lab.workspace(source, work)
    (beside,) = work.glob("01_explore-new-*.ipynb")
    assert ((work / NAME).read_text(), beside.read_text()) == ("first", "second")
    assert set(json.loads((work / lab.COPIED).read_text())) == {NAME, START, "pictures/a.png"}


def test_a_folder_without_notebooks_and_one_that_cannot_be_written_are_one_line(source, tmp_path):
    with pytest.raises(EcglabError, match="no notebooks are there"):
        lab.workspace(tmp_path / "nowhere", tmp_path / "work")
    (tmp_path / "file").write_text("")
    with pytest.raises(EcglabError) as caught:
        lab.workspace(source, tmp_path / "file" / "work")
    assert "\n" not in str(caught.value)


def test_jupyterlab_opens_the_start_page_of_the_copy(work):
    root, page, settings = (argument.partition("=")[2] for argument in lab.arguments(work))
    assert (root, page) == (str(work), f"/lab/tree/{START}")
    overrides = json.loads((Path(settings) / "overrides.json").read_text())
    viewers = overrides["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
