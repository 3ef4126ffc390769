"""A page as PDF, printed by a browser that is on the machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing

_NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
)

PATIENCE = 120
"""Seconds that the browser may take."""


def browser() -> str | None:
    """Path of a Chromium, Chrome or Edge on this machine; None without one."""
    found = (path for path in map(shutil.which, _NAMES) if path)
    return next(found, None) or next((path for path in _PATHS if Path(path).is_file()), None)


def write(page: Path, path: Path) -> None:
    """Print an HTML page to a PDF, whole or not at all.

    Raises EcglabError where there is no such browser, or where it fails.
    """
    program = browser()
    if program is None:
        raise EcglabError(
            "no Chromium, Chrome or Edge was found, which makes the PDF: install one, or open "
            f"{page} in a browser and print it to a file"
        )
    with tempfile.TemporaryDirectory(prefix="ecglab-") as folder:
        printed = Path(folder) / "page.pdf"
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # for whom it has no sandbox
        command = [
            *(program, "--headless", "--disable-gpu", *(["--no-sandbox"] if root else [])),
            *(f"--user-data-dir={folder}/profile", "--no-pdf-header-footer"),
            *(f"--print-to-pdf={printed}", page.resolve().as_uri()),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
            content = printed.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise EcglabError(
                f"{program} could not print {page} ({type(error).__name__}): open it in a browser "
                "and print it to a file"
            ) from None
    with replacing(path) as file:
        file.write(content)
