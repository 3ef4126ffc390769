"""What a result came from: the code, the libraries and the machine, now."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata

from ecglab.utils.paths import CHECKOUT

LIBRARIES = ("keras", "tensorflow", "jax", "numpy", "scipy", "scikit-learn", "mlflow")


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def code_version() -> str:
    """Version and commit of the code, with "+changes" where files differ from the commit."""
    try:
        version = metadata.version("ecglab")
    except metadata.PackageNotFoundError:  # run from a copied checkout, as on a GPU node
        version = "uninstalled"
    if CHECKOUT is None:  # what git finds around an installed package is another project
        return version

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(CHECKOUT), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = "+changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        return f"{version} {git('rev-parse', '--short=12', 'HEAD')}{changed}"
    except (OSError, subprocess.CalledProcessError):
        return version


def environment() -> dict[str, str]:
    """Versions of Python and the libraries, and the platform."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return {"python": platform.python_version(), "platform": platform.platform(), **versions}
