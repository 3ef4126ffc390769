"""Logs a search to MLflow: the run of which its trials are children (see `tracker`)."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecglab.tracking import tracker
from ecglab.training.experiment import flat


def log(
    name: str,
    facts: Mapping,
    scope: str,
    trials: Sequence[Mapping],
    figures: Mapping,
    status: str,
) -> None:
    """Log a search and its results. An unreachable store is reported, not raised.

    facts: of search.json; scope: in words; figures: {name: figure}
    trials: {"trial", "status", "score", "scores", "seconds"} of each
    status: MLflow's, "FINISHED", "FAILED" or "KILLED"
    """
    with tracker.reported("the same command logs the search later"):
        client = tracker.mlflow().MlflowClient()
        experiment = tracker.experiment_id(facts["data"]["simulated"], tracker.SEARCHES)
        run = tracker.tagged_run(client, experiment, name)
        run_id = run.info.run_id
        client.set_tag(run_id, "ecglab.scope", scope)
        client.set_tag(run_id, "mlflow.note.content", f"{name}: {scope}")
        if not run.data.params:
            params = flat(facts["settings"]) | {
                "search.tuner": facts["tuner"],
                "search.seed": facts["seed"],
                "data.digest": facts["data"]["digest"],
                "split.digest": facts["split"]["digest"],
                "code": facts["code"],
                **{f"space.{key}": str(entry) for key, entry in facts["space"].items()},
            }
            tracker.log_params(client, run_id, params)
        scored = [trial for trial in trials if trial["score"] is not None]
        values = {
            "trials_completed": len(scored),
            "trials_failed": sum(trial["status"] == "failed" for trial in trials),
            "training_seconds": sum(trial["seconds"] for trial in trials),
        }
        if scored:
            best = max(scored, key=lambda trial: trial["score"])
            values |= best["scores"]
            client.set_tag(run_id, "ecglab.best", best["trial"])
        tracker.log_metrics(client, run_id, values)
        client.log_dict(run_id, dict(facts), "search.json")
        _log_figures(client, run_id, figures)
        client.set_terminated(run_id, status)


def _log_figures(client, run_id: str, figures: Mapping) -> None:
    from ecglab import plots

    with tempfile.TemporaryDirectory() as folder:
        for name, figure in figures.items():
            plots.save(figure, Path(folder) / f"{name}.png")
        client.log_artifacts(run_id, folder)
