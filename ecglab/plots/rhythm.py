"""Figures of many records: what the records of a class share, and how classes differ."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter

from ecglab.ecg.classes import Classes
from ecglab.plots.style import WIDE, looks, page, tidy

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCES = "PuOr"
"""Colours of differences: orange below 0, violet above; colour-blind people can tell them apart."""


def by_class(
    table: "pd.DataFrame",
    columns: Mapping[str, str],
    classes: Classes,
    title: str,
    *,
    simulated: bool = False,
    log: Sequence[str] = (),
) -> Figure:
    """Cumulative distribution of each column in each class: the share of records below a value.

    table: one row a record, with `label`; columns: {column: text of its axis}
    log: columns whose axis is logarithmic. The highest and the lowest 0.5 % are not shown.
    """
    import seaborn

    n = len(columns)
    figure = page(WIDE, 3.7, title, simulated)
    all_axes = np.atleast_1d(figure.subplots(1, n, sharey=True))
    present = {c: look for c, look in looks(classes).items() if (table["label"] == c).any()}
    for axes, (column, words) in zip(all_axes, columns.items(), strict=True):
        known = table[np.isfinite(table[column])]
        for code, look in present.items():
            values = known[column][known["label"] == code]
            style = {"color": look.color, "ls": look.line, "lw": 2}
            seaborn.ecdfplot(x=values, ax=axes, label=classes.full_name(code), **style)
        axes.set(xlabel=textwrap.fill(words, 26), ylabel="share of records below")
        if column in log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.tick_params(axis="x", labelsize=9)
        if len(known):
            axes.set_xlim(*np.percentile(known[column], [0.5, 99.5]))
        tidy(axes)
    handles, names = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, handlelength=4)
    return figure


def poincare(
    rr: Mapping[str, np.ndarray], classes: Classes, title: str, *, simulated: bool = False
) -> Figure:
    """Each RR interval against the one before it, a panel each.

    rr: {title of a panel: (n,) intervals in s}. A title that begins with the code of a class has
    its colour. On the diagonal both intervals are equal.
    """
    width = min(max(3.2 * len(rr), 5.0), WIDE)
    figure = page(width, min(width / len(rr), 4.4) + 0.3, title, simulated)
    all_axes = np.atleast_1d(figure.subplots(1, len(rr), sharex=True, sharey=True))
    every = np.concatenate([x for x in rr.values() if x.size] or [np.array([0.4, 1.2])])
    low, high = max(every.min() - 0.1, 0), min(every.max() + 0.1, 2.5)
    for axes, (words, x) in zip(all_axes, rr.items(), strict=True):
        axes.plot([low, high], [low, high], color="0.7", lw=1)
        look = looks(classes).get(words.split()[0].rstrip(":") if words else "")
        color = look.color if look else "#000000"
        axes.plot(x[:-1], x[1:], "o", ms=4, color=color, alpha=0.7)
        axes.set_title(words, size=10)
        axes.set(xlim=(low, high), ylim=(low, high), xlabel="RR interval (s)", aspect="equal")
        tidy(axes)
    all_axes[0].set_ylabel("next RR interval (s)")
    return figure


def beats(
    templates: Mapping[str, np.ndarray],
    time: np.ndarray,
    classes: Classes,
    title: str,
    *,
    simulated: bool = False,
) -> Figure:
    """The average beats of records of each class, and their median.

    templates: {class: (records, samples)} scaled so that R is 1; time: (samples,) s from R
    """
    figure = page(WIDE, 3.6, title, simulated)
    all_axes = np.atleast_1d(figure.subplots(1, len(templates), sharex=True, sharey=True))
    for axes, (code, rows) in zip(all_axes, templates.items(), strict=True):
        axes.axvspan(-0.24, -0.06, color="0.92", lw=0)
        axes.text(-0.15, 1.13, "P", ha="center", va="top", size=11, color="0.35")
        axes.plot(time, rows[:60].T, color="0.6", lw=0.4, alpha=0.5)
        axes.plot(time, np.median(rows, axis=0), color=looks(classes)[code].color, lw=2.2)
        axes.set_title(f"{classes.full_name(code)}: {len(rows):,} records", size=10)
        axes.set(xlabel="time from R (s)", ylim=(-0.5, 1.15), xlim=(time[0], time[-1]))
        tidy(axes)
    all_axes[0].set_ylabel("signal, R = 1")
    return figure


def mean_spectrograms(
    means: Mapping[str, np.ndarray],
    time: np.ndarray,
    frequency: np.ndarray,
    classes: Classes,
    title: str,
    *,
    simulated: bool = False,
) -> Figure:
    """Class means of the log power around R, and below them their difference from the first class.

    means: {class: (bins, frames)} in dB; time: (frames,) s from R; frequency: (bins,) Hz
    """
    figure = page(WIDE, 5.0, title, simulated)
    if isinstance(layout := figure.get_layout_engine(), ConstrainedLayoutEngine):
        layout.set(wspace=0.03)
    rows = figure.subplots(2, len(means), sharex=True, sharey=True, squeeze=False)
    first, reference = next(iter(means.items()))
    half, half_bin = (time[1] - time[0]) / 2, (frequency[1] - frequency[0]) / 2
    extent = (
        time[0] - half,
        time[-1] + half,
        frequency[0] - half_bin,
        frequency[-1] + half_bin,
    )
    style = {"aspect": "auto", "origin": "lower", "extent": extent}
    loudest = max(float(mean.max()) for mean in means.values())
    for axes, (code, mean) in zip(rows[0], means.items(), strict=True):
        level = {"vmin": loudest - 30, "vmax": loudest}
        image = axes.imshow(mean, cmap="cividis", **level, **style)
        axes.set_title(classes.full_name(code), size=10)
    figure.colorbar(image, ax=list(rows[0]), extend="min", label="mean power (dB)", pad=0.01)
    rows[0, 0].set_ylabel("frequency (Hz)")
    rows[1, 0].set_axis_off()
    if len(means) > 1:
        words = f"Differences from {first}\n\nviolet: more power than {first}\norange: less power"
        style_of = {"ha": "center", "va": "center", "size": 10, "parse_math": False}
        rows[1, 0].text(0.5, 0.5, words, transform=rows[1, 0].transAxes, **style_of)
    for axes, (code, mean) in list(zip(rows[1], means.items(), strict=True))[1:]:
        change = axes.imshow(mean - reference, cmap=DIFFERENCES, vmin=-6, vmax=6, **style)
        axes.set_title(f"{code} minus {first}", size=10)
        axes.set_xlabel("time from R (s)")
    if len(means) > 1:
        figure.colorbar(change, ax=list(rows[1]), extend="both", label="difference (dB)", pad=0.01)
        rows[1, 1].set_ylabel("frequency (Hz)")
        rows[1, 1].tick_params(labelleft=True)
    return figure
