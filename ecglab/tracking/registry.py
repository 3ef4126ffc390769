"""Find the model for predictions, and manage the registered model `ecg-rhythm`.

To find a model on an SQLite store two rows of it are read, without MLflow, whose import alone takes
seconds. Only what changes the registry, and what asks a server, imports MLflow.
"""

import contextlib
import io
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from ecglab.inference.package import CARD, read_card
from ecglab.inference.predictor import Predictor
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import PRETRAINED, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL = "ecg-rhythm"
CHAMPION = "champion"
CHAMPION_URI = f"models:/{MODEL}@{CHAMPION}"

DEFAULT = "default"
"""The pretrained package that predicts where no model was promoted."""

PACKAGE = "data/package"
"""Where a logged model holds its package."""

_PREVIOUS = "ecglab.previous"
"""Tag of the registered model: the champions before the present one, first to last."""

_PATIENCE = 0.2
"""Seconds to wait for a store that another process has locked."""


@dataclass(frozen=True)
class Change:
    """What `promote` or `demote` did.

    version: of the registered model that is champion now, "" for none
    card: of the model that predicts by default now; before: of the one that did until now
    promoted: the card of the model that was promoted or demoted
    """

    version: str
    card: Mapping
    before: Mapping
    promoted: Mapping


def load_model(uri: str | Path = "", **parameters: Any) -> Predictor:
    """The predictor of a model: `locate(uri)`, or by default the model that predicts by default.

    parameters: of the `Predictor`, such as coverage=0.9

    >>> load_model("fast").classes_.tolist()
    ['N', 'A', 'O', '~']
    """
    return Predictor(locate(uri) if uri != "" else default(), **parameters)


def default() -> Path:
    """The package that predicts when none is named: the promoted champion, or else `default`.

    A champion that was trained on simulated data does not take the place of `default`. Where the
    store or the champion's folder cannot be read, a line on stderr says so, and `default` predicts.
    Imports no MLflow and waits for nothing.
    """
    try:
        if not tracking_uri().startswith("sqlite:///"):
            raise EcglabError(
                f"the champion of an MLflow server is used only with '--model {CHAMPION_URI}'"
            )
        champion = _in_sqlite(CHAMPION_URI)
    except EcglabError as error:
        print(f"ecglab: {error}; predicting with '{DEFAULT}'", file=sys.stderr)
        champion = None
    if champion is None or read_card(champion)["simulated"]:
        return PRETRAINED / DEFAULT
    return champion


def locate(uri: str | Path) -> Path:
    """The package folder of a model.

    uri: a package that comes with ecglab, such as "default"; `models:/NAME@ALIAS` or
        `models:/NAME/VERSION` of the registry; or a folder
    Raises EcglabError, one line, when there is no such model.
    """
    if not isinstance(uri, str | Path):
        raise TypeError(
            "a model is given by a name such as 'default', a folder or a URI such as "
            f"'models:/NAME@ALIAS', not by {uri!r:.40}"
        )
    if isinstance(uri, str) and uri.startswith("models:/"):
        local = tracking_uri().startswith("sqlite:///")
        folder = _in_sqlite(uri) if local else _on_server(uri)
        if folder is None:
            raise EcglabError(f"there is no model {uri}: 'ecglab promote RUN' registers one")
        return folder
    names = sorted(path.parent.name for path in PRETRAINED.glob(f"*/{CARD}"))
    folder = PRETRAINED / uri if uri in names else Path(uri)
    if not (folder / CARD).is_file():
        raise EcglabError(
            f"there is no model {str(uri)!r}: name {', '.join(names)}, a package's folder, "
            "models:/NAME@ALIAS or models:/NAME/VERSION"
        )
    return folder


def promote(run: str, force: bool = False) -> Change:
    """Register the model of an MLflow run (id, a unique beginning of it, or name) as champion.

    force: also a model that scores lower than the one that predicts now, is of another data set or
        other classes, or was trained on simulated data, an excerpt or some of the folds
    Raises EcglabError when there is no such run, when it has no model, or for these reasons.
    """
    from ecglab.packaging.package import partial_because

    client = _client()
    model_id = _model_of(run)
    card = read_card(_downloaded(f"models:/{model_id}"))
    champion = _champion(client)
    version = _version_of(client, model_id)
    before = _predicting(champion)
    reasons = partial_because(
        card["settings"], len(card["folds"]), card["split"]["folds"], card["simulated"]
    )
    if card["data"]["name"] != before["data"]["name"] or card["classes"] != before["classes"]:
        reasons.append("it is of another data set or other classes, so the scores do not compare")
    if _score(card) < _score(before):
        reasons.append("it scores lower")
    if reasons and not force and (version is None or version != champion):
        raise EcglabError(
            f"{card['name']} is not promoted: {', and '.join(reasons)} ({scored(card)}; "
            f"{before['name']}, which predicts now: {scored(before)}); --force promotes it"
        )
    if version is None:
        with contextlib.redirect_stderr(io.StringIO()):  # MLflow greets a new version there
            version = _mlflow().register_model(f"models:/{model_id}", MODEL).version
    for key, value in {"challenge_f1": f"{_score(card):.4f}", "scope": card["scope"]}.items():
        client.set_model_version_tag(MODEL, version, key, value)
    client.update_model_version(MODEL, version, _page(card))
    client.update_registered_model(MODEL, _page(card))
    if version != champion:
        previous = [v for v in _previous(client) if v != version]
        previous += [champion] if champion else []
        _keep_previous(client, previous)
        client.set_registered_model_alias(MODEL, CHAMPION, version)
    return Change(str(version), _predicting(str(version)), before, card)


def demote() -> Change:
    """Take the alias from the champion: the one before it predicts again, or else `default`.

    Raises EcglabError where no model is promoted.
    """
    none = f"no model is promoted: '{DEFAULT}' predicts already"
    store = _sqlite_path()
    if store is not None and not store.exists():  # MLflow would take seconds to make an empty one
        raise EcglabError(none)
    client = _client()
    champion = _champion(client)
    if champion is None:
        raise EcglabError(none)
    before = _predicting(champion)
    demoted = _card_of(champion) or before
    versions = {str(v.version) for v in client.search_model_versions(f"name = '{MODEL}'")}
    previous = [v for v in _previous(client) if v in versions and v != champion]
    version = previous.pop() if previous else ""
    _keep_previous(client, previous)
    if version:
        client.set_registered_model_alias(MODEL, CHAMPION, version)
    else:
        client.delete_registered_model_alias(MODEL, CHAMPION)
    card = _card_of(version) if version else None
    nothing = f"No version is the champion: the model `{DEFAULT}` that comes with ecglab predicts."
    client.update_registered_model(MODEL, _page(card) if card else nothing)
    return Change(version, _predicting(version), before, demoted)


def scored(card: Mapping) -> str:
    """The score of a card, in words."""
    return f"challenge F1 {_score(card):.3f} on {card['scope']}"


def package_of(run: str) -> Path:
    """The package folder that an MLflow run logged."""
    return _downloaded(f"models:/{_model_of(run)}")


def _page(card: Mapping) -> str:
    """The card as MLflow's description of a model."""
    from ecglab.packaging import model_card
    from ecglab.tracking.notes import spaced

    return spaced(model_card.markdown(card).partition("-->")[2].strip())


def _score(card: Mapping) -> float:
    return card["scores"]["values"]["challenge_f1"]


def _predicting(champion: str | None) -> Mapping:
    """The card of the model that predicts by default, given the champion's version."""
    card = _card_of(champion) if champion else None
    return read_card(PRETRAINED / DEFAULT) if card is None or card["simulated"] else card


def _card_of(version: str) -> Mapping | None:
    """The card of a registered version, None where its files are missing or damaged."""
    try:
        return read_card(locate(f"models:/{MODEL}/{version}"))
    except EcglabError:
        return None


def _in_sqlite(uri: str) -> Path | None:
    """The package folder of a registered model, None where there is none.

    Raises EcglabError for a store that cannot be read, and where the folder is missing.
    """
    store = _sqlite_path()
    if store is None or not store.exists():
        return None
    name, _, version = uri.removeprefix("models:/").partition("/")
    name, _, alias = name.partition("@")
    try:
        with contextlib.closing(
            sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
        ) as database:
            if alias:
                [version] = database.execute(
                    "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?",
                    (name, alias),
                ).fetchone() or [None]
            row = database.execute(
                "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?",
                (name, version),
            ).fetchone()
    except sqlite3.Error as error:
        raise EcglabError(f"the store {store} cannot be read ({error})") from None
    if row is None:
        return None
    folder = Path(unquote(urlparse(row[0] or "").path)) / PACKAGE
    if not (folder / CARD).is_file():
        raise EcglabError(f"the files of {uri} are missing from {folder}")
    return folder


def _sqlite_path() -> Path | None:
    """The file of an SQLite store, None for a server."""
    uri = tracking_uri()
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def _on_server(uri: str) -> Path | None:
    """The package folder of a server's registered model, downloaded; None where there is none."""
    from mlflow.exceptions import MlflowException

    try:
        return _downloaded(uri)
    except (MlflowException, OSError):
        return None


def _mlflow() -> ModuleType:
    from ecglab.tracking.tracker import mlflow

    return mlflow()


def _client() -> "MlflowClient":
    return _mlflow().MlflowClient()


def _downloaded(uri: str) -> Path:
    """The package folder of a logged model; of a local store it is the stored one."""
    return Path(_mlflow().artifacts.download_artifacts(uri)) / PACKAGE


def _model_of(run: str) -> str:
    """Id of the model that a run logged."""
    from ecglab.tracking import runs

    found = runs.find(run)
    models = found.outputs.model_outputs if found.outputs else []
    if not models:
        raise EcglabError(
            f"run {found.info.run_name} has no model: finish it "
            "with 'ecglab train' or 'ecglab track'"
        )
    return models[0].model_id


def _champion(client: "MlflowClient") -> str | None:
    """The version of the champion."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_model_version_by_alias(MODEL, CHAMPION).version)
    except MlflowException:
        return None


def _previous(client: "MlflowClient") -> list[str]:
    """The versions that were champion before, first to last."""
    from mlflow.exceptions import MlflowException

    try:
        tags = client.get_registered_model(MODEL).tags
    except MlflowException:
        return []
    return [version for version in tags.get(_PREVIOUS, "").split(",") if version]


def _keep_previous(client: "MlflowClient", versions: list[str]) -> None:
    """Keep what `_previous` returns; without versions there is no tag."""
    if versions:
        client.set_registered_model_tag(MODEL, _PREVIOUS, ",".join(versions))
    else:
        client.delete_registered_model_tag(MODEL, _PREVIOUS)


def _version_of(client: "MlflowClient", model_id: str) -> str | None:
    """The version under which a logged model is registered already, if it is."""
    for version in client.search_model_versions(f"name = '{MODEL}'"):
        if version.source == f"models:/{model_id}":
            return str(version.version)
    return None
