"""The page of an external evaluation: one HTML file with its tables and figures in it."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecglab import plots
from ecglab.evaluation.class_metrics import name_of
from ecglab.evaluation.external import Evaluation
from ecglab.reports import pages
from ecglab.utils.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MplFigure

MEASURES = {
    "precision": ("Precision", "share of the records predicted as this class that have its label"),
    "recall": (
        "Recall (sensitivity)",
        "share of the records with this label that are predicted as this class",
    ),
    "specificity": (
        "Specificity",
        "share of all other records that are not predicted as this class",
    ),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "auroc": ("AUROC", "area under the receiver operating characteristic, against all others"),
    "average_precision": ("Average precision", "area under the curve of precision and recall"),
    "ece": ("Calibration error", "expected calibration error of the probability of the class"),
}
"""What the metrics of a class are called, and what they are."""


class Figure(NamedTuple):
    """A figure of the page: its address with all its data, and what it shows, in words."""

    title: str
    source: str
    alt: str


def write(evaluation: Evaluation, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_text(path, html(evaluation))


def html(evaluation: Evaluation) -> str:
    """The page: it needs no network, no script and no other file."""
    classes = evaluation.classes
    return pages.render(
        "evaluation.html",
        facts=evaluation.facts,
        meanings=classes.meanings,
        full_name=classes.full_name,
        measures=MEASURES,
        name_of=lambda measure, code: name_of(measure, code, classes),
        shown=lambda name: interval_text(evaluation.facts, name),
        predicted={code: int((evaluation.predicted == code).sum()) for code in classes},
        figures=list(_figures(evaluation)),
    )


def interval_text(facts: dict, name: str) -> tuple[str, str]:
    """(value, interval) of a metric with three digits; ("n/a", "") where it is not defined."""
    value, interval = facts["values"][name], facts["intervals"][name]
    if value is None:
        return "n/a", ""
    return f"{value:.3f}", f"{interval[0]:.3f}\N{EN DASH}{interval[1]:.3f}" if interval else ""


def _figures(evaluation: Evaluation) -> Iterator[Figure]:
    labels, probabilities, classes = evaluation.labels, evaluation.probabilities, evaluation.classes
    simulated = evaluation.facts["data"]["simulated"]
    values = evaluation.facts["values"]
    there = [code for code in classes if evaluation.facts["counts"][code]]

    def figure(title: str, alt: str, draw: Callable, *arguments: object) -> Figure:
        drawn = draw(*arguments, classes, simulated=simulated)
        return Figure(title, address(drawn), alt)

    right = int((labels == evaluation.predicted).sum())
    alt = f"Matrix of reference labels against predictions: {right:,} of {len(labels):,} agree."
    yield figure("Confusion matrix", alt, plots.confusion, labels, evaluation.predicted)
    areas = _list({c: values[name_of("average_precision", c, classes)] for c in there})
    alt = f"Curves of precision against recall. Average precision: {areas}."
    yield figure("Precision and recall", alt, plots.precision_recall, labels, probabilities)
    errors = _list({c: values[name_of("ece", c, classes)] for c in there})
    alt = f"Share of records of each class against its probability. Calibration error: {errors}."
    yield figure("Reliability", alt, plots.reliability, labels, probabilities)
    curve = evaluation.facts["risk_coverage"]
    half = min(curve, key=lambda point: abs(point["share"] - 0.5))
    alt = (
        f"Share of wrong predictions against the share of records kept: {curve[-1]['risk']:.1%} of "
        f"all records, {half['risk']:.1%} of the {half['share']:.0%} with the highest probability."
    )
    yield figure("Risk and coverage", alt, plots.risk_coverage, labels, probabilities)


def _list(values: dict[str, float]) -> str:
    return ", ".join(f"{code} {value:.3f}" for code, value in values.items() if value is not None)


def address(figure: "MplFigure") -> str:
    """A figure as the address of an image that holds it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
