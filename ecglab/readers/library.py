"""Imports what a light installation lacks, and says what to install."""

import importlib
from pathlib import Path
from typing import Any

from ecglab.utils import extras
from ecglab.utils.errors import RecordError


def library(path: Path, name: str) -> Any:
    """The module of that name; RecordError, for the file at `path`, where it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise RecordError(f"{path}: {extras.missing(error) or error}") from None
