"""The folder of a search: what is searched, and the state of its trials.

search.json   the experiment, the space, how values are drawn, the data, the code
oracle.json   the trials, their values and scores, and all else that KerasTuner's oracle remembers

A trial is a run like any other, in a run folder of its own (`ecglab.training.run_folder`). It
trains the experiment with some keys set and with held_out=0, so it never sees fold 0 of the data
set; its score is the out-of-fold challenge F1 of the run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ecglab.evaluation import metrics
from ecglab.training import cross_validation, experiment, run_folder
from ecglab.training.experiment import Experiment
from ecglab.training.run_folder import Folder, RunFolder
from ecglab.tuning import space
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json
from ecglab.utils.paths import runs_dir, searches_dir

TUNERS = ("bayesian", "random", "hyperband")
OBJECTIVE = "challenge_f1"


@dataclass(frozen=True)
class Trial:
    """One trial of a search.

    values: {key: value as `--set` takes it}; epochs: where Hyperband chose them, else None
    status: "running" (also where it was interrupted), "completed" or "failed"
    score: its challenge F1; reason: why it failed; run: its run folder, None before it has one
    """

    id: str
    values: Mapping[str, str]
    epochs: int | None = None
    status: str = "running"
    score: float | None = None
    reason: str = ""
    run: RunFolder | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """What is set for this trial, as `--set` takes it."""
        epochs = [f"epochs={self.epochs}"] if self.epochs else []
        return [f"{key}={text}" for key, text in self.values.items()] + epochs


class Search(Folder):
    """A folder of `mlruns/searches`. Its settings are those that all trials share."""

    @cached_property
    def facts(self) -> dict:
        """What search.json holds."""
        return self._read("search.json")

    @property
    def experiment(self) -> Experiment:
        """The experiment that all trials share: each sets further keys of it."""
        return experiment.of(self)

    @property
    def space(self) -> dict:
        """{key: its choice or range}"""
        return {key: space.from_dict(entry) for key, entry in self.facts["space"].items()}

    @property
    def state(self) -> dict:
        """What oracle.json holds: "oracle", "trials" as KerasTuner has them, "runs", "over"."""
        if not (self.path / "oracle.json").exists():
            return {"oracle": None, "trials": [], "runs": {}, "over": ""}
        return self._read("oracle.json")

    def write_state(self, state: Mapping) -> None:
        _write(self.path / "oracle.json", state)

    @property
    def trials(self) -> list[Trial]:
        """Every trial, in the order in which they began."""
        state, entries = self.state, self.space
        trials = []
        for kept in state["trials"]:
            values, run = kept["hyperparameters"]["values"], state["runs"].get(kept["trial_id"])
            trials.append(
                Trial(
                    kept["trial_id"],
                    {key: entry.text(values[key]) for key, entry in entries.items()},
                    values.get("tuner/epochs"),
                    kept["status"].lower(),
                    kept["score"],
                    kept["message"] or "",
                    RunFolder(runs_dir() / run) if run else None,
                )
            )
        return trials

    @property
    def best(self) -> Trial:
        """The trial with the highest score, of equals the first; EcglabError where none has one."""
        scored = [trial for trial in self.trials if trial.score is not None]
        if not scored:
            raise EcglabError(f"{self.name}: no trial has a score yet")
        return max(scored, key=lambda trial: trial.score or 0.0)

    @property
    def over(self) -> str:
        """Why the search has ended, "" where it has not."""
        return self.state["over"]

    def trained(self, trial: Trial) -> Experiment:
        """The experiment that a trial trains."""
        return self.experiment.set(trial.keys)

    @property
    def winner(self) -> Experiment:
        """The experiment with the values of the best trial, at its full length and on all data."""
        values, own = self.best.values, self.facts["own"]
        won = self.experiment.set([f"{key}={text}" for key, text in values.items()])
        return replace(won, **{key: x for key, x in own.items() if key not in values})

    @property
    def scope(self) -> str:
        """How and on what it searches, in words."""
        facts, data, settings = self.facts, self.facts["data"], self.settings
        of = f" of {data['published']:,}" if data["published"] else ""
        parts = [f"{facts['tuner']} over {', '.join(facts['space'])}"]
        parts += [f"{settings['epochs']} epochs"] if settings.get("epochs") else []
        parts += [f"{data['records']:,}{of} records of {data['name']} without fold 0"]
        parts += ["SIMULATED"] if self.simulated else []
        return ", ".join([*parts, f"{settings['folds']} of {facts['split']['folds']} nested folds"])

    def _read(self, name: str) -> dict:
        path = self.path / name
        try:
            stored = read_json(path)
            digest = stored.pop("sha256")
            if digest != _digest(path, stored):
                raise ValueError("its SHA-256 is another")
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EcglabError(
                f"{path} is damaged or missing ({reason}): delete {self.path} and search again; "
                "finished trials are not trained again"
            ) from None
        return stored


def begin(
    name: str,
    keys: list[str],
    *,
    tuner: str = "bayesian",
    seed: int = 1,
    epochs: int | None = None,
    records: int | None = None,
    folds: int = 1,
    trials: int = 30,
) -> Search:
    """The search with these arguments that was begun, or a new one; nothing is trained.

    keys: assignments as `--set` takes them; a key that is set is not searched
    tuner: how values are drawn, one of TUNERS; seed: of what is drawn
    epochs, records: of a trial, where not the experiment's own
    folds: how many folds of the records without fold 0 a trial trains and is scored on
    trials: how many are planned, which decides how many `bayesian` draws at random first
    The same arguments have the same folder, so the same command goes on where it was interrupted.
    Raises EcglabError for what is unknown or impossible.
    """
    own = experiment.load(name).set(keys)
    if own.needs:
        raise EcglabError(f"{name} consists of other experiments: search these instead")
    if tuner not in TUNERS:
        raise EcglabError(f"there is no tuner {tuner!r}: there are {', '.join(TUNERS)}")
    if tuner == "hyperband" and "epochs" not in own.flat():
        raise EcglabError(f"hyperband varies the epochs, and {name} has none: use bayesian")
    if seed < 0 or trials < 1 or folds < 1:
        raise EcglabError("seed must be at least 0, trials and folds at least 1")
    shared = {"held_out": 0, "folds": folds, "epochs": epochs, "records": records}
    shared = {key: value for key, value in shared.items() if value is not None}
    tried = own.set([f"{key}={value}" for key, value in shared.items()])
    given = {key.partition("=")[0] for key in keys}
    searched = {k: entry for k, entry in experiment.space(name).items() if k not in given}
    by_epochs = {"epochs": "because hyperband, or --epochs, decides them"}
    space.check(searched, tried, by_epochs if tuner == "hyperband" or epochs else None)

    plan = cross_validation.plan(tried)
    what: dict[str, Any] = {
        "space": {key: entry.as_dict() for key, entry in searched.items()},
        "tuner": tuner,
        "seed": seed,
    }
    parts = [tried.digest, plan.data.digest, plan.data.label_digest, plan.split["digest"]]
    parts += [json.dumps([list(what["space"].items()), tuner, seed])]
    key = hashlib.sha256(",".join(parts).encode()).hexdigest()
    search = Search(searches_dir() / f"{name}-{key[:8]}")
    if not (search.path / "search.json").exists():
        facts = run_folder.describe(name, tried, plan.data, plan.split, search={})
        facts |= what | {"planned": trials, "own": {key: getattr(own, key) for key in shared}}
        _write(search.path / "search.json", facts)
    return search


def find(text: str) -> Search:
    """The newest search whose name begins like this; EcglabError where there is none."""
    paths = sorted(searches_dir().glob("*/search.json"), key=lambda path: path.stat().st_mtime)
    found = [path.parent for path in paths if path.parent.name.startswith(text)]
    if not found:
        known = ", ".join(path.parent.name for path in paths) or "none yet"
        raise EcglabError(f"there is no search {text!r} in {searches_dir()}: there are {known}")
    return Search(found[-1])


def rows(search: Search) -> list[dict]:
    """One dictionary per trial: trial, status, score, values, reason, scores, epochs, seconds.

    scores: all of `evaluation.metrics.f1_scores`, empty for a trial without a score
    seconds: of training, over all folds
    """
    found = []
    for trial in search.trials:
        scores, run = {}, trial.run if trial.run and trial.run.path.exists() else None
        if run and trial.score is not None:
            scores = scores_of(run)
        found.append(
            {
                "trial": trial.id,
                "status": trial.status,
                "score": trial.score,
                "values": dict(trial.values),
                "reason": trial.reason,
                "scores": scores,
                "epochs": len(run.history(0)) if run else 0,
                "seconds": run.training_seconds if run else 0.0,
            }
        )
    return found


def scores_of(run: RunFolder) -> dict[str, float]:
    """The out-of-fold F1 scores of a finished run."""
    table, classes = run.predictions(), run.classes
    return metrics.f1_scores(table["label"], metrics.predicted(table, classes), classes)


def _digest(path: Path, content: Mapping) -> str:
    """SHA-256 of a file's content and of whose it is, so that no other search's passes for it."""
    text = json.dumps([path.parent.name, path.name, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, content: Mapping) -> None:
    """Write a JSON file with its digest."""
    plain = json.loads(json.dumps(content))
    write_json(path, {"sha256": _digest(path, plain), **plain})
