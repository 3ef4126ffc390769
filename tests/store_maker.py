"""An empty MLflow store, copied instead of made: MLflow takes seconds to make one."""

import functools
import tempfile
from pathlib import Path

import pytest


@functools.cache
def _empty() -> bytes:
    from ecglab.tracking import tracker

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", folder)
        tracker.mlflow().MlflowClient().search_experiments()
        return (Path(folder) / "mlflow.db").read_bytes()


def put(folder: Path) -> None:
    """Put an empty store into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlflow.db").write_bytes(_empty())
