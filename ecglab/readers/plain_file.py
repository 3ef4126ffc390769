"""Opening files that others made: plain files only, of a bounded size, and next to their header.

A reader opens what the user named with `open_plain(path)`, and what a header names with
`open_plain(named_by(header, name))`. A library that opens a file by its path gets
`str(checked(path))`. All raise RecordError.
"""

import math
import os
import stat
from pathlib import Path
from typing import BinaryIO

from ecglab.utils.errors import RecordError

_MEGABYTE = 10**6
_max_bytes = math.inf

_KINDS = {
    stat.S_IFDIR: "is a folder: name a file in it",
    stat.S_IFIFO: "is a pipe, not a file: save its content in a file",
    stat.S_IFSOCK: "is a socket, not a file",
    stat.S_IFCHR: "is a device, not a file",
    stat.S_IFBLK: "is a device, not a file",
}


def limit_size(megabytes: float) -> None:
    """Refuse files of more than so many MB (10^6 bytes) from now on, in this process."""
    global _max_bytes
    _max_bytes = megabytes * _MEGABYTE


def checked(path: Path) -> Path:
    """`path`, where it is a plain file that is not too large; it is not opened.

    Raises RecordError for a folder, pipe, socket or device, also behind a link; for a file that is
    not there or may not be read; and for one above the limit of `limit_size`.
    """
    try:
        _check(path, os.stat(path))
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise _unreadable(path, error) from None
    return path


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading bytes. Raises RecordError as `checked` does."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    # Without O_NONBLOCK, opening a pipe waits for its writer.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    checked(path)
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    file = os.fdopen(descriptor, "rb")
    try:
        _check(path, os.fstat(descriptor))  # it may have been replaced in between
    except RecordError:
        file.close()
        raise
    return file


def content_of(path: Path, n_bytes: int = -1) -> bytes:
    """The first bytes of a plain file, all by default. Raises RecordError as `checked` does."""
    with open_plain(path) as file:
        try:
            return file.read(n_bytes)
        except OSError as error:
            raise _unreadable(path, error) from None


def named_by(header: Path, name: str) -> Path:
    """The path of the file that a header names.

    Raises RecordError unless it is a name, without folders, of a plain file in the folder of the
    header. A link that leads out of the folder is refused.
    """
    if not name or name in (".", "..") or any(c in name for c in "/\\:\0"):
        raise RecordError(f"{header}: {name[:60]!r} is not the name of a file beside it")
    path = header.parent / name
    if not path.exists():
        raise RecordError(
            f"{header}: {name[:60]} is missing beside it: copy all files of the recording"
        )
    if path.resolve().parent != header.parent.resolve():
        raise RecordError(f"{header}: {name[:60]} is a link that leads out of its folder")
    return checked(path)


def _check(path: Path, found: os.stat_result) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        raise RecordError(f"{path}: {_KINDS.get(kind, 'is not a file')}")
    if found.st_size > _max_bytes:
        raise RecordError(
            f"{path}: {found.st_size / _MEGABYTE:,.0f} MB, more than the "
            f"{_max_bytes / _MEGABYTE:,.0f} MB allowed (--max-size MB allows more)"
        )


def _unreadable(path: Path, error: OSError | ValueError) -> RecordError:
    if isinstance(error, FileNotFoundError):
        return RecordError(f"{path}: there is no such file")
    reason = getattr(error, "strerror", None) or error
    return RecordError(f"{path}: cannot be read ({reason})")
