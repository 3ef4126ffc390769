"""Logs external evaluations to MLflow, in an experiment of their own."""

import json
from pathlib import Path

from ecglab.evaluation.external import Evaluation
from ecglab.tracking import tracker
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
        tracker.log_params(client, run_id, params)
        values = {name: x for name, x in facts["values"].items() if x is not None}
        for name, interval in facts["intervals"].items():
            if interval:
                values |= {f"{name}_low": interval[0], f"{name}_high": interval[1]}
        tracker.log_metrics(client, run_id, values | {"records_scored": facts["scored"]})
        client.log_dict(run_id, facts, "evaluation.json")
        client.log_artifact(run_id, str(page))
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status)
    return run_id
