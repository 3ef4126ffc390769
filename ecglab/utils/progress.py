"""Progress bars, messages and the time left, in a terminal or a notebook."""

import sys
import time
from typing import Any


def bar(*arguments: Any, **named: Any) -> Any:
    """A tqdm bar: a widget in a notebook, text in a terminal, nothing elsewhere.

    Takes what tqdm takes; `disable` where it is given says whether it is shown.
    """
    import tqdm

    if in_notebook():
        import tqdm.notebook

        return tqdm.notebook.tqdm(*arguments, **{"leave": False, **named})
    named.setdefault("disable", not sys.stderr.isatty())
    return tqdm.tqdm(*arguments, **{"leave": False, **named})


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def message(text: str) -> None:
    """Print a line about progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def left(seconds: float) -> str:
    """The end of a message: the time left in words, "" where nothing is left.

    >>> left(840)
    ', about 14 min left'
    >>> left(9000)
    ', about 2 h 30 min left'
    """
    if seconds <= 0:
        return ""
    if seconds < 60:
        return ", less than 1 min left"
    hours, minutes = divmod(round(seconds / 60), 60)
    words = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return f", about {' '.join(words)} left"


class Line:
    """A line on a terminal with how many of `total` are done and the time left; else nothing.

    >>> Line(2).show(1)
    """

    def __init__(self, total: int):
        self._total, self._shown = total, 0.0
        self._start = time.monotonic()
        self._on = total > 1 and sys.stderr.isatty()

    def show(self, done: int) -> None:
        """Show the line, at most ten times a second."""
        now = time.monotonic()
        if not self._on or now - self._shown < 0.1:
            return
        self._shown = now
        each = (now - self._start) / max(done, 1)
        words = left(each * (self._total - done)) if done else ""
        self._write(f"{done:,} of {self._total:,}{words}")

    def clear(self) -> None:
        """Remove the line, before something else is printed and at the end."""
        if self._on:
            self._write("")
            self._shown = 0.0

    def _write(self, words: str) -> None:
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()
