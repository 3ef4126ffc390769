"""Progress bars, messages and the time left, in a terminal or a notebook."""

import sys
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
