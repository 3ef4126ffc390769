"""A user's copy of the notebooks, in which nothing that the user changed is lost.

In a checkout the notebooks are generated and hold no outputs; an installed package is replaced by
its next version. So JupyterLab opens a copy, and outputs are saved there.
"""

import json
import shutil
from pathlib import Path

from ecglab.utils import paths, progress
from ecglab.utils.digests import sha256_of
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing, write_json

START = "START.md"
"""The page that JupyterLab opens: what to read, in which order."""

COPIED = ".copied.json"
"""In a working copy: {file: digest of the version that was last copied or put beside}."""

SETTINGS = ".jupyterlab"
"""Folder of a working copy with `OVERRIDES`, in the file that JupyterLab reads."""

OVERRIDES = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}
"""Defaults of JupyterLab, which the user's own settings override: pages are rendered, no news."""

PATTERNS = (START, "[0-9][0-9]_*.ipynb", "pictures/*")


def workspace(source: Path | None = None, folder: Path | None = None) -> Path:
    """The folder of the user's notebooks, with the newest version of each in it.

    source: the notebooks of ecglab; folder: `notebooks/work/` of a checkout, else `notebooks/` of
    the user's data folder. A file that the user has not changed is replaced by a newer version. Of
    a changed one, which may only hold saved outputs, the newer version is put beside it under
    another name, and a line on stderr says so. A file that the user deleted is copied again.
    Raises EcglabError where there are no notebooks to copy or the folder cannot be written.
    """
    source = source or _source()
    folder = folder or (paths.NOTEBOOKS / "work" if paths.CHECKOUT else paths.NOTEBOOKS)
    files = sorted(path for pattern in PATTERNS for path in source.glob(pattern))
    if not files:
        raise EcglabError(
            f"{source}: no notebooks are there; they come with the source code of ecglab"
        )
    try:
        copied = _copied(folder)
        for path in files:
            _update(path, path.relative_to(source), folder, copied)
        write_json(folder / COPIED, copied)
        write_json(folder / SETTINGS / "overrides.json", OVERRIDES)
    except OSError as error:
        raise EcglabError(f"{folder}: {error.strerror or error}") from None
    return folder


def arguments(folder: Path) -> list[str]:
    """Arguments of JupyterLab that open the start page of a working copy."""
    return [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{START}",
        f"--LabApp.app_settings_dir={folder / SETTINGS}",
    ]


def _source() -> Path:
    return paths.NOTEBOOKS if paths.CHECKOUT else Path(__file__).parent.parent / "_notebooks"


def _copied(folder: Path) -> dict[str, str]:
    """What `COPIED` holds; where it is missing or damaged nothing, so all files are the user's."""
    try:
        found = json.loads((folder / COPIED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _update(path: Path, name: Path, folder: Path, copied: dict[str, str]) -> None:
    """Bring one file of a working copy up to date; `copied` is changed."""
    target, key, digest = folder / name, name.as_posix(), sha256_of(path)
    mine = sha256_of(target) if target.exists() else ""
    if mine != digest and mine in ("", copied.get(key)):
        _copy(path, target)
    elif mine != digest and copied.get(key) != digest:
        beside = target.with_stem(f"{target.stem}-new-{digest[:6]}")
        if not beside.exists():
            _copy(path, beside)
        progress.message(f"{target} was changed: its newer version is beside it, {beside.name}")
    copied[key] = digest


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file, path.open("rb") as source:
        shutil.copyfileobj(source, file)
