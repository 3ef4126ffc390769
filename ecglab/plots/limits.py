"""What limits a score: the results beside their limits, and the errors that models share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglab.plots.style import CURVES, WIDE, Style, page, percent, tidy

if TYPE_CHECKING:
    import pandas as pd

KINDS = {"view": CURVES[0], "pool": CURVES[1], "limit": ("black", "-", "D")}
"""Looks of a model on its own, of several averaged, and of a limit: colour, line, marker."""

CAUSES = (CURVES[2][0], CURVES[6][0], "0.75")
"""Colours of the errors by cause; the last one is that of all other causes."""


def limits(
    scores: Sequence[Mapping],
    overlap: "pd.DataFrame",
    shared: "pd.DataFrame",
    model: str,
    *,
    simulated: bool = False,
) -> Figure:
    """Challenge F1 of results and of limits; shared errors; errors by the number of views.

    scores: {"name", "kind" (of `KINDS`), "value", "low", "high"} in the order of the rows
    overlap: share of the errors of the row's model that the column's makes too, 0 to 1
    shared: number of errors of `model` by the number of views that err as well (rows) and by cause
        (columns, as many as `CAUSES`)
    """
    height = max(0.34 * len(scores) + 1.0, 7.0)
    figure = page(WIDE, height, f"What limits the score of {model}", simulated)
    mosaic = figure.subplot_mosaic(
        [["scores", "overlap"], ["scores", "shared"]], height_ratios=[3, 2]
    )
    _scores(mosaic["scores"], scores)
    _overlap(mosaic["overlap"], overlap)
    _shared(mosaic["shared"], shared, model)
    return figure


def _scores(axes: Axes, scores: Sequence[Mapping]) -> None:
    for kind, (color, _, marker) in KINDS.items():
        rows = [(y, row) for y, row in enumerate(scores) if row["kind"] == kind]
        if not rows:
            continue
        y = [place for place, _ in rows]
        low, value, high = (np.array([row[k] for _, row in rows]) for k in ("low", "value", "high"))
        axes.hlines(y, low, high, color=color, lw=2)
        axes.plot(value, y, marker, color=color, ms=7, mec="white", label=kind, gid=kind)
        for place, x, right in zip(y, value, high, strict=True):
            text: Style = {"textcoords": "offset points", "va": "center", "size": 9}
            axes.annotate(f"{x:.3f}", (right, place), (5, 0), **text)
    n_results = sum(row["kind"] != "limit" for row in scores)
    axes.axhline(n_results - 0.5, color="0.5", lw=1)
    axes.set_yticks(range(len(scores)), [row["name"] for row in scores], parse_math=False)
    axes.set_ylim(len(scores) - 0.5, -0.5)
    axes.margins(x=0.2)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set(xlabel="challenge F1, with its 95 % interval")
    axes.legend(loc="lower left")
    tidy(axes)


def _overlap(axes: Axes, overlap: "pd.DataFrame") -> None:
    axes.imshow(overlap.to_numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), share in np.ndenumerate(overlap.to_numpy()):
        color = "white" if share > 0.6 else "black"
        axes.text(j, i, percent(share), ha="center", va="center", size=9, color=color)
    turned: Style = {"rotation": 30, "ha": "right", "rotation_mode": "anchor", "size": 9}
    axes.set_xticks(range(len(overlap)), list(overlap.columns), parse_math=False, **turned)
    axes.set_yticks(range(len(overlap)), list(overlap.index), parse_math=False, size=9)
    axes.tick_params(length=0)
    axes.set_title("Share of the row's errors\nthat the column shares", size=10)


def _shared(axes: Axes, shared: "pd.DataFrame", model: str) -> None:
    below = np.zeros(len(shared))
    for cause, color in zip(shared, CAUSES, strict=True):
        counts = shared[cause].to_numpy()
        axes.bar(shared.index, counts, 0.8, bottom=below, color=color, label=cause, gid=cause)
        below = below + counts
    for x, total in zip(shared.index, below, strict=True):
        axes.annotate(f"{total:.0f}", (x, total), (0, 2), textcoords="offset points", ha="center")
    axes.margins(y=0.15)
    axes.set_xticks(list(shared.index))
    axes.set(xlabel=f"views, of {len(shared) - 1}, that err as well", ylabel="errors")
    axes.set_title(f"Errors of {model}", size=10)
    axes.legend(title="the record's label", loc="upper left")
    tidy(axes)
