"""Each fold in a process of its own: whichever of the two is killed, nothing is lost or left."""

import json
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

from ecglab.datasets import dataset, folds
from ecglab.ecg.record import LABELS
from ecglab.training import cross_validation as crossval
from ecglab.training import run_folder as runs
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


def is_gone(pid, seconds=10) -> bool:
    """Whether a process has ended, or does so soon."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            # A zombie that nobody has asked for yet has ended too.
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks in /proc")


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
    _, said = parent.communicate()
    status = parent.returncode

    ends, tables = [], []
    for store in ("killed", "straight"):
        parent = start(folder, store)
        ends.append((*parent.communicate(), parent.returncode))
        (run,) = (folder / store / "runs").glob("tiny-*")
        tables.append(RunFolder(run).predictions())
    return SimpleNamespace(
        orphan_ended=orphan_ended, status=status, said=said, ends=ends, tables=tables
    )


@needs_proc
def test_a_killed_command_leaves_no_process_that_trains_on(disturbed):
    assert disturbed.orphan_ended


@needs_proc
def test_a_killed_fold_is_one_line_that_says_how_to_go_on(disturbed):
    assert disturbed.status == 1
    said = disturbed.said.splitlines()
    assert said[-1] == (
        "ecglab: fold 1: its process was ended by SIGKILL, perhaps for want of memory; "
        "the same command goes on from here"
    )
    assert "Traceback" not in disturbed.said


@needs_proc
def test_killed_twice_it_ends_as_if_undisturbed(disturbed):
    (_, said, status), (_, _, straight) = disturbed.ends
    assert (status, straight) == (0, 0)
    assert "fold 1: going on after epoch" in said
    killed, straight = disturbed.tables
    assert list(killed["record"]) == list(straight["record"])
    np.testing.assert_allclose(
        killed[list(LABELS)].to_numpy(), straight[list(LABELS)].to_numpy(), atol=1e-5
    )


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
    _, said = command.communicate()
    assert command.returncode == 130
    assert said.splitlines()[1:] == ["ecglab: interrupted; the same command goes on from here"]
    assert is_gone(child)


def test_what_a_fold_refuses_is_refused_in_its_words():
    tiny.make_data()
    with pytest.raises(EcglabError, match=r"^fold 0 has no records of 1: use more records$"):
        crossval.run("tiny", tiny.experiment(records=1))


def test_what_no_one_foresaw_is_shown_once(capfd):
    tiny.make_data()
    experiment, data = tiny.experiment(), dataset.open("synthetic")
    run = runs.find("tiny", experiment, data, folds.digest(data), fresh=False)
    runs.begin(run, "tiny", experiment, data, folds.digest(data))
    facts = json.loads(json.dumps(run.facts))
    facts["experiment"]["colour"] = "blue"
    write_json(run.path / "run.json", facts)
    with pytest.raises(EcglabError, match="fold 0: its process ended with status 1, as told above"):
        crossval.run("tiny", experiment)
    assert capfd.readouterr().err.count("Traceback") == 1


def test_two_trainings_of_one_run_do_not_mix():
    from ecglab.utils.files import locked

    tiny.make_data()
    experiment, data = tiny.experiment(), dataset.open("synthetic")
    run = runs.find("tiny", experiment, data, folds.digest(data), fresh=False)
    with (
        locked(run.path, "training this run"),
        pytest.raises(EcglabError, match="another process is training this run"),
    ):
        crossval.run("tiny", experiment)
