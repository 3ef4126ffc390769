"""The winner of a search as an experiment file of its own, ready for `ecglab train`."""

import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from ecglab.training import experiment as experiments
from ecglab.training.experiment import Experiment
from ecglab.tuning import searches, space
from ecglab.tuning.searches import Search
from ecglab.utils import files
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import ROOT

WIDTH = 100


def write(search: Search, name: str | None = None, folder: Path | None = None) -> Path:
    """Write `experiments/NAME.py` with the best trial's settings; the path.

    name: by default the experiment's with "_tuned"; folder: instead of `experiments/`
    Raises EcglabError where that file is there.
    """
    name = name or f"{search.facts['name']}_tuned"
    if not name.isidentifier() or name.startswith("_"):
        raise EcglabError(f"--as {name}: take letters, digits and _, as a Python module's name")
    path = (folder or experiments.EXPERIMENTS) / f"{name}.py"
    if path.exists():
        raise EcglabError(f"{path} is there already: give another name with --as")
    files.write_text(path, source(search, name))
    return path


def source(search: Search, name: str) -> str:
    """What is written: a docstring that says where the settings come from, and the settings."""
    experiment = search.won()
    kind = type(experiment)
    words = [
        f'"""{search.facts["name"]} with the settings that won a search.',
        f"    ecglab train {name}",
        textwrap.fill(_origin(search), WIDTH, break_on_hyphens=False),
        'Expected: no more than the search says.\nGot: not run in full yet.\n"""',
        f"from {kind.__module__} import {kind.__name__}",
        f"experiment = {_call(kind.__name__, _changed(experiment))}",
    ]
    return "\n\n".join(words) + "\n"


def _origin(search: Search) -> str:
    facts, best = search.facts, search.best
    rows = searches.table(search)
    scored = [row for row in rows if row["score"] is not None]
    set_keys = ", ".join(f"{key}={text}" for key, text in best.values.items())
    said = (
        f"Idea: trial {best.id} of search {search.name} ({search.scope}) had the best mean F1 over "
        f"N, A, O on the inner records, {best.score:.3f}: {set_keys}. "
        f"Of {len(rows)} trials {len(scored)} have a score, "
    )
    own = space.own(search.space, search.experiment)
    first = next((row for row in scored if row["values"] == own), None)
    if first and first["trial"] == best.id:
        said += f"and no other settings were better than those of {facts['name']} itself."
    elif first:
        said += f"that with the settings of {facts['name']} itself {first['score']:.3f}."
    else:
        said += f"none of them with the settings of {facts['name']} itself."
    return said + (
        " The best of many is better than it will prove to be, and it was chosen on records of "
        "folds 1 to 4, so of a cross-validation fold 0 alone saw no choice."
    )


def _changed(experiment: Experiment) -> dict:
    """The keys of an experiment whose values are not those of its kind."""
    required = {
        f.name: getattr(experiment, f.name)
        for f in fields(experiment)
        if f.default is MISSING and f.default_factory is MISSING
    }
    plain, own = type(experiment)(**required).as_dict(), experiment.as_dict()
    changed = dict(required)
    for key, value in own.items():
        if isinstance(value, Mapping):
            value = {k: x for k, x in value.items() if x != plain[key][k]}
            if value:
                changed[key] = value
        elif value != plain[key]:
            changed[key] = value
    return changed


def _call(name: str, keys: Mapping) -> str:
    """A call as ruff would format it: on one line where that is short enough."""
    parts = [f"{key}={_literal(value, 4 + len(key) + 1)}" for key, value in keys.items()]
    line = f"{name}({', '.join(parts)})"
    if len(line) + len("experiment = ") <= WIDTH and "\n" not in line:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def _literal(value, indent: int) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        inner = ", ".join(_literal(x, indent) for x in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if not isinstance(value, Mapping):
        return repr(value)
    parts = [f'"{key}": {_literal(x, indent)}' for key, x in value.items()]
    line = "{" + ", ".join(parts) + "}"
    if indent + len(line) + 1 <= WIDTH:
        return line
    return "{\n" + "".join(f"        {part},\n" for part in parts) + "    }"


def shown(path) -> str:
    """A path as a person would name it from the project's folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
