"""The files of an archive, zipped or unpacked: read in memory, nothing is unpacked to disk."""

import contextlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ecglab.utils.errors import EcglabError

MAX_MEMBER = 10 * 2**20
"""Bytes: far above any member of such an archive, far below what would fill the memory."""

MAX_TOTAL = 2**30

_BAD_ZIP = (
    zipfile.BadZipFile,
    struct.error,
    NotImplementedError,
    ValueError,
    OverflowError,
    EOFError,
)
_BAD_MEMBER = (*_BAD_ZIP, zlib.error, OSError)


class Members:
    """The files of one folder, in a zip or on disk.

    where: name of the archive, for messages; beside: the folder in which the archive stands
    names: of the files
    """

    where: str
    beside: Path
    names: set[str]

    def read(self, name: str) -> bytes:
        """The bytes of one of `names`. Raises EcglabError."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the archive."""

    def text(self, name: str) -> str:
        """The text of one of `names`. Raises EcglabError."""
        return _decoded(self.read(name), f"{self.where}: {name}")


@contextlib.contextmanager
def open_members(path: Path, marker: str, subfolder: str) -> Iterator[Members]:
    """Open the folder that holds the file `marker`, in a zip or on disk.

    path: a zip, or a folder that is it or in which it is called `subfolder`
    Raises EcglabError for what is neither, and for a zip that is damaged, encrypted, too large or
    has members that point outside.
    """
    path = Path(path)
    try:
        if path.is_dir():
            members: Members = _Folder(path, marker, subfolder)
        elif path.is_file():
            members = _Zip(path, marker)
        else:
            raise EcglabError(f"there is no file or folder {path}")
    except OSError as error:
        raise _unreadable(path, error) from None
    with contextlib.closing(members):
        yield members


def read_text(path: Path) -> str:
    """The text of a small file. Raises EcglabError."""
    return _decoded(_read_file(path), str(path))


class _Folder(Members):
    def __init__(self, path: Path, marker: str, subfolder: str):
        path = path.resolve()
        root = next((r for r in (path, path / subfolder) if (r / marker).is_file()), None)
        if root is None:
            raise EcglabError(
                f"{path} has no {marker}, nor has a folder {subfolder} in it: "
                "name the folder that holds the records and their labels"
            )
        self._root = root
        self.where = str(root)
        self.beside = root.parent
        # Names that begin with a dot are what an operating system leaves behind.
        self.names = {p.name for p in self._root.iterdir() if p.name[0] != "." and p.is_file()}

    def read(self, name: str) -> bytes:
        return _read_file(self._root / name)


class _Zip(Members):
    def __init__(self, path: Path, marker: str):
        self.where = path.name
        self.beside = path.absolute().parent
        try:
            self._file = zipfile.ZipFile(path)
        except _BAD_ZIP:
            raise EcglabError(f"{path} is cut, or is not a zip archive: get it again") from None
        self._check()
        members = {PurePosixPath(i.filename): i for i in self._file.infolist() if not i.is_dir()}
        folders = [path.parent for path in members if path.name == marker]
        if len(folders) != 1:
            raise EcglabError(
                f"{self.where} has {len(folders) or 'no'} {marker}: "
                "one is needed, beside the records it labels"
            )
        self._infos = {p.name: info for p, info in members.items() if p.parent == folders[0]}
        self.names = set(self._infos)

    def close(self) -> None:
        self._file.close()

    def _check(self) -> None:
        seen = set()
        for info in self._file.infolist():
            fault = _fault(info) or ("is there twice" if info.filename in seen else None)
            if fault:
                raise EcglabError(f"{self.where}: {info.filename!r} {fault}; it was not imported")
            seen.add(info.filename)
        total = sum(info.file_size for info in self._file.infolist())
        if total > MAX_TOTAL:
            raise EcglabError(
                f"{self.where} would unpack to {total / 2**30:.1f} GiB, more than the "
                f"{MAX_TOTAL / 2**30:g} GiB allowed; it was not imported"
            )

    def read(self, name: str) -> bytes:
        info = self._infos[name]
        try:
            # Never more than the declared size, which was checked: the stream itself may lie.
            with self._file.open(info) as member:
                content = member.read(info.file_size)
        except _BAD_MEMBER as error:
            raise _damaged(f"{self.where}: {name}", error) from None
        if len(content) != info.file_size:
            raise _damaged(f"{self.where}: {name}", "shorter than declared")
        return content


def _fault(info: zipfile.ZipInfo) -> str | None:
    """What forbids reading a member, None for a good one."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "points outside the archive"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed by a method that is not supported"
    if info.file_size > MAX_MEMBER:
        return f"would unpack to {info.file_size / 2**20:,.0f} MiB, more than a record has"
    return None


def _read_file(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_MEMBER + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(content) > MAX_MEMBER:
        raise EcglabError(f"{path} is larger than {MAX_MEMBER / 2**20:.0f} MiB: not a record's")
    return content


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _damaged(where, "not text") from None


def _unreadable(path: Path, error: OSError) -> EcglabError:
    return EcglabError(f"cannot read {path}: {error.strerror or error}")


def _damaged(where: str, error: object) -> EcglabError:
    return EcglabError(f"{where} is damaged ({error}): get the archive again")
