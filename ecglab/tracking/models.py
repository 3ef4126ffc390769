"""Logging a run's models to MLflow, each with the code that loads it."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.inference.package import read_card
from ecglab.packaging.package import package
from ecglab.training.run_folder import RunFolder

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

CODE = ("utils", "ecg", "inference")
"""The packages that are copied into a logged model: they import nothing else of ecglab."""

REQUIREMENTS = ("mlflow", "numpy", "onnxruntime", "pandas")


def log_model(run: RunFolder, folds: Sequence[int]) -> None:
    """Log the package of these folds of a run as a model of the active MLflow run."""
    part = f" fold {folds[0]}" if len(folds) == 1 < len(run.folds) else ""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "package"
        package(run, folder, folds)
        log_package(folder, part)


def log_package(folder: Path, part: str = "") -> None:
    """Log a package as a pyfunc model of the active MLflow run.

    part: what to add to the run's name to name the model

    It carries its own copy of the code that predicts, so that a process without ecglab loads it.
    """
    import mlflow

    card = read_card(folder)
    with tempfile.TemporaryDirectory() as temporary:
        # MLflow keeps the data under the name of their folder: that of `registry.PACKAGE`.
        data = shutil.copytree(folder, Path(temporary) / "package")
        code = Path(temporary) / "ecglab_model"
        code.mkdir()
        (code / "__init__.py").touch()
        for name in CODE:
            shutil.copytree(
                Path(__file__).parent.parent / name,
                code / name,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        mlflow.pyfunc.log_model(
            name=re.sub(r"""[/:.%"']""", "-", card["name"] + part),  # as MLflow allows it
            loader_module="ecglab_model.inference.pyfunc",
            data_path=str(data),
            code_paths=[str(code)],
            pip_requirements=[f"{name}=={metadata.version(name)}" for name in REQUIREMENTS],
            signature=_signature(card["classes"]["meanings"]),
            metadata={key: card[key] for key in ("name", "scope", "simulated")},
        )


def _signature(codes: Sequence[str]) -> "ModelSignature":
    """The columns of `inference.pyfunc.TablePredictor`, for a model of these classes."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec
    from mlflow.types.schema import AnyType, Array

    from ecglab.inference.pyfunc import columns

    # A rate of any type, as MLflow would refuse whole numbers; the row says what is no rate.
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(Array(DataType.double), "signal"),
        ColSpec(AnyType(), "fs"),
    ]
    types = {str: DataType.string, float: DataType.double}
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(types[kind], name, required=False) for name, kind in columns(codes).items()
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))
