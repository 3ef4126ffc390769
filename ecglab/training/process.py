"""Work in a child process, because a network's memory is freed only when its process ends.

A folder is all that the two processes share; the rest is two pipes. Through its stdout the child
sends a line of JSON whenever something in the folder has become final, or to report why it cannot
go on. Its stdin carries nothing: it closes when the parent ends, however that happens, and the
child ends with it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, cast

from ecglab.utils.errors import EcglabError
from ecglab.utils.processes import deadline, end_in_words
from ecglab.utils.progress import message

SPINS = {"GOMP_SPINCOUNT": "1000"}
"""How often a thread of scikit-learn's trees looks whether the others are done before it sleeps.

With GCC's own count a training beside busy processes takes ten times as long or longer; alone it
takes as long as with this one. A value in the environment wins.
"""


class EndedError(EcglabError):
    """The child ended without reporting why."""


def call(
    module: Sequence[str],
    on_change: Callable[[], None],
    *,
    attempts: int = 1,
    patience: float | None = None,
) -> None:
    """Run `python -m MODULE ARGUMENTS...`, which calls `serve`, until it has done its work.

    on_change: called when the child reports that something has become final
    attempts: how often the child is started before its end from outside (a signal, a crash) counts
    patience: seconds without a report after which the child is ended; None for no limit
    Raises EcglabError with what the child reported, and EndedError where it reported nothing.
    """
    for attempt in range(1, attempts + 1):
        try:
            _call_once(module, on_change, patience)
            return
        except EndedError as end:
            if attempt == attempts:
                raise
            message(f"{end}; starting it again ({attempt + 1} of {attempts})")


def _call_once(
    module: Sequence[str], on_change: Callable[[], None], patience: float | None
) -> None:
    command, pipe = [sys.executable, "-m", *module], subprocess.PIPE
    environment = {**SPINS, **os.environ}
    # Whatever ends the block, Ctrl-C included, closes the child's stdin and then awaits its end.
    with (
        subprocess.Popen(
            command, stdin=pipe, stdout=pipe, encoding="utf-8", env=environment
        ) as child,
        cast(IO[str], child.stdin),
    ):
        while True:
            with deadline(child, patience) as silent:
                line = cast(IO[str], child.stdout).readline()
            if not line:
                break
            report = json.loads(line)
            if report["error"]:
                raise EcglabError(report["error"])
            on_change()
        status = child.wait()
    if silent.is_set():
        raise EndedError(f"its process showed no sign of life for {patience:g} s")
    if status:
        lines = "; its last lines are above" if status > 0 else ""
        raise EndedError(f"its process {end_in_words(status)}{lines}")


def serve(work: Callable[[Callable[[], None]], None]) -> None:
    """Do the work of a child of `call`.

    work: takes the function that it calls when something has become final
    Its EcglabError and OSError are reported to the parent.
    """
    # Ctrl-C reaches both processes: the parent prints its line, and we end with the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a library prints is no report of ours

    def report(error: str = "") -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps({"error": error}), file=pipe)

    try:
        work(report)
    except (EcglabError, OSError) as error:
        report(str(error))


def _end_with_parent() -> None:
    """End this process when its stdin closes: when its parent has ended."""

    def wait() -> None:
        os.read(0, 1)  # returns when the other end is closed
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
