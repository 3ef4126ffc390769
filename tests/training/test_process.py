"""Each fold in a process of its own: whichever of the two is killed, nothing is lost or left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
from processes import is_gone, needs_proc

from ecglab.training import cross_validation, process, run_folder
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

HERE = Path(__file__).parent.parent


def start(folder, store) -> subprocess.Popen:
    """`ecglab train` of the tiny experiment in a session of its own."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "train_tiny.py")],
        env={
            **os.environ,
            "ECGLAB_DATA": str(folder / "data"),
            "MLFLOW_TRACKING_URI": str(folder / store),
        },
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(process, folder, pattern) -> int:
    """Wait until the run folder holds such a file; the id of the process that trains the fold."""
    deadline = time.monotonic() + 240
    while not list(folder.glob(pattern)):
        assert process.poll() is None, f"ended before {pattern} was there"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    (child,) = map(int, children.read_text().split())
    return child


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """A run whose parent was killed in fold 0 and its child in fold 1, and one left in peace."""
    folder = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        tiny.make_data()
    parent = start(folder, "killed")
    orphan = wait_for(parent, folder, "killed/runs/*/fold-0/history.json")
    parent.kill()
    parent.communicate()
    orphan_ended = is_gone(orphan)

    parent = start(folder, "killed")
    child = wait_for(parent, folder, "killed/runs/*/fold-1/history.json")
    os.kill(child, signal.SIGKILL)
    _, messages = parent.communicate()
    status = parent.returncode

    ends, tables = [], []
    for store in ("killed", "straight"):
        parent = start(folder, store)
        ends.append((*parent.communicate(), parent.returncode))
        (run,) = (folder / store / "runs").glob("tiny-*")
        tables.append(RunFolder(run).predictions())
    return SimpleNamespace(
        orphan_ended=orphan_ended, status=status, messages=messages, ends=ends, tables=tables
    )


@needs_proc
def test_a_killed_command_leaves_no_process_that_trains_on(disturbed):
    assert disturbed.orphan_ended


@needs_proc
def test_a_killed_fold_is_one_line_that_says_how_to_go_on(disturbed):
    assert disturbed.status == 1
    assert disturbed.messages.splitlines()[-1] == (
        "ecglab: fold 1: its process was ended by SIGKILL, perhaps because the memory was full; "
        "the same command goes on from here"
    )
    assert "Traceback" not in disturbed.messages


@needs_proc
def test_killed_twice_it_ends_as_if_undisturbed(disturbed):
    (_, messages, status), (_, _, straight) = disturbed.ends
    assert (status, straight) == (0, 0)
    assert "fold 1: going on after epoch" in messages
    killed, straight = disturbed.tables
    assert list(killed["record"]) == list(straight["record"])
    classes = list("NAO~")
    np.testing.assert_allclose(killed[classes].to_numpy(), straight[classes].to_numpy(), atol=1e-5)


@needs_proc
def test_the_command_itself_stays_light(disturbed):
    for out, _, _ in disturbed.ends:
        assert out.splitlines()[-1] == "[]"


@needs_proc
def test_ctrl_c_ends_both_with_one_line(tmp_path):
    tiny.make_data()
    command = start(tmp_path, "store")
    child = wait_for(command, tmp_path, "store/runs/*/.fold-0.lock")
    os.killpg(command.pid, signal.SIGINT)
    _, messages = command.communicate()
    assert command.returncode == 130
    assert messages.splitlines()[1:] == ["ecglab: interrupted; the same command goes on from here"]
    assert is_gone(child)


def begun(experiment) -> RunFolder:
    """The run folder of an experiment, with nothing trained in it yet."""
    planned = cross_validation.plan(experiment)
    run = run_folder.locate("tiny", experiment, planned.data, planned.split, fresh=False)
    run_folder.begin(run, "tiny", experiment, planned.data, planned.split, {})
    return run


def test_what_a_fold_refuses_is_one_line():
    tiny.make_data()
    with pytest.raises(EcglabError, match=r"^fold 0 of 1 records has none to train or score"):
        cross_validation.run("tiny", tiny.experiment(records=1))


def test_other_labels_are_another_run(monkeypatch):
    tiny.make_data()
    first = begun(tiny.experiment())
    data = cross_validation.plan(tiny.experiment()).data
    other = data.select(np.arange(len(data)))
    other.labels = data.labels[::-1]
    assert (data.digest, data.label_digest) == (other.digest, data.select(slice(None)).label_digest)
    assert other.label_digest != data.label_digest
    monkeypatch.setattr(type(data), "label_digest", other.label_digest)
    assert begun(tiny.experiment()).path != first.path
    with pytest.raises(EcglabError, match="was begun on other records, labels or folds"):
        cross_validation.train_fold(first, 0)


def test_settings_of_another_version_are_one_line():
    tiny.make_data()
    run = begun(tiny.experiment())
    facts = run.facts
    facts["settings"]["colour"] = "blue"
    write_json(run.path / "run.json", facts)
    with pytest.raises(EcglabError, match="was made by another version of ecglab"):
        cross_validation.run("tiny", tiny.experiment())


def test_a_crash_is_shown_once(capfd, monkeypatch, tmp_path):
    (tmp_path / "crashing.py").write_text(
        "from ecglab.training import process\nprocess.serve(lambda report: 1 / 0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(process.EndedError, match="ended with status 1; its last lines are above"):
        process.call(["crashing"], lambda: None)
    assert capfd.readouterr().err.count("Traceback") == 1


@pytest.mark.parametrize("given", [None, "7"])
def test_threads_of_a_child_soon_sleep_unless_told_otherwise(tmp_path, monkeypatch, given):
    (tmp_path / "spins.py").write_text(
        "import os, sys; from pathlib import Path\n"
        "Path(sys.argv[1]).write_text(os.environ['GOMP_SPINCOUNT'])\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if given:
        monkeypatch.setenv("GOMP_SPINCOUNT", given)
    else:
        monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    process.call(["spins", str(tmp_path / "count")], lambda: None)
    assert (tmp_path / "count").read_text() == (given or process.SPINS["GOMP_SPINCOUNT"])


CHILD = """
import os, sys, time
from pathlib import Path
from ecglab.training import process
log = Path(sys.argv[1])
attempt = len(log.read_text()) if log.exists() else 0
log.write_text("x" * (attempt + 1))
def work(report):
    report()
    if attempt < int(sys.argv[2]):
        os.abort()
    time.sleep(float(sys.argv[3]))
    report()
process.serve(work)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Call a child that aborts so many times, then sleeps; how often it was started, reports."""
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def call(aborts, sleeps=0.0, **options):
        reports = []
        log = tmp_path / "log"
        try:
            process.call(
                ["child", str(log), str(aborts), str(sleeps)], lambda: reports.append(1), **options
            )
        finally:
            call.starts, call.reports = len(log.read_text()), len(reports)

    return call


def test_a_child_that_was_ended_is_started_again(child):
    child(2, attempts=3)
    assert (child.starts, child.reports) == (3, 4)


def test_a_child_is_started_only_so_often(child):
    with pytest.raises(process.EndedError, match="its process was ended by SIGABRT"):
        child(5, attempts=2)
    assert child.starts == 2


def test_a_child_that_hangs_is_ended(child):
    with pytest.raises(process.EndedError, match="showed no sign of life for 1 s"):
        child(0, sleeps=60, patience=1)
    child(0, sleeps=0.1, patience=5)


def test_two_trainings_of_one_run_do_not_mix():
    from ecglab.utils.files import locked

    tiny.make_data()
    run = begun(tiny.experiment())
    with (
        locked(run.path, "training this run"),
        pytest.raises(EcglabError, match="another process is training this run"),
    ):
        cross_validation.run("tiny", tiny.experiment())
