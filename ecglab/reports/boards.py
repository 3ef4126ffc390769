"""Groups of results that can be compared: one board per data set, split and labels."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecglab.ecg.classes import Classes
from ecglab.evaluation import metrics
from ecglab.reports.results import Result

RECORDS = ("data", "labels", "records", "held_out")
"""Settings that say which records are used: the same for all results of a board."""

AMOUNT = ("folds", "epochs")
"""Settings that say how much is trained, not what."""


@dataclass(frozen=True, eq=False)
class Board:
    """The results on the same records, labels and folds. A board equals itself only."""

    results: Sequence[Result]

    @property
    def data(self) -> Mapping:
        return self.results[0].facts["data"]

    @property
    def classes(self) -> Classes:
        return self.results[0].classes

    @property
    def n_folds(self) -> int:
        return self.results[0].facts["split"]["folds"]

    @property
    def title(self) -> str:
        """Name, number of records and version of the labels of the data set, in words."""
        data = self.data
        of = f" of {data['published']:,}" if data["published"] else ""
        versions = f", labels {data['labels']}" if data["labels"] != "labels" else ""
        return f"{data['name']}, {data['records']:,}{of} records{versions}"

    @property
    def full(self) -> list[Result]:
        """Results of all folds with the settings of the experiment's file, best first.

        The seed may be another one.
        """
        return ranked(r for r in self.results if self.n_trained(r) == self.n_folds and is_plain(r))

    def n_trained(self, result: Result) -> int:
        """Number of folds that were trained and scored."""
        return result.facts["settings"]["folds"] or self.n_folds

    def groups(self) -> list[list[Result]]:
        """Results of one experiment, folds and epochs, where some are not among `full`."""
        groups: dict[tuple, list[Result]] = {}
        for result in self.results:
            groups.setdefault(self._group_of(result), []).append(result)
        whole = [r.name for r in self.full]
        return [
            ranked(group)
            for _, group in sorted(groups.items())
            if any(r.name not in whole for r in group)
        ]

    def base(self, group: Sequence[Result]) -> Result | None:
        """The base of a group: the result with the settings of the experiment's file.

        If the group has none, it is the same records of the result of all folds. This is valid,
        because a fold is trained the same way however many folds are trained.
        """
        for result in group:
            if not changed(result):
                return result
        experiment, _, epochs = self._group_of(group[0])
        for result in self.full:
            if not changed(result) and self._group_of(result) == (experiment, self.n_folds, epochs):
                table = result.table[result.table["record"].isin(group[0].table["record"])]
                part = {"scores": metrics.scores(table, self.classes), "training_seconds": 0}
                return Result(result.name, table, result.classes, {**result.facts, **part})
        return None

    def _group_of(self, result: Result) -> tuple[str, int, int]:
        facts = result.facts
        epochs = facts["settings"].get("epochs", 0)
        return facts["experiment"], self.n_trained(result), epochs


def boards(results: Iterable[Result]) -> list[Board]:
    """The boards of these results, the one with the most results of all folds first."""
    found: dict[str, list[Result]] = {}
    for result in results:
        facts = result.facts
        same = [facts["data"][key] for key in ("name", "digest", "labels", "classes")]
        found.setdefault(json.dumps([*same, facts["split"]], sort_keys=True), []).append(result)
    some = [Board(group) for group in found.values()]
    return sorted(some, key=lambda board: (-len(board.full), -board.data["records"], board.title))


def full(results: Iterable[Result]) -> list[Result]:
    """`Board.full` of the first board, for figures of one data set."""
    return next((board.full for board in boards(results)), [])


def families(results: Sequence[Result]) -> list[Result]:
    """The best result of each family: a kind of experiment; networks are one for each model.

    results: best first; those with another seed than the experiment's file are left out
    """
    best: dict[tuple, Result] = {}
    for r in results:
        if not changed(r):
            best.setdefault((r.facts["kind"], r.facts["settings"].get("model")), r)
    return list(best.values())


def ranked(results: Iterable[Result]) -> list[Result]:
    """The results by challenge F1, best first."""
    return sorted(results, key=lambda result: (-value(result, "challenge_f1"), result.name))


def value(result: Result, metric: str) -> float:
    return result.facts["scores"]["values"][metric]


def changed(result: Result) -> dict:
    """The settings that differ from the experiment's file, except records, folds and epochs."""
    differs = result.facts["differs"]
    return {key: x for key, x in differs.items() if key not in (*RECORDS, *AMOUNT)}


def is_plain(result: Result) -> bool:
    """Whether the experiment is as its file has it, or with another seed."""
    return set(changed(result)) <= {"seed"} and "epochs" not in result.facts["differs"]


def difference(a: Result, b: Result) -> tuple[float, float, float] | None:
    """Challenge F1 of a minus that of b on the records of a, with its 95 % interval.

    b has scored all records of a. None where they have other labels.
    """
    mine = a.table.set_index("record")
    other = b.table.set_index("record").reindex(mine.index)
    if not mine["label"].equals(other["label"]):
        return None
    ours, theirs = (metrics.predicted(table, a.classes) for table in (mine, other))
    groups = metrics.groups_of(mine)
    return metrics.paired_difference(mine["label"], ours, theirs, a.classes, groups=groups)
