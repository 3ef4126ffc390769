"""Figures of a search: the settings that were tried, their scores, and which of them mattered.

A trial is {"trial": id, "status": "completed" or "failed", "score": challenge F1 on the validation
records or None, "values": {key: text}}. A space is {key: its choice or range}, whose
`place(text)` returns where a value lies between 0 and 1.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglab.plots.style import CURVES, WIDE, Style, page, tidy


class Entry(Protocol):
    """A choice or a range of values: all that these figures ask of it."""

    def place(self, text: str) -> float:
        """Position of a value, from 0 to 1."""


FEWEST = 8
"""Fewest trials from which importances are computed."""

MOST_TICKS = 5
"""Most values that an axis names one by one."""

SCORE = "challenge F1"
VALIDATION = f"{SCORE} on the validation records"


def parallel_coordinates(
    trials: Sequence[Mapping], space: Mapping, *, simulated: bool = False
) -> Figure:
    """Each trial as a line through its settings to its score; the best one is black, on top.

    The darker a line, the higher the score.
    """
    scored = sorted(_scored(trials), key=lambda row: row["score"])
    failed = sum(row["status"] == "failed" for row in trials)
    title = f"Settings of {len(scored)} trials and their {VALIDATION}"
    details = "black: the best"
    details += f"; {failed} failed and have no score" if failed else ""
    figure = page(max(WIDE, 1.5 * (len(space) + 1)), 4.8, title, simulated, details)
    axes = figure.subplots()
    scores = np.array([row["score"] for row in scored])
    low, high = (scores.min(), scores.max()) if len(scored) else (0.0, 1.0)
    spread = max(high - low, 1e-9)
    shades = colormaps["viridis"](0.95 - 0.95 * (scores - low) / spread)
    tried = {key: [row["values"][key] for row in scored] for key in space}
    columns = [_places(entry, tried[key]) for key, entry in space.items()]
    columns.append((scores - low) / spread)
    for i, y in enumerate(np.transpose(columns)):
        best = i == len(scored) - 1
        look = {"color": "black", "lw": 3, "zorder": 3} if best else {"color": shades[i], "lw": 1.6}
        axes.plot(range(len(y)), y, marker="o", ms=5, gid="trial", **look)
    for x, (key, entry) in enumerate(space.items()):
        for place, text in _ticks(entry, tried[key]):
            _label(axes, x, place, text)
    for place in (0, 0.5, 1):
        _label(axes, len(space), place, f"{low + place * spread:.3f}")
    names = [textwrap.fill(key.replace(".", ". "), 16).replace(". ", ".") for key in space]
    axes.set_xticks(range(len(space) + 1), [*names, SCORE])
    axes.vlines(range(len(space) + 1), 0, 1, color="0.3", lw=1, zorder=0)
    axes.set(yticks=[], xlim=(-0.15, len(space) + 0.35), ylim=(-0.06, 1.06))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def importance(trials: Sequence[Mapping], space: Mapping, *, simulated: bool = False) -> Figure:
    """The score of each trial against each setting, the most important settings first.

    The importance is that of `importances`, as a share of all settings. The title gives how much
    of the variance the forest explains in trials that it was not fitted to; near 0 %, the shares
    are chance.
    """
    scored = _scored(trials)
    shares, explained = importances(scored, space)
    if explained is None:
        title = f"{SCORE[:1].upper()}{SCORE[1:]} of {len(scored)} trials against each setting"
    else:
        share = f"{explained:.0%}" if explained > 0.05 else "almost none"
        title = f"Importance of the settings in {len(scored)} trials (variance explained: {share})"
    keys = sorted(space, key=lambda key: -shares.get(key, 0.0))
    columns = min(4, len(keys))
    rows = -(-len(keys) // columns)
    note = f"importances need {FEWEST} trials" if explained is None else ""
    figure = page(max(3.0 * columns, 7.0), 2.9 * rows, title, simulated, note)
    grid = np.atleast_1d(figure.subplots(rows, columns, sharey=True, squeeze=False)).ravel()
    for axes, key in zip(grid, keys, strict=False):
        _against(axes, scored, key, space[key])
        share = f" ({shares[key]:.0%})" if key in shares else ""
        axes.set_title(f"{key}{share}", size=11)
        tidy(axes)
    for axes in grid[len(keys) :]:
        axes.set_axis_off()
    for axes in grid[::columns]:
        axes.set_ylabel(SCORE)
    return figure


def importances(scored: Sequence[Mapping], space: Mapping) -> tuple[dict[str, float], float | None]:
    """({key: its share of the importance}, R² on unseen trials); ({}, None) for too few trials.

    By permutation (Breiman 2001, doi:10.1023/A:1010933404324): how much worse a random forest,
    fitted to the trials, predicts their scores when the values of a key are shuffled.
    """
    if len(scored) < FEWEST:
        return {}, None
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    x = np.array([[space[key].place(row["values"][key]) for key in space] for row in scored])
    y = np.array([row["score"] for row in scored])
    forest = RandomForestRegressor(300, min_samples_leaf=2, oob_score=True, random_state=0)
    forest.fit(x, y)
    drops = permutation_importance(forest, x, y, n_repeats=20, random_state=0).importances_mean
    drops = np.maximum(drops, 0)
    shares = drops / max(drops.sum(), 1e-12)
    return dict(zip(space, shares.tolist(), strict=True)), float(forest.oob_score_)


def course(trials: Sequence[Mapping], *, simulated: bool = False) -> Figure:
    """The score of each trial in the order of the trials, and the best so far."""
    scored = _scored(trials)
    failed = [row for row in trials if row["status"] == "failed"]
    figure = page(8.5, 4.0, f"{len(trials)} trials in their order", simulated)
    axes = figure.subplots()
    ids = np.array([int(row["trial"]) for row in scored])
    scores = np.array([row["score"] for row in scored])
    if len(scored):
        best = np.maximum.accumulate(scores)
        axes.step(ids, best, where="post", color="black", lw=1.8, label="best so far")
        style: Style = {"color": CURVES[0][0], "ls": "", "ms": 8, "mec": "white"}
        axes.plot(ids, scores, marker="o", label="completed", gid="completed", **style)
    if failed:
        x = [int(row["trial"]) for row in failed]
        at = axes.get_xaxis_transform()
        axes.plot(x, [0.02] * len(x), "v", color="0.4", ms=8, transform=at, label="failed")
    axes.set(xlabel="trial", ylabel=VALIDATION)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.lines:
        figure.legend(loc="outside lower center", ncols=4)
    tidy(axes)
    return figure


def held_out(
    trials: Sequence[Mapping], scores: Mapping[str, float], records: str, *, simulated: bool = False
) -> Figure:
    """The validation score of each trial against its score on records that no trial has seen.

    scores: {trial: challenge F1 on those records}; records: what they are, for the axis
    A trial on the line scores as well there; the cross marks the means of all trials.
    """
    rows = [row for row in _scored(trials) if row["trial"] in scores]
    validation = np.array([row["score"] for row in rows])
    found = np.array([scores[row["trial"]] for row in rows])
    figure = page(6.6, 5.4, f"{len(rows)} trials on validation and on held-out records", simulated)
    axes = figure.subplots()
    low, high = min(validation.min(), found.min()), max(validation.max(), found.max())
    edge = max(0.06 * (high - low), 1e-3)
    ends = (low - edge, high + edge)
    axes.plot(ends, ends, color="0.5", lw=1, ls="--", label="equal")
    cross: Style = {"color": CURVES[1][0], "ms": 15, "mew": 2, "ls": "", "zorder": 5}
    axes.plot(validation.mean(), found.mean(), "+", label="means", **cross)
    color, _, marker = CURVES[0]
    best = int(validation.argmax())
    for i, (x, y) in enumerate(zip(validation, found, strict=True)):
        special: Style = {"color": "black", "marker": "*", "ms": 17}
        named = {(best + 1) % len(rows): "other trials", best: "best trial"}.get(i)
        look: Style = {"marker": marker, "ms": 8, "ls": "", "mec": "white", "label": named}
        look |= special if i == best else {"color": color}
        axes.plot(x, y, gid="best" if i == best else "trial", zorder=3 + (i == best), **look)
    axes.set(xlim=ends, ylim=ends)
    axes.set(xlabel=VALIDATION, ylabel=f"{SCORE} on {records}")
    figure.legend(loc="outside lower center", ncols=4)
    tidy(axes)
    return figure


def _scored(trials: Sequence[Mapping]) -> list[Mapping]:
    return [row for row in trials if row["score"] is not None]


def _ticks(entry: Entry, texts: Sequence[str]) -> list[tuple[float, str]]:
    """(place, text) of the values that an axis names: a few, or else the ends and the middle."""
    known = sorted({entry.place(text): text for text in texts}.items())
    if len(known) > MOST_TICKS:
        middle = min(known, key=lambda item: abs(item[0] - (known[0][0] + known[-1][0]) / 2))
        known = [known[0], middle, known[-1]]
    return [(place, text.replace(",", ", ")) for place, text in known]


def _apart(ticks: list[tuple[float, str]], least: float = 0.2) -> list[tuple[float, str]]:
    """The ticks whose texts do not touch: the first, the last, and those in between with space."""
    kept = ticks[:1]
    for tick in ticks[1:-1]:
        if tick[0] - kept[-1][0] >= least and ticks[-1][0] - tick[0] >= least:
            kept.append(tick)
    if len(ticks) > 1:
        kept = (
            [*kept, ticks[-1]] if ticks[-1][0] - kept[-1][0] >= least else [*kept[:-1], ticks[-1]]
        )
    return kept


def _label(axes: Axes, x: float, y: float, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8}
    axes.text(x + 0.04, y, text, va="center", size=9, bbox=box, zorder=4, parse_math=False)


def _places(entry: Entry, texts: Sequence[str]) -> np.ndarray:
    """(n,) where the values of n trials are drawn; where many share a few, slightly apart."""
    places = np.array([entry.place(text) for text in texts], float)
    apart = 0.05 * ((np.arange(len(texts)) + 0.5) / max(len(texts), 1) - 0.5)
    return places + apart * (len(set(texts)) <= len(texts) / 2)


def _against(axes: Axes, scored: Sequence[Mapping], key: str, entry: Entry) -> None:
    """Draw the score against one key: choices side by side in their order, numbers to scale."""
    tried = [row["values"][key] for row in scored]
    places = _places(entry, tried)
    scores = np.array([row["score"] for row in scored])
    style: Style = {"ls": "", "marker": "o", "ms": 7, "color": CURVES[0][0], "mec": "white"}
    axes.plot(places, scores, gid="completed", **style)
    ticks = _apart(_ticks(entry, tried))
    axes.set_xticks(
        [place for place, _ in ticks],
        [textwrap.fill(text, 8, break_long_words=False) for _, text in ticks],
        size=9,
    )
    axes.set_xlim(-0.1, 1.1)
