"""Commands that serve pages to a browser on this machine: ui, lab."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from types import FrameType

from ecglab.cli.common import Commands, command
from ecglab.utils import extras
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message

PATIENCE = 10.0
"""Seconds that a server has to end by itself before it is killed."""


def add(commands: Commands) -> None:
    text = "Show the runs in the MLflow UI. It is served on this machine only, until Ctrl-C."
    ui = command(commands, "ui", _ui, text, "ecglab ui --port 5001")
    ui.add_argument("--port", type=int, default=5000, help="port of this machine")
    text = "Open the notebooks in JupyterLab. It is served on this machine only, until Ctrl-C."
    lab = command(commands, "lab", _lab, text, "ecglab lab --port 8889")
    lab.add_argument("--port", type=int, default=8888, help="port of this machine")


def _ui(options: argparse.Namespace) -> int:
    extras.require("train")
    from ecglab.tracking import views
    from ecglab.utils.paths import tracking_uri

    uri = tracking_uri()
    if not uri.startswith("sqlite:///"):
        raise EcglabError(f"the store is a server: open {uri} in a browser")
    _check_port(options.port)
    pages = views.pages(options.port)
    message(f"MLflow UI of {uri} on this machine only; Ctrl-C ends it")
    for title, url in pages:
        print(f"  {title:<29}  {url}", flush=True)
    server = ["mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    # One worker and no job runners: for one person MLflow would start a dozen processes.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    return _serve([*server, "--workers", "1", "--port", str(options.port)])


def _lab(options: argparse.Namespace) -> int:
    extras.require("notebooks")
    from ecglab.analysis import lab

    _check_port(options.port)
    where = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={options.port}"]
    # Jupyter refuses to start for root without this, as in a container.
    folder = lab.workspace()
    where += ["--ServerApp.allow_root=True", *lab.arguments(folder)]
    message(f"the notebooks are in {folder}; Ctrl-C ends JupyterLab")
    return _serve(["jupyterlab", *where])


def _check_port(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EcglabError(
                f"port {port} cannot be used ({error.strerror}): name another with --port"
            ) from None


def _serve(module: list[str]) -> int:
    """Run a server, with all processes that it starts, until Ctrl-C, SIGTERM or SIGHUP.

    Returns its exit status where it ends by itself, else 0.
    """

    server: subprocess.Popen | None = None
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        if server is not None:  # else the process that is being started would be left behind
            raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    try:
        # A session of its own is a process group of its own, which ends as a whole.
        server = subprocess.Popen([sys.executable, "-m", *module], start_new_session=True)
        return 0 if stopped else server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if server is not None:
            _end(server)


def _end(server: subprocess.Popen) -> None:
    """End a server and all that it started: first with SIGTERM, then with SIGKILL."""
    _signal(server, "SIGTERM")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(PATIENCE)
    deadline = time.monotonic() + 1  # for those that it started
    while _signal(server, "SIGTERM") and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(server, "SIGKILL")
    server.wait()


def _signal(server: subprocess.Popen, name: str) -> bool:
    """Send a signal to a server's process group; whether anything of it was left."""
    if os.name == "nt":
        server.terminate()
        return False
    try:
        os.killpg(server.pid, getattr(signal, name))
    except (ProcessLookupError, PermissionError):  # the latter on macOS
        return False
    return True
