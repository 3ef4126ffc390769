"""What every notebook begins with: the records, how much to compute, how figures are shown.

    from ecglab.analysis import notebook
    setup = notebook.begin()

The environment variable ECGLAB_NOTEBOOKS is read in this file only: "small" is a check that takes
seconds and whose numbers mean nothing, "full" (the default) is for readers.
"""

import io
import os
import sys
from dataclasses import dataclass
from typing import TypeVar

from ecglab.datasets import dataset
from ecglab.datasets.dataset import Dataset
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError

SETTING = "ECGLAB_NOTEBOOKS"

SMALL_RECORDS = 160
"""Records of the small setting: enough for every class to be in every fold."""

DPI, CSS_DPI = 150, 86
"""Of figures in a notebook, as drawn and as shown: 10 s of ECG paper fit the page's width."""


T = TypeVar("T")


@dataclass(frozen=True)
class Setup:
    """The records of a notebook and how much it computes.

    data: the records; small: whether this is only a check
    n_records: how many records the data set has, of which `data` may be an excerpt
    """

    data: Dataset
    small: bool
    n_records: int

    @property
    def simulated(self) -> bool:
        return self.data.simulated

    def size(self, small: T, full: T) -> T:
        """The first value in the small setting, the second in the full one."""
        return small if self.small else full

    def excerpt(self, n_records: int) -> Dataset:
        """At most `n_records` of the records, classes in proportion."""
        return self.data if n_records >= len(self.data) else self.data.excerpt(n_records)


def begin() -> Setup:
    """Open the data set, set how figures are shown, and display which records these are."""
    setting = os.environ.get(SETTING) or "full"
    if setting not in ("small", "full"):
        raise EcglabError(f"{SETTING}={setting}: set it to 'small' or 'full'")
    _show_figures()
    _show_messages()
    data, small = dataset.open(), setting == "small"
    n_records = len(data)
    if small and n_records > SMALL_RECORDS:
        data = data.excerpt(SMALL_RECORDS)
    if data.simulated:
        text = (
            f"**SYNTHETIC: {len(data):,} simulated records**, since no recordings are imported "
            "(`ecglab data fetch` downloads them). This shows how things are done; no number "
            "means anything for real recordings."
        )
    else:
        text = f"**{len(data):,} real recordings** of {data.name}, labels {data.label_version}."
    if small:
        text += f" The SMALL setting ({SETTING}=small) of {n_records:,}: a check, not a result."
    show(text)
    return Setup(data, small, n_records)


def show(text: str) -> None:
    """Show Markdown: text whose numbers were computed."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def _show_messages() -> None:
    """Messages of a kernel as plain text: they are progress, and JupyterLab shows stderr in red."""
    if progress.in_notebook() and hasattr(sys.stderr, "name"):
        setattr(sys.stderr, "name", "stdout")  # noqa: B010 (the kernel's own stream)


def _show_figures() -> None:
    """Matplotlib's figures as PNG of one size, whole: on paper a millimetre is a millimetre."""
    try:
        shell = get_ipython()  # type: ignore[name-defined]  # IPython's own builtin
    except NameError:
        return
    from matplotlib.figure import Figure

    def png(figure: Figure) -> tuple[bytes, dict[str, int]]:
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DPI)
        width, height = (round(CSS_DPI * inches) for inches in figure.get_size_inches())
        return file.getvalue(), {"width": width, "height": height}

    shell.display_formatter.formatters["image/png"].for_type(Figure, png)
