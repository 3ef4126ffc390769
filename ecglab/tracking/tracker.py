"""Every word said to MLflow about a run.

A run folder is the truth and MLflow shows it: `sync` reads the folder and logs what the store
lacks. So the same function serves while training goes on, after an interruption, and for a
folder that was computed elsewhere; calling it again changes nothing.
"""

import json
import logging
import os
import tempfile
import warnings
from pathlib import Path

from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics
from ecglab.packaging import packaging
from ecglab.training import run_folder as runs
from ecglab.training.experiment import as_text, flat
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import store_dir, tracking_uri

FINISHED = "ecglab.logged"
"""Tag of a run of which everything is in the store."""

RUN = "ecglab.run"
"""Tag that names the run folder, or a fold of it, by its id: how `sync` finds its runs again."""


def mlflow():
    """The mlflow module, quiet, pointed at our store."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # An example would be judged at each logging; our tests load and ask the model instead.
    warnings.filterwarnings("ignore", "(?s).*input example was not provided")
    store_dir().mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri())
    return mlflow


def experiment_id(kind: str, name: str = "ecglab") -> str:
    """Id of the MLflow experiment of recordings, or of synthetic data; made when missing.

    name: "ecglab" of runs, or another one
    """
    from filelock import FileLock

    name = name if kind == "recordings" else f"{name}-{kind}"
    client = mlflow().MlflowClient()
    artifacts = None  # a server decides
    if tracking_uri().startswith("sqlite:///"):
        artifacts = (store_dir() / "artifacts" / name).as_uri()
    # Several processes that create one SQLite store at once break each other.
    with FileLock(store_dir() / ".store.lock"):
        found = client.get_experiment_by_name(name)
        if found:
            return found.experiment_id
        return client.create_experiment(name, artifacts)


class Tracker:
    """Shows one run folder in MLflow: a parent run, and a child run for each fold."""

    def __init__(self, run: RunFolder):
        self.run = run
        self.client = mlflow().MlflowClient()
        self.experiment = experiment_id(run.facts["data"]["kind"])
        self._ids: dict[str, str] = {}
        self._epochs: dict[int, int] = {}

    def sync(self) -> str:
        """Log everything that the folder holds and the store lacks; the parent's run id."""
        parent = self._run_id("parent")
        for k in self.run.folds:
            if self.run.fold(k).exists():
                self._sync_fold(k)
        if self.run.is_done and not self._is_finished(parent):
            self._finish(parent, self.run.predictions(), list(self.run.folds))
        return parent

    def stop(self, status: str) -> None:
        """Mark what is still running as "FAILED" or "KILLED"; a later `sync` revives it."""
        for run_id in self._ids.values():
            if self.client.get_run(run_id).info.status == "RUNNING":
                self.client.set_terminated(run_id, status)

    def _sync_fold(self, k: int) -> None:
        run_id = self._run_id(k)
        if k not in self._epochs:
            logged = self.client.get_metric_history(run_id, "loss")
            self._epochs[k] = max((m.step for m in logged), default=0)
        for entry in self.run.history(k)[self._epochs[k] :]:
            values = {name: x for name, x in entry.items() if name != "epoch"}
            log_metrics(self.client, run_id, values, step=entry["epoch"])
            self._epochs[k] = entry["epoch"]
        if self.run.is_fold_done(k) and not self._is_finished(run_id):
            self._finish(run_id, self.run.predictions(k), [k])

    def _run_id(self, part) -> str:
        """Id of the parent's or a fold's MLflow run: the one that carries our tag, or a new one."""
        if part in self._ids:
            return self._ids[part]
        facts = self.run.facts
        tag = facts["id"] if part == "parent" else f"{facts['id']}/fold-{part}"
        found = self.client.search_runs([self.experiment], f"tags.`{RUN}` = '{tag}'")
        run = found[0] if found else self._create(part, tag)
        run_id = run.info.run_id
        if not run.data.params:  # new, or begun by a process that was killed right then
            self._describe(run_id)
        if FINISHED not in run.data.tags:
            self.client.update_run(run_id, status="RUNNING")
        self._ids[part] = run_id
        return run_id

    def _create(self, part, tag: str):
        facts = self.run.facts
        tags = {
            RUN: tag,
            "ecglab.kind": facts["data"]["kind"],
            "ecglab.scope": self.run.scope,
            "ecglab.code": facts["code"],
            "mlflow.note.content": f"{facts['name']}: {self.run.scope}",
            "mlflow.source.name": f"experiments/{facts['name']}.py",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": os.environ.get("USER", ""),
        }
        name = self.run.name
        if part != "parent":
            name = f"{name}/fold-{part}"
            tags |= {"mlflow.parentRunId": self._run_id("parent"), "ecglab.fold": str(part)}
        return self.client.create_run(self.experiment, tags=tags, run_name=name)

    def _describe(self, run_id: str) -> None:
        """What was trained on what, with what; the parameters last, as they mark it as done."""
        from mlflow.entities import Dataset, DatasetInput, Param

        facts, data = self.run.facts, self.run.facts["data"]
        source = json.dumps({"kind": data["kind"], "labels": data["labels"]})
        # The UI's own column for data allows a digest of 36 characters.
        shown = Dataset(data["name"], data["digest"][:36], data["kind"], source)
        self.client.log_inputs(run_id, [DatasetInput(shown)])
        self.client.log_dict(run_id, facts, "run.json")
        params = flat(facts["experiment"]) | {
            "labels": data["labels"],
            "data.kind": data["kind"],
            "data.records": data["records"],
            "data.digest": data["digest"],
            "folds.digest": facts["folds_digest"],
            "code": facts["code"],
            **{f"environment.{name}": version for name, version in facts["environment"].items()},
        }
        self.client.log_batch(run_id, params=[Param(k, as_text(v)) for k, v in params.items()])

    def _is_finished(self, run_id: str) -> bool:
        return FINISHED in self.client.get_run(run_id).data.tags

    def _finish(self, run_id: str, table, folds: list[int]) -> None:
        """Scores, pictures, the out-of-fold table and the model, and then the mark of the end."""
        found = metrics.scores(table)
        values = dict(found["values"])
        for name, (low, high) in found["intervals"].items():
            values |= {f"{name}_low": low, f"{name}_high": high}
        histories = {k: self.run.history(k) for k in folds}
        values["training_seconds"] = sum(e["seconds"] for h in histories.values() for e in h)
        values["records_scored"] = len(table)
        log_metrics(self.client, run_id, values)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            table.to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
            self._draw(folder, table, histories)
            self.client.log_artifacts(run_id, str(folder))
        with mlflow().start_run(run_id=run_id):
            if not self.client.get_run(run_id).outputs.model_outputs:
                log_model(self.run, folds)
        self.client.set_tag(run_id, FINISHED, runs.now())

    def _draw(self, folder: Path, table, histories) -> None:
        from ecglab import plots

        synthetic = self.run.facts["data"]["kind"] == "synthetic"
        labels, probabilities = table["label"].to_numpy(), table[list(LABELS)].to_numpy()
        pictures = {
            "confusion": plots.confusion(labels, metrics.chosen(table), synthetic=synthetic),
            "precision_recall": plots.precision_recall(labels, probabilities, synthetic=synthetic),
            "reliability": plots.reliability(labels, probabilities, synthetic=synthetic),
            "learning_curves": plots.learning_curves(histories, synthetic=synthetic),
        }
        for name, figure in pictures.items():
            plots.save(figure, folder / f"{name}.png")


def log_metrics(client, run_id: str, values: dict[str, float], step: int = 0) -> None:
    """Log metrics in one call."""
    import time

    from mlflow.entities import Metric

    when = int(time.time() * 1000)
    client.log_batch(run_id, [Metric(k, float(v), when, step) for k, v in values.items()])


def train(name: str, experiment, fresh: bool) -> RunFolder:
    """`crossval.run`, shown in MLflow as it goes; what ends early is marked FAILED or KILLED."""
    from ecglab.training import cross_validation as crossval

    trackers: dict[Path, Tracker] = {}  # an ensemble's members are runs of their own

    def show(run: RunFolder) -> None:
        if run.path not in trackers:
            trackers[run.path] = Tracker(run)
        trackers[run.path].sync()

    status = "FAILED"
    try:
        return crossval.run(name, experiment, fresh, on_change=show)
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        # A run that ended well is FINISHED already, and stop() passes it over.
        for tracker in trackers.values():
            tracker.stop(status)


def log_model(run: RunFolder, folds: list[int]) -> None:
    """Log the package of these folds as a pyfunc model of the active MLflow run.

    It carries its own copy of the few modules that it needs, so that a process without ecglab
    loads it.
    """
    import shutil
    from importlib import metadata

    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType, Array

    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        card = packaging.package(run, folder / "package", folds)
        code = folder / "ecglab_model"
        code.mkdir()
        (code / "__init__.py").touch()
        unneeded = shutil.ignore_patterns("__pycache__")
        for package in ("utils", "ecg", "inference"):
            shutil.copytree(here.parent / package, code / package, ignore=unneeded)
        needed = ("mlflow", "numpy", "onnxruntime", "pandas", "scipy")
        mlflow().pyfunc.log_model(
            name="model",
            loader_module="ecglab_model.inference.pyfunc",
            data_path=str(folder / "package"),
            code_paths=[str(code)],
            pip_requirements=[f"{name}=={metadata.version(name)}" for name in needed],
            signature=ModelSignature(
                # A rate of any type, as MLflow would refuse whole numbers; what is no rate is told
                # in words by the row.
                inputs=Schema(
                    [ColSpec(Array(DataType.double), "signal"), ColSpec(AnyType(), "fs")]
                ),
                outputs=Schema(
                    [
                        ColSpec(DataType.string, "label", required=False),
                        *(ColSpec(DataType.double, x, required=False) for x in LABELS),
                        ColSpec(DataType.string, "error", required=False),
                    ]
                ),
            ),
            metadata={"kind": card["kind"], "scope": card["scope"], "name": card["name"]},
        )


def find_run(text: str):
    """The MLflow run of this id, unique beginning of an id, or name; EcglabError otherwise.

    Of several runs with one name the newest is meant.
    """
    found = [run for run in _all_runs() if run.info.run_name == text]
    found = found[:1] or [run for run in _all_runs() if run.info.run_id.startswith(text)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} runs begin with" if found else "there is no run"
    raise EcglabError(f"{problem} {text!r}: 'ecglab runs' lists the names and ids")


def parents(name: str = "ecglab") -> list:
    """The parent runs, newest first, of the MLflow experiments of this name (`experiment_id`)."""
    return [run for run in _all_runs(name) if "mlflow.parentRunId" not in run.data.tags]


def _all_runs(name: str = "ecglab") -> list:
    client = mlflow().MlflowClient()
    experiments = [e.experiment_id for e in client.search_experiments() if e.name.startswith(name)]
    return client.search_runs(experiments, max_results=50_000) if experiments else []
