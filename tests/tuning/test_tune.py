"""`ecglab tune` as it is started, killed and started again, in processes of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import store_maker
from processes import is_gone, needs_proc

from ecglab.tracking import tracker
from ecglab.tuning import driver
from ecglab.tuning import search as searches

HERE = Path(__file__).parent.parent
PATIENCE = 400


@pytest.fixture
def start(packed, tmp_path, monkeypatch):
    """Starts `ecglab tune tiny` in the background; what still runs is ended after the test."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    store_maker.put(tmp_path / "mlruns")
    started = []

    def begin(kind, *arguments, **variables):
        process = subprocess.Popen(
            [sys.executable, str(HERE / "tune_tiny.py"), kind, *map(str, arguments)],
            env={**os.environ, **variables},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()


def end(process) -> SimpleNamespace:
    said, error = process.communicate(timeout=PATIENCE)
    return SimpleNamespace(status=process.returncode, said=said, error=error)


def wait_for(process, reached):
    """What `reached` returns, once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := reached()):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def done(tmp_path) -> dict[Path, int]:
    """{done.json of each finished run: when it was written}"""
    return {path: path.stat().st_mtime_ns for path in tmp_path.glob("mlruns/runs/*/done.json")}


def trainings(process) -> list[int]:
    """Ids of the training processes of a command."""
    found = []
    for task in Path(f"/proc/{process.pid}/task").glob("*/children"):
        for pid in map(int, task.read_text().split()):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "ecglab.training.cross_validation" in command:
                found.append(pid)
    return found


def statuses() -> list[str]:
    """MLflow's status of the search and of its trials."""
    client = tracker.mlflow().MlflowClient()
    runs = client.search_runs([tracker.experiment_id(True, tracker.SEARCHES)], max_results=999)
    return sorted(run.info.status for run in runs if "fold" not in run.data.params)


@needs_proc
def test_killed_at_any_time_it_goes_on_and_repeats_nothing(start, tmp_path):
    command = ("slow", "--trials", 4, "--tuner", "random", "--seed", 0, "--workers", 2)
    first = start(*command)
    wait_for(first, lambda: done(tmp_path))
    children = wait_for(first, lambda: trainings(first))
    first.kill()
    first.communicate()
    assert all(map(is_gone, children)), "nothing trains on without the command"
    before = done(tmp_path)

    ended = end(start(*command))
    assert ended.status == 0, ended.error
    after = done(tmp_path)
    assert len(after) == 4
    assert all(after[path] == stamp for path, stamp in before.items()), "it was trained again"
    assert statuses() == ["FINISHED"] * 5
    assert "4 of 4 trials" in ended.said
    assert "next: ecglab tune --best tiny-" in ended.error

    # Nothing is left to do, so nothing is trained.
    ended = end(start(*command, "--no-track"))
    assert ended.status == 0, ended.error
    assert ended.error.startswith("next: ") and ended.error.count("\n") == 1
    assert "all trials have ended, 4 of 4 trials" in ended.said
    assert done(tmp_path) == after


@needs_proc
def test_a_killed_training_is_started_again(start, tmp_path):
    command = start("slow", "--trials", 2, "--tuner", "random", "--no-track")
    os.kill(wait_for(command, lambda: trainings(command))[0], signal.SIGKILL)
    ended = end(command)
    assert ended.status == 0, ended.error
    assert "was ended by SIGKILL" in ended.error
    assert "starting it again (2 of 3)" in ended.error
    assert len(done(tmp_path)) == 2


@needs_proc
def test_a_training_that_is_killed_again_and_again_has_failed(start, tmp_path):
    command = start("slow", "--trials", 1, "--no-track")
    killed = set()
    while command.poll() is None:
        for pid in set(trainings(command)) - killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        time.sleep(0.05)
    ended = end(command)
    assert ended.status == 1
    assert len(killed) == driver.ATTEMPTS
    assert "trial 0000 FAILED: fold 0: its process was ended by SIGKILL" in ended.said
    (trial,) = searches.find("tiny").trials
    assert trial.status == "failed"


def test_a_failed_trial_is_listed_with_its_reason(start):
    ended = end(start("broken", "--trials", 6, "--tuner", "random"))
    assert ended.status == 1
    assert "trial 0001 FAILED: " in ended.said
    assert ended.error.splitlines()[-1].startswith(
        "ecglab: the space has no more values; 1 trial failed, such as trial 0001: "
    )
    assert "2 of 6 trials" in ended.said
    assert statuses() == ["FAILED", "FINISHED", "FINISHED"]


@needs_proc
def test_ctrl_c_says_that_the_same_command_goes_on(start):
    command = start("slow", "--trials", 50)
    children = wait_for(command, lambda: trainings(command))
    command.send_signal(signal.SIGINT)
    ended = end(command)
    assert ended.status == 130
    last = ended.error.splitlines()[-1]
    assert last == "ecglab: interrupted; the same command goes on from here"
    assert "Traceback" not in ended.error
    assert all(map(is_gone, children))
    assert "RUNNING" not in statuses()


def test_a_limit_is_kept(start):
    ended = end(start("trees", "--trials", 500, "--limit", 0.0005, "--workers", 2))
    assert ended.status == 0, ended.error
    assert "the time limit is reached" in ended.said
    assert "RUNNING" not in statuses()


def test_a_network_goes_on_from_its_last_epoch(start, tmp_path):
    command = ("network", "--trials", 1, "--records", 50, "--no-track")
    first = start(*command)
    histories = wait_for(first, lambda: list(tmp_path.glob("mlruns/runs/*/fold-0/history.json")))
    first.kill()
    first.communicate()
    before = histories[0].read_text()
    ended = end(start(*command))
    assert ended.status == 0, ended.error
    assert histories[0].read_text().startswith(before.rstrip("]\n "))
    assert "1 of 1 trials" in ended.said
