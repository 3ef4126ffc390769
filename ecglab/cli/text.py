"""Tables of text, and the scores of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecglab.training.run_folder import RunFolder


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of text in columns, each as wide as its widest cell."""
    lines = [[str(cell) for cell in line] for line in [header, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def scores(found: dict, header: str = "score") -> str:
    """The values of `evaluation.metrics.scores`, with their intervals."""
    rows = []
    for name, value in found["values"].items():
        ends = (
            "{:.3f} to {:.3f}".format(*found["intervals"][name])
            if name in found["intervals"]
            else ""
        )
        rows.append([name, f"{value:.3f}", ends])
    return columns([header, "value", "95 % interval"], rows)


def run(folder: "RunFolder") -> str:
    """The out-of-fold scores of a finished run folder."""
    from ecglab.evaluation import metrics

    found = metrics.scores(folder.predictions(), folder.classes)
    return "\n".join(
        [
            f"{folder.name}: {folder.scope}",
            scores(found, "out of fold"),
            f"training took {folder.training_seconds / 60:.1f} min",
        ]
    )
