"""What the tests share: the real recordings where they are named, loudly skipped where not."""

import functools
import os
from pathlib import Path
from types import SimpleNamespace

# For the trees, and whatever a test starts: on few records threads only wait for each other. Set
# before NumPy and scikit-learn are imported, which read it then.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """No test touches the person's data or runs."""
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "mlruns"))


def _named(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: NOT TESTED ON REAL RECORDINGS")
    path = Path(value)
    if not path.exists():
        pytest.fail(f"{variable} names {path}, which is not there")
    return path


@pytest.fixture(scope="session")
def archive() -> Path:
    """The real archive, training2017.zip, named by ECGLAB_ARCHIVE."""
    return _named("ECGLAB_ARCHIVE")


@pytest.fixture(scope="session")
def formats() -> Path:
    """The folder of sample recordings in other formats, named by ECGLAB_FORMATS."""
    return _named("ECGLAB_FORMATS")


@pytest.fixture(scope="session")
def long() -> Path:
    """The folder of longer recordings with annotations, named by ECGLAB_LONG."""
    return _named("ECGLAB_LONG")


@pytest.fixture(scope="session")
def packed(tmp_path_factory) -> Path:
    """A data folder with 60 synthetic records and the features of all, and of those of trials."""
    from ecglab.datasets import dataset, splits
    from ecglab.training import features

    folder = tmp_path_factory.mktemp("packed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(60, seed=3)
        everything = dataset.open("synthetic")
        for records in (everything, everything.select(splits.folds(everything) != 0)):
            features.stored(records)
    return folder


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def ecglab(capsys):
    """Run a command: (exit status, stdout, stderr)."""
    from ecglab.cli import main as cli

    def run(*arguments):
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = end.code
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def own_results(tmp_path, monkeypatch):
    """Results are kept and their page is written where nothing is committed.

    Every experiment's own settings are those of `run_maker.OWN`, so that Keras need not be loaded.
    """
    import run_maker

    from ecglab.reports import leaderboard, results
    from ecglab.training import experiment

    monkeypatch.setattr(results, "RESULTS", tmp_path / "experiments" / "results")
    monkeypatch.setattr(leaderboard, "PAGE", tmp_path / "experiments" / "README.md")
    monkeypatch.setattr(leaderboard, "README", tmp_path / "README.md")
    own = SimpleNamespace(flat=lambda: experiment.flat(run_maker.OWN))
    monkeypatch.setattr(experiment, "load", lambda name: own)


@pytest.fixture
def finished(tmp_path):
    """Makes run folders: `run_maker.make` without its first argument."""
    import run_maker

    return functools.partial(run_maker.make, tmp_path)


def pytest_terminal_summary(terminalreporter):
    variables = ("ECGLAB_ARCHIVE", "ECGLAB_FORMATS", "ECGLAB_LONG")
    for variable in (v for v in variables if not os.environ.get(v)):
        terminalreporter.write_line(
            f"NOT TESTED ON REAL RECORDINGS: set {variable} to test on them too", red=True
        )
