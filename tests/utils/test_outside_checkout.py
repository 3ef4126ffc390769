"""Where things are when ecglab is installed from a package: nothing in the working directory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ecglab

PACKAGE = Path(ecglab.__file__).parent

WRITE = """
from ecglab.utils import paths
from ecglab.utils.files import write_text
for name in "ab":
    write_text(paths.data_dir() / name, "")
print(paths.runs_dir())
"""


@pytest.fixture
def installed(tmp_path):
    """Runs code in a new working directory, with a copy of ecglab.utils and two experiments."""
    site, here = tmp_path / "site", tmp_path / "here"
    shutil.copytree(PACKAGE / "utils", site / "ecglab" / "utils")
    shutil.copyfile(PACKAGE / "__init__.py", site / "ecglab" / "__init__.py")
    (site / "ecglab" / "_experiments").mkdir()
    for name in ("one", "two", "_shared"):
        (site / "ecglab" / "_experiments" / f"{name}.py").touch()
    here.mkdir()
    kept = {k: x for k, x in os.environ.items() if k not in ("ECGLAB_DATA", "MLFLOW_TRACKING_URI")}

    def run(code, **variables) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=here,
            env={**kept, "PYTHONPATH": str(site), "HOME": str(tmp_path / "home"), **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip(), done.stderr

    run.here = here
    return run


def test_everything_is_in_the_users_folder_which_is_announced_once(installed, tmp_path):
    data = tmp_path / "share"
    out, err = installed(WRITE, XDG_DATA_HOME=str(data))
    if not sys.platform.startswith("linux"):
        pytest.skip("XDG_DATA_HOME is Linux's")
    assert out == str(data / "ecglab" / "mlruns" / "runs")
    assert err.startswith(f"data and runs are kept in {data / 'ecglab'} ") and err.count("\n") == 1
    assert sorted(path.name for path in (data / "ecglab" / "data").iterdir()) == ["a", "b"]
    assert installed(WRITE, XDG_DATA_HOME=str(data)) == (out, "")
    assert list(installed.here.iterdir()) == []


def test_a_folder_that_a_variable_names_is_not_announced(installed, tmp_path):
    _, err = installed(WRITE, ECGLAB_DATA=str(tmp_path / "mine"), XDG_DATA_HOME=str(tmp_path))
    assert err == ""
    assert (tmp_path / "mine" / "a").exists()
    assert not (tmp_path / "ecglab").exists()


def test_own_experiments_come_before_those_of_the_package(installed):
    code = "from ecglab.utils import paths; print(*paths.experiments().values())"
    packaged = installed(code)[0].split()
    assert [Path(path).parts[-2:] for path in packaged] == [
        ("_experiments", "one.py"),
        ("_experiments", "two.py"),
    ]
    own = installed.here / "experiments"
    own.mkdir()
    for name in ("two", "three"):
        (own / f"{name}.py").touch()
    found = installed(code)[0].split()
    assert found == [packaged[0], str(own / "three.py"), str(own / "two.py")]
