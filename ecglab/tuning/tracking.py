"""A search in MLflow: a parent run, and a child run for each trial.

As with `tracker`, the folder is the truth and `sync` logs what the store lacks; calling it
again changes nothing. One process logs a search, wherever its trials are trained.
"""

import os
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ecglab.tracking import tracker as tracking
from ecglab.tracking.tracker.tracker import FINISHED, RUN, log_metrics
from ecglab.training.experiment import as_text, flat
from ecglab.tuning import searches, supervisor
from ecglab.tuning.searches import OBJECTIVE, Search, Trial
from ecglab.utils.errors import EcglabError

NAME = "searches"
"""The MLflow experiment of searches: their best is chosen, and does not stand among runs."""

EVERY = 5.0
"""Seconds between two times that a running search is logged."""


class SearchTracker:
    """Shows one search folder in MLflow."""

    def __init__(self, search: Search):
        from mlflow.entities import ViewType

        self.search, self.facts = search, search.facts
        self.client = tracking.mlflow().MlflowClient()
        self.experiment = tracking.experiment_id(self.facts["data"]["kind"], NAME)
        self.kinds = ViewType.ACTIVE_ONLY
        found = self._found(f"tags.`{RUN}` = '{self.facts['id']}'")
        self.parent = found[0] if found else self._create(self.facts["id"], search.name, self.facts)
        self.parent_id = self.parent.info.run_id
        if not self.parent.data.params:  # new, or begun by a process that was killed right then
            self._describe_parent()
        children = self._found(f"tags.`mlflow.parentRunId` = '{self.parent_id}'")
        self.children = {run.data.tags[RUN]: run for run in children}
        self.epochs: dict[str, list[int]] = {}
        self.running: set[str] = set()

    def sync(self) -> str:
        """Log everything that the folder holds and the store lacks; the parent's run id."""
        if self.parent_id not in self.running:
            self._run(self.parent_id)
        for trial in self.search.trials:
            tag = self._tag(trial)
            run = self.children.get(tag)
            if run is None or FINISHED not in run.data.tags:
                self._sync_trial(trial, tag)
        return self.parent_id

    def finish(self, status: str) -> None:
        """Log the whole and its pictures, and end what runs, as "FINISHED", "FAILED", "KILLED"."""
        self.sync()
        rows = [row for row in searches.table(self.search) if row["status"] != "running"]
        scored = [row for row in rows if row["score"] is not None]
        values = {f"trials_{status}": 0 for status in ("completed", "stopped", "failed")}
        for row in rows:
            values[f"trials_{row['status']}"] += 1
        values["training_seconds"] = sum(row["seconds"] for row in rows)
        if scored:
            values |= self.search.best.result["scores"]
            self.client.set_tag(self.parent_id, "ecglab.best", self.search.best.id)
        log_metrics(self.client, self.parent_id, values)
        self._log_course(sorted(scored, key=lambda row: (row["ended"], row["trial"])))
        if scored:
            self._draw(searches.table(self.search))
        self.stop(status)

    def stop(self, status: str) -> None:
        """End what is still running; a later `sync` revives it."""
        for run_id in self.running:
            own = status if run_id == self.parent_id else "KILLED"
            self.client.set_terminated(run_id, own)
        self.running.clear()

    def _tag(self, trial: Trial) -> str:
        return f"{self.facts['id']}/{trial.id}"

    def _found(self, condition: str) -> list:
        # As many as there can be; MLflow's default is a thousand.
        return list(self.client.search_runs([self.experiment], condition, self.kinds, 50_000))

    def _run(self, run_id: str) -> None:
        self.client.update_run(run_id, status="RUNNING")
        self.running.add(run_id)

    def _create(self, tag: str, name: str, facts: Mapping, **tags):
        tags |= {
            RUN: tag,
            "ecglab.kind": self.facts["data"]["kind"],
            "ecglab.scope": self.search.scope,
            "ecglab.code": self.facts["code"],
            "mlflow.source.name": f"experiments/{self.facts['name']}.py",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": os.environ.get("USER", ""),
        }
        began = _milliseconds(facts["began"])
        return self.client.create_run(self.experiment, began, tags, run_name=name)

    def _describe_parent(self) -> None:
        from mlflow.entities import Param

        facts = self.facts
        self.client.set_tag(self.parent_id, "mlflow.note.content", self.search.scope)
        self.client.log_dict(self.parent_id, facts, "search.json")
        params = flat(facts["experiment"]) | {
            "search.tuner": facts["tuner"],
            "search.seed": facts["seed"],
            "search.inner_folds": facts["inner_folds"],
            "data.digest": facts["data"]["digest"],
            "folds.digest": facts["folds_digest"],
            **{f"space.{key}": str(told) for key, told in facts["space"].items()},
        }
        told = [Param(key, as_text(value)) for key, value in params.items()]
        self.client.log_batch(self.parent_id, params=told)

    def _sync_trial(self, trial: Trial, tag: str) -> None:
        from mlflow.entities import Param

        if tag not in self.children:
            name = f"{self.search.name}/trial-{trial.id}"
            parent = {"mlflow.parentRunId": self.parent_id, "ecglab.trial": trial.id}
            self.children[tag] = self._create(tag, name, trial.facts, **parent)
        run_id = self.children[tag].info.run_id
        if run_id not in self.running:
            self._run(run_id)
        if not self.children[tag].data.params:
            told = trial.values | ({"epochs": str(e)} if (e := trial.facts["epochs"]) else {})
            self.client.log_batch(run_id, params=[Param(*item) for item in told.items()])
            self.children[tag] = self.client.get_run(run_id)
        self._log_curves(trial, run_id)
        if result := trial.result:
            self._finish_trial(trial, run_id, result)
            self.children[tag] = self.client.get_run(run_id)

    def _log_curves(self, trial: Trial, run_id: str) -> None:
        for j in range(max(1, self.facts["inner_folds"])):
            prefix = f"split{j}_" if j else ""
            key = f"{run_id}/{j}"
            if key not in self.epochs:
                logged = self.client.get_metric_history(run_id, f"{prefix}loss")
                self.epochs[key] = max((m.step for m in logged), default=0)
            for entry in trial.history(j)[self.epochs[key] :]:
                values = {f"{prefix}{name}": x for name, x in entry.items() if name != "epoch"}
                log_metrics(self.client, run_id, values, step=entry["epoch"])
                self.epochs[key] = entry["epoch"]

    def _finish_trial(self, trial: Trial, run_id: str, result: dict) -> None:
        cost = {"training_seconds": result["seconds"], "epochs_trained": result["epochs"]}
        log_metrics(self.client, run_id, result["scores"] | cost)
        failed = result["status"] == "failed"
        # A tag holds 8,000 characters; the reason is one line.
        told = {
            "ecglab.status": result["status"],
            "ecglab.reason": result["reason"],
            "mlflow.note.content": supervisor.ending(trial),
            FINISHED: result["ended"],
        }
        for name, text in told.items():
            if text:
                self.client.set_tag(run_id, name, text[:5000])
        status = "FAILED" if failed else "FINISHED"
        self.client.set_terminated(run_id, status, _milliseconds(result["ended"]))
        self.running.discard(run_id)

    def _log_course(self, scored: list[dict]) -> None:
        """The best score so far after each trial, as a curve of the parent."""
        logged = self.client.get_metric_history(self.parent_id, f"best_{OBJECTIVE}")
        done = max((point.step for point in logged), default=0)
        best = 0.0
        for step, row in enumerate(scored, start=1):
            best = max(best, row["score"])
            if step > done:
                log_metrics(self.client, self.parent_id, {f"best_{OBJECTIVE}": best}, step)

    def _draw(self, rows: list[dict]) -> None:
        from ecglab import plots

        synthetic = self.facts["data"]["kind"] == "synthetic"
        space = self.search.space
        pictures = {
            "parallel_coordinates": plots.parallel_coordinates(rows, space, synthetic=synthetic),
            "importance": plots.importance(rows, space, synthetic=synthetic),
            "course": plots.course(rows, synthetic=synthetic),
        }
        with tempfile.TemporaryDirectory() as folder:
            for name, figure in pictures.items():
                plots.save(figure, Path(folder) / f"{name}.png")
            self.client.log_artifacts(self.parent_id, folder)


def run(search: Search, trials: int, who: supervisor.Team, **options) -> str:
    """`supervisor.run`, shown in MLflow as it goes; what ends early is marked FAILED or KILLED.

    A store that is away for a while, as a server may be, does not end the search: what is missing
    is logged when it is back, or by the same command later.
    """
    # Its own many tries would take minutes, in which nobody watches the processes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    tracker: list[SearchTracker] = []
    last = [0.0]

    def show(anyway: bool = False) -> None:
        if not anyway and time.monotonic() - last[0] < EVERY:
            return
        last[0] = time.monotonic()
        try:
            if not tracker:
                tracker.append(SearchTracker(search))
            tracker[0].sync()
        except Exception as error:
            if not _is_of_mlflow(error):
                raise
            supervisor.say(f"MLflow cannot be told for now: {_line(error)}")

    def end(status: str) -> None:
        if not last[0]:
            return  # another process runs this search, and shows it
        try:
            show(anyway=True)
            if tracker:
                tracker[0].finish(status)
        except Exception as error:
            if not _is_of_mlflow(error):
                raise
            raise EcglabError(
                f"MLflow cannot be told ({_line(error)}): all is in {search.path}, and the same "
                "command tells it"
            ) from None

    status = "FAILED"
    try:
        why = supervisor.run(search, trials, who, on_change=show, **options)
        status = "KILLED" if why == supervisor.LIMIT else "FINISHED"
        return why
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        end(status)


def _milliseconds(moment: str) -> int:
    """MLflow's time of a moment: what is logged late has the length that it had."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _is_of_mlflow(error: Exception) -> bool:
    from mlflow.exceptions import MlflowException

    return isinstance(error, MlflowException)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
