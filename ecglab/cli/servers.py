"""Commands that serve pages to a browser on this machine: ui, lab."""

import os
import subprocess
import sys

from ecglab.cli.common import command
from ecglab.utils.errors import EcglabError


def add(commands) -> None:
    ui = command(commands, "ui", _ui, "show the runs in the MLflow UI, on this machine only")
    ui.add_argument("--port", type=int, default=5000, help="default: %(default)s")
    lab = command(commands, "lab", _lab, "open the notebooks in JupyterLab, on this machine only")
    lab.add_argument("--port", type=int, default=8888, help="default: %(default)s")


def _ui(options) -> int:
    from ecglab.tracking import tracker
    from ecglab.utils.paths import tracking_uri

    uri = tracking_uri()
    if not uri.startswith("sqlite:///"):
        raise EcglabError(f"the store is a server: open {uri} in a browser")
    _check_port(options.port)
    print(f"MLflow UI of {uri} on this machine only; Ctrl-C ends it", flush=True)
    for data, simulated in ("recordings", False), ("simulated data", True):
        # Straight to the runs: MLflow's first page is about language models.
        for what, name in ("runs", tracker.RUNS), ("searches", tracker.SEARCHES):
            page = f"#/experiments/{tracker.experiment_id(simulated, name)}/runs"
            line = f"  {what + ' on ' + data:<26}  http://127.0.0.1:{options.port}/{page}"
            print(line, flush=True)
    server = ["mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    # One worker and no job runners: for one person MLflow would start a dozen processes.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    return _serve([*server, "--workers", "1", "--port", str(options.port)])


def _lab(options) -> int:
    from ecglab.utils.paths import NOTEBOOKS

    _check_port(options.port)
    where = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={options.port}"]
    # Jupyter refuses to start for root without this, as in a container.
    where += [f"--ServerApp.root_dir={NOTEBOOKS}", "--ServerApp.allow_root=True"]
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
    """Run a server in the foreground until Ctrl-C; returns its exit status."""
    import importlib.util

    if importlib.util.find_spec(module[0]) is None:
        raise ModuleNotFoundError(f"No module named {module[0]!r}", name=module[0])
    try:
        return subprocess.call([sys.executable, "-m", *module])
    except KeyboardInterrupt:
        return 0
