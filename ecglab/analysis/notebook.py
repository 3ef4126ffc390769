"""What every notebook begins with: which records there are, how many of them, how pictures look.

    from ecglab.analysis import notebook
    here = notebook.begin()

The environment variable ECGLAB_NOTEBOOKS is read here and nowhere else: "small" is for a check
that takes seconds and whose numbers say nothing, "full" (the default) for whoever reads.
"""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglab.datasets import dataset
from ecglab.datasets.dataset import Dataset
from ecglab.utils.errors import EcglabError

SETTING = "ECGLAB_NOTEBOOKS"

SMALL_RECORDS = 160
"""Records of the small setting: enough for every class to be in every fold."""

DPI, CSS_DPI = 150, 86
"""Of pictures in a notebook, as drawn and as shown: 10 s of ECG paper fit the page's width."""


@dataclass(frozen=True)
class Here:
    """data: the records that this notebook is about; small: whether this is only a check"""

    data: Dataset
    small: bool

    @property
    def synthetic(self) -> bool:
        return self.data.kind == "synthetic"

    def of(self, small, full):
        """The one or the other, by the setting."""
        return small if self.small else full

    def excerpt(self, n_records: int) -> Dataset:
        """At most so many of the records, classes in proportion."""
        return self.data if n_records >= len(self.data) else self.data.excerpt(n_records)


def begin() -> Here:
    """Open the records that are there, make pictures shown, and say what is what."""
    asked = os.environ.get(SETTING) or "full"
    if asked not in ("small", "full"):
        raise EcglabError(f"{SETTING}={asked}: it is 'small' or 'full'")
    _show_pictures()
    data, small = dataset.open(), asked == "small"
    whole = len(data)
    if small and whole > SMALL_RECORDS:
        data = data.excerpt(SMALL_RECORDS)
    here = Here(data, small)
    if here.synthetic:
        what = (
            f"**SYNTHETIC: {len(data):,} simulated records**, since no recordings are imported "
            "(`ecglab data fetch` gets them). What is seen here shows how things are done; "
            "no number says anything about real recordings."
        )
    else:
        what = f"**{len(data):,} real recordings** of {data.name}, labels {data.label_version}."
    if small:
        what += f" The SMALL setting ({SETTING}=small) of {whole:,}: a check, not a result."
    say(what)
    return here


def say(text: str) -> None:
    """Show Markdown: prose whose numbers were computed."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def champion(here: Here) -> Path:
    """The package of the model that judges when none is named.

    Where there is none yet, trees are trained on some of the records and promoted first.
    """
    from ecglab.tracking import registry
    from ecglab.tracking import tracker as tracking
    from ecglab.training import experiment

    try:
        return registry.default()
    except EcglabError:
        own = [f"data={here.data.name}", f"records={min(len(here.data), here.of(160, 1500))}"]
        quick = ["bags=1", f"iterations={here.of(20, 100)}", f"folds={here.of(2, 5)}"]
        trees = experiment.load("rr_trees").set([*own, *quick])
        registry.promote(tracking.train("rr_trees", trees, fresh=False).name)
        return registry.locate(registry.DEFAULT)


def unseen(here: Here, package: Path, label: str):
    """(id, Predictor): a record of a class, and the part of the package that never saw it.

    A package averages a member for each fold, and all but one of these saw a record of the data
    that it was trained on; of other data none saw any.
    """
    from ecglab.analysis import explore
    from ecglab.datasets import folds
    from ecglab.inference.predictor import Predictor

    whole = Predictor(package)
    members = sorted(map(int, whole.card["members"]))
    rows = np.ones(len(here.data), bool)
    fold = folds.fold_of(here.data)
    if whole.card["data"]["name"] == here.data.name:
        rows = fold == members[0]
        whole = Predictor(package, members[:1])
    return explore.by_lot(here.data.select(rows), label, 1)[0], whole


def _show_pictures() -> None:
    """Matplotlib's figures as PNG of one size, whole: on paper a millimetre is a millimetre."""
    try:
        shell = get_ipython()  # IPython's own builtin
    except NameError:
        return
    from matplotlib.figure import Figure

    def png(figure):
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DPI)
        width, height = (round(CSS_DPI * inches) for inches in figure.get_size_inches())
        return file.getvalue(), {"width": width, "height": height}

    shell.display_formatter.formatters["image/png"].for_type(Figure, png)
