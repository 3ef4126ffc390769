"""Reading files that others made in a process of its own, with limits on time, memory and size.

A file can hold anything, and much of what parses it is written in C. What hangs, fills the memory
or crashes ends this process alone: its file is refused in one line, and a new process reads the
next one.

The processes share two pipes. A request is a JSON object, and so is the reply: an error in one
line, or the fields of a record, with its signal as little-endian float32 behind it. Four bytes
before each object give its length. Nothing is unpickled, and the parent accepts no more than a
record within the limits can be.
"""

import atexit
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError, RecordError
from ecglab.utils.processes import Limits, deadline, end_in_words, limit_memory

_MODULE = "ecglab.readers.worker"
_FIELDS = tuple(field.name for field in fields(Record) if field.name != "signal")
_LENGTH = struct.Struct("<I")
_MAX_OBJECT = 2**16
_MAX_ERROR = 500
_START_SECONDS = 60.0
_MEMORY_FULL = 64
"""Exit status of a process whose memory was not enough."""


class Worker:
    """A process that reads recordings one after the other, and is replaced when it dies.

    It is started by `start`, at the latest by `read`, and ends with `close` or with this process.
    Threads may share it. After a fork, the child gets a process of its own.
    """

    def __init__(self, limits: Limits | None = None):
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._n_read = -1
        _workers.add(self)

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process, without waiting for it."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def read(
        self,
        path: str | Path,
        lead: str | None = None,
        fs: float | None = None,
        units: str | None = None,
    ) -> Record:
        """Read one lead of a recording in mV, as `ecglab.readers.read` does, within the limits.

        Raises RecordError where the file cannot be read or goes beyond the limits.
        """
        request = {"path": os.fspath(path), "fs": fs, "units": units}
        request["lead"] = None if lead is None else str(lead)
        with contextlib.suppress(OSError):  # a working directory that was deleted has no path
            request["folder"] = os.getcwd()
        with self._lock:
            try:
                reply, samples = self._answer(request)
            except BaseException:  # what is left in the pipes belongs to this file
                self._end()
                raise
        if "error" in reply:
            raise RecordError(" ".join(str(reply["error"]).split())[:_MAX_ERROR])
        return Record(samples, **reply)

    def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
        """The checked reply, {"error"} or the fields of a Record, and the signal (n_samples,)."""
        while True:
            child = self._running()
            self._await_start(child)
            with deadline(child, self.limits.seconds) as passed:
                try:
                    _send(cast(IO[bytes], child.stdin), request)
                    answer = self._receive_answer(cast(IO[bytes], child.stdout))
                except Exception:  # it died, or it sent something else
                    status = self._end(patience=1)
                else:
                    self._n_read += 1
                    return answer
            if self._n_read and not passed.is_set():
                continue  # files before may have damaged it: only a new process counts
            return {
                "error": f"{request['path']}: {self._reason(status, passed.is_set())}"
            }, _NOTHING

    def _receive_answer(self, pipe: IO[bytes]) -> tuple[dict[str, Any], np.ndarray]:
        reply = _receive(pipe, _MAX_OBJECT)
        if "error" in reply:
            return {"error": reply["error"]}, _NOTHING
        n_samples = reply["n_samples"]
        if not isinstance(n_samples, int) or not 0 < n_samples * 4 < self.limits.memory * 10**6:
            raise ValueError
        samples = np.frombuffer(_read(pipe, 4 * n_samples), "<f4").astype(np.float32)
        return {name: reply[name] for name in _FIELDS}, samples

    def _reason(self, status: int, too_slow: bool) -> str:
        """Why a file was given up, by the end of its process."""
        limits = self.limits
        if too_slow:
            return (
                f"reading it takes more than {limits.seconds:g} s: is it damaged? "
                "(--max-seconds allows more)"
            )
        if status == _MEMORY_FULL:
            return (
                f"reading it takes more than {limits.memory:,.0f} MB of memory: is it damaged? "
                "(--max-memory MB allows more)"
            )
        return (
            f"cannot be read: the process that reads it {end_in_words(status)}: is it damaged? "
            "copy or save it again"
        )

    def _running(self) -> subprocess.Popen[bytes]:
        """The process that runs, else a new one."""
        if self._child and self._child.poll() is None:
            return self._child
        self._end()
        # It finds modules where this process does, and not in the working directory.
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        variables = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE, json.dumps(asdict(self.limits))],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **variables},
        )
        self._n_read = -1
        return self._child

    def _await_start(self, child: subprocess.Popen[bytes]) -> None:
        """Wait until a new process takes requests."""
        if self._n_read >= 0:
            return
        with deadline(child, _START_SECONDS):
            try:
                _receive(cast(IO[bytes], child.stdout), _MAX_OBJECT)
            except Exception:
                raise EcglabError(
                    "the process that reads files does not start: "
                    f"{sys.executable} -m {_MODULE} shows why"
                ) from None
        self._n_read = 0

    def _end(self, patience: float = 0) -> int:
        """End the process; its exit status. patience: seconds in which it may end by itself."""
        child, self._child = self._child, None
        if child is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
        child.kill()
        _close_pipes(child)
        return child.wait()

    def _forget(self) -> None:
        """Leave the process to the one that started it: this one is a fork of that."""
        self._lock = threading.Lock()
        child, self._child = self._child, None
        if child:
            child.returncode = 0  # nothing that this process could wait for
            _close_pipes(child)


_NOTHING = np.empty(0, np.float32)
_workers: "weakref.WeakSet[Worker]" = weakref.WeakSet()
_shared: Worker | None = None


def shared() -> Worker:
    """The worker of `ecglab.read` in this process."""
    global _shared
    if _shared is None:
        _shared = Worker()
    return _shared


def start(limits: Limits | None = None) -> None:
    """Start the worker of `ecglab.read` ahead of its first file, with other limits if given."""
    worker = shared()
    if limits and limits != worker.limits:
        worker.close()
        worker.limits = limits
    worker.start()


@atexit.register
def _close_all() -> None:
    for worker in list(_workers):
        worker.close()


def _forget_all() -> None:
    for worker in list(_workers):
        worker._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


# The protocol


def _send(pipe: IO[bytes], value: dict[str, Any], data: bytes = b"") -> None:
    text = json.dumps(value, default=float).encode()  # a rate may be a number of NumPy
    left = memoryview(_LENGTH.pack(len(text)) + text + data)
    while left:
        left = left[pipe.write(left) :]


def _receive(pipe: IO[bytes], most: int) -> dict[str, Any]:
    """The next object; EOFError behind the last one, ValueError where it is too long."""
    (length,) = _LENGTH.unpack(_read(pipe, _LENGTH.size))
    if length > most:
        raise ValueError
    return json.loads(_read(pipe, length))


def _read(pipe: IO[bytes], n_bytes: int) -> bytearray:
    data = bytearray(n_bytes)
    left = memoryview(data)
    while left:
        n = cast(Any, pipe).readinto(left)
        if not n:
            raise EOFError
        left = left[n:]
    return data


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout):
        cast(IO[bytes], pipe).close()


# The process that reads


def main() -> None:
    """Read what the parent asks for until it closes the pipe, or ends."""
    limits = Limits(**json.loads(sys.argv[1] if sys.argv[1:] else "{}"))
    from ecglab import readers
    from ecglab.readers import plain_file

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    requests, replies = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):  # what a library prints is no reply
        os.dup2(null, standard)
    plain_file.limit_size(limits.size)
    limit_memory(limits.memory)
    _send(replies, {})
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            request = _receive(requests, sys.maxsize)
            # The parent ends what takes too long, unless it was killed meanwhile.
            _alarm(limits.seconds + 2)
            reply, data = _reply_to(request, readers.read_here)
            _alarm(0)
            _send(replies, reply, data)


def _reply_to(request: dict[str, Any], read: Callable[..., Record]) -> tuple[dict[str, Any], bytes]:
    """A reply, and what follows it."""
    path = request["path"]
    try:
        if "folder" in request:
            os.chdir(request["folder"])
        record = read(path, request["lead"], request["fs"], request["units"])
    except MemoryError:
        os._exit(_MEMORY_FULL)
    except RecordError as error:
        return {"error": str(error)[:_MAX_ERROR]}, b""
    except Exception as error:  # readers refuse with RecordError; of what they did not foresee
        what = f"{type(error).__name__}: {error}"[:_MAX_ERROR]
        return {"error": f"{path}: cannot be read ({what})"}, b""
    known = {name: getattr(record, name) for name in _FIELDS}
    return {**known, "n_samples": record.n_samples}, record.signal.astype("<f4").tobytes()


def _alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
