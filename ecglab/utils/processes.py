"""Child processes: limits on what they take, and their end in words."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What reading one file may take.

    seconds: of wall time
    memory: in MB (10^6 bytes), beyond what the process takes before; kept on Linux only
    size: of each file, in MB
    """

    seconds: float = 10.0
    memory: float = 1_000.0
    size: float = 200.0


@contextlib.contextmanager
def deadline(child: subprocess.Popen, seconds: float | None) -> Iterator[threading.Event]:
    """Kill the child where the block takes longer; the event is set then. None for no limit."""
    passed = threading.Event()

    def end() -> None:
        passed.set()
        child.kill()

    timer = threading.Timer(seconds or 0, end)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def end_in_words(status: int) -> str:
    """How a process ended, by its exit status.

    >>> end_in_words(3), end_in_words(-11)
    ('ended with status 3', 'was ended by SIGSEGV')
    """
    if status >= 0:
        return f"ended with status {status}"
    name = signal.Signals(-status).name if -status in list(signal.Signals) else f"signal {-status}"
    hint = ", perhaps because the memory was full" if name == "SIGKILL" else ""
    return f"was ended by {name}{hint}"


def limit_memory(megabytes: float) -> None:
    """Let this process have only so much more private memory, and write no core files (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[5])  # of data and stack
    limit = pages * resource.getpagesize() + int(megabytes * 10**6)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
