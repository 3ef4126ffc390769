"""Bars that show how far something is, where a person watches: in a terminal or a notebook."""

import sys


def bar(*arguments, **named):
    """A tqdm bar: a widget in a notebook, text in a terminal, nothing elsewhere.

    Takes what tqdm takes; `disable` where it is given says whether it is shown.
    """
    if in_notebook():
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm

        named.setdefault("disable", not sys.stderr.isatty())
    return tqdm(*arguments, **{"leave": False, **named})


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def message(text: str) -> None:
    """Print a line for the person who waits, on stderr."""
    print(text, file=sys.stderr, flush=True)
