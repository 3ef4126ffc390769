"""Which model predicts by default, in every state of the store; MLflow is never imported."""

import sqlite3
import subprocess
import sys
import time

import package_maker
import pytest

from ecglab.tracking import registry
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import PRETRAINED

TABLES = """
CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT);
CREATE TABLE model_versions (name TEXT, version INTEGER, storage_location TEXT);
"""


@pytest.fixture
def store(tmp_path):
    """Makes the SQLite file of a store; with `champion`, as MLflow leaves it after a promotion."""

    def make(champion=None, location=None):
        folder = tmp_path / "mlruns"
        folder.mkdir(exist_ok=True)
        with sqlite3.connect(folder / "mlflow.db") as database:
            database.executescript(TABLES)
            if champion:
                location = location or (folder / "models" / "m-1").as_uri()
                database.execute(
                    "INSERT INTO model_versions VALUES ('ecg-rhythm', 3, ?)", (location,)
                )
                database.execute(
                    "INSERT INTO registered_model_aliases VALUES ('champion', 3, 'ecg-rhythm')"
                )
        database.close()
        return folder / "mlflow.db"

    return make


@pytest.fixture
def champion(tmp_path):
    """Makes the package of a logged model."""

    def make(**changes):
        return package_maker.make(
            tmp_path / "mlruns" / "models" / "m-1" / registry.PACKAGE, **changes
        )

    return make


def default_and_note(capsys):
    """The model that predicts by default, and the lines on stderr; it must come at once."""
    began = time.perf_counter()
    folder = registry.default()
    assert time.perf_counter() - began < 0.8
    return folder, capsys.readouterr().err.splitlines()


def test_without_a_store_the_pretrained_model_predicts(capsys):
    assert default_and_note(capsys) == (PRETRAINED / "default", [])


def test_a_store_without_a_champion_is_passed_over_in_silence(store, capsys):
    store()
    assert default_and_note(capsys) == (PRETRAINED / "default", [])


def test_the_champion_predicts(store, champion, capsys):
    folder = champion()
    store(champion=True)
    assert default_and_note(capsys) == (folder, [])
    assert registry.locate(registry.CHAMPION_URI) == folder
    assert registry.locate("models:/ecg-rhythm/3") == folder
    assert registry.load_model().name == "tiny-1"


def test_a_simulated_champion_does_not_predict_by_default(store, champion, capsys):
    folder = champion(simulated=True)
    store(champion=True)
    assert default_and_note(capsys) == (PRETRAINED / "default", [])
    assert registry.locate(registry.CHAMPION_URI) == folder


@pytest.mark.parametrize("state", ["locked", "truncated", "foreign", "text", "empty", "folder"])
def test_a_store_that_cannot_be_read_gives_a_note_and_the_pretrained_model(
    store, champion, capsys, state
):
    champion()
    path = store(champion=True)
    other = None
    if state == "locked":
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
    elif state == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif state == "foreign":
        path.unlink()
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE songs (name TEXT)")
        database.close()
    elif state == "text":
        path.write_text("This is no database. " * 100)
    elif state == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
        path.mkdir()
    try:
        folder, lines = default_and_note(capsys)
        with pytest.raises(EcglabError, match=r"the store .* cannot be read"):
            registry.locate(registry.CHAMPION_URI)
    finally:
        if other:
            other.close()
    assert folder == PRETRAINED / "default"
    [line] = lines
    assert str(path) in line
    assert line.endswith("; predicting with 'default'")


def test_a_champion_whose_files_are_gone_gives_a_note(store, capsys):
    store(champion=True)
    folder, [line] = default_and_note(capsys)
    assert folder == PRETRAINED / "default"
    assert "the files of models:/ecg-rhythm@champion are missing from" in line


def test_a_champion_kept_elsewhere_gives_a_note(store, capsys):
    store(champion=True, location="s3://bucket/models/m-1")
    folder, [line] = default_and_note(capsys)
    assert folder == PRETRAINED / "default"
    assert "are missing" in line


def test_a_damaged_champion_does_not_predict(store, champion):
    folder = champion()
    store(champion=True)
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EcglabError, match=r"model\.onnx is damaged .*: package the run again"):
        registry.load_model()
    (folder / "card.json").write_text("{}")
    with pytest.raises(EcglabError, match=r"card\.json is damaged .*: package the run again"):
        registry.load_model()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "file:///tmp/store"])
def test_a_server_is_not_waited_for(monkeypatch, capsys, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    folder, [line] = default_and_note(capsys)
    assert folder == PRETRAINED / "default"
    assert line.endswith("; predicting with 'default'")


def test_packages_are_found_by_name_and_by_folder(tmp_path):
    assert registry.locate("fast") == PRETRAINED / "fast"
    folder = package_maker.make(tmp_path / "mine")
    assert registry.locate(str(folder)) == folder
    assert registry.load_model(str(folder)).name == "tiny-1"


@pytest.mark.parametrize("uri", ["somewhere/else", "champion", ""])
def test_an_unknown_model_says_what_can_be_named(uri):
    with pytest.raises(EcglabError, match=r"no model .*: name default, fast, a package's folder"):
        registry.locate(uri)


@pytest.mark.parametrize("uri", ["models:/ecg-rhythm@nobody", "models:/ecg-rhythm/9", "models:/"])
def test_an_unregistered_model_says_how_to_register_one(store, champion, uri):
    with pytest.raises(EcglabError, match=r"there is no model .*'ecglab promote RUN'"):
        registry.locate(uri)
    champion()
    store(champion=True)
    with pytest.raises(EcglabError, match=r"there is no model .*'ecglab promote RUN'"):
        registry.locate(uri)


def test_nothing_is_demoted_where_there_is_no_store(tmp_path):
    with pytest.raises(EcglabError, match="no model is promoted: 'default' predicts already"):
        registry.demote()
    assert not (tmp_path / "mlruns").exists()


def test_finding_the_champion_imports_no_mlflow(store, champion):
    champion()
    store(champion=True)
    code = (
        "import sys; from ecglab.tracking import registry; print(registry.default());"
        "print(sorted({'mlflow', 'pandas', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "m-1" in done.stdout
