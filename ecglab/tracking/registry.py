"""The registered model `ecg-rhythm`: promoting a run, and finding the model to predict with."""

import contextlib
import io
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from ecglab.packaging import shipped
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import tracking_uri

MODEL = "ecg-rhythm"
CHAMPION = "champion"
DEFAULT = f"models:/{MODEL}@{CHAMPION}"
PACKAGE = "data/package"
"""Where a logged model holds its package."""


@dataclass(frozen=True)
class Promotion:
    """What was promoted; before: the card of what judged until then when none was named."""

    version: str
    card: dict
    before: dict


def promote(run: str) -> Promotion:
    """Register the model of an MLflow run (id, a unique beginning of it, or name) as champion.

    A model trained on synthetic data never takes the alias from one trained on recordings.
    Raises EcglabError when there is no such run, when it holds no model, or for that reason.
    """
    from mlflow.exceptions import MlflowException

    from ecglab.tracking.tracker.tracker import mlflow

    client = mlflow().MlflowClient()
    model_id = _model_of(run)
    card = _card(Path(mlflow().artifacts.download_artifacts(f"models:/{model_id}")) / PACKAGE)
    try:
        champion = client.get_model_version_by_alias(MODEL, CHAMPION)
    except MlflowException:
        champion = None
    if champion is not None and card["kind"] == "synthetic":
        uri = f"models:/{MODEL}/{champion.version}"
        held = _card(Path(mlflow().artifacts.download_artifacts(uri)) / PACKAGE)
        if held["kind"] != "synthetic":
            raise EcglabError(
                f"{card['name']} was trained on SYNTHETIC data and cannot take the alias "
                f"'{CHAMPION}' from {held['name']}, which was trained on recordings"
            )
    before = _card(default())
    version = _version_of(client, model_id)
    if version is None:
        with contextlib.redirect_stderr(io.StringIO()):  # MLflow greets a new version there
            version = mlflow().register_model(f"models:/{model_id}", MODEL).version
    facts = {name: f"{value:.4f}" for name, value in card["scores"]["values"].items()}
    facts |= {"kind": card["kind"], "scope": card["scope"], "name": card["name"]}
    for key, value in facts.items():
        client.set_model_version_tag(MODEL, version, key, value)
    client.set_registered_model_alias(MODEL, CHAMPION, version)
    return Promotion(str(version), card, before)


def default() -> Path:
    """The package that judges when none is named: the promoted champion, or else the shipped one.

    A promoted model that was trained on synthetic data does not take the shipped one's place.
    """
    try:
        promoted = locate(DEFAULT)
    except EcglabError:
        return locate(CHAMPION)
    is_real = _card(promoted)["kind"] != "synthetic"
    return promoted if is_real else locate(CHAMPION)


def locate(uri: str) -> Path:
    """The package folder of a model.

    uri: "champion" or "fast", which come with ecglab; `models:/NAME@ALIAS` or
        `models:/NAME/VERSION` of the registry; or a folder
    On an SQLite store this reads two rows and imports no MLflow, which alone would cost seconds
    of a cold start. Raises EcglabError when there is no such model.
    """
    if not uri.startswith("models:/"):
        folder = shipped.folder(uri) if uri in shipped.FOLDS else Path(uri)
        if (folder / "card.json").exists():
            return folder
        names = " nor ".join(shipped.FOLDS)
        raise EcglabError(
            f"{uri} is neither {names}, models:/NAME@ALIAS, models:/NAME/VERSION nor a package"
        )
    folder = _locate_in_sqlite(uri) or _locate_by_mlflow(uri)
    if folder is None:
        raise EcglabError(
            f"there is no model {uri}: train one and name it with 'ecglab promote RUN'"
        )
    return folder


def package_of(run: str) -> Path:
    """The package folder that an MLflow run logged."""
    from ecglab.tracking.tracker.tracker import mlflow

    return Path(mlflow().artifacts.download_artifacts(f"models:/{_model_of(run)}")) / PACKAGE


def _model_of(run: str) -> str:
    """Id of the model that a run logged."""
    from ecglab.tracking.tracker.tracker import find_run

    found = find_run(run)
    models = found.outputs.model_outputs if found.outputs else []
    if not models:
        raise EcglabError(
            f"run {found.info.run_name} holds no model: let it finish, "
            "with 'ecglab train' or 'ecglab track'"
        )
    return models[0].model_id


def _locate_in_sqlite(uri: str) -> Path | None:
    store = tracking_uri()
    if not store.startswith("sqlite:///"):
        return None
    path = Path(store.removeprefix("sqlite:///"))
    name, alias, version = _parts(uri)
    if not path.exists():
        return None
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
            if alias:
                row = database.execute(
                    "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?",
                    (name, alias),
                ).fetchone()
                version = row and row[0]
            row = database.execute(
                "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?",
                (name, version),
            ).fetchone()
    except sqlite3.Error:
        return None  # a store of another MLflow: MLflow itself knows how to read it
    if not row or not row[0]:
        return None
    folder = Path(unquote(urlparse(row[0]).path)) / PACKAGE
    return folder if (folder / "card.json").exists() else None


def _locate_by_mlflow(uri: str) -> Path | None:
    store = tracking_uri()
    if store.startswith("sqlite:///") and not Path(store.removeprefix("sqlite:///")).exists():
        return None  # MLflow would take seconds to make an empty one
    from mlflow.exceptions import MlflowException

    from ecglab.tracking.tracker.tracker import mlflow

    try:
        folder = Path(mlflow().artifacts.download_artifacts(uri)) / PACKAGE
    except (MlflowException, OSError):
        return None
    return folder if (folder / "card.json").exists() else None


def _parts(uri: str) -> tuple[str, str | None, str | None]:
    """(name, alias, version) of models:/NAME@ALIAS or models:/NAME/VERSION."""
    rest = uri.removeprefix("models:/")
    if "@" in rest:
        name, _, alias = rest.partition("@")
        return name, alias, None
    name, _, version = rest.partition("/")
    return name, None, version


def _version_of(client, model_id: str) -> str | None:
    """The version under which a logged model is registered already, if it is."""
    for version in client.search_model_versions(f"name = '{MODEL}'"):
        if version.source == f"models:/{model_id}":
            return version.version
    return None


def _card(package: Path) -> dict:
    try:
        return json.loads((package / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EcglabError(f"{package} is no model of ecglab: {error}") from None
