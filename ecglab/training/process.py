"""Training in a process of its own: what a network takes of memory comes back only with its end.

A folder is all that the two processes share; the rest is two pipes. By its stdout the child says,
a line of JSON each, that something in the folder has become final, or why it cannot go on. Its
stdin says nothing: it ends when the parent ends, however that may be, and the child with it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError


class EndedError(EcglabError):
    """The child ended without a word of why."""


def train_fold(run: RunFolder, k: int, on_change: Callable[[RunFolder], None]) -> None:
    """`crossval.train_fold` in a process of its own, which lives no longer than this call.

    on_change: told the run folder when something in it has become final
    Raises EcglabError with the child's own words, or saying how its process ended.
    """
    try:
        call(["ecglab.training.process", str(run.path), str(k)], lambda: on_change(run))
    except EndedError as end:
        raise EcglabError(f"fold {k}: {end}; the same command goes on from here") from None


def call(module: list[str], on_change: Callable[[], None]) -> None:
    """`python -m` of a module that serves with `serve`, until its process has ended.

    on_change: called when the child says that something has become final
    Raises EcglabError with the child's own words, and EndedError where it had none.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    # Whatever ends the block, Ctrl-C as well, closes the child's stdin, and then awaits its end.
    with subprocess.Popen([sys.executable, "-m", *module], **pipes) as child, child.stdin:
        for line in child.stdout:
            said = json.loads(line)
            if said["error"]:
                raise EcglabError(said["error"])
            on_change()
        status = child.wait()
    if status:
        raise EndedError(_end(status))


def _end(status: int) -> str:
    """How a process ended that said nothing of it on its pipe."""
    if status > 0:
        return f"its process ended with status {status}, as told above"
    name = signal.Signals(-status).name if -status in list(signal.Signals) else f"signal {-status}"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"


def serve(work: Callable[[Callable[[], None]], None]) -> None:
    """Be the child of `call`: do the work, which is given what it calls when something is final.

    Its EcglabError and OSError are told to the parent in their own words.
    """
    # Ctrl-C reaches both processes: the parent says its line, and we end with the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a library prints is no word of ours

    def tell(error: str = "") -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps({"error": error}), file=pipe)

    try:
        work(tell)
    except (EcglabError, OSError) as error:
        tell(str(error))


def end_with_parent() -> None:
    """Let this process end when its stdin is closed: when its parent has ended."""

    def wait():
        os.read(0, 1)  # returns when the other end is closed
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _main(path: str, k: str) -> None:
    """The child: train fold k of the run folder at `path`."""
    run = RunFolder(Path(path))

    def work(tell):
        # What is heavy only here: by now a Ctrl-C is the parent's alone.
        from ecglab.training import cross_validation as crossval
        from ecglab.utils.files import locked

        # A parent that was killed has left its lock, and its child may need a moment to notice.
        with locked(run.fold(int(k)), "training this fold", patience=10):
            crossval.train_fold(run, int(k), changed=tell)

    serve(work)


if __name__ == "__main__":
    _main(*sys.argv[1:])
