"""The search folder: what a search is, its trials and what they found. Plain files, no MLflow.

search.json           the experiment, the space, how it is searched, the data, the code
oracle.json           what KerasTuner remembers of it: see `ecglab.tuning.tuning`
trial-NNNN/trial.json   the values that it tries, and when it began
trial-NNNN/inner-J/     of inner split J what a fold folder holds: state.npz, history.json
trial-NNNN/result.json  written last: how it ended, its F1 per class, its cost
over.json             why there is no trial to give out any more, "" while there may be one
pulse/ID log/ID       when a process of the search was last seen at work, and what it printed
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecglab.datasets import folds
from ecglab.datasets.dataset import Dataset
from ecglab.training import cross_validation as crossval
from ecglab.training import experiment
from ecglab.training import run_folder as runs
from ecglab.training.experiment import Experiment
from ecglab.tuning import space
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import read_json, write_json
from ecglab.utils.paths import searches_dir

TUNERS = ("bayesian", "random", "hyperband")
OBJECTIVE = "F1_NAO"
ALL, EMPTY = "all trials have ended", "the space holds no more"
"""Two of the reasons why a search is over."""

CHIEF, LOCAL = "chief", "local-"
"""Id of the process that draws the trials, and how those of the workers that it came with begin."""

INNER_SHARE = 0.2
"""Of the training records of fold 0, how many judge a trial, where there are no inner folds."""


@dataclass(frozen=True)
class Trial:
    """A folder of a search, read as what it says."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name.removeprefix("trial-")

    @property
    def facts(self) -> dict:
        return read_json(self.path / "trial.json")

    @property
    def values(self) -> dict[str, str]:
        """The searched keys with their values, as `--set` takes them."""
        return self.facts["values"]

    @property
    def result(self) -> dict | None:
        """What `result.json` says: status "completed", "stopped" or "failed", scores, reason..."""
        path = self.path / "result.json"
        return read_json(path) if path.exists() else None

    @property
    def score(self) -> float | None:
        """Mean F1 over N, A, O on the inner records; None where there is none (yet)."""
        result = self.result
        return result["scores"].get(OBJECTIVE) if result else None

    def split(self, j: int) -> Path:
        return self.path / f"inner-{j}"

    def history(self, j: int = 0) -> list[dict]:
        """The finished epochs on inner split j."""
        return runs.epochs_of(self.split(j))

    def begin(self, values: Mapping[str, str], epochs: int | None, worker: str) -> None:
        """Write `trial.json`, unless an earlier call did. epochs: where the tuner chose them."""
        if not (self.path / "trial.json").exists():
            facts = {"values": dict(values), "epochs": epochs, "worker": worker}
            write_json(self.path / "trial.json", facts | {"began": runs.now()})

    def end(self, status: str, scores: Mapping[str, float], reason: str = "") -> dict:
        """Write `result.json`; returns what it says."""
        histories = [self.history(j) for j in range(len(list(self.path.glob("inner-*"))))]
        result = {
            "status": status,
            "scores": dict(scores),
            "reason": reason,
            "epochs": len(histories[0]) if histories else 0,
            "seconds": sum(entry["seconds"] for history in histories for entry in history),
            "ended": runs.now(),
        }
        write_json(self.path / "result.json", result)
        return result


@dataclass(frozen=True)
class Search:
    """A folder of `mlruns/searches`, read as what it says."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def facts(self) -> dict:
        """What `search.json` says; EcglabError where there is none."""
        return runs.facts_of(self.path / "search.json", "a search")

    @property
    def experiment(self) -> Experiment:
        """The experiment whose keys are searched, as its trials train it."""
        return experiment.of(self)

    @property
    def space(self) -> dict:
        return {key: space.from_dict(told) for key, told in self.facts["space"].items()}

    @property
    def trials(self) -> list[Trial]:
        """Every trial that was begun, in the order of their ids."""
        return [Trial(path.parent) for path in sorted(self.path.glob("trial-*/trial.json"))]

    @property
    def best(self) -> Trial:
        """The trial with the highest score; of equals the first. EcglabError where there is none.

        One that was stopped early can be it only where it was ahead of all that went on.
        """
        scored = [trial for trial in self.trials if trial.score is not None]
        if not scored:
            raise EcglabError(f"{self.name}: no trial has a score yet")
        return max(scored, key=lambda trial: trial.score)

    def trial(self, trial_id: str) -> Trial:
        return Trial(self.path / f"trial-{trial_id}")

    @property
    def over(self) -> str:
        """Why there is no trial to give out any more, "" while there may be one."""
        path = self.path / "over.json"
        return read_json(path)["why"] if path.exists() else ""

    def say_over(self, why: str) -> None:
        write_json(self.path / "over.json", {"why": why})

    def pulse(self, process: str) -> Path:
        """The file that a process of the search touches while it is at work."""
        return self.path / "pulse" / process

    def log(self, process: str) -> Path:
        """The file of what a process of the search printed."""
        return self.path / "log" / f"{process}.txt"

    def trained(self, trial: Trial) -> Experiment:
        """The experiment of a trial: this one with the trial's keys set."""
        facts = trial.facts
        keys = [f"{key}={text}" for key, text in facts["values"].items()]
        if facts["epochs"]:
            keys.append(f"epochs={facts['epochs']}")
        return self.experiment.set(keys)

    def won(self) -> Experiment:
        """The experiment with the best trial's settings, at its own length and on all records."""
        values = self.best.values
        own = {k: x for k, x in self.facts["own"].items() if k not in values}
        return replace(
            self.experiment.set([f"{key}={text}" for key, text in values.items()]), **own
        )

    def data(self) -> Dataset:
        """The records of a search: those of folds 1 to 4. Fold 0 is not among them."""
        everything = crossval.records(self.experiment)
        return everything.select(np.flatnonzero(folds.fold_of(everything) != 0))

    def splits(self, data: Dataset) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, inner rows) of `data`, one or a pair for each inner fold."""
        rows = np.arange(len(data))
        n = self.facts["inner_folds"]
        if not n:
            return [folds.inner_split(data, rows, INNER_SHARE, seed=0)]
        part = folds.deal(data.ids, data.labels, seed=0, n_folds=n)
        return [(rows[part != j], rows[part == j]) for j in range(n)]

    @property
    def scope(self) -> str:
        """How and on what it was searched, in words."""
        facts = self.facts
        data, n = facts["data"], facts["inner_folds"]
        parts = [f"{facts['tuner']} over {', '.join(facts['space'])}"]
        if facts["experiment"].get("epochs"):
            parts.append(f"{facts['experiment']['epochs']} epochs")
        parts.append(
            f"{data['records']:,} of {data['published']:,} records of {data['name']} less fold 0"
        )
        parts += ["SYNTHETIC"] if data["kind"] == "synthetic" else []
        parts.append(f"{n} inner folds" if n else f"{INNER_SHARE:.0%} of them inner")
        return ", ".join(parts)


def begin(
    name: str,
    keys: list[str],
    *,
    tuner: str = "bayesian",
    seed: int = 1,
    epochs: int | None = None,
    records: int | None = None,
    inner_folds: int = 0,
    trials: int = 30,
    joining: bool = False,
) -> Search:
    """The search of an experiment's space that was begun, or a new one; nothing is run.

    keys: assignments as `--set` takes them; a key that is set is not searched
    epochs, records: of a trial, where not the experiment's own; what wins is trained in full
    trials: how many are asked for when it begins, by which `bayesian` plans
    joining: as a worker for another's chief, which has begun it
    The same arguments have the same folder, so that the same command goes on where it was
    interrupted. Raises EcglabError for what is unknown or impossible.
    """
    own = experiment.load(name).set(keys)
    shorter = {"epochs": epochs, "records": records}
    shorter = {key: value for key, value in shorter.items() if value is not None}
    if own.needs:
        raise EcglabError(f"{name} is made of other experiments: search those")
    if tuner == "hyperband" and "epochs" not in own.flat():
        raise EcglabError(f"hyperband tries few epochs first, and {name} has none: take bayesian")
    tried = own.set([f"{key}={value}" for key, value in shorter.items()])
    declared = experiment.space(name)
    set_ones = {key.partition("=")[0] for key in keys}
    searched = {key: entry for key, entry in declared.items() if key not in set_ones}
    kept = {"epochs": "because hyperband, or --epochs, decides them"}
    space.check(searched, tried, kept if tuner == "hyperband" or epochs else None)
    if tuner not in TUNERS:
        raise EcglabError(f"there is no tuner {tuner!r}: there are {', '.join(TUNERS)}")
    if seed < 0 or trials < 1 or inner_folds < 0 or inner_folds == 1:
        raise EcglabError("seed is at least 0, trials at least 1, inner-folds 0 or at least 2")

    data = crossval.records(tried)
    what = {
        "experiment": tried.as_dict(),
        "space": {key: entry.as_dict() for key, entry in searched.items()},
        "tuner": tuner,
        "seed": seed,
        "inner_folds": inner_folds,
    }
    told = [tried.digest, data.digest, data.label_version, folds.digest(data)]
    told += [json.dumps([list(what["space"].items()), tuner, seed, inner_folds])]
    key = hashlib.sha256(",".join(told).encode()).hexdigest()
    search = Search(searches_dir() / f"{name}-{key[:8]}")
    if not (search.path / "search.json").exists():
        if joining:
            raise EcglabError(
                f"{search.path} is not there: begin the search where its chief is, with the same "
                "arguments, data and ECGLAB_SEARCHES"
            )
        about = runs.about(name, tried, data, folds.digest(data))
        before = {key: getattr(own, key) for key in shorter}
        facts = about | what | {"own": before, "asked": trials}
        write_json(search.path / "search.json", facts)
    return search


def find(text: str) -> Search:
    """The search of this name or beginning of a name, the newest; EcglabError where none is."""
    paths = sorted(searches_dir().glob("*/search.json"), key=lambda path: path.stat().st_mtime)
    found = [path.parent for path in paths if path.parent.name.startswith(text)]
    if not found:
        known = ", ".join(path.parent.name for path in paths) or "none yet"
        raise EcglabError(f"there is no search {text!r} in {searches_dir()}: there are {known}")
    return Search(found[-1])


def table(search: Search) -> list[dict]:
    """What there is to show of each trial: id, status, score, values, epochs, seconds, scores."""
    rows = []
    for trial in search.trials:
        result = trial.result or {"status": "running", "scores": {}, "reason": ""}
        rows.append(
            {
                "trial": trial.id,
                "status": result["status"],
                "score": result["scores"].get(OBJECTIVE),
                "values": trial.values,
                "reason": result["reason"],
                "scores": result["scores"],
                "epochs": result.get("epochs", len(trial.history())),
                "seconds": result.get("seconds", 0.0),
                "ended": result.get("ended", ""),
            }
        )
    return rows
