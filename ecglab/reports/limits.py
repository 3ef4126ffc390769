"""What limits the score: errors that all models share, and labels that may be wrong."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ecglab.datasets import published
from ecglab.evaluation import agreement, label_errors, metrics
from ecglab.evaluation.label_errors import LabelErrors
from ecglab.reports import cells
from ecglab.reports.boards import Board, families
from ecglab.reports.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHANGED, DOUBTED, OTHER = CAUSES = ("label changed", "label in doubt", "other")
"""What is known about the label of an error: whether it differs between the versions of the labels,
otherwise whether confident learning flags it."""

SINGLE = ("network", "trees")
"""Kinds of experiments that are a view of their own; the others average several models."""


@dataclass(frozen=True)
class Limits:
    """The limits of one result on the records of its board.

    model: the result, such as that of the packaged model
    views: the best result of each network and of the trees, best first
    """

    board: Board
    model: Result
    views: list[Result]

    @property
    def name(self) -> str:
        """The name of the model on the page, in the tables and in the figure."""
        return cells.shown(self.model)

    @cached_property
    def wrong(self) -> "pd.DataFrame":
        """`agreement.errors` of the model (the first column) and of the views."""
        return agreement.errors(self._tables([self.model, *self.views]), self.board.classes)

    @cached_property
    def label_errors(self) -> dict[str, LabelErrors]:
        """{result: errors of labels estimated from it}, of the model and of the views.

        The intervals of the views are not computed.
        """
        return {
            cells.shown(result): label_errors.estimate(
                result.table["label"],
                result.table[list(self.board.classes)].to_numpy(),
                self.board.classes,
                n=1000 if result is self.model else 0,
                groups=metrics.groups_of(result.table),
            )
            for result in [self.model, *self.views]
        }

    @cached_property
    def other_labels(self) -> "pd.DataFrame":
        """Labels of the model's records in the other versions, a column each, by record.

        Without columns where no other version is known.
        """
        given = self.model.table.set_index("record")["label"]
        changed = published.relabelled(self.board.data["name"]).set_index("record")
        changed = changed[changed.index.isin(given.index)]
        names = [str(name) for name in changed if name != self.board.data["labels"]]
        found = given.to_frame().assign(**dict.fromkeys(names, given))[names]
        found.loc[changed.index] = changed[names]
        return found

    @cached_property
    def relabelled(self) -> np.ndarray:
        """(n_records,) bool: whether the label of a record differs between versions."""
        given = self.model.table["label"].to_numpy()
        return (self.other_labels.to_numpy() != given[:, None]).any(axis=1)

    @cached_property
    def errors(self) -> "pd.DataFrame":
        """The model's errors by number of views that err as well (rows) and by cause (columns)."""
        import pandas as pd

        table = self.model.table
        others = [cells.shown(view) for view in self.views if view is not self.model]
        views = agreement.shared(self.wrong, self.name, others)
        doubted = np.where(self.label_errors[self.name].flagged, DOUBTED, OTHER)
        cause = pd.Series(np.where(self.relabelled, CHANGED, doubted), table["record"])
        counts = pd.crosstab(views, cause.loc[views.index])
        rows = pd.RangeIndex(len(others) + 1, name="views")
        return counts.reindex(index=rows, columns=list(CAUSES), fill_value=0)

    @cached_property
    def scores(self) -> list[dict]:
        """Every result of all folds, best first, then the mean of the views and the limits.

        As `plots.limits` takes them, with the F1 of each class under "values".
        """
        found = []
        for result in self.board.full:
            kind = "view" if result.facts["kind"] in SINGLE else "pool"
            scores = result.facts["scores"]
            interval = scores["intervals"]["challenge_f1"]
            found.append(_row(cells.shown(result), kind, scores["values"], interval))
        found.append(self._predicted(self.mean_name, self._mean(), "pool"))
        best = agreement.oracle(self._tables(self.views), self.board.classes)
        found.append(self._predicted(f"best of {len(self.views)} views for each record", best))
        estimate = self.label_errors[self.name]
        found.append(_row("estimated true labels", "limit", estimate.scores, estimate.interval))
        for version in self.other_labels:
            predicted = self.other_labels[version].to_numpy()
            table = self.model.table.assign(predicted=predicted)
            found.append(self._predicted(f"labels {version}", table))
        return found

    @property
    def mean_name(self) -> str:
        """The name of the mean of the views in `scores`."""
        return f"mean of {len(self.views)} views"

    def figure(self, simulated: bool = False) -> "Figure":
        """`plots.limits` of these."""
        from ecglab import plots

        overlap = agreement.overlap(self.wrong)
        return plots.limits(self.scores, overlap, self.errors, self.name, simulated=simulated)

    def _tables(self, results: list[Result]) -> "dict[str, pd.DataFrame]":
        return {cells.shown(result): result.table for result in results}

    def _mean(self) -> "pd.DataFrame":
        """The predictions of the unweighted mean of the views' probabilities, for `_predicted`."""
        table, classes = self.model.table, self.board.classes
        views = [view.table.set_index("record").loc[table["record"]] for view in self.views]
        mean = np.mean([view[list(classes)].to_numpy() for view in views], axis=0)
        return table.assign(predicted=classes.predicted(mean))

    def _predicted(self, name: str, table: "pd.DataFrame", kind: str = "limit") -> dict:
        pair = table["label"], table["predicted"]
        groups = metrics.groups_of(table)
        values = metrics.f1_scores(*pair, self.board.classes)
        intervals = metrics.bootstrap(*pair, self.board.classes, groups=groups)
        return _row(name, kind, values, intervals["challenge_f1"])


def of(board: Board, model: Result) -> Limits | None:
    """The limits of a result of all folds; None where there are not two views to compare."""
    views = [r for r in families(board.full) if r.facts["kind"] in SINGLE]
    return Limits(board, model, views) if len(views) > 1 else None


def _row(name: str, kind: str, values: dict, interval: tuple[float, float]) -> dict:
    low, high = interval
    value = values["challenge_f1"]
    return {"name": name, "kind": kind, "value": value, "low": low, "high": high, "values": values}


# Part of the page

_ABOUT = """\
- **Mean of the views**: the score of the unweighted mean of their probabilities, a pool in which
  nothing is fitted.
- **Best of the views for each record**: a view that is right, if there is one. No way to select one
  view for each record scores higher. The limit rises with every view that is added, since even a
  poor one is sometimes right by chance.
- **Estimated true labels**: the score of a classifier that finds the true class of every record, as
  confident learning ([Northcutt et al. 2021](https://doi.org/10.1613/jair.1.12125)) estimates it
  from out-of-fold probabilities. It assumes that whether a label is wrong depends on the class
  only, and that the model is confident only where it is right. Where the model is confident and
  wrong, the label is blamed, so a better model gives a higher limit. Wrong labels from which the
  model has learned the same mistake are not found. It is an estimate, not a bound.
- **Labels of another version**: the score of the earlier labels of the experts, as if they were
  predictions. Only records that the experts looked at again could change."""


def section(limits: Limits | None, figure: str) -> list[str]:
    """The part of the page with these limits; figure: the name of its file; [] for None."""
    if limits is None:
        return []
    names = [cells.shown(view) for view in limits.views]
    return [
        "### What limits the score",
        f"Views are the best result of each network and of the trees: {', '.join(names)}. Pools "
        "average several models. Limits are not results: they use the labels of the scored "
        "records.",
        f"![Scores and their limits, and the errors that models share](results/{figure})",
        _ABOUT,
        _scores(limits),
        *_errors(limits),
        *_labels(limits),
    ]


def _scores(limits: Limits) -> str:
    classes = limits.board.classes
    rows = [
        [
            row["name"],
            *(f"{row['values'][classes.metric(code)]:.3f}" for code in classes),
            f"**{row['value']:.3f}** ({row['low']:.3f} to {row['high']:.3f})",
        ]
        for row in limits.scores
        if row["kind"] == "limit" or row["name"] in (limits.name, limits.mean_name)
    ]
    return cells.table(["limit", *cells.f1_names(classes), cells.INTERVAL], rows)


def _errors(limits: Limits) -> list[str]:
    counts, name = limits.errors, limits.name
    total = counts.to_numpy().sum()
    rows = [
        [str(n), f"{row.sum():,} ({100 * row.sum() / max(total, 1):.0f} %)"]
        + [f"{count:,}" for count in row]
        for n, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    header = ["views that err as well", f"errors of {name}", *counts.columns]
    known = total - counts[OTHER].sum()
    parts = [
        f"The {total:,} errors of {name}, by the number of views that err on the same record. "
        "*Label changed*: the label differs between its published versions; *label in doubt*: "
        f"confident learning flags it, since {name} is confident of another class; *other*: "
        f"neither. The label changed or is in doubt for {known:,} "
        f"({100 * known / max(total, 1):.0f} %) of them.",
        cells.table(header, rows),
    ]
    changed = limits.relabelled
    if changed.any() and not changed.all():
        wrong = limits.wrong[name].loc[limits.model.table["record"]].to_numpy()
        same = metrics.scores(limits.model.table[~changed], limits.board.classes)
        low, high = same["intervals"]["challenge_f1"]
        parts.append(
            f"The label of {changed.sum():,} of the {changed.size:,} records "
            f"({100 * changed.mean():.1f} %) differs between versions. {name} errs on "
            f"{100 * wrong[changed].mean():.1f} % of them, and on "
            f"{100 * wrong[~changed].mean():.1f} % of the others, where its challenge F1 is "
            f"{same['values']['challenge_f1']:.3f} ({low:.3f} to {high:.3f})."
        )
    return parts


def _labels(limits: Limits) -> list[str]:
    classes, changed = limits.board.classes, limits.relabelled
    changed_records = set(limits.model.table["record"][changed])
    rows = []
    tables = limits._tables([limits.model, *limits.views])
    for name, found in limits.label_errors.items():
        flagged = set(tables[name]["record"][found.flagged])
        again = f"{100 * len(flagged & changed_records) / max(len(flagged), 1):.0f} %"
        numbers = [f"{count:.0f}" for count in (*found.wrong, found.wrong.sum())]
        rows.append([name, *numbers, again, f"{found.scores['challenge_f1']:.3f}"])
    header = ["experiment", *(f"wrong {code}" for code in classes), "all", "relabelled"]
    header.append("challenge F1 of the estimated true labels")
    return [
        "Number of wrong labels, as estimated from the probabilities of each result, by the label "
        "given. *Relabelled*: the share of the flagged records whose label differs between "
        "versions. The estimate depends on the quality of the model, so that of the best model is "
        "the most reliable.",
        cells.table(header, rows),
    ]
