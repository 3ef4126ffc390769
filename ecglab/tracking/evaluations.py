"""Logs external evaluations to MLflow, in an experiment of their own."""

import json
from collections.abc import Mapping
from pathlib import Path

from ecglab.evaluation.external import Evaluation
from ecglab.tracking import tracker
from ecglab.tracking.values import log_params, log_scores
from ecglab.utils.errors import EcglabError

NAME = "evaluations"
"""The MLflow experiment: evaluations do not stand among the trained runs."""


def log(result: Evaluation, page: Path) -> str:
    """Log an evaluation with its page, its JSON and its metrics; returns the id of the run.

    Raises EcglabError where the store cannot be used.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return _log(result, page)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EcglabError(
            f"the evaluation was not logged, since MLflow's store cannot be used ({reason}): "
            "run the same command again later"
        ) from None


def _log(result: Evaluation, page: Path) -> str:
    from mlflow.entities import Dataset, DatasetInput

    facts = result.facts
    model, data = facts["model"], facts["data"]
    client = tracker.mlflow().MlflowClient()
    experiment = tracker.experiment_id(data["simulated"], NAME)
    name = f"{model['uri']} on {data['name']}"
    run_id = client.create_run(experiment, run_name=name).info.run_id
    status = "FAILED"
    try:
        kind = "simulated" if data["simulated"] else "recordings"
        source = json.dumps({"labels": data["labels"], "records": data["records"]})
        shown = Dataset(data["name"], data["digest"][:36], kind, source)
        client.log_inputs(run_id, [DatasetInput(shown)])
        params = {
            "model": model["uri"],
            "model.name": model["name"],
            "model.data": model["data"]["name"],
            "model.data.digest": model["data"]["digest"],
            "data": data["name"],
            "data.digest": data["digest"],
            "labels": data["labels"],
            "map": ",".join(f"{label}={code}" for label, code in facts["mapping"].items()),
            "training_records_scored": facts["training_records_scored"],
        }
        log_params(client, run_id, params)
        log_scores(client, run_id, facts, {"records_scored": facts["scored"]})
        client.set_tag(run_id, tracker.NOTE, _note(facts))
        client.log_dict(run_id, facts, "evaluation.json")
        client.log_artifact(run_id, str(page))
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status)
    return run_id


def _note(facts: Mapping) -> str:
    """The note of an evaluation, in Markdown."""
    model, data, value = facts["model"], facts["data"], facts["values"].get("challenge_f1")
    score = "not defined" if value is None else f"{value:.3f}"
    if facts["intervals"].get("challenge_f1"):
        score += " (95 % interval {:.3f} to {:.3f})".format(*facts["intervals"]["challenge_f1"])
    return "\n\n".join(
        [
            f"**Found:** challenge F1 {score} on {facts['scored']:,} records",
            f"**Model:** {model['uri']}, trained on {model['data']['name']}",
            f"**Data:** {data['name']}, {data['records']:,} records, labels {data['labels']}",
        ]
    )
