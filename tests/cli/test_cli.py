"""The command line: exit codes, and one clear line for what goes wrong. Nothing is trained."""

import argparse
import importlib.util
import os
import re
import shlex
import signal
import socket
import subprocess
import sys

import pytest
from processes import is_gone, needs_proc

from ecglab.cli import main, servers
from ecglab.datasets import dataset, info
from ecglab.training.experiment import names


@pytest.fixture
def refused(ecglab):
    """Run a command that must fail: the one line that it prints, on stderr alone."""

    def run(*arguments: str) -> str:
        status, out, err = ecglab(*arguments)
        assert status == 1
        assert out == ""
        assert err.startswith("ecglab: ")
        assert err.count("\n") == 1 and err.endswith("\n")
        return err

    return run


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("data",),
        ("data", "import"),
        ("train",),
        ("train", "demo", "--epochs", "3"),
        ("train", "demo", "--records", "many"),
        ("train", "demo", "--resume"),
        ("score",),
        ("predict",),
        ("predict", "x.csv", "--fs", "fast"),
        ("promote",),
        ("package",),
        ("evaluate",),
        ("lab", "--port", "x"),
    ],
)
def test_wrong_usage_exits_with_2_and_shows_the_usage(ecglab, arguments):
    status, out, err = ecglab(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: ecglab")
    assert "error: " in err


COMMANDS = """demo data train track runs tune score leaderboard promote demote package predict
    evaluate ui lab"""


def test_help_names_every_command(ecglab):
    status, out, err = ecglab("--help")
    assert (status, err) == (0, "")
    for command in COMMANDS.split():
        assert f"\n  {command} " in out
    assert "not a medical device" in " ".join(out.split())
    assert "to ~/.zshrc:\n  autoload -Uz compinit && compinit\n" in out
    assert out.count('  eval "$(register-python-argcomplete ecglab)"\n') == 2


def test_without_a_command_it_prints_its_help(ecglab):
    assert ecglab() == (0, ecglab("--help")[1], "")


def test_version(ecglab):
    import ecglab as package

    assert ecglab("--version") == (0, f"ecglab {package.__version__}\n", "")


def commands(parser, name="ecglab"):
    """(name, parser) of every command, "data info" included."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for part, other in action.choices.items():
                yield f"{name} {part}", other
                yield from commands(other, f"{name} {part}")


@pytest.mark.parametrize(("name", "parser"), list(commands(main.parser())))
def test_each_command_explains_itself_with_an_example_that_parses(ecglab, name, parser):
    status, out, err = ecglab(*name.split()[1:], "--help")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"[A-Z].*\.", parser.description), "it is in sentences"
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action
    examples = [line[2:] for line in parser.epilog.splitlines() if line.startswith("  ")]
    assert examples
    for example in examples:
        assert example.startswith(name) and f"\n  {example}\n" in out
        assert main.parser().parse_args(shlex.split(example)[1:]).run


@pytest.mark.parametrize(
    ("command", "default"),
    [("ui", 5000), ("tune", 30), ("data split", 0), ("data import", 300.0), ("tune", "bayesian")],
)
def test_help_has_defaults(ecglab, command, default):
    assert f"(default: {default})" in " ".join(ecglab(*command.split(), "--help")[1].split())


def test_a_light_installation_names_the_extra_and_prints_nothing_else(refused, monkeypatch):
    find = importlib.util.find_spec
    absent = {"tensorflow", "jupyterlab"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda x: None if x in absent else find(x))
    for command, library, extra in (
        ("demo", "tensorflow", "train"),
        ("ui", "tensorflow", "train"),
        ("lab", "jupyterlab", "notebooks"),
    ):
        message = f"needs the package {library}: pip install 'ecglab[{extra}]'"
        assert message in refused(command)


# Settings


@pytest.mark.parametrize("name", names())
def test_every_setting_has_its_value_and_meaning(ecglab, name):
    from ecglab.training import experiment

    chosen = experiment.load(name).set(["seed=1"])
    status, out, err = ecglab("train", name, "--help-settings", "--set", "folds=2")
    assert (status, err) == (0, "")
    shown = dict(re.findall(r"^(\S+?)=(.*?)  +\S", out, re.MULTILINE))
    assert shown.pop("folds") == "2"
    for key, value in chosen.flat().items():
        if key not in (*chosen.fixed, "folds"):
            assert shown.pop(key) == experiment.as_text(value)
    assert shown == {}


# Completion


def completions(line: str, tmp_path) -> list[str]:
    """What Tab offers after a line, as the shell asks for it."""
    answer = tmp_path / "answer"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "ARGCOMPLETE_USE_TEMPFILES": "1",
    }
    process = subprocess.run(
        [sys.executable, "-m", "ecglab"], env=environment, cwd=tmp_path, capture_output=True
    )
    assert process.stdout == b""
    return answer.read_text().split("\n")


@pytest.fixture
def named(tmp_path):
    """A data set, a run and a search of these names."""
    for file in (
        "data/clinic.arrow",
        "mlruns/runs/run-1/run.json",
        "mlruns/searches/s-1/search.json",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("ecglab tr", {"train", "track"}),
        ("ecglab train rr_trees_", {"rr_trees_tuned"}),
        ("ecglab train rr_trees --data c", {"clinic", "cinc2017"}),
        ("ecglab tune --best s", {"s-1"}),
        ("ecglab promote r", {"run-1"}),
        ("ecglab package ru", {"run-1"}),
        ("ecglab predict --model fa", {"fast"}),
        ("ecglab evaluate d", {"default", "data/"}),
        ("ecglab tune --tuner h", {"hyperband"}),
    ],
)
def test_names_complete(named, tmp_path, line, names):
    assert {name.rstrip() for name in completions(line, tmp_path)} == names


# The data set


@pytest.fixture
def few():
    """The synthetic data set has 30 records."""
    dataset.make_synthetic(30)


def test_info_without_data_describes_the_synthetic_set(ecglab, few):
    status, out, _ = ecglab("data", "info")
    assert status == 0
    assert out.startswith("synthetic")
    assert "SIMULATED" in out
    data = dataset.open("synthetic")
    assert data.digest in out
    version = data.label_version
    status, again, _ = ecglab("data", "info", "synthetic", "--labels", version)
    assert (status, again) == (0, out)


def test_info_of_data_that_is_not_there_says_what_to_do(refused):
    assert "ecglab data fetch" in refused("data", "info", "cinc2017")
    assert not dataset.path_of("synthetic").exists()


def test_unknown_label_version_is_one_line(refused, few):
    assert "no label version 'v9': it has " in refused("data", "info", "--labels", "v9")


def test_import_of_nothing_is_one_line(refused, tmp_path):
    message = refused("data", "import", str(tmp_path / "training2017.zip"))
    assert "training2017.zip" in message


# Training that does not begin


def test_unknown_experiment_lists_the_known(refused):
    message = refused("train", "resnet")
    assert "there is no experiment 'resnet'" in message
    assert ", ".join(names()) in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "epoch=3"], "unknown key 'epoch': did you mean epochs?"),
        (["--set", "epochs=0"], "epochs=0 is impossible: it must be at least 1"),
        (["--set", "folds=1", "--set", "network.widths=a"], "numbers with commas"),
        (["--records", "-5"], "records=-5 is impossible"),
    ],
)
def test_wrong_configuration_is_one_line_and_leaves_nothing(refused, tmp_path, arguments, words):
    assert words in refused("train", "demo", *arguments)
    assert not (tmp_path / "mlruns").exists()


# Servers


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_notebooks_are_served_on_this_machine_only(ecglab, monkeypatch, port, tmp_path):
    calls = []
    monkeypatch.setattr(servers, "_serve", lambda module: calls.append(module) or 7)
    monkeypatch.setattr("ecglab.analysis.lab.workspace", lambda: tmp_path)
    assert ecglab("lab", "--port", port)[0] == 7
    ((module, *options),) = calls
    assert module == "jupyterlab"
    assert re.search(r"ip[= ]127\.0\.0\.1\b", " ".join(options))
    assert re.search(rf"port[= ]{port}\b", " ".join(options))


SERVER = """
import os, signal, subprocess, sys, time
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


@needs_proc
@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_ends_with_all_that_it_started(tmp_path, number, stubborn):
    (tmp_path / "server.py").write_text(SERVER.format(stubborn=stubborn))
    code = (
        "from ecglab.cli import servers; servers.PATIENCE = 0.5; "
        "raise SystemExit(servers._serve(['server']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    pids = [int(pid) for pid in process.stdout.readline().split()]
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    process.stdout.close()
    assert len(pids) == 2 and all(is_gone(pid) for pid in pids)


def test_ui_of_a_server_names_it(refused, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert "open http://127.0.0.1:9 in a browser" in refused("ui")


# How it ends


def test_interrupt_exits_with_130_and_one_line(ecglab, few, monkeypatch):
    def interrupt(data):
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "describe", interrupt)
    status, out, err = ecglab("data", "info")
    assert (status, out) == (130, "")
    assert err.endswith("ecglab: interrupted\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_reader_that_has_gone_is_no_error_message(few, unbuffered):
    """As in `ecglab data info | head -1`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ecglab", "data", "info"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_exit_status_is_that_of_the_process(tmp_path):
    for arguments, status in (
        (["--help"], 0),
        (["data", "import", str(tmp_path)], 1),
        (["fly"], 2),
    ):
        command = [sys.executable, "-m", "ecglab", *arguments]
        assert subprocess.run(command, capture_output=True).returncode == status
