"""Pictures of what a model said of records it never saw: confusion, curves, reliability."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ecglab.ecg.record import LABEL_NAMES, LABELS
from ecglab.evaluation import metrics
from ecglab.plots.style import COLORS, CURVES, MARKERS, NARROW, STYLES, WIDE, page, percent, tidy


def confusion(labels, chosen, title: str | None = None, *, synthetic: bool = False) -> Figure:
    """Counts of reference labels (rows) against said labels (columns), with the rows' shares.

    labels, chosen: (n,) of LABELS
    """
    matrix = metrics.confusion(labels, chosen)
    total = matrix.sum(axis=1)
    share = matrix / np.maximum(total, 1)[:, None]
    title = title or f"Confusion of {matrix.sum():,} records"
    details = "number of records, and their share of the reference label"
    figure = page(NARROW, 5.8, title, synthetic, details)
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(matrix):
        style = {"weight": "bold" if i == j else "normal"}
        style["color"] = "white" if share[i, j] > 0.5 else "black"
        text = f"{count:,}\n{percent(share[i, j])}"
        axes.text(j, i, text, ha="center", va="center", size=12, **style)
    names = [f"{label}\n{LABEL_NAMES[label]}".replace("atrial ", "atrial\n") for label in LABELS]
    axes.set_xticks(range(4), names)
    axes.set_yticks(range(4), [f"{a}\n{n:,}" for a, n in zip(names, total, strict=True)])
    axes.tick_params(length=0)
    axes.set_xlabel("said", size=12)
    axes.set_ylabel("reference label", size=12)
    return figure


def precision_recall(labels, probabilities, *, synthetic: bool = False) -> Figure:
    """Precision against recall of each class against the others, with its average precision.

    labels: (n,) of LABELS; probabilities: (n, 4). A class without records has no curve.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    title = f"Precision and recall of {labels.size:,} records"
    figure = page(NARROW, 5.2, title, synthetic)
    axes = figure.subplots()
    for i, label in enumerate(LABELS):
        truth = labels == label
        if not truth.any():
            continue
        precision, recall, average = metrics.precision_recall(truth, probabilities[:, i])
        axes.plot(
            recall,
            precision,
            color=COLORS[label],
            ls=STYLES[label],
            lw=2,
            drawstyle="steps-pre",
            label=f"{label}  {LABEL_NAMES[label]}: {average:.3f}",
        )
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    axes.legend(title="average precision", loc="lower left", handlelength=4)
    tidy(axes)
    return figure


def reliability(labels, probabilities, bins: int = 10, *, synthetic: bool = False) -> Figure:
    """How often each class is right at a probability, with 95 % intervals, and how many records.

    labels: (n,) of LABELS; probabilities: (n, 4); bins: number of equal bins from 0 to 1
    A point stands at its bin's mean probability, with Jeffreys' interval. The error in the title is
    `metrics.calibration_error` of the said label, that over a curve the class's own, both in their
    own bins, as they are reported elsewhere.
    """
    from scipy.stats import beta

    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    error = metrics.calibration_error(labels, probabilities)
    title = f"Reliability of {labels.size:,} records: expected calibration error {error:.3f}"
    figure = page(WIDE, 4.4, title, synthetic)
    axes = figure.subplots(2, 4, sharex=True, sharey="row", height_ratios=[5, 2])
    errors = metrics.class_calibration_errors(labels, probabilities)
    for label, probability, (above, below) in zip(LABELS, probabilities.T, axes.T, strict=True):
        at = np.minimum((probability * bins).astype(int), bins - 1)
        n = np.bincount(at, minlength=bins)
        right = np.bincount(at, labels == label, bins)
        low, high = beta.ppf([[0.025], [0.975]], right + 0.5, n - right + 0.5)
        filled = n > 0
        x = np.bincount(at, probability, bins)[filled] / n[filled]
        y = right[filled] / n[filled]
        above.plot([0, 1], [0, 1], color="0.6", lw=1)
        above.vlines(x, low[filled], high[filled], color=COLORS[label], lw=1.5)
        style = {"color": COLORS[label], "ls": STYLES[label], "marker": MARKERS[label]}
        above.plot(x, y, lw=1, ms=5, clip_on=False, zorder=3, **style)
        above.set_title(f"{label}  {LABEL_NAMES[label]} (error {errors[label]:.3f})", size=11)
        left = np.arange(bins) / bins
        below.bar(left, n, 1 / bins, align="edge", color="0.8", edgecolor="0.3", lw=0.8)
        below.set(xlabel="probability", yscale="log", xticks=[0, 0.25, 0.5, 0.75, 1])
        tidy(above)
        tidy(below)
    axes[0, 0].set(ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
    axes[1, 0].set(ylabel="records", ylim=(0.7, None))
    axes[1, 0].yaxis.set_major_formatter("{x:,.0f}")
    return figure


def coverage(results: Mapping, lowest: float = 0.3, *, synthetic: bool = False) -> Figure:
    """NAO against the share of records answered, when the least certain are withheld.

    results: {name: table with label, N, A, O, ~}, a curve each, in the order given
    lowest: share at which the curves begin; of fewer records some class is hardly answered at all
    """
    shares = np.arange(1, lowest - 1e-9, -0.02)[::-1]
    title = "NAO when the least certain records are withheld"
    figure = page(7.0, 4.2 + 0.15 * len(results), title, synthetic)
    axes = figure.subplots()
    for i, (name, table) in enumerate(results.items()):
        labels, probabilities = table["label"].to_numpy(), table[list(LABELS)].to_numpy()
        y = metrics.coverage(labels, probabilities, shares)
        color, style, marker = CURVES[i % len(CURVES)]
        look = {"color": color, "ls": style, "marker": marker, "markevery": (i % 5, 5)}
        axes.plot(100 * shares, y, lw=1.8, ms=5, label=f"{name}: {y[-1]:.3f}", **look)
    axes.set(xlabel="share of records answered (%)", ylabel="NAO of the answered records")
    axes.set_xlim(100 * lowest - 1, 101)
    if results:
        # Beside no curve: where there is room differs from result to result.
        where = {"loc": "outside lower center", "ncols": 2, "handlelength": 4}
        legend = figure.legend(title="NAO of all records", **where)
        for text in legend.get_texts():
            text.set_parse_math(False)
    tidy(axes)
    return figure
