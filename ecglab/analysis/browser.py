"""Leafing through records: which ones to look at, and a panel of widgets that shows them.

What is chosen and shown is plain Python, and the panel only passes it on.
"""

import io
from dataclasses import dataclass, replace

import numpy as np

from ecglab import plots
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.record import LABEL_NAMES, LABELS
from ecglab.evaluation import metrics

ANY = "any"


@dataclass(frozen=True)
class Choice:
    """Which records to leaf through, and in which order.

    label, said: the reference label and the model's, of LABELS or ANY
    seconds, confidence: lowest and highest length, and greatest probability
    right: "right", "wrong" or ANY; order: a column of `opinions`, the smallest first
    """

    label: str = ANY
    said: str = ANY
    seconds: tuple[float, float] = (0.0, np.inf)
    confidence: tuple[float, float] = (0.0, 1.0)
    right: str = ANY
    order: str = "record"


def opinions(data: Dataset, table=None):
    """A table of what a model says of the records, one row a record that it judged.

    table: record, N, A, O, ~, as of a run's predictions; None for records that nobody judged
    Columns: record, label, seconds, said, confidence, right, N, A, O, ~ (the last seven only
    where there is a table)
    """
    records = data.table()[["record", "label", "seconds"]]
    if table is None:
        return records
    found = records.merge(table[["record", *LABELS]], on="record")
    found["said"] = metrics.chosen(found)
    found["confidence"] = found[list(LABELS)].max(axis=1)
    found["right"] = found["said"] == found["label"]
    return found


def chosen(found, choice: Choice):
    """The rows of `opinions` that are asked for, in the order that is asked for."""
    keep = found["seconds"].between(*choice.seconds)
    if choice.label != ANY:
        keep &= found["label"] == choice.label
    if "said" in found:
        keep &= found["confidence"].between(*choice.confidence)
        if choice.said != ANY:
            keep &= found["said"] == choice.said
        if choice.right != ANY:
            keep &= found["right"] == (choice.right == "right")
    return found[keep].sort_values(choice.order, kind="stable", ignore_index=True)


def picture(data: Dataset, row, start: float = 0.0):
    """The picture of one row of `opinions`: strip, spectrogram, and what the model says."""
    record = data.record(str(row["record"]))
    said = {label: float(row[label]) for label in LABELS} if "said" in row else None
    title = f"Record {record.id}: {row['label']} ({LABEL_NAMES[row['label']]})"
    if said:
        verdict = "right" if row["right"] else "wrong"
        title += f", said {row['said']} ({verdict})"
    return plots.judged(
        record, said, str(row["label"]), start, title=title, synthetic=data.kind == "synthetic"
    )


class Browser:
    """A panel of widgets over `chosen` and `picture`; show `panel` in a notebook.

    data: the records; table: what a model said of them, as in `opinions`
    """

    def __init__(self, data: Dataset, table=None, choice: Choice | None = None):
        import ipywidgets as widgets

        self.data, self.found = data, opinions(data, table)
        choice = choice or Choice()
        names = [(f"{label}  {LABEL_NAMES[label]}", label) for label in LABELS]
        longest = float(np.ceil(self.found["seconds"].max()))
        wide = {"style": {"description_width": "90px"}, "layout": {"width": "330px"}}
        self.label = widgets.Dropdown(
            options=[(ANY, ANY), *names], value=choice.label, description="class", **wide
        )
        self.said = widgets.Dropdown(
            options=[(ANY, ANY), *names], value=choice.said, description="model says", **wide
        )
        self.right = widgets.Dropdown(
            options=[ANY, "right", "wrong"], value=choice.right, description="model is", **wide
        )
        self.seconds = widgets.FloatRangeSlider(
            value=(choice.seconds[0], min(choice.seconds[1], longest)),
            min=0,
            max=longest,
            step=1,
            description="length (s)",
            readout_format=".0f",
            continuous_update=False,
            **wide,
        )
        self.confidence = widgets.FloatRangeSlider(
            value=choice.confidence,
            min=0,
            max=1,
            step=0.01,
            description="confidence",
            continuous_update=False,
            **wide,
        )
        orders = ["record", "seconds"]
        if "said" in self.found:
            orders += ["confidence", *LABELS]
        self.order = widgets.Dropdown(
            options=orders, value=choice.order, description="order by", **wide
        )
        button = {"layout": {"width": "110px"}}
        self.back = widgets.Button(description="previous", icon="arrow-left", **button)
        self.next = widgets.Button(description="next", icon="arrow-right", **button)
        self.start = widgets.FloatSlider(
            min=0, max=60, step=5, description="from (s)", continuous_update=False, **wide
        )
        self.words = widgets.HTML()
        self.image = widgets.Image(format="png", layout={"max_width": "100%"})
        asked = [self.label, self.seconds, self.order]
        if "said" in self.found:
            asked = [self.label, self.said, self.right, self.seconds, self.confidence, self.order]
        for widget in asked:
            widget.observe(lambda change: self._choose(), "value")
        self.start.observe(lambda change: self._show(), "value")
        self.back.on_click(lambda button: self.leaf(-1))
        self.next.on_click(lambda button: self.leaf(1))
        rows = [widgets.HBox(asked[i : i + 3]) for i in range(0, len(asked), 3)]
        leafing = widgets.HBox([self.back, self.next, self.start, self.words])
        self.panel = widgets.VBox([*rows, leafing, self.image])
        self._choose()

    @property
    def choice(self) -> Choice:
        """What the widgets ask for."""
        asked = Choice(self.label.value, seconds=self.seconds.value, order=self.order.value)
        if "said" not in self.found:
            return asked
        return replace(
            asked,
            said=self.said.value,
            right=self.right.value,
            confidence=self.confidence.value,
        )

    def leaf(self, step: int) -> None:
        """To the next record (1) or the one before (-1), round at the ends."""
        if len(self.rows):
            self.at = (self.at + step) % len(self.rows)
            self._show()

    def _choose(self) -> None:
        self.rows, self.at = chosen(self.found, self.choice), 0
        self._show()

    def _show(self) -> None:
        if not len(self.rows):
            self.words.value = "no record is like that"
            self.image.value = b""
            return
        row = self.rows.iloc[self.at]
        self.words.value = f"<b>{self.at + 1:,} of {len(self.rows):,}</b>: {row['record']}"
        file = io.BytesIO()
        picture(self.data, row, self.start.value).savefig(file, format="png", dpi=100)
        self.image.value = file.getvalue()
