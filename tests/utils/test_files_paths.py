"""Files that are whole or not there, locks that die with their holder, and where things are."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import filelock  # noqa: F401  (nobody could not import it: see without_permission)
import pytest

from ecglab.utils import paths
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, replacing, write_text


def refusal(caught) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


# Files


@pytest.mark.parametrize("before", [None, b"earlier"])
@pytest.mark.parametrize("content", [b"", b"\x00\r\n\xff" * 100_000])
def test_file_takes_its_place_when_the_block_ends(tmp_path, before, content):
    path = tmp_path / "new" / "folder" / "file.bin"
    if before is not None:
        write_text(path, before.decode())
    with replacing(path) as file:
        file.write(content)
        file.flush()
        assert (path.read_bytes() if path.exists() else None) == before
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["file.bin"]


def test_text_is_utf8_with_the_same_lines_on_every_system(tmp_path):
    write_text(tmp_path / "x.txt", "0,3 mV ±\n~\n")
    assert (tmp_path / "x.txt").read_bytes() == "0,3 mV ±\n~\n".encode()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, EcglabError])
@pytest.mark.parametrize("before", [None, "earlier"])
def test_error_in_the_block_leaves_what_was_there(tmp_path, before, error):
    path = tmp_path / "file.txt"
    if before is not None:
        path.write_text(before)
    with pytest.raises(error, match=r"^stop$"), replacing(path, "w") as file:
        file.write("half")
        raise error("stop")
    assert (path.read_text() if path.exists() else None) == before
    assert os.listdir(tmp_path) == (["file.txt"] if before else [])


def test_kill_leaves_what_was_there_and_the_next_writer_goes_on(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("earlier")
    code = (
        "import os, signal, sys\n"
        "from ecglab.utils.files import replacing\n"
        "with replacing(sys.argv[1], 'w') as file:\n"
        "    file.write('half'); file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, path])
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "earlier"
    assert len(os.listdir(tmp_path)) == 2
    write_text(path, "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["file.txt"]


def parent_is_a_file(folder: Path) -> Path:
    (folder / "a-file").write_text("kept")
    return folder / "a-file" / "file.txt"


def grandparent_is_a_file(folder: Path) -> Path:
    return parent_is_a_file(folder) / "file.txt"


def place_is_a_folder(folder: Path) -> Path:
    (folder / "file.txt" / "in it").mkdir(parents=True)
    return folder / "file.txt"


def name_is_too_long(folder: Path) -> Path:
    return folder / ("x" * 255)


def disk_is_full(folder: Path) -> Path:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (folder / "file.txt").write_text("kept")
    (folder / "file.txt.partial").symlink_to("/dev/full")
    return folder / "file.txt"


UNWRITABLE = [
    parent_is_a_file,
    grandparent_is_a_file,
    place_is_a_folder,
    name_is_too_long,
    disk_is_full,
]


@pytest.mark.parametrize("unwritable", UNWRITABLE)
def test_what_cannot_be_written_is_one_line_and_changes_nothing(tmp_path, unwritable):
    path = unwritable(tmp_path)

    def there():
        return {p: p.is_file() and p.read_text() for p in tmp_path.rglob("*") if not p.is_symlink()}

    before = there()
    with pytest.raises(EcglabError) as caught:
        write_text(path, "new")
    assert refusal(caught).startswith(f"cannot write {path}: ")
    assert there() == before
    assert not any(p.is_symlink() for p in tmp_path.rglob("*"))


@contextlib.contextmanager
def without_permission(folder: Path):
    """The folder cannot be written to, even if root runs the tests: root is nobody for a while."""
    folder.chmod(0o555)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.mark.parametrize("name", ["file.txt", "new folder/file.txt"])
def test_folder_without_permission_is_one_line(tmp_path, name):
    files = {"file.txt": "kept", "file.txt.partial": "left by a kill"}
    for file, content in files.items():
        (tmp_path / file).write_text(content)
        (tmp_path / file).chmod(0o444)
    with without_permission(tmp_path):
        with pytest.raises(EcglabError, match=r"^cannot write .*: Permission denied"):
            write_text(tmp_path / name, "new")
        lock = locked(tmp_path / name, "testing")
        with pytest.raises(EcglabError, match=r"^cannot write .*: Permission denied"), lock:
            pass
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == files


# Locks

HOLD = """
import sys
from ecglab.utils.files import locked
with locked(sys.argv[1], "testing"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `thing` until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "thing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_second_holder_is_refused_at_once(tmp_path, holder):
    with (
        pytest.raises(EcglabError) as caught,
        locked(tmp_path / "thing", "training this run"),
    ):
        pytest.fail("two processes hold one lock")
    assert refusal(caught) == (
        f"another process is training this run ({tmp_path / 'thing'}): "
        "wait until it has ended, then try again"
    )
    with locked(tmp_path / "another thing", "testing"):
        pass


@pytest.mark.parametrize("killed", [True, False])
def test_lock_goes_with_its_holder(tmp_path, holder, killed):
    holder.kill() if killed else holder.stdin.close()
    assert holder.wait(timeout=30) == (-signal.SIGKILL if killed else 0)
    for _ in range(2):
        with locked(tmp_path / "thing", "testing"):
            pass


def test_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(ValueError), locked(tmp_path / "new" / "thing", "testing"):
        raise ValueError
    with locked(tmp_path / "new" / "thing", "testing"):
        assert not (tmp_path / "new" / "thing").exists()


def test_lock_below_a_file_is_one_line(tmp_path):
    with (
        pytest.raises(EcglabError, match=r"^cannot write .*a-file/file.txt: [^\n]+$"),
        locked(parent_is_a_file(tmp_path), "testing"),
    ):
        pass


# Paths


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    folder = tmp_path / "else where"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("value", [None, ""])
def test_by_default_everything_is_in_the_project(monkeypatch, elsewhere, value):
    for variable in ("ECGLAB_DATA", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable)
        if value is not None:
            monkeypatch.setenv(variable, value)
    root = Path(__file__).resolve().parent.parent.parent
    assert paths.data_dir() == root / "data"
    assert paths.tracking_uri() == f"sqlite:///{root}/mlruns/mlflow.db"
    assert paths.store_dir() == root / "mlruns"
    assert paths.runs_dir() == root / "mlruns" / "runs"
    folders = [paths.EXPERIMENTS, paths.NOTEBOOKS]
    assert folders == [root / "experiments", root / "notebooks"]


def test_project_is_found_from_any_folder(tmp_path):
    """Where the project is decided at import, so in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "ECGLAB_DATA"}
    root = Path(__file__).resolve().parent.parent.parent
    code = "from ecglab.utils import paths; print(paths.data_dir())"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(root / "data")


def test_data_folder_is_named_by_ecglab_data(monkeypatch, elsewhere, tmp_path):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path / "mine"))
    assert paths.data_dir() == tmp_path / "mine"
    monkeypatch.setenv("ECGLAB_DATA", "mine")
    assert paths.data_dir() == elsewhere / "mine"


@pytest.mark.parametrize(
    ("uri", "database"),
    [
        ("/somewhere/store", "/somewhere/store/mlflow.db"),
        ("store", "{here}/store/mlflow.db"),
        ("../store", "{here}/../store/mlflow.db"),
        ("sqlite:////somewhere/runs.db", "/somewhere/runs.db"),
        ("sqlite:///runs.db", "{here}/runs.db"),
        ("sqlite:///sub/runs.db", "{here}/sub/runs.db"),
    ],
)
def test_sqlite_store_has_an_absolute_path(monkeypatch, elsewhere, uri, database):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    expected = Path(os.path.normpath(database.format(here=elsewhere)))
    assert paths.tracking_uri() == f"sqlite:///{expected}"
    assert paths.store_dir() == expected.parent
    assert paths.runs_dir() == expected.parent / "runs"


def test_store_found_in_one_folder_is_the_same_in_another(monkeypatch, elsewhere):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///runs.db")
    uri = paths.tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir("/")
    assert paths.tracking_uri() == uri


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "https://server/mlflow"])
def test_server_is_taken_as_it_is(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert paths.tracking_uri() == uri
    assert paths.store_dir() == paths.ROOT / "mlruns"


def test_file_store_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///somewhere/mlruns")
    with pytest.raises(EcglabError) as caught:
        paths.tracking_uri()
    assert re.match(r"MLFLOW_TRACKING_URI=file:///somewhere/mlruns: .*without", refusal(caught))
