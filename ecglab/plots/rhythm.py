"""Pictures of many records: what their classes have in common, and what tells them apart."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ecglab.ecg.record import LABEL_NAMES, LABELS
from ecglab.plots.style import COLORS, STYLES, WIDE, page, tidy

DIFFERENCES = "PuOr"
"""Colours of differences: orange below 0, violet above, told apart by everyone."""


def by_class(
    table, columns: Mapping[str, str], title: str, *, synthetic: bool = False, log=()
) -> Figure:
    """How each column is distributed in each class: the share of records below a value.

    table: one row a record, with `label`; columns: {column: words for its axis}
    log: columns whose axis is logarithmic. The highest and the lowest 0.5 % are not shown.
    """
    import seaborn

    n = len(columns)
    figure = page(WIDE, 3.7, title, synthetic)
    all_axes = np.atleast_1d(figure.subplots(1, n, sharey=True))
    present = [label for label in LABELS if (table["label"] == label).any()]
    for axes, (column, words) in zip(all_axes, columns.items(), strict=True):
        known = table[np.isfinite(table[column])]
        for label in present:
            values = known[column][known["label"] == label]
            look = {"color": COLORS[label], "ls": STYLES[label], "lw": 2}
            seaborn.ecdfplot(x=values, ax=axes, label=f"{label}  {LABEL_NAMES[label]}", **look)
        axes.set(xlabel=textwrap.fill(words, 26), ylabel="share of records below")
        if column in log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        if len(known):
            axes.set_xlim(*np.percentile(known[column], [0.5, 99.5]))
        tidy(axes)
    handles, names = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, handlelength=4)
    return figure


def poincare(rr: Mapping[str, np.ndarray], title: str, *, synthetic: bool = False) -> Figure:
    """Each RR interval against the one before it, a panel each.

    rr: {words: (n,) intervals in s}. On the diagonal both are alike.
    """
    width = min(max(3.2 * len(rr), 5.0), WIDE)
    figure = page(width, min(width / len(rr), 4.4) + 0.3, title, synthetic)
    all_axes = np.atleast_1d(figure.subplots(1, len(rr), sharex=True, sharey=True))
    every = np.concatenate([x for x in rr.values() if x.size] or [np.array([0.4, 1.2])])
    low, high = max(every.min() - 0.1, 0), min(every.max() + 0.1, 2.5)
    for axes, (words, x) in zip(all_axes, rr.items(), strict=True):
        axes.plot([low, high], [low, high], color="0.7", lw=1)
        label = words.split()[0].rstrip(":") if words else ""
        axes.plot(x[:-1], x[1:], "o", ms=4, color=COLORS.get(label, "#000000"), alpha=0.7)
        axes.set_title(words, size=10)
        axes.set(xlim=(low, high), ylim=(low, high), xlabel="RR interval (s)", aspect="equal")
        tidy(axes)
    all_axes[0].set_ylabel("next RR interval (s)")
    return figure


def beats(
    templates: Mapping[str, np.ndarray], time: np.ndarray, title: str, *, synthetic: bool = False
) -> Figure:
    """The average beats of records of each class, and the median of these.

    templates: {label: (records, samples)} over R; time: (samples,) s from R
    """
    figure = page(WIDE, 3.6, title, synthetic)
    all_axes = np.atleast_1d(figure.subplots(1, len(templates), sharex=True, sharey=True))
    for axes, (label, rows) in zip(all_axes, templates.items(), strict=True):
        axes.axvspan(-0.24, -0.06, color="0.92", lw=0)
        axes.text(-0.15, 1.13, "P", ha="center", va="top", size=11, color="0.35")
        axes.plot(time, rows[:60].T, color="0.6", lw=0.4, alpha=0.5)
        axes.plot(time, np.median(rows, axis=0), color=COLORS[label], lw=2.2)
        axes.set_title(f"{label}  {LABEL_NAMES[label]}: {len(rows):,} records", size=10)
        axes.set(xlabel="time from R (s)", ylim=(-0.5, 1.15), xlim=(time[0], time[-1]))
        tidy(axes)
    all_axes[0].set_ylabel("signal, R = 1")
    return figure


def mean_spectrograms(
    means: Mapping[str, np.ndarray],
    time: np.ndarray,
    frequency: np.ndarray,
    title: str,
    *,
    synthetic: bool = False,
) -> Figure:
    """Class means of the log power around R, and under them what differs from the first class.

    means: {label: (bins, frames)} in dB; time: (frames,) s from R; frequency: (bins,) Hz
    """
    figure = page(WIDE, 5.0, title, synthetic)
    figure.get_layout_engine().set(wspace=0.03)
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
    for axes, (label, mean) in zip(rows[0], means.items(), strict=True):
        level = {"vmin": loudest - 30, "vmax": loudest}
        image = axes.imshow(mean, cmap="cividis", **level, **style)
        axes.set_title(f"{label}  {LABEL_NAMES[label]}", size=10)
    figure.colorbar(image, ax=list(rows[0]), extend="min", label="mean power (dB)", pad=0.01)
    for axes, (label, mean) in zip(rows[1], means.items(), strict=True):
        change = axes.imshow(mean - reference, cmap=DIFFERENCES, vmin=-6, vmax=6, **style)
        axes.set_title(f"{label} less {first}" if label != first else f"{first} itself", size=10)
        axes.set_xlabel("time from R (s)")
    figure.colorbar(change, ax=list(rows[1]), extend="both", label="difference (dB)", pad=0.01)
    for line in rows:
        line[0].set_ylabel("frequency (Hz)")
    return figure
