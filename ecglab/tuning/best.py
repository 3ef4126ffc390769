"""The winner of a search as an experiment file of its own, ready for `ecglab train`."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from ecglab.training.experiment import Experiment
from ecglab.tuning import space
from ecglab.tuning.search import Search
from ecglab.utils import paths
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_text

WIDTH = 100


def write(search: Search, name: str | None = None, folder: Path | None = None) -> Path:
    """Write `experiments/NAME.py` with the settings of the best trial and return its path.

    name: by default the experiment's with "_tuned"; folder: instead of `experiments/`
    Raises EcglabError where that file is there already.
    """
    name = name or f"{search.facts['name']}_tuned"
    if not name.isidentifier() or name.startswith("_"):
        raise EcglabError(f"--as {name}: use letters, digits and _, as in a Python module's name")
    path = (folder or paths.EXPERIMENTS) / f"{name}.py"
    if path.exists():
        raise EcglabError(f"{path} is there already: give another name with --as")
    write_text(path, source(search, name))
    return path


def source(search: Search, name: str) -> str:
    """The text of the file: a docstring with the origin of the settings, and the settings."""
    experiment = search.winner
    kind = type(experiment)
    keys = "".join(f"    {key}={_literal(x)},\n" for key, x in _changed(experiment).items())
    return "\n\n".join(
        [
            f'"""{search.facts["name"]} with the best settings of a search.',
            f"    ecglab train {name}",
            textwrap.fill(_origin(search), WIDTH, break_on_hyphens=False),
            'Expected: at most the score of the search.\nGot: not yet trained in full.\n"""',
            f"from {kind.__module__} import {kind.__name__}",
            f"experiment = {kind.__name__}(\n{keys})\n",
        ]
    )


def _origin(search: Search) -> str:
    best, trials = search.best, search.trials
    scored = [trial for trial in trials if trial.score is not None]
    own = space.own(search.space, search.experiment)
    first = next((trial for trial in scored if trial.values == own), None)
    if first is None:
        compared = f"The settings of {search.facts['name']} itself were not among them."
    elif first.id == best.id:
        compared = f"These are the settings of {search.facts['name']} itself."
    else:
        compared = f"The settings of {search.facts['name']} itself scored {first.score:.3f}."
    return (
        f"Idea: trial {best.id} of search {search.name} ({search.scope}) had the best challenge "
        f"F1, {best.score:.3f}: {', '.join(best.keys)}. {len(scored)} of {len(trials)} trials have "
        f"a score. {compared} The best of many scores is too optimistic. The search never saw "
        "fold 0, so only the score of fold 0 is independent of it."
    )


def _changed(experiment: Experiment) -> dict:
    """The keys of an experiment whose values are not the defaults of its kind."""
    required = {
        f.name: getattr(experiment, f.name)
        for f in fields(experiment)
        if f.default is MISSING and f.default_factory is MISSING
    }
    plain, changed = type(experiment)(**required).as_dict(), dict(required)
    for key, value in experiment.as_dict().items():
        if isinstance(value, Mapping):
            value = {k: x for k, x in value.items() if x != plain[key].get(k)}
            changed |= {key: value} if value else {}
        elif value != plain[key]:
            changed[key] = value
    return changed


def _literal(value: object) -> str:
    """A value as Python source, formatted as ruff does it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, Mapping):
        entries = "".join(f'        "{key}": {_literal(x)},\n' for key, x in value.items())
        return f"{{\n{entries}    }}"
    return repr(value)
