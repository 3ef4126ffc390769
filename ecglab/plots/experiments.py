"""Figures of experiments: how one learned, and how several compare."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ecglab.ecg.classes import Classes
from ecglab.plots.style import (
    CURVES,
    WIDE,
    Style,
    looks,
    page,
    ranked_words,
    signed,
    tidy,
)

if TYPE_CHECKING:
    import pandas as pd

SCORE = "challenge F1"


def learning_curves(histories: dict[int, list[dict]], *, simulated: bool = False) -> Figure:
    """Training loss, validation loss and validation score of each fold against the epochs.

    histories: {fold: its epochs, as `RunFolder.history` returns them}; what no epoch has is left
    out. The training loss may be weighted and smoothed, the validation loss never is. Losses are
    drawn from 0 on, scores from 0 to 1. A star marks the last epoch with the highest challenge F1.
    """
    shades = colormaps["viridis"](np.linspace(0, 0.9, max(len(histories), 1)))
    names = {
        "loss": ("Training", "training loss"),
        "val/loss": ("Validation", "validation loss"),
        "val/challenge_f1": ("Validation (star: highest)", SCORE),
    }
    known = {name for history in histories.values() for entry in history for name in entry}
    names = {name: words for name, words in names.items() if name in known or name == "loss"}
    folds = f" of fold {next(iter(histories))}" if len(histories) == 1 else ""
    details = "" if len(names) == 3 else "no validation scores"
    width = max(WIDE * len(names) / 3, 5.0)
    figure = page(width, 4.0, f"Learning curves{folds}", simulated, details)
    all_axes = figure.subplots(1, len(names), sharex=True, squeeze=False)[0]
    if "val/loss" in names:
        all_axes[1].sharey(all_axes[0])
    for axes, (name, (title, y_label)) in zip(all_axes, names.items(), strict=True):
        for i, (fold, history) in enumerate(sorted(histories.items())):
            points = [(entry["epoch"], entry[name]) for entry in history if name in entry]
            if not points:
                continue
            x, y = zip(*points, strict=True)
            style = {"marker": "os^Dv"[i % 5], "ms": 5, "markevery": max(len(x) // 8, 1)}
            axes.plot(x, y, color=shades[i], lw=1.5, label=f"fold {fold}", **style)
            if name == "val/challenge_f1":
                best = max(points, key=lambda point: point[::-1])
                axes.plot(*best, "*", ms=12, color=shades[i], mec="black", gid="best")
        axes.set_title(title, size=11)
        axes.set(xlabel="epoch", ylabel=y_label)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        tidy(axes)
    losses = [y for axes in all_axes[:2] for line in axes.lines for y in line.get_ydata()]
    for axes, name in zip(all_axes, names, strict=True):
        top = 1.02 if name == "val/challenge_f1" else 1.05 * max(losses, default=1.0)
        axes.set_ylim(0, top)
    if len(all_axes[0].lines) > 1:
        handles, words = all_axes[0].get_legend_handles_labels()
        figure.legend(handles, words, loc="outside lower center", ncols=5)
    return figure


def intervals(
    scores: "pd.DataFrame | Sequence[Mapping]",
    score: str = SCORE,
    title: str | None = None,
    *,
    ranked: bool = True,
    simulated: bool = False,
) -> Figure:
    """One score of several experiments with 95 % intervals.

    scores: a table or list of dicts with name, value, low, high; NaN where there is no interval
    ranked: whether the best is on top; otherwise the rows stay in their order
    """
    import pandas as pd

    table = pd.DataFrame(scores)
    if ranked:
        table = table.sort_values("value", ascending=False, ignore_index=True)
    title = title or f"{_capitalised(score)} of each experiment with its 95 % interval"
    figure = page(8.5, 0.9 + 0.38 * max(len(table), 1), title, simulated)
    axes = figure.subplots()
    color = CURVES[0][0]
    axes.hlines(table.index, table["low"], table["high"], color=color, lw=2.5)
    axes.plot(table["value"], table.index, "o", color=color, ms=8, mec="white")
    for y, (_, row) in enumerate(table.iterrows()):
        text = f"{row['value']:.3f}"
        if pd.notna(row["low"]):
            text += f"  [{row['low']:.3f}, {row['high']:.3f}]"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    _rows(axes, table["name"])
    axes.set(xlabel=score)
    tidy(axes)
    return figure


def differences(
    table: "pd.DataFrame | Sequence[Mapping]",
    against: str,
    score: str = SCORE,
    title: str | None = None,
    *,
    simulated: bool = False,
) -> Figure:
    """Differences of a score to that of one experiment, with 95 % intervals.

    table: a table or list of dicts with name, difference, low, high, in the order of the rows
    The point of an interval that contains 0 is hollow: the difference may be chance.
    """
    import pandas as pd

    table = pd.DataFrame(table).reset_index(drop=True)
    title = title or f"{_capitalised(score)} of each minus that of {against}, with 95 % intervals"
    figure = page(8.5, 0.9 + 0.42 * max(len(table), 1), title, simulated)
    axes = figure.subplots()
    axes.axvline(0, color="0.3", lw=1)
    for y, (_, row) in enumerate(table.iterrows()):
        sure = row["low"] > 0 or row["high"] < 0
        color = CURVES[0][0] if row["difference"] >= 0 else CURVES[1][0]
        axes.hlines(y, row["low"], row["high"], color=color, lw=2.5)
        face = color if sure else "white"
        axes.plot(row["difference"], y, "o", color=face, mec=color, mew=2, ms=8, gid="difference")
        value, low, high = (signed(row[name]) for name in ("difference", "low", "high"))
        text = f"{value}  [{low}, {high}]"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    _rows(axes, table["name"])
    axes.set(xlabel=f"{score} minus that of {against}")
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    tidy(axes)
    return figure


def leaderboard(results: Mapping, classes: Classes, *, simulated: bool = False) -> Figure:
    """Challenge F1 and F1 of each class of several experiments with 95 % intervals, best first.

    results: {name: what `ecglab.evaluation.metrics.scores` returns}
    """
    best = sorted(results.items(), key=lambda item: -item[1]["values"]["challenge_f1"])
    title = "Challenge F1 and F1 of each class, with 95 % intervals"
    figure = page(WIDE, 1.1 + 0.55 * max(len(best), 1), title, simulated)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 4])
    places = np.linspace(-0.24, 0.24, len(classes))
    columns: list[tuple[str, float, Any, Style]] = [
        ("challenge_f1", 0.0, left, {"color": "black", "marker": "o", "ms": 8})
    ]
    handles = []
    for (code, look), place in zip(looks(classes).items(), places, strict=True):
        style: Style = {"color": look.color, "marker": look.marker}
        columns.append((classes.metric(code), place, right, {**style, "ms": 6}))
        handles.append(Line2D([], [], lw=1.8, label=classes.full_name(code), **style))
    for name, place, axes, style in columns:
        y = np.arange(len(best)) + place
        x = np.array([scores["values"][name] for _, scores in best])
        low, high = np.array([scores["intervals"][name] for _, scores in best]).reshape(-1, 2).T
        axes.hlines(y, low, high, color=style["color"], lw=1.8)
        axes.plot(x, y, ls="", gid=name, **style)
    for row, (_, scores) in enumerate(best):
        value, above = scores["values"]["challenge_f1"], {"textcoords": "offset points"}
        left.annotate(f"{value:.3f}", (value, row), (0, 7), ha="center", **above)
    _rows(left, [name for name, _ in best], 34)
    left.set(xlabel=f"{SCORE}, {ranked_words(classes)}")
    left.xaxis.set_major_locator(MaxNLocator(6))
    right.set(xlabel="F1 of each class")
    right.tick_params(axis="y", length=0)
    figure.legend(handles=handles, loc="outside lower right", ncols=4)
    for axes in left, right:
        tidy(axes)
    return figure


def against_setting(
    results: Mapping[float, Mapping],
    classes: Classes,
    setting: str,
    title: str,
    *,
    simulated: bool = False,
) -> Figure:
    """Challenge F1 and F1 of each class against the value of one setting, with 95 % intervals.

    results: {value: what `ecglab.evaluation.metrics.scores` returns}
    setting: its name; title: of the figure
    """
    figure = page(WIDE, 4.0, title, simulated)
    left, right = figure.subplots(1, 2, sharey=True)
    x = np.array(sorted(results), float)
    step = 0.006 * (x[-1] - x[0])
    look: Style = {"color": "black", "marker": "o", "ls": "-", "label": SCORE}
    columns = [("challenge_f1", 0.0, left, look)]
    for i, (code, one) in enumerate(looks(classes).items()):
        look = {"color": one.color, "marker": one.marker, "ls": one.line}
        look["label"] = classes.full_name(code)
        columns.append((classes.metric(code), (i - len(classes) / 2) * step, right, look))
    for name, place, axes, look in columns:
        y = np.array([results[value]["values"][name] for value in sorted(results)])
        ends = np.array([results[value]["intervals"][name] for value in sorted(results)])
        axes.vlines(x + place, *ends.T, color=look["color"], lw=1.8)
        axes.plot(x + place, y, gid=name, **look)
    for value, score in zip(x, left.lines[0].get_ydata(), strict=True):
        left.annotate(f"{score:.3f}", (value, score), (7, 5), textcoords="offset points")
    left.set(xlabel=setting, ylabel=f"{SCORE}, {ranked_words(classes)}", ylim=(0, 1))
    right.set(xlabel=setting, ylabel="F1 of each class")
    right.legend()
    for axes in left, right:
        axes.set_xticks(x)
        axes.margins(x=0.1)
        tidy(axes)
    return figure


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rows(axes: Axes, names: Iterable[str], width: int = 40) -> None:
    """Write the names of the rows at the left, the first on top."""
    texts = [textwrap.fill(str(name), width) for name in names]
    axes.set_yticks(range(len(texts)), texts, parse_math=False)
    axes.set_ylim(len(texts) - 0.5, -0.5)
