"""Where things are: the one place that knows the folders and the environment variables."""

import os
from pathlib import Path

from .errors import EcglabError

_CHECKOUT = Path(__file__).resolve().parent.parent.parent
ROOT = _CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd()
EXPERIMENTS = ROOT / "experiments"
NOTEBOOKS = ROOT / "notebooks"
PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"


def data_dir() -> Path:
    """Folder of the packed data sets: `ECGLAB_DATA`, or `data/` of the project."""
    return Path(os.environ.get("ECGLAB_DATA") or ROOT / "data").resolve()


def tracking_uri() -> str:
    """MLflow's store: `MLFLOW_TRACKING_URI` (a URI, or a folder), or SQLite in `mlruns/`.

    The same from whatever folder one works in: paths are made absolute here.
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
    """Folder of an SQLite store; `mlruns/` of the project for a store that is a server."""
    uri = tracking_uri()
    if uri.startswith("sqlite:///"):
        return Path(uri.removeprefix("sqlite:///")).parent
    return ROOT / "mlruns"


def runs_dir() -> Path:
    """Folder of the run folders, in which training keeps its state."""
    return store_dir() / "runs"


def searches_dir() -> Path:
    """Folder of the searches: `ECGLAB_SEARCHES`, which several machines share, or beside runs."""
    return Path(os.environ.get("ECGLAB_SEARCHES") or store_dir() / "searches").resolve()
