"""The process that reads, with a reader that does what the name of its file says."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from ecglab import readers
from ecglab.readers import worker


def reply(value: dict) -> None:
    """Reply in place of the process, through whichever descriptor leads to the parent."""
    for descriptor in range(3, 20):
        try:
            with os.fdopen(os.dup(descriptor), "wb", 0) as pipe:
                worker._send(pipe, value)
        except OSError:
            continue


before: list[str] = []


def read_here(path, lead=None, fs=None, units=None):
    name = Path(path).name
    before.append(name)
    if name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif name == "exit":
        os._exit(7)
    elif name == "hang":
        time.sleep(60)
    elif name == "memory":
        np.ones(10**9)
    elif name == "fault":
        raise KeyError("x" * 10_000)
    elif name == "print":
        print("a library prints")
        os.write(1, b"\0" * 100)
        sys.stderr.write("and warns\n")
    elif name == "large":
        reply({"n_samples": 10**12})
    elif name == "long":
        reply({"error": "x" * 10**6})
    elif name == "nested":
        reply({"n_samples": {}})
    elif name == "worn" and before != ["worn"]:
        os.abort()  # what a file before has damaged
    return readers.Record(np.sin(np.arange(3000) / 20), 300.0, id=name, lead=lead or "")


readers.read_here = read_here

if __name__ == "__main__":
    worker.main()
