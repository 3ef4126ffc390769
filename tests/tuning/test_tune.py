"""`ecglab tune` as it is started, killed and started again, in processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import tune_tiny
from test_process import is_gone, needs_proc

from ecglab.tracking import tracker as tracking
from ecglab.training import experiment
from ecglab.tuning import supervisor
from ecglab.utils.errors import EcglabError

HERE = Path(__file__).parent.parent
PATIENCE = 400


@pytest.fixture
def start(packed, tmp_path, monkeypatch):
    """Starts `ecglab tune tiny` in the background; what still runs is ended after the test."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
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


def results(store: Path) -> dict[str, Path]:
    return {path.parent.name: path for path in store.glob("searches/*/trial-*/result.json")}


def wait_for(process, reached) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def team_of(process) -> dict[str, int]:
    """{KerasTuner's id: process id} of what a command has started."""
    found = {}
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    for pid in map(int, children.split()):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        except OSError:  # it has ended since
            continue
        told = dict(line.partition("=")[::2] for line in environment)
        found[told.get(supervisor.VARIABLES[0], "")] = pid
    return found


def runs_of(kind="synthetic"):
    client = tracking.mlflow().MlflowClient()
    return client.search_runs([tracking.experiment_id(kind, "searches")], max_results=999)


def send(command, member: str, number: signal.Signals) -> None:
    """Send a signal to one of the team, once it is there: who has died is started again."""
    wait_for(command, lambda: member in team_of(command))
    os.kill(team_of(command)[member], number)


def statuses() -> list[str]:
    return sorted(run.info.status for run in runs_of())


@needs_proc
def test_killed_at_any_time_it_goes_on_and_repeats_nothing(start, tmp_path, ecglab, monkeypatch):
    store = tmp_path / "mlruns"
    command = ("trees", "--trials", 4, "--tuner", "random", "--seed", 0)
    first = start(*command)
    wait_for(first, lambda: len(results(store)) == 1)
    (tuner,) = team_of(first).values()
    first.kill()
    first.communicate()
    assert is_gone(tuner), "nothing trains on without who started it"
    before = {name: path.stat().st_mtime_ns for name, path in results(store).items()}

    ended = end(start(*command))
    assert ended.status == 0, ended.error
    assert sorted(results(store)) == [f"trial-{i:04}" for i in range(4)]
    for name, stamp in before.items():
        assert results(store)[name].stat().st_mtime_ns == stamp, "it was trained again"
    assert statuses() == ["FINISHED"] * 5
    assert "4 of 4 trials" in ended.said
    assert "next: ecglab tune --best tiny-" in ended.said

    # Nothing is left to do, so no process is started.
    tune_tiny.use("trees")
    monkeypatch.setattr(supervisor._Process, "start", None)
    status, said, error = ecglab("tune", "tiny", *map(str, command[1:]))
    assert (status, error) == (0, "")
    assert "all trials have ended, 4 of 4 trials" in said
    assert statuses() == ["FINISHED"] * 5


@pytest.fixture(autouse=True)
def _own_experiments(monkeypatch):
    """`tune_tiny.use` lasts no longer than a test."""
    monkeypatch.setattr(experiment, "load", experiment.load)
    monkeypatch.setattr(experiment, "space", experiment.space)


@needs_proc
def test_a_dead_worker_a_dead_chief_and_a_worker_that_hangs(start, tmp_path):
    store = tmp_path / "mlruns"
    command = start("trees", "--trials", 7, "--tuner", "random", "--workers", 2)
    wait_for(command, lambda: len(results(store)) >= 1)
    send(command, "local-1", signal.SIGKILL)
    wait_for(command, lambda: len(results(store)) >= 3)
    send(command, "chief", signal.SIGKILL)
    wait_for(command, lambda: len(results(store)) >= 4)
    send(command, "local-2", signal.SIGSTOP)
    (pulse,) = store.glob("searches/*/pulse/local-2")
    os.utime(pulse, (0, 0))  # as after a long silence
    ended = end(command)
    assert ended.status == 0, ended.error
    assert "local-1 was ended by SIGKILL: it is started again" in ended.error
    assert "chief was ended by SIGKILL: it is started again" in ended.error
    assert "local-2 has shown no life for " in ended.error
    assert sorted(results(store)) == [f"trial-{i:04}" for i in range(7)]
    for path in results(store).values():
        assert json.loads(path.read_text())["status"] == "completed"
    assert statuses() == ["FINISHED"] * 8
    assert ended.error.count("trial 0006: NAO") == 1


def test_a_failed_trial_is_told_with_its_reason(start, tmp_path):
    ended = end(start("broken", "--trials", 6, "--tuner", "random"))
    assert ended.status == 1
    last = ended.error.splitlines()[-1]
    assert last.startswith("ecglab: 1 trial failed, such as 0001: ValueError: ")
    assert "the space holds no more, 2 of 6 trials" in ended.said
    assert "Traceback" not in ended.error
    failed = [run for run in runs_of() if run.info.status == "FAILED"]
    assert [run.data.tags["ecglab.reason"][:11] for run in failed] == ["ValueError:"]
    assert statuses() == ["FAILED", "FINISHED", "FINISHED"]


def test_a_limit_is_kept(start):
    ended = end(start("trees", "--trials", 500, "--limit", 0.0005, "--workers", 2))
    assert ended.status == 0, ended.error
    assert "the time limit is reached" in ended.said
    assert "RUNNING" not in statuses()


@needs_proc
def test_a_worker_that_shares_nothing_but_the_folder(start, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"ECGLAB_SEARCHES": str(tmp_path / "shared")}
    command = ("trees", "--trials", 3, "--tuner", "random")
    elsewhere = shared | dict(
        zip(supervisor.VARIABLES, ("b1", "127.0.0.1", str(port)), strict=True)
    )
    elsewhere["MLFLOW_TRACKING_URI"] = str(tmp_path / "elsewhere")
    early = end(start(*command, **elsewhere))
    assert early.status == 1
    assert "is not there: begin the search where its chief is" in early.error

    chief = start(*command, "--address", f"127.0.0.1:{port}", **shared)
    wait_for(chief, lambda: list((tmp_path / "shared").glob("*/search.json")))
    worker = end(start(*command, **elsewhere))
    assert worker.status == 0, worker.error
    ended = end(chief)
    assert ended.status == 0, ended.error
    assert "all trials have ended, 3 of 3 trials" in ended.said
    for path in (tmp_path / "shared").glob("*/trial-*/trial.json"):
        assert json.loads(path.read_text())["worker"] == "b1"
    assert not (tmp_path / "elsewhere" / "mlflow.db").exists()
    assert statuses() == ["FINISHED"] * 4


def refusal(*arguments) -> str:
    with pytest.raises(EcglabError) as caught:
        supervisor.team(*arguments)
    return str(caught.value)


def test_who_is_started(monkeypatch):
    assert supervisor.team(0, None) == supervisor.Team(False, ("local-0",), None)
    two = supervisor.team(2, None)
    assert (two.chief, two.workers, two.open) == (True, ("local-1", "local-2"), False)
    assert two.address[0] == "127.0.0.1"
    named = supervisor.team(0, "127.0.0.1")
    assert (named.chief, named.workers, named.open) == (True, (), True)
    assert "--workers -1: give 0 or more" in refusal(-1, None)
    assert "the chief cannot listen at 192.0.2.1:80: " in refusal(1, "192.0.2.1:80")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"the chief cannot listen at {address}: " in refusal(1, address)
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    assert "needs all of KERASTUNER_TUNER_ID, " in refusal(0, None)
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "8000")
    for taken in ("local-1", "mychief"):
        monkeypatch.setenv("KERASTUNER_TUNER_ID", taken)
        assert "take an id without" in refusal(0, None)
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "b1")
    assert supervisor.team(0, None).joining
    assert "this a worker: no --workers" in refusal(2, None)
