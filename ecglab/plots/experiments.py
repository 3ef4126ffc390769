"""Pictures of experiments: how one learned, and how several compare."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ecglab.ecg.record import LABEL_NAMES, LABELS
from ecglab.evaluation.metrics import F1_NAMES
from ecglab.plots.style import COLORS, CURVES, MARKERS, WIDE, page, tidy


def learning_curves(histories: dict[int, list[dict]], *, synthetic: bool = False) -> Figure:
    """Training loss, inner loss and inner F1_NAO of each fold against the epochs.

    histories: {fold: its epochs as `ecglab.training.fit.train` tells them}; an epoch without inner
    scores is fine. The training loss may be weighted and smoothed, the inner loss never is.
    A star stands at the last epoch with the highest inner F1_NAO.
    """
    figure = page(WIDE, 4.0, "Learning curves", synthetic)
    all_axes = figure.subplots(1, 3, sharex=True)
    all_axes[1].sharey(all_axes[0])
    shades = colormaps["viridis"](np.linspace(0, 0.9, max(len(histories), 1)))
    names = {
        "loss": "training loss",
        "inner_loss": "inner loss",
        "inner_F1_NAO": "inner F1_NAO (star: highest)",
    }
    for axes, name in zip(all_axes, names, strict=True):
        for i, (fold, history) in enumerate(sorted(histories.items())):
            points = [(entry["epoch"], entry[name]) for entry in history if name in entry]
            if not points:
                continue
            x, y = zip(*points, strict=True)
            style = {"marker": "os^Dv"[i % 5], "ms": 5, "markevery": max(len(x) // 8, 1)}
            axes.plot(x, y, color=shades[i], lw=1.5, label=f"fold {fold}", **style)
            if name == "inner_F1_NAO":
                best = max(points, key=lambda point: point[::-1])
                axes.plot(*best, "*", ms=12, color=shades[i], mec="black", gid="best")
        if not axes.lines:
            axes.text(0.5, 0.5, "no scores", transform=axes.transAxes, ha="center", color="0.4")
        axes.set_title(names[name], size=11)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        tidy(axes)
    if all_axes[0].lines:
        all_axes[0].legend()
    return figure


def intervals(
    scores,
    score: str = "F1_NAO",
    title: str | None = None,
    *,
    ranked: bool = True,
    synthetic: bool = False,
) -> Figure:
    """Experiments with the 95 % intervals of one score, best first unless their order is kept.

    scores: a table or list of dicts with name, value, low, high; NaN where there is no interval
    """
    import pandas as pd

    table = pd.DataFrame(scores)
    if ranked:
        table = table.sort_values("value", ascending=False, ignore_index=True)
    title = title or f"{score} of each experiment with its 95 % interval"
    figure = page(8.5, 0.9 + 0.38 * max(len(table), 1), title, synthetic)
    axes = figure.subplots()
    axes.hlines(table.index, table["low"], table["high"], color=COLORS["N"], lw=2.5)
    axes.plot(table["value"], table.index, "o", color=COLORS["N"], ms=8, mec="white")
    for y, row in table.iterrows():
        text = f"{row['value']:.3f}"
        if pd.notna(row["low"]):
            text += f"  [{row['low']:.3f}, {row['high']:.3f}]"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    names = [textwrap.fill(str(name), 40) for name in table["name"]]
    axes.set_yticks(table.index, names, parse_math=False)
    axes.set(xlabel=score, ylim=(len(table) - 0.5, -0.5))
    tidy(axes)
    return figure


def differences(
    table, against: str, score: str = "NAO", title: str | None = None, *, synthetic: bool = False
) -> Figure:
    """Differences of a score to that of one experiment, with 95 % intervals about 0.

    table: a table or list of dicts with name, difference, low, high, in the order of the rows
    An interval that holds 0 is hollow: it may be chance.
    """
    import pandas as pd

    table = pd.DataFrame(table).reset_index(drop=True)
    title = title or f"{score} of each less that of {against}, with 95 % intervals"
    figure = page(8.5, 0.9 + 0.42 * max(len(table), 1), title, synthetic)
    axes = figure.subplots()
    axes.axvline(0, color="0.3", lw=1)
    for y, row in table.iterrows():
        sure = row["low"] > 0 or row["high"] < 0
        color = CURVES[0][0] if row["difference"] >= 0 else CURVES[1][0]
        axes.hlines(y, row["low"], row["high"], color=color, lw=2.5)
        face = color if sure else "white"
        axes.plot(row["difference"], y, "o", color=face, mec=color, mew=2, ms=8, gid="difference")
        text = f"{row['difference']:+.3f}  [{row['low']:+.3f}, {row['high']:+.3f}]"
        text = text.replace("-", "\N{MINUS SIGN}")
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    names = [textwrap.fill(str(name), 40) for name in table["name"]]
    axes.set_yticks(table.index, names, parse_math=False)
    axes.set(xlabel=f"{score} less that of {against}", ylim=(len(table) - 0.5, -0.5))
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    tidy(axes)
    return figure


def ladder(results: Mapping, *, synthetic: bool = False) -> Figure:
    """NAO and the F1 of each class of several experiments with 95 % intervals, best NAO first.

    results: {name: what `ecglab.evaluation.metrics.scores` gives}
    """
    best = sorted(results.items(), key=lambda item: -item[1]["values"]["F1_NAO"])
    title = "NAO and F1 of each experiment with 95 % intervals"
    figure = page(WIDE, 1.1 + 0.55 * max(len(best), 1), title, synthetic)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 4])
    places = np.linspace(-0.24, 0.24, len(LABELS))
    columns = [("F1_NAO", 0.0, left, {"color": "black", "marker": "o", "ms": 8})]
    for label, place in zip(LABELS, places, strict=True):
        look = {"color": COLORS[label], "marker": MARKERS[label], "ms": 6}
        columns.append((F1_NAMES[label], place, right, look))
    for name, place, axes, look in columns:
        y = np.arange(len(best)) + place
        x = np.array([scores["values"][name] for _, scores in best])
        low, high = np.array([scores["intervals"][name] for _, scores in best]).reshape(-1, 2).T
        axes.hlines(y, low, high, color=look["color"], lw=1.8)
        axes.plot(x, y, ls="", gid=name, **look)
    for y, (_, scores) in enumerate(best):
        value = scores["values"]["F1_NAO"]
        left.annotate(f"{value:.3f}", (value, y), (0, 7), textcoords="offset points", ha="center")
    left.set_yticks(range(len(best)), [textwrap.fill(name, 34) for name, _ in best])
    for text in left.get_yticklabels():
        text.set_parse_math(False)
    left.set(xlabel="NAO, mean F1 of N, A and O", ylim=(len(best) - 0.5, -0.5))
    left.xaxis.set_major_locator(MaxNLocator(6))
    right.set(xlabel="F1 of each class")
    right.tick_params(axis="y", length=0)
    handles = [
        Line2D([], [], color=COLORS[x], marker=MARKERS[x], lw=1.8, label=f"{x}  {LABEL_NAMES[x]}")
        for x in LABELS
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=4)
    for axes in left, right:
        tidy(axes)
    return figure
