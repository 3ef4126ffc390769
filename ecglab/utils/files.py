"""Files that are whole or not there: write beside, then rename; one writer at a time."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .errors import EcglabError
from .progress import message

_PARTIAL = ".partial"


def make_folder(path: Path) -> None:
    """Make a folder and those above it. The first in the user's data folder is announced."""
    from .paths import ROOT  # here, for a model that was logged needs no such folder

    first = not ROOT.exists() and path.resolve().is_relative_to(ROOT)
    path.mkdir(parents=True, exist_ok=True)
    if first:
        message(
            f"data and runs are kept in {ROOT} "
            "(ECGLAB_DATA and MLFLOW_TRACKING_URI name other folders)"
        )


@contextlib.contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO]:
    """Open a file beside `path` that takes its place only when the block ends without error.

    A kill leaves at most `NAME.partial`, which the next writer overwrites. A full disk or a
    refused write raises EcglabError and leaves what was at `path` as it was.
    """
    path = Path(path)
    partial = path.with_name(path.name + _PARTIAL)
    encoding = None if "b" in mode else "utf-8"
    try:
        make_folder(path.parent)
        with open(partial, mode, encoding=encoding, newline="\n" if encoding else None) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with contextlib.suppress(OSError):  # where nothing can be written, nothing is left over
            partial.unlink()
        if isinstance(error, OSError):
            raise EcglabError(
                f"cannot write {path}: {error.strerror or error}; nothing was changed there"
            ) from error
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path, "w") as file:
        file.write(text)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """The contents of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


@contextlib.contextmanager
def locked(path: Path, doing: str, patience: float = 0) -> Iterator[None]:
    """Hold `path`.lock while the block runs; EcglabError when another process holds it.

    patience: for how many seconds to wait for it
    The lock goes with the process that holds it, so a kill leaves nothing to clean up.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(Path(path).with_name(f".{Path(path).name}.lock"))
    try:
        make_folder(Path(path).parent)
        lock.acquire(timeout=patience)
    except Timeout:
        raise EcglabError(
            f"another process is {doing} ({path}): wait until it has ended, then try again"
        ) from None
    except OSError as error:
        raise EcglabError(f"cannot write {path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()
