"""The runs in MLflow: listed, and found by what a person calls them."""

from typing import TYPE_CHECKING

from ecglab.tracking.tracker import FOLDER, RUNS, SEARCHES, mlflow
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import runs_dir

if TYPE_CHECKING:
    from mlflow.entities import Run


def find(text: str) -> "Run":
    """The MLflow run of a person's words: its name, its folder's name, or how its id begins.

    Of several runs with one name it is the newest. Raises EcglabError where there is none.
    """
    runs = _all_runs()
    found = [run for run in runs if text in (run.info.run_name, folder_of(run))][:1]
    found = found or [run for run in runs if run.info.run_id.startswith(text)]
    if len(found) == 1:
        return found[0]
    raise EcglabError(f"{len(found)} runs begin with {text!r}: {_LISTED}" if found else _none(text))


_LISTED = "'ecglab runs' lists the names and ids"


def _none(text: str) -> str:
    """Why no run is called so, and what to do: a trial has no model, a folder may not be logged."""
    for run in _all_runs(SEARCHES):
        named = text in (run.info.run_name, run.data.tags.get(FOLDER))
        if named or run.info.run_id.startswith(text):
            while parent := run.data.tags.get("mlflow.parentRunId"):
                run = mlflow().MlflowClient().get_run(parent)
            search = run.info.run_name
            return (
                f"{text!r} belongs to the search {search}, and trials have no model: write its "
                f"best settings with 'ecglab tune --best {search} --as NAME', and train these"
            )
    if (runs_dir() / text / "run.json").is_file():
        return f"{text!r} is not logged to MLflow: 'ecglab track {runs_dir() / text}' logs it"
    return f"there is no run {text!r}: {_LISTED}"


def folder_of(run: "Run") -> str:
    """The name of the run folder of a parent run; "" of a fold's run."""
    return "" if "fold" in run.data.params else run.data.tags.get(FOLDER, "")


def parents() -> list["Run"]:
    """The parent runs of run folders, newest first, those of searches left out."""
    return [run for run in _all_runs() if "mlflow.parentRunId" not in run.data.tags]


def _all_runs(kind: str = RUNS) -> list["Run"]:
    """The runs of the MLflow experiments RUNS or SEARCHES, newest first."""
    client = mlflow().MlflowClient()
    experiments = [e.experiment_id for e in client.search_experiments() if e.name.startswith(kind)]
    return client.search_runs(experiments, max_results=50_000) if experiments else []
