"""The command line: exit codes, and one clear line for what goes wrong. Nothing is trained."""

import os
import re
import socket
import subprocess
import sys

import pytest

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
        (),
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
        assert f"\n    {command} " in out
        assert ecglab(command, "--help")[0] == 0
    assert "not a medical device" in " ".join(out.split())


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


def test_notebooks_are_served_on_this_machine_only(ecglab, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda command: calls.append(command) or 7)
    assert ecglab("lab", "--port", port)[0] == 7
    ((python, _, module, *options),) = calls
    assert (python, module) == (sys.executable, "jupyterlab")
    assert re.search(r"ip[= ]127\.0\.0\.1\b", " ".join(options))
    assert re.search(rf"port[= ]{port}\b", " ".join(options))


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
    assert err.endswith("ecglab: interrupted; the same command goes on from here\n")


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
    for arguments, status in ((["--help"], 0), (["data", "import", str(tmp_path)], 1), ([], 2)):
        command = [sys.executable, "-m", "ecglab", *arguments]
        assert subprocess.run(command, capture_output=True).returncode == status
