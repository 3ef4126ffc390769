"""Published results beside ours: a table for each protocol, since protocols cannot be compared."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecglab.datasets import published
from ecglab.datasets.published import CROSS_VALIDATED, HIDDEN, ONE_SPLIT
from ecglab.reports import cells
from ecglab.reports.boards import Board, families

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    HIDDEN: "Scored on the hidden test records. They were never published, so ecglab cannot be "
    "scored on them.",
    CROSS_VALIDATED: "Cross-validated on the published records: each is scored by a model that did "
    "not see it in training.",
    ONE_SPLIT: "Scored on one part of the published records, on which the model was also selected. "
    "Such scores are optimistic.",
}
"""What the results of each protocol are."""

OURS = "ecglab"


def tables(board: Board) -> dict[str, "pd.DataFrame"]:
    """{protocol: published results, and ours where they are of this protocol}, best first.

    Ours are the best result of each family. Columns: system, when the model was selected, F1 of
    each class, challenge F1 (its name says the protocol), source. All are texts, "" where unknown.
    Without published results of the data set there is no table.
    """
    import pandas as pd

    theirs = published.results(board.data["name"])
    found = {}
    for protocol in (p for p in published.PROTOCOLS if (theirs["protocol"] == p).any()):
        of_protocol = theirs[theirs["protocol"] == protocol]
        rows = [_named(row) for row in of_protocol.to_dict("records")]
        if protocol == CROSS_VALIDATED:
            rows += _ours(board)
        # As numbers: the texts have as many digits as were published.
        rows.sort(key=lambda row: -float(row["challenge_f1"]))
        found[protocol] = pd.DataFrame(
            {
                "system": [row["system"] for row in rows],
                "model selected": [row["selection"] for row in rows],
                **{f"F1 {code}": [row[code] for row in rows] for code in board.classes},
                f"challenge F1, {protocol}": [row["challenge_f1"] for row in rows],
                "source": [row["source"] for row in rows],
            }
        )
    return found


def section(board: Board) -> list[str]:
    """The part of the page with the published results; [] where none are known."""
    found = tables(board)
    if not found:
        return []
    parts = [
        "### Published results",
        "Each protocol scores other records, so each has its own table. Within a table, label "
        "versions and numbers of records may still differ. *Model selected* names the records on "
        "which the epoch, the weights or the result were selected. If these are the scored "
        "records, the score is too high.",
    ]
    for protocol, table in found.items():
        rows = [[*row[:-1], f"[source]({row[-1]})"] for row in table.to_numpy().tolist()]
        parts += [TITLES[protocol], cells.table(table.columns.tolist(), rows)]
    return parts


def _named(row: Mapping) -> dict[str, str]:
    return {**row, "system": f"{row['authors']} {row['year']}: {row['system']}"}


def _ours(board: Board) -> list[dict[str, str]]:
    """The best result of each family, in the form of a published result."""
    rows = []
    for result in families(board.full):
        values = result.facts["scores"]["values"]
        f1 = {code: f"{values[board.classes.metric(code)]:.3f}" for code in board.classes}
        selection = "epoch and weights on validation records"
        if result is board.full[0]:
            selection = f"best of {len(board.full)} on the scored records: slightly optimistic"
        rows.append(
            {
                "system": f"{OURS}: {cells.shown(result)}, {board.n_folds} folds",
                "selection": selection,
                **f1,
                "challenge_f1": f"{values['challenge_f1']:.3f}",
                "source": cells.link(result),
            }
        )
    return rows
