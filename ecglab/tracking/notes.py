"""The words that MLflow shows of a run: its name, its changed settings and its note."""

import ast
import textwrap
from collections.abc import Mapping

from ecglab.ecg.classes import Classes
from ecglab.packaging.package import command
from ecglab.training.experiment import as_text, differing, flat
from ecglab.training.run_folder import RunFolder
from ecglab.utils import paths
from ecglab.utils.errors import EcglabError

UNCHANGED = "nothing"

_SCOPE = ("records", "folds", "held_out", "labels", "data")

LIMIT = 240
"""Characters of a name; MLflow's tables hold 250."""


def changed(name: str, settings: Mapping) -> str:
    """The settings that differ from the file of an experiment, as "seed=3, folds=2".

    name: of the experiment; settings: nested, as an experiment has them
    Those that say on what it is trained and scored come last: names are cut off at their end.
    """
    try:
        differs = differing(name, flat(settings))
    except EcglabError:  # the file is not here
        return UNCHANGED
    scope = {key: differs.pop(key) for key in _SCOPE if key in differs}
    return listed(differs | scope)


def changed_in(run: RunFolder) -> str:
    """The settings of a run that differ from its experiment; of a trial, the searched values."""
    search = run.facts["search"]
    return listed(search["values"]) if search else changed(run.facts["name"], run.settings)


def listed(settings: Mapping) -> str:
    """Settings as "folds=2, seed=3".

    >>> listed({"folds": 2, "network.widths": [16, 32]})
    'folds=2, network.widths=16,32'
    >>> listed({})
    'nothing'
    """
    return ", ".join(f"{key}={as_text(value)}" for key, value in settings.items()) or UNCHANGED


def title(run: RunFolder, fold: int | None = None) -> str:
    """The name of a run or of one of its folds, as "rr_trees · seed=2".

    It holds what the run changes in its experiment; of a trial, the values that it tries.
    """
    facts, differs = run.facts, changed_in(run)
    search = facts["search"]
    parts = [] if fold is None else [f"fold {fold}"]
    parts += [f"trial {search['trial']}"] if search else [facts["name"]]
    parts += [] if differs == UNCHANGED else [differs]
    whole = " · ".join(parts)
    return whole if len(whole) <= LIMIT else whole[: LIMIT - 1] + "…"


def note(run: RunFolder, found: str, fold: int | None = None) -> str:
    """The note of a run in Markdown: what was found and expected, the data and the command.

    found: in Markdown, as `results` returns it, or the reason why there is nothing
    """
    facts, name = run.facts, run.facts["name"]
    data, search = facts["data"], facts["search"]
    counts = ", ".join(f"{label} {n:,}" for label, n in data["counts"].items())
    version = "" if data["labels"] == "labels" else f", labels {data['labels']}"
    hoped = expected(name)
    whose = f"trial {search['trial']} of the search {search['name']}" if search else run.name
    parts = [
        f"**Found:** {found}",
        f"**Expected** of {name} without changes: {hoped}" if hoped else "",
        f"**Changed:** {changed_in(run)}",
        f"**Data:** {run.scope}{version}: {counts}",
        f"**Code:** ecglab {facts['code']}",
        f"**Run folder:** {whose}" + ("" if fold is None else f", fold {fold}"),
        f"**Command**\n\n```\n{command(run)}\n```" if not search else "",
    ]
    return spaced("\n\n".join(part for part in parts if part))


def spaced(text: str) -> str:
    """Markdown with space between the columns and below the tables, where MLflow has none.

    >>> spaced("| a | b |\\n| --- | --- |\\n| 1 | 2 |").splitlines()
    ['| a&emsp; | b |', '| --- | --- |', '| 1&emsp; | 2 |', '', '&nbsp;']
    """
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if lines and lines[-1].startswith("|") and not line.startswith("|"):
            lines += ["", "&nbsp;"]
        cells = line.startswith("|") and line.strip("|-: ")
        lines.append(line.replace(" | ", "&emsp; | ") if cells else line)
    return "\n".join(lines[:-1])


def results(scores: Mapping, classes: Classes, n_records: int, seconds: float) -> str:
    """What a run has found, in Markdown.

    scores: as `evaluation.metrics.scores` returns them; n_records: that were scored
    """
    values, intervals = scores["values"], scores["intervals"]
    first = f"Challenge F1 **{values['challenge_f1']:.3f}**, 95 % interval "
    first += "{:.3f} to {:.3f}".format(*intervals["challenge_f1"])
    shown = {classes.metric(x): f"F1 of {classes.full_name(x, '{} ({})')}" for x in classes}
    shown |= {"mean_f1": "mean F1 of all classes"}
    lines = ["| score | value | 95 % interval |", "| --- | --- | --- |"]
    for metric, words in shown.items():
        low, high = intervals[metric]
        lines.append(f"| {words} | {values[metric]:.3f} | {low:.3f} to {high:.3f} |")
    return (
        f"{first}, on {n_records:,} records that training never saw. Expected calibration error "
        f"{values['ece']:.3f}. Training took {seconds / 60:.1f} min.\n\n" + "\n".join(lines)
    )


def expected(name: str) -> str:
    """What the docstring of an experiment's file expects of it, on one line; "" for nothing."""
    file = paths.experiments().get(name)
    if file is None:
        return ""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("Expected:"):
            line = " ".join(textwrap.dedent(paragraph).split())
            return line.removeprefix("Expected:").strip()
    return ""
