"""A search from beginning to end: its processes are started, watched, started again and ended.

One process without workers; with them, KerasTuner's chief and so many workers. Each is in a session
of its own with a pipe as stdin, so that it can be ended with all that it started, and ends by
itself when this process does. What they do is in the search folder, which is all that is read here.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ecglab.tuning import searches
from ecglab.tuning.searches import ALL, CHIEF, LOCAL, Search
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, read_json

POLL = 0.5
"""Seconds between two looks at the processes."""

DEATHS = 5
"""How often in a row a process may end without anything having become final in between."""

CHIEF_PATIENCE = 300.0
"""Seconds without a sign of life after which a chief, which has no long work, is started again."""

GRACE = 5.0
"""Seconds in which workers of other machines can still hear that all is done."""

LIMIT = "the time limit is reached"

TUNING = "ecglab.tuning.tuning"

VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")


@dataclass
class _Process:
    """A process of `ecglab.tuning.tuning` under its id, in whatever number of lives."""

    id: str
    search: Search
    arguments: list[str]
    environment: dict[str, str]
    patience: float
    deaths: int = 0
    seen: object = None
    child: subprocess.Popen | None = field(default=None, repr=False)

    def start(self) -> None:
        pulse, log = self.search.pulse(self.id), self.search.log(self.id)
        for path in (pulse, log):
            path.parent.mkdir(parents=True, exist_ok=True)
        pulse.touch()
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", TUNING, str(self.search.path), *self.arguments],
                env={**os.environ, **self.environment},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def is_done(self) -> bool:
        return self.child.poll() == 0

    def trouble(self) -> str:
        """What is wrong with it, "" where nothing is."""
        status = self.child.poll()
        if status is None:
            silent = time.time() - self.search.pulse(self.id).stat().st_mtime
            return f"has shown no life for {silent:.0f} s" if silent > self.patience else ""
        if status < 0 and -status in list(signal.Signals):
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}" if status else ""

    def end(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.stdin.close()
        self.child.wait()

    def last_words(self) -> str:
        """The last line that it printed."""
        with contextlib.suppress(OSError):
            lines = self.search.log(self.id).read_text(errors="replace").strip().splitlines()
            return f": {lines[-1]}" if lines else ""
        return ""


@dataclass(frozen=True)
class Team:
    """Who is at work on a search, from this command.

    chief: whether one is among them; workers: their ids; address: (ip, port) of the chief, None
        where one process is all; open: whether workers of other machines may come
    """

    chief: bool
    workers: tuple[str, ...]
    address: tuple[str, int] | None
    open: bool = False

    @property
    def joining(self) -> bool:
        """Whether another command runs the search, and this one helps."""
        return self.address is not None and not self.chief


def team(workers: int, address: str | None) -> Team:
    """Who is to be started: as the arguments say, or one worker where KerasTuner's variables do.

    workers: 0 for one process without a chief, unless an address is given
    address: "IP" or "IP:PORT" at which the chief is to be reached, by default on loopback alone
    """
    told = [os.environ.get(name) for name in VARIABLES]
    if any(told):
        if not all(told) or not told[2].isdigit():
            raise EcglabError(f"a worker for another's chief needs all of {', '.join(VARIABLES)}")
        if workers or address:
            raise EcglabError(f"{VARIABLES[0]} makes this a worker: no --workers, no --address")
        if told[0].startswith(LOCAL) or CHIEF in told[0]:
            raise EcglabError(f"{VARIABLES[0]}={told[0]}: take an id without {LOCAL} and {CHIEF}")
        return Team(False, (told[0],), (told[1], int(told[2])))
    if workers < 0:
        raise EcglabError(f"--workers {workers}: give 0 or more")
    if not workers and not address:
        return Team(False, (f"{LOCAL}0",), None)
    ip, _, port = (address or "127.0.0.1").partition(":")
    names = tuple(f"{LOCAL}{i + 1}" for i in range(workers))
    return Team(True, names, (ip, _port(ip, port)), open=bool(address))


def run(
    search: Search,
    trials: int,
    who: Team,
    *,
    limit: float | None = None,
    patience: float = 1800.0,
    on_change: Callable[[], None] = lambda: None,
) -> str:
    """Run a search until so many trials have ended; why it ended, in words.

    limit: seconds after which it ends, whatever is still at work
    patience: seconds without a finished epoch after which a worker is started again
    on_change: called when something in the search folder has become final
    Raises EcglabError, also while another process runs it.
    """
    began = time.monotonic()
    if who.joining:
        search.experiment.prepare(search.data(), say)
        return _watch(search, trials, who, began, limit, patience, on_change)
    with locked(search.path / "search.json", "running this search"):
        ended = [trial.result is not None for trial in search.trials]
        if all(ended) and len(ended) >= trials:
            on_change()
            return ALL
        search.say_over("")
        search.experiment.prepare(search.data(), say)
        return _watch(search, trials, who, began, limit, patience, on_change)


def _watch(search, trials, who, began, limit, patience, on_change) -> str:
    processes = [_Process(*told) for told in _processes(search, trials, who, patience)]
    workers = [process for process in processes if process.id != CHIEF]
    state = _state(search)
    on_change()
    try:
        for process in processes:
            process.start()
        while True:
            time.sleep(POLL)
            before, state = state, _state(search)
            if state != before:
                _tell(search, before, state)
                on_change()
            # Where there is no worker here, the chief says when its work is over.
            if all(p.is_done for p in workers) and (workers or search.over):
                if who.open:
                    time.sleep(GRACE)
                return search.over
            if limit is not None and time.monotonic() - began > limit:
                return LIMIT
            for process in processes:
                if not process.is_done and (trouble := process.trouble()):
                    _again(process, trouble, state)
    finally:
        for process in processes:
            if process.child:
                process.end()


def _processes(search: Search, trials: int, who: Team, patience: float):
    """What to start: (id, search, arguments, environment, patience) of each."""
    arguments = [str(trials), str(patience), ",".join(who.workers)]
    shared = {}
    if who.address:
        ip, port = who.address
        shared = {VARIABLES[1]: ip, VARIABLES[2]: str(port), "no_grpc_proxy": ip}
    if len(who.workers) > 1:  # side by side they share the cores instead of fighting for them
        each = str(max(1, (os.cpu_count() or 1) // len(who.workers)))
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            shared.setdefault(name, os.environ.get(name, each))
    if who.chief:
        own = min(patience, CHIEF_PATIENCE)
        yield CHIEF, search, arguments, shared | {VARIABLES[0]: CHIEF}, own
    for worker in who.workers:
        yield worker, search, arguments, shared | {VARIABLES[0]: worker}, patience


def _again(process: _Process, trouble: str, state) -> None:
    """End what is left of a process and start it anew; EcglabError where that leads nowhere."""
    process.end()
    process.deaths = process.deaths + 1 if process.seen == state else 1
    process.seen = state
    if process.deaths >= DEATHS:
        raise EcglabError(
            f"{process.id} {trouble}, the {DEATHS}th time without progress"
            f"{process.last_words()} (see {process.search.log(process.id)})"
        )
    say(f"{process.id} {trouble}: it is started again")
    process.start()


def _state(search: Search) -> dict[str, tuple]:
    """What is final: of each trial the number of epochs on each split, and its result's status."""
    state = {}
    for trial in search.trials:
        result = trial.result
        splits = sorted(trial.path.glob("inner-*/history.json"))
        epochs = tuple(len(read_json(path)) for path in splits)
        state[trial.id] = (result["status"] if result else "", epochs)
    return state


def _tell(search: Search, before: dict, now: dict) -> None:
    """Say which trials have begun and ended since."""
    for trial_id, (status, _) in now.items():
        trial, (old, _) = search.trial(trial_id), before.get(trial_id, ("", ()))
        if trial_id not in before:
            keys = " ".join(f"{key}={text}" for key, text in trial.values.items())
            say(f"trial {trial_id}: {keys}")
        if status != old:
            say(f"trial {trial_id}: {ending(trial)}")


def ending(trial: searches.Trial) -> str:
    """How a trial ended, in words."""
    result = trial.result
    if result["status"] == "failed":
        return f"FAILED: {result['reason']}"
    early = f", stopped early after epoch {result['epochs']}" * (result["status"] == "stopped")
    return f"NAO {result['scores']['F1_NAO']:.3f} in {result['seconds']:.1f} s{early}"


def _port(ip: str, port: str) -> int:
    """The port at which the chief can listen; EcglabError where it cannot."""
    with socket.socket() as probe:
        try:
            probe.bind((ip, int(port or 0)))
        except (OSError, ValueError, OverflowError) as error:
            raise EcglabError(f"the chief cannot listen at {ip}:{port or 0}: {error}") from None
        return probe.getsockname()[1]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
