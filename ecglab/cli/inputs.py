"""The recordings that a command is given: files, folders, patterns, and lists of names."""

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ecglab.cli.common import UsageError
from ecglab.utils.progress import message

HELP = (
    "a recording; a folder, with those below it; a pattern such as 'data/*.csv'; @LIST, a file "
    "with one name per line; - for one name per line on stdin (./- and ./@x are files)"
)


def collect(arguments: Sequence[str]) -> list[str]:
    """The names of the recordings, in the order given; each one, and each WFDB record, once.

    Of a folder, those files whose suffix is that of a format. A name that is no file stays, so
    that it gets a row with its error. Raises UsageError where an argument names no recording.
    """
    found = [name for argument in arguments for name in _of(argument)]
    kept: dict[str, str] = {}
    for name in found:
        kept.setdefault(_record_of(name), name)
    if len(kept) < len(found):
        left_out = len(found) - len(kept)
        message(f"left out, as given twice or parts of one WFDB record: {left_out:,}")
    return list(kept.values())


def _of(argument: str) -> list[str]:
    """The names that one argument stands for."""
    if argument == "-":
        names, where = _lines(sys.stdin.buffer.read()), "on stdin"
    elif argument.startswith("@"):
        names, where = _listed(argument[1:]), f"in {argument[1:]}"
    else:
        return _expanded(argument)
    if not names:
        raise UsageError(f"there is no name of a recording {where}: one per line is needed")
    return [file for name in names for file in _expanded(name)]


def _listed(path: str) -> list[str]:
    try:
        return _lines(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"@{path}: the list cannot be read ({error.strerror})") from None


def _lines(content: bytes) -> list[str]:
    """The names in a list: one per line, or ended by a zero byte as `find -print0` writes them."""
    separator = b"\0" if b"\0" in content else b"\n"
    names = (os.fsdecode(line.rstrip(b"\r")) for line in content.split(separator))
    return [name for name in names if name]


def _expanded(name: str) -> list[str]:
    """The files of a folder or of a pattern; a name of another kind as it is."""
    if os.path.isdir(name):
        files = list(_below(name))
        if not files:
            raise UsageError(f"{name}: no file in this folder has the suffix of a known format")
        return files
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    files = sorted(glob.glob(name, recursive=True))
    if not files:
        raise UsageError(f"{name}: no file matches this pattern")
    return [file for match in files for file in _expanded(match)]


def _below(folder: str) -> Iterator[str]:
    """The files of known formats in a folder and those below it, sorted; hidden ones left out."""
    from ecglab.readers import READERS

    suffixes = {suffix for reader in READERS for suffix in reader.SUFFIXES}
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield os.path.join(root, name)


def _record_of(name: str) -> str:
    """What is the same for two names of one recording."""
    from ecglab.readers.wfdb_reader import header_of

    try:
        return os.path.abspath(header_of(Path(name)) or name)
    except (OSError, ValueError):  # no name of a file, such as one that is too long
        return name
