"""Logs run folders to MLflow.

The run folder holds everything and MLflow shows it: `Tracker.sync` reads the folder and logs what
the store lacks. So the same function works during training, after an interruption, and for a
folder that was computed elsewhere; calling it again changes nothing.
"""

import contextlib
import json
import logging
import os
import sqlite3
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ecglab.evaluation import metrics
from ecglab.tracking import notes
from ecglab.tracking.values import MINUTES, curve, log_metrics, log_params, log_scores
from ecglab.training import provenance
from ecglab.training.experiment import Experiment, flat
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import make_folder
from ecglab.utils.paths import store_dir, tracking_uri
from ecglab.utils.progress import message

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

RUNS, SEARCHES = "ecglab", "searches"
"""The MLflow experiments: the trials of searches do not stand among the other runs."""

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Tag of an experiment: the UI shows it as training, not as the work on a language model."""

RUN = "ecglab.run"
"""Tag with the id of a run folder, of a fold of it, or of a search: how its run is found again."""

CHANGED = "changed"
"""Tag with the settings that differ from the experiment: MLflow's plots show all parameters."""

FOLDER = "ecglab.folder"
"""Tag with the name of a run folder."""

NOTE = "mlflow.note.content"
"""Tag whose Markdown MLflow shows as the description of a run or an experiment."""

LOGGED = "ecglab.logged"
"""Tag of a run that is logged completely."""

RETRY = 30.0
"""Seconds until a store that is away is tried again."""

_LOCK = threading.RLock()
"""Held while a run is logged: the trials of a search run in threads."""


class StoreError(EcglabError):
    """MLflow's store cannot be used."""


def mlflow() -> ModuleType:
    """The mlflow module, quiet, with our store as its tracking URI.

    Raises StoreError for an SQLite store that is damaged, which MLflow would try for minutes.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # Its own number of attempts would hold up a training for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # An example would be predicted at each logging; our tests load the model and use it instead.
    warnings.filterwarnings("ignore", "(?s).*input example was not provided")
    make_folder(store_dir())
    uri = tracking_uri()
    path = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///") and path.exists():
        try:
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.Error as error:
            raise StoreError(
                f"{path} cannot be used ({error}): restore it from a copy, or move it away and "
                "log the runs anew with 'ecglab track'"
            ) from None
    mlflow.set_tracking_uri(uri)
    return mlflow


def experiment_id(simulated: bool, name: str = RUNS) -> str:
    """Id of the MLflow experiment of runs or searches; it is made where it is missing.

    simulated: whether of those on simulated data, which are kept apart; name: RUNS or SEARCHES
    """
    from filelock import FileLock

    name = f"{name}-synthetic" if simulated else name
    client = mlflow().MlflowClient()
    artifacts = None  # a server decides
    if tracking_uri().startswith("sqlite:///"):
        artifacts = (store_dir() / "artifacts" / name).as_uri()
    # Several processes that create one SQLite store at once break each other.
    with FileLock(store_dir() / ".store.lock"):
        found = client.get_experiment_by_name(name)
        if found:
            return found.experiment_id
        return client.create_experiment(name, artifacts, KIND)


class Tracker:
    """Logs one run folder: a parent run, and a child run for each fold.

    A trial's parent run is itself a child of the run of its search, and has no model or figures.
    """

    def __init__(self, run: RunFolder):
        with _LOCK:
            self.run, self.facts = run, run.facts
            self.client = mlflow().MlflowClient()
            self.search = self.facts["search"]
            self.experiment = experiment_id(run.simulated, SEARCHES if self.search else RUNS)
            self._ids: dict[int | None, str] = {}  # None: of the parent
            self._epochs: dict[int, int] = {}

    def sync(self) -> str:
        """Log everything that the store lacks and return the id of the parent run."""
        with _LOCK:
            parent = self._run_id(None)
            for k in self.run.folds:
                if self.run.fold(k).exists():
                    self._sync_fold(k)
            if self.run.is_done and not self._is_logged(parent):
                self._finish(parent, self.run.predictions(), list(self.run.folds))
            return parent

    def stop(self, status: str, reason: str = "") -> None:
        """Mark what is still running as "FAILED" or "KILLED"; a later `sync` revives it."""
        with _LOCK:
            for run_id in self._ids.values():
                if self.client.get_run(run_id).info.status == "RUNNING":
                    self.client.set_terminated(run_id, status)
                    if reason:
                        self._note(run_id, f"Nothing, it failed: {reason}")

    def _sync_fold(self, k: int) -> None:
        run_id = self._run_id(k)
        if k not in self._epochs:
            logged = self.client.get_metric_history(run_id, curve("loss"))
            self._epochs[k] = max((m.step for m in logged), default=0)
        for entry in self.run.history(k)[self._epochs[k] :]:
            values = {curve(name): x for name, x in entry.items() if name != "epoch"}
            log_metrics(self.client, run_id, values, step=entry["epoch"])
            self._epochs[k] = entry["epoch"]
        if self.run.is_fold_done(k) and not self._is_logged(run_id):
            self._finish(run_id, self.run.predictions(k), [k])

    def _run_id(self, fold: int | None) -> str:
        """Id of the MLflow run of a fold, or of the parent: the one with our tag, or a new one."""
        if fold in self._ids:
            return self._ids[fold]
        name, tag = notes.title(self.run, fold), self.facts["id"]
        tags = {
            CHANGED: notes.changed_in(self.run),
            FOLDER: self.run.name,
            "mlflow.source.name": f"experiments/{self.facts['name']}.py",
            "mlflow.source.git.commit": self.facts["code"].partition(" ")[2],
        }
        if fold is not None:
            tags["mlflow.parentRunId"] = self._run_id(None)
            tag = f"{tag}/fold-{fold}"
        elif self.search:
            above = tagged_run(self.client, self.experiment, self.search["name"])
            tags["mlflow.parentRunId"] = above.info.run_id
        run = tagged_run(self.client, self.experiment, tag, name, tags)
        run_id = run.info.run_id
        if not run.data.params:  # new, or begun by a process that was killed right then
            self._describe(run_id, fold)
        self._ids[fold] = run_id
        if LOGGED not in run.data.tags:
            self.client.update_run(run_id, status="RUNNING")
            self._note(run_id, "Nothing yet: it is not finished.")
        return run_id

    def _describe(self, run_id: str, fold: int | None) -> None:
        """Log the data and the parameters; the latter last, since they mark it as done."""
        from mlflow.entities import Dataset, DatasetInput

        facts, data = self.facts, self.facts["data"]
        kind = "simulated" if data["simulated"] else "recordings"
        source = json.dumps({"labels": data["labels"], "records": data["records"]})
        # The UI's own column for data allows a digest of 36 characters.
        shown = Dataset(data["name"], data["digest"][:36], kind, source)
        self.client.log_inputs(run_id, [DatasetInput(shown)])
        self.client.log_dict(run_id, self.run.facts, "run.json")
        params = {"scope": self.run.scope} | ({} if fold is None else {"fold": fold})
        params |= {"trial": self.search["trial"]} if self.search else {}
        params |= {f"search.{key}": text for key, text in self.search.get("values", {}).items()}
        params |= flat(facts["settings"]) | {
            "folds": len(self.run.folds),
            "records": data["records"],
            "labels": data["labels"],
            "data.digest": data["digest"],
            "split.folds": facts["split"]["folds"],
            "split.digest": facts["split"]["digest"],
        }
        log_params(self.client, run_id, params)

    def _note(self, run_id: str, found: str) -> None:
        fold = next(fold for fold, known in self._ids.items() if known == run_id)
        self.client.set_tag(run_id, NOTE, notes.note(self.run, found, fold))

    def _is_logged(self, run_id: str) -> bool:
        return LOGGED in self.client.get_run(run_id).data.tags

    def _finish(self, run_id: str, table: "pd.DataFrame", folds: list[int]) -> None:
        """Log the scores, the table, figures and the model, and then the mark that it is logged."""
        found = metrics.scores(table, self.run.classes)
        seconds = self.run.seconds_of(folds)
        log_scores(self.client, run_id, found, {MINUTES: round(seconds / 60, 2)})
        self._note(run_id, notes.results(found, self.run.classes, len(table), seconds))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            table.to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
            if not self.search:
                self._draw(folder, table, folds)
            self.client.log_artifacts(run_id, str(folder))
        if not self.search and not self.client.get_run(run_id).outputs.model_outputs:
            from ecglab.tracking.models import log_model

            with mlflow().start_run(run_id=run_id):
                log_model(self.run, folds)
        self.client.set_terminated(run_id, "FINISHED")
        self.client.set_tag(run_id, LOGGED, provenance.now())

    def _draw(self, folder: Path, table: "pd.DataFrame", folds: list[int]) -> None:
        from ecglab import plots

        classes, simulated = self.run.classes, self.run.simulated
        labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy()
        predicted = classes.predicted(probabilities)
        histories = {k: self.run.history(k) for k in folds}
        figures = {
            "confusion": plots.confusion(labels, predicted, classes, simulated=simulated),
            "precision_recall": plots.precision_recall(
                labels, probabilities, classes, simulated=simulated
            ),
            "reliability": plots.reliability(labels, probabilities, classes, simulated=simulated),
            "learning_curves": plots.learning_curves(histories, simulated=simulated),
        }
        for name, figure in figures.items():
            plots.save(figure, folder / f"{name}.png")


class Live:
    """Logs runs while they are trained: the `on_change` of `cross_validation.run`.

    A store that is away ends no training: what is missing is logged when it is back.
    """

    def __init__(self) -> None:
        self._trackers: dict[Path, Tracker] = {}  # an ensemble's members are runs of their own
        self._missing: set[Path] = set()
        self._away_until = 0.0

    def __call__(self, run: RunFolder) -> None:
        """Log what is new in a run folder."""
        with _LOCK:
            self._missing.add(run.path)
            if time.monotonic() < self._away_until:
                return
            try:
                self._sync(run)
            except away() as error:
                self._away_until = time.monotonic() + RETRY
                message(f"MLflow's store is tried again later: {_line(error)}")

    def fail(self, run: RunFolder, reason: str) -> None:
        """Mark a run as FAILED, with the reason in its note."""
        with _LOCK:
            self(run)
            if run.path not in self._missing:
                with contextlib.suppress(*away()):
                    self._trackers[run.path].stop("FAILED", reason)

    def end(self, status: str, remedy: str) -> bool:
        """Log what is missing, and mark with the status what is still running.

        remedy: what to do where the store is away, in words. Returns whether it is not.
        """
        with _LOCK, reported(remedy):
            for path in sorted(self._missing):
                self._sync(RunFolder(path))
            for tracker in self._trackers.values():
                tracker.stop(status)
            return True
        return False

    def _sync(self, run: RunFolder) -> None:
        if run.path not in self._trackers:
            self._trackers[run.path] = Tracker(run)
        self._trackers[run.path].sync()
        self._missing.discard(run.path)


@contextlib.contextmanager
def reported(remedy: str) -> Iterator[None]:
    """Print one line with what to do if the store cannot be used within the block."""
    try:
        yield
    except away() as error:
        message(f"ecglab: not logged to MLflow ({_line(error)}): {remedy}")


def away() -> tuple[type[Exception], ...]:
    """The errors of a store that cannot be reached, is locked or is damaged."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, StoreError, OSError


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).partition(" [SQL:")[0][:200]


def train(name: str, experiment: Experiment, fresh: bool = False) -> RunFolder:
    """Run a cross-validation and log it while it runs. An early end is marked FAILED or KILLED."""
    from ecglab.training import cross_validation

    live, status = Live(), "FAILED"
    try:
        return cross_validation.run(name, experiment, fresh, on_change=live)
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:  # a run that has ended well is marked already
        live.end(status, "'ecglab track FOLDER' logs the run folder later")


def tagged_run(
    client: "MlflowClient", experiment: str, tag: str, name: str = "", tags: Mapping | None = None
) -> "Run":
    """The MLflow run with the tag RUN, or a new one with further tags."""
    found = client.search_runs([experiment], f"tags.`{RUN}` = '{tag}'")
    if found:
        return found[0]
    who = {"mlflow.source.type": "LOCAL", "mlflow.user": os.environ.get("USER", "")}
    known = {key: value for key, value in {RUN: tag, **who, **(tags or {})}.items() if value}
    return client.create_run(experiment, tags=known, run_name=name or tag)
