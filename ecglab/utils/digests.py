"""SHA-256 digests of kept files, so that damage is noticed when they are read."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from .errors import EcglabError
from .files import write_json

MANIFEST = "manifest.json"
"""File of a folder that holds the digest of each of its other files."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """Write the manifest of these files of a folder, as the last step of writing the folder."""
    write_json(folder / MANIFEST, {name: sha256_of(folder / name) for name in sorted(names)})


def read_manifest(folder: Path, remedy: str) -> dict[str, str]:
    """{file: SHA-256} of a folder. remedy: what to do where it is damaged, in words."""
    path = folder / MANIFEST
    try:
        digests = json.loads(path.read_text("utf-8"))
        if not all(isinstance(x, str) for x in digests.values()):
            raise ValueError("a digest is no text")
    except (OSError, ValueError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EcglabError(f"{path} cannot be read ({reason}): {remedy}") from None
    return digests


def check(folder: Path, remedy: str, names: Iterable[str] | None = None) -> None:
    """Check the files of a folder against its manifest. Raises EcglabError.

    names: which are checked, by default all; remedy: what to do about damage, in words
    """
    digests = read_manifest(folder, remedy)
    for name in digests if names is None else names:
        path = folder / name
        if name not in digests:
            raise EcglabError(f"{path} is not in {MANIFEST} beside it: {remedy}")
        if not path.is_file():
            raise EcglabError(f"{path} is missing: {remedy}")
        if sha256_of(path) != digests[name]:
            raise EcglabError(f"{path} is damaged (its SHA-256 is another): {remedy}")
