"""Figures of predictions: confusion, precision and recall, reliability, risk and coverage."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from numpy.typing import ArrayLike

from ecglab.ecg.classes import Classes
from ecglab.evaluation import calibration, metrics
from ecglab.plots.style import (
    CURVES,
    NARROW,
    WIDE,
    Style,
    looks,
    page,
    percent,
    ranked_words,
    tidy,
)
from ecglab.utils.types import Labels


def confusion(
    labels: Labels,
    predicted: Labels,
    classes: Classes,
    title: str | None = None,
    *,
    simulated: bool = False,
) -> Figure:
    """Counts of reference labels (rows) against predictions (columns), with the rows' shares.

    labels, predicted: (n_records,) class codes
    """
    matrix = metrics.confusion(labels, predicted, classes)
    total = matrix.sum(axis=1)
    share = matrix / np.maximum(total, 1)[:, None]
    title = title or f"Confusion matrix of {matrix.sum():,} records"
    details = "number of records, and their share of the reference label"
    n = len(classes)
    figure = page(max(NARROW, 1.45 * n), max(5.8, 1.3 * n), title, simulated, details)
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(matrix):
        style: Style = {"weight": "bold" if i == j else "normal"}
        style["color"] = "white" if share[i, j] > 0.5 else "black"
        text = f"{count:,}\n{percent(share[i, j])}"
        axes.text(j, i, text, ha="center", va="center", size=12, **style)
    names = [_wrapped(classes, code) for code in classes]
    axes.set_xticks(range(n), names, parse_math=False)
    rows = [f"{name}\n{count:,}" for name, count in zip(names, total, strict=True)]
    axes.set_yticks(range(n), rows, parse_math=False)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted", size=12)
    axes.set_ylabel("reference label", size=12)
    return figure


def precision_recall(
    labels: Labels, probabilities: ArrayLike, classes: Classes, *, simulated: bool = False
) -> Figure:
    """Precision against recall of each class against the others, with its average precision.

    labels: (n,) class codes; probabilities: (n, n_classes). A class without records has no curve.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    title = f"Precision and recall of {labels.size:,} records"
    figure = page(NARROW, 5.2, title, simulated)
    axes = figure.subplots()
    for (code, look), probability in zip(looks(classes).items(), probabilities.T, strict=True):
        truth = labels == code
        if not truth.any():
            continue
        precision, recall, average = metrics.precision_recall(truth, probability)
        style: Style = {"color": look.color, "ls": look.line, "lw": 2, "drawstyle": "steps-pre"}
        axes.plot(recall, precision, label=f"{classes.full_name(code)}: {average:.3f}", **style)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    where: Style = {"loc": "outside lower center", "ncols": 2, "handlelength": 4}
    _plain(figure.legend(title="average precision", **where))
    tidy(axes)
    return figure


def reliability(
    labels: Labels,
    probabilities: ArrayLike,
    classes: Classes,
    bins: int = 10,
    *,
    simulated: bool = False,
) -> Figure:
    """How often records are of a class at each predicted probability, and how many records.

    labels: (n,) class codes; probabilities: (n, n_classes); bins: of equal width from 0 to 1
    A class without records has no panel. A point stands at its bin's mean probability, with
    Jeffreys' 95 % interval. The error in the title is `metrics.ece`, that over a panel the class's
    own, both in the bins of `metrics`.
    """
    from scipy.stats import beta

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    error = metrics.ece(labels, probabilities, classes)
    title = f"Reliability of {labels.size:,} records: expected calibration error {error:.3f}"
    shown = [i for i, code in enumerate(classes) if (labels == code).any()]
    figure = page(max(NARROW, WIDE / 4 * len(shown)), 4.4, title, simulated)
    shared: Style = {"sharex": True, "sharey": "row", "height_ratios": [5, 2], "squeeze": False}
    axes = figure.subplots(2, len(shown), **shared)
    errors = metrics.class_eces(labels, probabilities, classes)
    for i, (above, below) in zip(shown, axes.T, strict=True):
        code, probability = classes.codes[i], probabilities[:, i]
        look = looks(classes)[code]
        of = calibration.binned(labels == code, probability, bins)
        filled = of.counts > 0
        n, x, y = of.counts[filled], of.probability[filled], of.frequency[filled]
        low, high = beta.ppf([[0.025], [0.975]], n * y + 0.5, n * (1 - y) + 0.5)
        above.plot([0, 1], [0, 1], color="0.6", lw=1)
        above.vlines(x, low, high, color=look.color, lw=1.5)
        style: Style = {"color": look.color, "ls": look.line, "marker": look.marker}
        above.plot(x, y, lw=1, ms=5, clip_on=False, zorder=3, **style)
        name = f"{textwrap.fill(classes.full_name(code), 30)}\nerror {errors[code]:.3f}"
        above.set_title(name, size=11, parse_math=False)
        left = np.arange(bins) / bins
        style = {"color": "0.8", "edgecolor": "0.3", "lw": 0.8}
        below.bar(left, of.counts, 1 / bins, align="edge", **style)
        below.set(xlabel="predicted probability", yscale="log", xticks=[0, 0.25, 0.5, 0.75, 1])
        tidy(above)
        tidy(below)
    axes[0, 0].set(ylabel="share of records", xlim=(0, 1), ylim=(0, 1.02))
    axes[1, 0].set(ylabel="records", ylim=(0.7, None))
    axes[1, 0].yaxis.set_major_formatter("{x:,.0f}")
    return figure


def coverage(
    results: Mapping, classes: Classes, lowest: float = 0.3, *, simulated: bool = False
) -> Figure:
    """Challenge F1 against the share of records that is kept, the least certain withheld.

    results: {name: table with `label` and the classes' probabilities}, a curve each, in order
    lowest: share at which the curves begin; below it some classes have hardly any record left
    """
    shares = np.arange(1, lowest - 1e-9, -0.02)[::-1]
    title = "Challenge F1 when the least certain records are withheld"
    details = f"challenge F1: {ranked_words(classes)}"
    figure = page(7.0, 4.2 + 0.15 * len(results), title, simulated, details)
    axes = figure.subplots()
    for i, (name, table) in enumerate(results.items()):
        labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy()
        y = metrics.coverage(labels, probabilities, shares, classes)
        color, style, marker = CURVES[i % len(CURVES)]
        look: Style = {"color": color, "ls": style, "marker": marker, "markevery": (i % 5, 5)}
        axes.plot(100 * shares, y, lw=1.8, ms=5, label=f"{name}: {y[-1]:.3f}", **look)
    axes.set(xlabel="share of records kept (%)", ylabel="challenge F1 of the kept records")
    axes.set_xlim(100 * lowest - 1, 101)
    if results:
        # Outside the axes: the curves leave free space in other places in each figure.
        where: Style = {"loc": "outside lower center", "ncols": 2, "handlelength": 4}
        _plain(figure.legend(title="challenge F1 of all records", **where))
    tidy(axes)
    return figure


def risk_coverage(
    labels: Labels, probabilities: ArrayLike, classes: Classes, *, simulated: bool = False
) -> Figure:
    """Share of wrong predictions against the share of records kept, the least certain withheld.

    labels: (n,) class codes; probabilities: (n, n_classes)
    """
    shares = np.linspace(0.02, 1, 50)
    y = metrics.risk(labels, np.asarray(probabilities), shares, classes)
    title = f"Risk and coverage of {len(labels):,} records"
    figure = page(NARROW, 4.2, title, simulated, "the least certain records are withheld first")
    axes = figure.subplots()
    color, style, _ = CURVES[0]
    axes.plot(100 * shares, 100 * y, color=color, ls=style, lw=2)
    axes.set(xlabel="share of records kept (%)", ylabel="wrong among the kept records (%)")
    axes.set(xlim=(0, 101), ylim=(0, None))
    tidy(axes)
    return figure


OUTCOMES = (("right", "#DDDDDD", ""), ("noise", "#88AACC", "//"), ("wrong", CURVES[1][0], ""))
"""Outcomes of predictions as they are stacked: name, colour, hatch."""


def against_noise(
    levels: Sequence[float],
    certainty: ArrayLike,
    outcomes: Mapping[str, np.ndarray],
    *,
    simulated: bool = False,
) -> Figure:
    """Certainty and errors of the predictions of the same records with more and more noise.

    levels: (n_levels,) SD of the noise in mV; certainty: (n_levels, n) probability of the predicted
    class; outcomes: {"right", "noise", "wrong": (n_levels,) share of the records}
    """
    certainty = np.asarray(certainty)
    title = f"Certainty and errors of {certainty.shape[1]:,} records against added noise"
    figure = page(WIDE, 4.2, title, simulated, "white noise; the same records at all levels")
    left, right = figure.subplots(1, 2, sharex=True)
    at = np.arange(len(levels))
    left.plot(at, certainty[:, :20], color="0.6", lw=0.7)
    color, _, marker = CURVES[0]
    left.plot(at, np.median(certainty, axis=1), color=color, marker=marker, lw=2.5, gid="median")
    left.set(ylabel="probability of the predicted class", ylim=(0, 1.02))
    n = min(certainty.shape[1], 20)
    left.set_title(f"Certainty: {n} records (thin), median of all (thick)", size=11)
    below = np.zeros(len(levels))
    for name, face, hatch in OUTCOMES:
        if name in outcomes:
            style = {"color": face, "hatch": hatch, "edgecolor": "white", "lw": 0}
            words = "predicted as noise" if name == "noise" else name
            right.bar(at, 100 * outcomes[name], 0.8, bottom=below, gid=name, label=words, **style)
            below = below + 100 * outcomes[name]
    right.set(ylabel="share of records (%)", ylim=(0, 100))
    right.set_title("Prediction against the label without noise", size=11)
    for axes in left, right:
        axes.set_xticks(at, [f"{1000 * level:g}" for level in levels])
        axes.set_xlabel("SD of the added noise (µV)")
        tidy(axes)
    figure.legend(loc="outside lower right", ncols=3)
    return figure


def _wrapped(classes: Classes, code: str) -> str:
    """The code of a class, and its meaning in short lines under it."""
    meaning = classes.meanings[code]
    return code if meaning == code else f"{code}\n{textwrap.fill(meaning, 12)}"


def _plain(legend: Legend) -> None:
    """Show dollar signs in a legend as they are."""
    for text in legend.get_texts():
        text.set_parse_math(False)
