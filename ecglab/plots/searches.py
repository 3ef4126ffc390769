"""Pictures of a search: which settings were tried, what they scored, and which of them mattered."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglab.plots.style import CURVES, WIDE, page, tidy
from ecglab.tuning.space import Choice

FEWEST = 8
"""Trials below which nothing is said of what mattered."""

LOOKS = {"completed": ("-", "o", "ran to its end"), "stopped": (":", "X", "stopped early")}


def parallel_coordinates(
    trials: Sequence[Mapping], space: Mapping, *, synthetic: bool = False
) -> Figure:
    """Each trial as a line through its values to its NAO; the best in black, on top.

    trials: rows of `ecglab.tuning.searches.table`; space: {key: its choice or range}
    The darker a line the higher its score, from the first axis on.
    """
    scored = sorted(_scored(trials), key=lambda row: row["score"])
    failed = sum(row["status"] == "failed" for row in trials)
    title = f"{len(scored)} trials, from their settings to their NAO on the inner records"
    early = any(row["status"] == "stopped" for row in scored)
    details = "dotted: stopped early; " * early + "black: the best"
    details += f"; {failed} failed and have no score" if failed else ""
    figure = page(max(WIDE, 1.5 * (len(space) + 1)), 4.8, title, synthetic, details)
    axes = figure.subplots()
    scores = np.array([row["score"] for row in scored])
    low, high = (scores.min(), scores.max()) if len(scored) else (0.0, 1.0)
    spread = max(high - low, 1e-9)
    shades = colormaps["viridis"](0.95 - 0.95 * (scores - low) / spread)
    for i, row in enumerate(scored):
        y = [_place(entry, row["values"][key], i, len(scored)) for key, entry in space.items()]
        y.append((row["score"] - low) / spread)
        best = i == len(scored) - 1
        look = {"color": "black", "lw": 3, "zorder": 3} if best else {"color": shades[i], "lw": 1.6}
        style, marker, _ = LOOKS[row["status"]]
        axes.plot(range(len(y)), y, ls=style, marker=marker, ms=5, gid="trial", **look)
    for x, (_, entry) in enumerate(space.items()):
        for place, text in _ticks(entry):
            _label(axes, x, place, text)
    for place in (0, 0.5, 1):
        _label(axes, len(space), place, f"{low + place * spread:.3f}")
    names = [textwrap.fill(key.replace(".", ". "), 16).replace(". ", ".") for key in space]
    axes.set_xticks(range(len(space) + 1), [*names, "NAO"])
    axes.vlines(range(len(space) + 1), 0, 1, color="0.3", lw=1, zorder=0)
    axes.set(yticks=[], xlim=(-0.15, len(space) + 0.35), ylim=(-0.06, 1.06))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def importance(trials: Sequence[Mapping], space: Mapping, *, synthetic: bool = False) -> Figure:
    """The score of each trial against each of its values, the keys that mattered most first.

    trials: rows of `ecglab.tuning.searches.table`; space: {key: its choice or range}
    How much a key mattered is by how much a forest, fitted to the trials, judges them worse when
    that key's values are dealt out anew (Breiman 2001, doi:10.1023/A:1010933404324), as a share of
    all keys. The title says how much of the differences the forest foresees in trials that it has
    not seen; where that is next to nothing, the shares are chance.
    """
    scored = _scored(trials)
    shares, seen = importances(scored, space)
    if seen is None:
        title = f"{len(scored)} trials: too few to say which setting mattered"
    else:
        foreseen = f"foreseen: {max(seen, 0):.0%}" if seen > 0.05 else "foreseen: none to speak of"
        title = f"Which settings mattered, of {len(scored)} trials (differences {foreseen})"
    keys = sorted(space, key=lambda key: -shares.get(key, 0.0))
    columns = min(4, len(keys))
    rows = -(-len(keys) // columns)
    early = any(row["status"] == "stopped" for row in scored)
    details = "crosses: stopped early" if early else ""
    figure = page(max(3.0 * columns, 7.0), 2.9 * rows, title, synthetic, details)
    grid = np.atleast_1d(figure.subplots(rows, columns, sharey=True, squeeze=False)).ravel()
    for axes, key in zip(grid, keys, strict=False):
        _against(axes, scored, key, space[key])
        share = f" ({shares[key]:.0%})" if key in shares else ""
        axes.set_title(f"{key}{share}", size=11)
        tidy(axes)
    for axes in grid[len(keys) :]:
        axes.set_axis_off()
    for axes in grid[::columns]:
        axes.set_ylabel("NAO")
    return figure


def importances(scored: Sequence[Mapping], space: Mapping) -> tuple[dict[str, float], float | None]:
    """(share of each key, R² of the forest on trials that it has not seen); {}, None of too few."""
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


def course(trials: Sequence[Mapping], *, synthetic: bool = False) -> Figure:
    """The score of each trial in the order of their ids, and the best so far.

    trials: rows of `ecglab.tuning.searches.table`
    """
    scored = _scored(trials)
    failed = [row for row in trials if row["status"] == "failed"]
    figure = page(8.5, 4.0, f"{len(trials)} trials in their order", synthetic)
    axes = figure.subplots()
    ids = np.array([int(row["trial"]) for row in scored])
    scores = np.array([row["score"] for row in scored])
    if len(scored):
        best = np.maximum.accumulate(scores)
        axes.step(ids, best, where="post", color="black", lw=1.8, label="best so far")
    for (status, (_, marker, text)), (color, _, _) in zip(LOOKS.items(), CURVES, strict=False):
        mine = [row["status"] == status for row in scored]
        if any(mine):
            style = {"color": color, "marker": marker, "ls": "", "ms": 8, "mec": "white"}
            axes.plot(ids[mine], scores[mine], label=text, gid=status, **style)
    if failed:
        x = [int(row["trial"]) for row in failed]
        at = axes.get_xaxis_transform()
        axes.plot(x, [0.02] * len(x), "v", color="0.4", ms=8, transform=at, label="failed")
    axes.set(xlabel="trial", ylabel="NAO on the inner records")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.lines:
        figure.legend(loc="outside lower center", ncols=4)
    tidy(axes)
    return figure


def unseen(
    trials: Sequence[Mapping], held: Mapping[str, float], words: str, *, synthetic: bool = False
) -> Figure:
    """The score by which each trial was judged against its score on records that no trial saw.

    trials: rows of `ecglab.tuning.searches.table`; held: {trial: NAO on those records}
    words: which records they are, for the axis
    On the line a trial holds what it promised; the cross stands at the means of all.
    """
    rows = [row for row in _scored(trials) if row["trial"] in held]
    promised = np.array([row["score"] for row in rows])
    found = np.array([held[row["trial"]] for row in rows])
    figure = page(6.6, 5.4, f"{len(rows)} trials: what they promised and what they held", synthetic)
    axes = figure.subplots()
    low, high = min(promised.min(), found.min()), max(promised.max(), found.max())
    edge = max(0.06 * (high - low), 1e-3)
    ends = (low - edge, high + edge)
    axes.plot(ends, ends, color="0.5", lw=1, ls="--", label="as promised")
    cross = {"color": CURVES[1][0], "ms": 15, "mew": 2, "ls": "", "zorder": 5}
    axes.plot(promised.mean(), found.mean(), "+", label="the means", **cross)
    color, _, marker = CURVES[0]
    best = int(promised.argmax())
    for i, (x, y) in enumerate(zip(promised, found, strict=True)):
        look = {"color": "black", "marker": "*", "ms": 17} if i == best else {"color": color}
        named = {(best + 1) % len(rows): "another trial", best: "the winner"}.get(i)
        look = {"marker": marker, "ms": 8, "ls": "", "mec": "white", "label": named} | look
        axes.plot(x, y, gid="winner" if i == best else "trial", zorder=3 + (i == best), **look)
    axes.set(xlim=ends, ylim=ends)
    axes.set(xlabel="NAO on the inner records", ylabel=f"NAO on {words}")
    figure.legend(loc="outside lower center", ncols=4)
    tidy(axes)
    return figure


def _scored(trials: Sequence[Mapping]) -> list[Mapping]:
    return [row for row in trials if row["score"] is not None]


def _ticks(entry) -> list[tuple[float, str]]:
    """(place, text) of what is written along an axis of the space, from 0 to 1."""
    if isinstance(entry, Choice):
        return [(entry.place(text), text.replace(",", ", ")) for text in entry.texts]
    middle = (entry.low * entry.high) ** 0.5 if entry.log else (entry.low + entry.high) / 2
    texts = [f"{entry.low:g}", f"{entry.high:g}"]
    if not entry.whole or middle == int(middle):
        texts.insert(1, f"{middle:.2g}" if not entry.whole else str(int(middle)))
    return [(entry.place(text), text) for text in texts]


def _label(axes, x: float, y: float, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8}
    axes.text(x + 0.04, y, text, va="center", size=9, bbox=box, zorder=4, parse_math=False)


def _place(entry, text: str, i: int, n: int) -> float:
    """Where the value of trial i of n is drawn: what many trials share, a little apart."""
    shared = isinstance(entry, Choice) or (entry.whole and entry.high - entry.low < 10)
    return entry.place(text) + shared * 0.05 * ((i + 0.5) / n - 0.5)


def _against(axes, scored: Sequence[Mapping], key: str, entry) -> None:
    """The score against one key: choices side by side in their order, numbers on their scale."""
    for (status, (_, marker, _)), (color, _, _) in zip(LOOKS.items(), CURVES, strict=False):
        mine = [(i, row) for i, row in enumerate(scored) if row["status"] == status]
        x = [_place(entry, row["values"][key], i, len(scored)) for i, row in mine]
        y = [row["score"] for _, row in mine]
        axes.plot(x, y, ls="", marker=marker, ms=7, color=color, mec="white", gid=status)
    places, texts = zip(*_ticks(entry), strict=True)
    axes.set_xticks(
        places, [textwrap.fill(text, 8, break_long_words=False) for text in texts], size=9
    )
    axes.set_xlim(-0.1, 1.1)
