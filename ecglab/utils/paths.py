"""The folders that ecglab uses, and the environment variables that change them.

In a checkout everything is in the checkout. Elsewhere, data and runs are in the user's data folder
(such as `~/.local/share/ecglab`), and experiments come with the package.
"""

import os
from pathlib import Path

from .errors import EcglabError

_PACKAGE = Path(__file__).resolve().parent.parent

CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None
"""The folder of the source code, None where ecglab is installed from a package."""


def _root() -> Path:
    if CHECKOUT:
        return CHECKOUT
    from platformdirs import user_data_path

    return user_data_path("ecglab", appauthor=False).resolve()


ROOT = _root()
"""The checkout, or else the user's data folder, which is made when something is written there."""


EXPERIMENTS = ROOT / "experiments"
"""Where kept results are, and experiments that ecglab writes."""

PACKAGED_EXPERIMENTS = _PACKAGE / "_experiments"
"""The experiments that are installed with the package; not there in a checkout."""

NOTEBOOKS = ROOT / "notebooks"
PRETRAINED = _PACKAGE / "pretrained"


def experiments() -> dict[str, Path]:
    """{name: file} of all experiments.

    Outside a checkout those in `experiments/` of the working directory come first, then those in
    EXPERIMENTS, then those of the package.
    """
    folders = [EXPERIMENTS] if CHECKOUT else [PACKAGED_EXPERIMENTS, EXPERIMENTS]
    folders += [] if CHECKOUT else [Path.cwd() / "experiments"]
    files = {path.stem: path for folder in folders for path in folder.glob("[!_]*.py")}
    return dict(sorted(files.items()))


def data_dir() -> Path:
    """Folder of the packed data sets: `ECGLAB_DATA`, or `data/` of ROOT."""
    return Path(os.environ.get("ECGLAB_DATA") or ROOT / "data").resolve()


def tracking_uri() -> str:
    """MLflow's store: `MLFLOW_TRACKING_URI` (a URI, or a folder), or SQLite in `mlruns/` of ROOT.

    Paths are made absolute, so that they do not depend on the working directory.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or str(ROOT / "mlruns")
    if "://" not in uri:
        return f"sqlite:///{Path(uri).resolve() / 'mlflow.db'}"
    scheme, _, rest = uri.partition("://")
    if scheme == "file":
        raise EcglabError(
            f"MLFLOW_TRACKING_URI={uri}: MLflow no longer keeps runs in plain files; "
            "name the folder without 'file://' and ecglab keeps an SQLite store in it"
        )
    if scheme == "sqlite":
        return f"sqlite:///{Path(rest.removeprefix('/')).resolve()}"
    return uri


def store_dir() -> Path:
    """Folder of an SQLite store; `mlruns/` of ROOT for a store that is a server."""
    uri = tracking_uri()
    if uri.startswith("sqlite:///"):
        return Path(uri.removeprefix("sqlite:///")).parent
    return ROOT / "mlruns"


def runs_dir() -> Path:
    """Folder of the run folders, in which training keeps its state."""
    return store_dir() / "runs"


def searches_dir() -> Path:
    """Folder of the searches: `ECGLAB_SEARCHES`, or `searches` beside the runs."""
    return Path(os.environ.get("ECGLAB_SEARCHES") or store_dir() / "searches").resolve()
