"""A browser of records: filters over labels and predictions, and a panel of widgets for them.

Filtering and drawing are plain functions; the panel only calls them.
"""

import base64
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from ecglab import plots
from ecglab.datasets.dataset import Dataset
from ecglab.evaluation import metrics

if TYPE_CHECKING:
    import pandas as pd

ANY = "any"


@dataclass(frozen=True)
class Filter:
    """Which records to show, and in which order.

    label, predicted: the reference label and the predicted one, a class or ANY
    seconds, confidence: lowest and highest length, and highest probability
    correct: "right", "wrong" or ANY; order: a column of `listed`, smallest first
    """

    label: str = ANY
    predicted: str = ANY
    seconds: tuple[float, float] = (0.0, np.inf)
    confidence: tuple[float, float] = (0.0, 1.0)
    correct: str = ANY
    order: str = "record"


def listed(data: Dataset, table: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """A table of the records and their predictions, one row per record.

    table: predictions as a run has them; None lists the records alone
    Columns: record, label, seconds, and where there is a table, of the records in it: predicted,
    confidence, correct and a column for each class.
    """
    records = data.to_frame()[["record", "label", "seconds"]]
    if table is None:
        return records
    codes = list(data.classes)
    found = records.merge(table[["record", *codes]], on="record")
    found["predicted"] = metrics.predicted(found, data.classes)
    found["confidence"] = found[codes].max(axis=1)
    found["correct"] = found["predicted"] == found["label"]
    return found


def filtered(found: "pd.DataFrame", by: Filter) -> "pd.DataFrame":
    """The rows of `listed` that pass a filter, in its order."""
    keep = found["seconds"].between(*by.seconds)
    if by.label != ANY:
        keep &= found["label"] == by.label
    if "predicted" in found:
        keep &= found["confidence"].between(*by.confidence)
        if by.predicted != ANY:
            keep &= found["predicted"] == by.predicted
        if by.correct != ANY:
            keep &= found["correct"] == (by.correct == "right")
    return found[keep].sort_values(by.order, kind="stable", ignore_index=True)


def figure(data: Dataset, row: "pd.Series", start: float = 0.0) -> Figure:
    """The figure of one row of `listed`: strip, spectrogram, and probabilities if it has any."""
    classes = data.classes
    record = data.record(str(row["record"]))
    probabilities = {code: float(row[code]) for code in classes} if "predicted" in row else None
    title = f"Record {record.id}: {classes.full_name(row['label'], '{} ({})')}"
    if probabilities:
        title += f", predicted {row['predicted']} ({'right' if row['correct'] else 'wrong'})"
    return plots.prediction(
        record,
        probabilities,
        classes,
        str(row["label"]),
        start,
        title=title,
        simulated=data.simulated,
    )


class Browser:
    """A panel of widgets over `filtered` and `figure`: the last line of a cell shows it.

    Where there are no widgets, as in an exported page, the figure of the first record is shown.

    data: the records; table: their predictions, as in `listed`; by: the filter to start with
    """

    def __init__(
        self, data: Dataset, table: "pd.DataFrame | None" = None, by: Filter | None = None
    ) -> None:
        import ipywidgets as widgets

        self.data, self.found, self.position = data, listed(data, table), 0
        by = by or Filter()
        predicted = "predicted" in self.found
        names = [(ANY, ANY), *((data.classes.full_name(code), code) for code in data.classes)]
        longest = float(np.ceil(self.found["seconds"].max()))
        wide = {"style": {"description_width": "90px"}, "layout": {"width": "330px"}}
        self.label = widgets.Dropdown(options=names, value=by.label, description="label", **wide)
        self.predicted = widgets.Dropdown(
            options=names, value=by.predicted, description="predicted", **wide
        )
        self.correct = widgets.Dropdown(
            options=[ANY, "right", "wrong"], value=by.correct, description="prediction is", **wide
        )
        self.seconds = widgets.FloatRangeSlider(
            value=(by.seconds[0], min(by.seconds[1], longest)),
            min=0,
            max=longest,
            step=1,
            description="length (s)",
            readout_format=".0f",
            continuous_update=False,
            **wide,
        )
        self.confidence = widgets.FloatRangeSlider(
            value=by.confidence,
            min=0,
            max=1,
            step=0.01,
            description="confidence",
            continuous_update=False,
            **wide,
        )
        orders = ["record", "seconds", *(["confidence", *data.classes] if predicted else [])]
        self.order = widgets.Dropdown(
            options=orders, value=by.order, description="order by", **wide
        )
        button = {"layout": {"width": "110px"}}
        self.previous = widgets.Button(description="previous", icon="arrow-left", **button)
        self.next = widgets.Button(description="next", icon="arrow-right", **button)
        self.start = widgets.FloatSlider(
            min=0, max=60, step=5, description="from (s)", continuous_update=False, **wide
        )
        self.text = widgets.HTML()
        self.image = widgets.Image(format="png", layout={"max_width": "100%"})
        filters = [self.label, self.seconds, self.order]
        if predicted:
            filters[1:1] = [self.predicted, self.correct]
            filters.insert(4, self.confidence)
        for widget in filters:
            widget.observe(lambda change: self._filter(), "value")
        self.start.observe(lambda change: self._show(), "value")
        self.previous.on_click(lambda button: self.step(-1))
        self.next.on_click(lambda button: self.step(1))
        rows = [widgets.HBox(filters[i : i + 3]) for i in range(0, len(filters), 3)]
        controls = widgets.HBox([self.previous, self.next, self.start, self.text])
        self.panel = widgets.VBox([*rows, controls, self.image])
        self._filter()

    def _repr_mimebundle_(self, **named: Any) -> dict[str, Any]:
        """The widgets, and the figure of the record that they show."""
        words = self.text.value.replace("<b>", "").replace("</b>", "")
        bundle = {**self.panel._repr_mimebundle_(**named), "text/plain": words}
        if image := bytes(self.image.value):
            bundle["image/png"] = base64.b64encode(image).decode()
        return bundle

    @property
    def by(self) -> Filter:
        """The filter that the widgets are set to."""
        by = Filter(self.label.value, seconds=self.seconds.value, order=self.order.value)
        if "predicted" not in self.found:
            return by
        return replace(
            by,
            predicted=self.predicted.value,
            correct=self.correct.value,
            confidence=self.confidence.value,
        )

    def step(self, n: int) -> None:
        """Show the n-th record after this one, from the start again after the last."""
        if len(self.rows):
            self.position = (self.position + n) % len(self.rows)
            self._show()

    def _filter(self) -> None:
        self.rows, self.position = filtered(self.found, self.by), 0
        self._show()

    def _show(self) -> None:
        if not len(self.rows):
            self.text.value = "no record matches"
            self.image.value = b""
            return
        row = self.rows.iloc[self.position]
        self.text.value = f"<b>{self.position + 1:,} of {len(self.rows):,}</b>: {row['record']}"
        file = io.BytesIO()
        figure(self.data, row, self.start.value).savefig(file, format="png", dpi=100)
        self.image.value = file.getvalue()
