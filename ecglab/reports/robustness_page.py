"""The page of a measurement of robustness: one HTML file with its tables and its figure in it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecglab import plots
from ecglab.evaluation import rhythms
from ecglab.evaluation.robustness import reached
from ecglab.reports import evaluation_page, pages
from ecglab.utils.files import write_text


def write(facts: Mapping, path: Path) -> None:
    """Write the page of what `robustness.measure` found, whole or not at all."""
    write_text(path, html(facts))


def html(facts: Mapping) -> str:
    """The page: it needs no network, no script and no other file."""
    source = alt = ""
    if facts["hum"]:
        n, simulated = facts["data"]["records"], facts["data"]["simulated"]
        source = evaluation_page.address(plots.against_hum(facts["hum"], n, simulated=simulated))
        lowest = min(facts["hum"], key=lambda point: point["challenge_f1"])
        alt = (
            "Challenge F1 against the amplitude of hum at 50 and 60 Hz. The lowest value is "
            f"{lowest['challenge_f1']:.3f}, with {lowest['mv']:g} mV of {lowest['hz']:g} Hz hum at "
            f"a sampling rate of {lowest['fs']:g} Hz."
        )
    disturbances, recordings = tables(facts)
    return pages.render(
        "robustness.html",
        facts=facts,
        disturbances=disturbances,
        recordings=recordings,
        source=source,
        alt=alt,
    )


class Table(NamedTuple):
    """The cells of a table as text: names of the columns, and rows."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(facts: Mapping) -> tuple[Table, Table]:
    """The tables of the disturbances and of the recordings with annotated rhythm."""
    label = facts["label"]
    header = ("disturbance", "setting", "label kept", f"{label} found", "challenge F1", "refused")
    recorded = (
        *("patient", "lead", "windows with", f"{label} found", "by verdict"),
        *("windows without", f"{label} wrong", "by verdict", "left out"),
    )
    return (
        Table((*header, "goal missed"), list(_disturbances(facts))),
        Table((*recorded, "labels of those without"), list(_recordings(facts))),
    )


def _disturbances(facts: Mapping) -> Iterator[Sequence[str]]:
    yield "none", "", "", "", f"{facts['challenge_f1']:.3f}", "", ""
    for row in facts["disturbances"]:
        found = "n/a" if row["found"] is None else f"{row['found']:.3f}"
        missed = "" if reached(row) else f"{row['least']:.2f}"
        refused = f"{row['refused']:,}" if row["refused"] else ""
        score = f"{row['challenge_f1']:.3f}"
        yield row["group"], row["name"], f"{row['kept']:.3f}", found, score, refused, missed


def _recordings(facts: Mapping) -> Iterator[Sequence[str]]:
    for row in facts.get("recordings", ()):
        labels = ", ".join(f"{code} {n}" for code, n in row["labels"].items() if n)
        numbers = (str(row[name]) for name in rhythms.COUNTS if name != "refused")
        yield row["patient"], row["lead"], *numbers, labels
