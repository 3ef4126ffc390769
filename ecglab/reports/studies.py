"""Studies of one setting: results that differ in nothing else, drawn against its value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecglab.reports.boards import Board, changed
from ecglab.reports.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST = 4
"""Values of a setting from which on they are drawn; a table shows fewer as well."""


@dataclass(frozen=True)
class Study:
    """One group of results of a board (`Board.groups`) in which a number varies.

    title: experiment, folds and epochs of the group; setting: its key, such as "network.dropout"
    results: {value of the setting: result}, in order
    """

    title: str
    setting: str
    results: dict[float, Result]

    @property
    def file(self) -> str:
        """Name of its figure."""
        words = re.sub(r"[^A-Za-z0-9]+", "-", f"study {self.title} {self.setting}")
        return f"{words}.png"

    def figure(self) -> "Figure":
        """Challenge F1 and F1 of each class against the value, with 95 % intervals."""
        from ecglab import plots

        scores = {value: result.facts["scores"] for value, result in self.results.items()}
        classes = next(iter(self.results.values())).classes
        title = f"Scores against {self.setting}, {self.title}"
        return plots.against_setting(scores, classes, self.setting, title)


def studies(board: Board, group: Sequence[Result], title: str) -> list[Study]:
    """The studies in a group: of every setting of which it has `LEAST` values, the base included.

    title: of the group
    """
    base = board.base(group)
    found: dict[str, dict[float, Result]] = {}
    if base is None:
        return []
    for result in group:
        differs = changed(result)
        if len(differs) != 1 or result is base:
            continue
        [(key, value)] = differs.items()
        if key != "seed" and _is_number(value):
            own = base.facts["settings"][key]
            found.setdefault(key, {own: base})[value] = result
    return [
        Study(title, key, dict(sorted(values.items())))
        for key, values in found.items()
        if len(values) >= LEAST
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
