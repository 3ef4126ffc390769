"""Logs a search to MLflow: the run of which its trials are children (see `tracker`)."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.tracking import notes, tracker
from ecglab.tracking.values import MINUTES, log_params, log_scores
from ecglab.training.experiment import flat

if TYPE_CHECKING:
    from mlflow import MlflowClient


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
        changed = notes.changed(facts["name"], facts["settings"])
        client.set_tag(run_id, tracker.CHANGED, changed)
        if not run.data.params:
            params = {
                "scope": scope,
                **flat(facts["settings"]),
                "records": facts["data"]["records"],
                "search.tuner": facts["tuner"],
                "search.seed": facts["seed"],
                "data.digest": facts["data"]["digest"],
                "split.digest": facts["split"]["digest"],
                "code": facts["code"],
                **{f"space.{key}": str(entry) for key, entry in facts["space"].items()},
            }
            log_params(client, run_id, params)
        scored = [trial for trial in trials if trial["score"] is not None]
        values = {
            "trials_completed": len(scored),
            "trials_failed": sum(trial["status"] == "failed" for trial in trials),
            MINUTES: round(sum(trial["seconds"] for trial in trials) / 60, 2),
        }
        best = max(scored, key=lambda trial: trial["score"], default=None)
        scores = {"values": best["scores"] if best else {}, "intervals": {}}
        log_scores(client, run_id, scores, values)
        client.set_tag(run_id, tracker.NOTE, _note(name, scope, len(scored), best))
        client.log_dict(run_id, dict(facts), "search.json")
        _log_figures(client, run_id, figures)
        client.set_terminated(run_id, status)


def _note(name: str, scope: str, n_scored: int, best: Mapping | None) -> str:
    """The note of a search, in Markdown."""
    found = "no trial has a score"
    if best:
        found = (
            f"of {n_scored} trials, trial {best['trial']} is the best with a challenge F1 of "
            f"{best['score']:.3f} ({notes.listed(best['values'])}). The best of many trials is "
            "optimistic: train it in full before you rely on it."
        )
    return "\n\n".join(
        [
            f"**Found:** {found}",
            f"**Search:** {scope}",
            f"**To write the best settings as an experiment**\n\n"
            f"```\necglab tune --best {name}\n```",
        ]
    )


def _log_figures(client: "MlflowClient", run_id: str, figures: Mapping) -> None:
    from ecglab import plots

    with tempfile.TemporaryDirectory() as folder:
        for name, figure in figures.items():
            plots.save(figure, Path(folder) / f"{name}.png")
        client.log_artifacts(run_id, folder)
