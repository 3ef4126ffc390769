"""The cells of Markdown tables of results."""

import ast
from collections.abc import Sequence
from urllib.parse import quote

from ecglab.ecg.classes import Classes
from ecglab.reports.boards import difference, value
from ecglab.reports.results import Result
from ecglab.utils import paths

INTERVAL = "challenge F1 (95 % interval)"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers are aligned to the right."""
    words = {"experiment", "idea", "changed", "reference label", "seeds"}
    words |= {"system", "model selected", "source", "limit", "device"}
    rule = ["---" if title in words else "---:" for title in header]
    lines = [[cell.replace("|", r"\|") for cell in line] for line in [header, rule, *rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def f1_names(classes: Classes) -> list[str]:
    return [f"F1 {code}" for code in classes]


def f1_values(result: Result) -> list[str]:
    return [f"{value(result, result.classes.metric(code)):.3f}" for code in result.classes]


def challenge_f1(result: Result) -> str:
    low, high = result.facts["scores"]["intervals"]["challenge_f1"]
    return f"**{value(result, 'challenge_f1'):.3f}** ({low:.3f} to {high:.3f})"


def score_names(classes: Classes) -> list[str]:
    return [*f1_names(classes), INTERVAL, "mean F1", "ECE"]


def scores(result: Result) -> list[str]:
    means = [f"{value(result, name):.3f}" for name in ("mean_f1", "ece")]
    return [*f1_values(result), challenge_f1(result), *means]


def difference_from(other: Result, result: Result) -> str:
    """Challenge F1 of a result minus that of another one on its records, with the interval."""
    found = difference(result, other)
    if found is None:
        return "other labels"
    middle, low, high = map(_signed, found)
    return f"{middle} ({low} to {high})"


def shown(result: Result) -> str:
    """Name of the experiment, with the seed if it differs from that of the file."""
    seed = result.facts["differs"].get("seed")
    name = result.facts["experiment"]
    return name if seed is None else f"{name}, seed {seed}"


def link(result: Result) -> str:
    """Link to a result's file, relative to the page."""
    return f"results/{quote(f'{result.name}.csv', safe='._+=,-')}"


def idea(experiment: str) -> str:
    """First line of the docstring of an experiment's file. The file is parsed, not run."""
    path = paths.experiments().get(experiment)
    text = path.read_text(encoding="utf-8") if path else ""
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].rstrip(".")


def parameters(result: Result) -> str:
    n = result.facts["parameters"]
    if n is None:
        return ""
    return f"{n / 1e6:.2f} M" if n >= 1e6 else f"{n / 1e3:.0f} k"


def trained_for(result: Result) -> str:
    """Time of all folds and the device, such as "2 h 9 min, CPU"."""
    seconds = result.facts["training_seconds"]
    if not seconds:
        return ""
    hours, minutes = divmod(max(round(seconds / 60), 1), 60)
    on = device(result)
    return (f"{hours} h " if hours else "") + f"{minutes} min" + (f", {on}" if on else "")


def device(result: Result) -> str:
    """What a result was trained on, such as "CPU"; empty if it is not known."""
    return result.facts["environment"].get("device", "").partition(":")[0].upper()


def _signed(number: float) -> str:
    text = f"{number:+.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")
