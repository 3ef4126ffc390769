"""The command line: exit codes, and one clear line for what goes wrong. Nothing is trained."""

import functools
import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from ecglab.datasets import dataset, info, synthetic
from ecglab.training.experiment import names

pack = functools.partial(synthetic.pack, 20)


@pytest.fixture
def refused(ecglab):
    """Run a command that must fail: the one line it says, on stderr alone."""

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
        ("train", "demo", "--resume", "--fresh"),
        ("score",),
        ("predict",),
        ("predict", "x.csv", "--fs", "fast"),
        ("promote",),
        ("lab", "--port", "x"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_how(ecglab, arguments):
    status, out, err = ecglab(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: ecglab")
    assert "error: " in err


COMMANDS = "demo data train track runs score ladder promote predict ui lab"


def test_help_names_every_command(ecglab):
    status, out, err = ecglab("--help")
    assert (status, err) == (0, "")
    for command in COMMANDS.split():
        assert f"\n    {command} " in out
        assert ecglab(command, "--help")[0] == 0
    assert "no medical device" in " ".join(out.split())


# The data set


@pytest.fixture
def few(monkeypatch):
    """The synthetic data set has 20 records."""
    monkeypatch.setattr(synthetic, "pack", pack)


def test_info_without_data_makes_the_synthetic_set_and_says_so(ecglab, few):
    status, out, _ = ecglab("data", "info")
    assert status == 0
    assert out.startswith("synthetic (synthetic)\nSYNTHETIC: made by a simulator, of no person.")
    assert "20, all of them" in out
    data = dataset.open("synthetic")
    assert data.digest in out
    status, again, _ = ecglab("data", "info", "--data", "synthetic", "--labels", "synthetic")
    assert (status, again) == (0, out)


def test_info_of_data_that_is_not_there_says_what_to_do(refused):
    assert "ecglab data fetch" in refused("data", "info", "--data", "cinc2017")
    assert not dataset.path_of("synthetic").exists()


def test_unknown_label_version_is_one_line(refused, few):
    pack()
    assert "no label version 'v9': it has synthetic" in refused("data", "info", "--labels", "v9")


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


# Prediction without a model


def test_prediction_by_a_model_that_was_not_promoted_says_how_to_get_one(refused, tmp_path):
    message = refused("predict", "--model", "models:/ecg-rhythm@champion", "missing.csv")
    assert "there is no model models:/ecg-rhythm@champion" in message
    assert "ecglab promote RUN" in message
    assert not (tmp_path / "mlruns").exists(), "asking makes no store"


def test_prediction_with_nothing_promoted_is_the_shipped_champions(ecglab, tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.normal(size=3000))
    said = {}
    for name in ("champion", "fast"):
        status, out, _ = ecglab(
            "predict", tmp_path / "x.npy", "--fs", 300, "--json", "--model", name
        )
        assert status == 0
        said[name] = out
    assert ecglab("predict", tmp_path / "x.npy", "--fs", 300, "--json")[1] == said["champion"]
    assert said["fast"] != said["champion"]
    assert not (tmp_path / "mlruns").exists(), "asking makes no store"


def test_folder_that_is_no_model_is_one_line(refused, tmp_path):
    assert "nor a package" in refused("predict", "--model", str(tmp_path), "missing.csv")
    (tmp_path / "card.json").write_text("{")
    message = refused("predict", "--json", "--model", str(tmp_path), "missing.csv")
    assert f"{tmp_path} holds no packaged model" in message


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
def test_reader_that_has_gone_is_no_error_message(unbuffered):
    """As in `ecglab data info | head -1`."""
    pack()
    process = subprocess.Popen(
        [sys.executable, "-m", "ecglab.cli.main", "data", "info"],
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
        command = [sys.executable, "-m", "ecglab.cli.main", *arguments]
        assert subprocess.run(command, capture_output=True).returncode == status
