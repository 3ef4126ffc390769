"""Promoting and demoting models in MLflow's registry, and what MLflow loads from it."""

import json
import os
import subprocess
import sys

import numpy as np
import package_maker
import pandas as pd
import pytest

from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.inference.pyfunc import columns
from ecglab.tracking import models, registry, runs, tracker
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import PRETRAINED

RUNS = {
    "good": {"score": 0.90},
    "better": {"score": 0.95},
    "lower": {"score": 0.40},
    "excerpt": {"score": 0.99, "settings": {"records": 40, "folds": 0, "held_out": -1}},
    "one fold": {"score": 0.99, "folds": 1},
    "simulated": {"score": 0.99, "simulated": True},
    "two classes": {"score": 0.97, "classes": package_maker.AF},
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store with a run for each of RUNS, each with a logged model."""
    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "store"))
        mlflow = tracker.mlflow()
        client = mlflow.MlflowClient()
        artifacts = (folder / "store" / "artifacts").as_uri()
        experiment = client.create_experiment("ecglab", artifacts)
        for seed, (name, changes) in enumerate(RUNS.items()):
            package = package_maker.make(folder / name, seed=seed, **{"name": name, **changes})
            run = client.create_run(experiment, run_name=name)
            with mlflow.start_run(run_id=run.info.run_id):
                models.log_package(package)
        run = client.create_run(experiment, run_name="unfinished")
        client.set_terminated(run.info.run_id)
    return folder


@pytest.fixture
def store(filled, monkeypatch):
    """That store, with no champion."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(filled / "store"))
    tracker.mlflow()
    yield filled
    for _ in RUNS:
        try:
            registry.demote()
        except EcglabError:
            break


def champion() -> str:
    return Predictor(registry.default()).name


def pretrained() -> str:
    return Predictor(PRETRAINED / "default").name


def test_what_is_promoted_predicts_and_demoting_reverts_it(store):
    done = registry.promote("good")
    assert (done.promoted["name"], done.card["name"]) == ("good", "good")
    assert done.before["name"] == pretrained()
    assert champion() == "good"
    assert registry.promote("better").before["name"] == "good"
    assert champion() == "better"
    done = registry.demote()
    assert (done.promoted["name"], done.card["name"]) == ("better", "good")
    assert champion() == "good"
    done = registry.demote()
    assert (done.promoted["name"], done.card["name"], done.version) == ("good", pretrained(), "")
    assert champion() == pretrained()
    with pytest.raises(EcglabError, match="no model is promoted"):
        registry.demote()


def test_demoting_goes_back_through_each_champion_once(store):
    for name in ("good", "better", "good"):
        registry.promote(name, force=True)
    registry.demote()
    assert champion() == "better"
    registry.demote()
    assert champion() == pretrained()


def test_the_model_has_no_empty_tag(store):
    def tags():
        return tracker.mlflow().MlflowClient().get_registered_model(registry.MODEL).tags

    registry.promote("good")
    assert tags() == {}
    registry.promote("better")
    assert list(tags()) == ["ecglab.previous"]
    registry.demote()
    assert tags() == {}


def test_promoting_twice_changes_nothing(store):
    first = registry.promote("good")
    again = registry.promote("good")
    assert again.version == first.version
    assert again.before["name"] == "good"
    registry.demote()
    assert champion() == pretrained()


def test_a_run_is_named_by_its_id_too(store):
    run = runs.find("good")
    assert registry.promote(run.info.run_id[:12]).promoted["name"] == "good"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("lower", "it scores lower"),
        ("excerpt", "it was trained on an excerpt of the records"),
        ("one fold", "only 1 of 2 folds were trained"),
        ("simulated", "it was trained on SIMULATED data"),
        ("two classes", "it is of another data set or other classes, so the scores do not compare"),
    ],
)
def test_a_worse_model_is_promoted_only_by_force(store, name, why):
    with pytest.raises(EcglabError) as caught:
        registry.promote(name)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{name} is not promoted: {why} (challenge F1 ")
    score = RUNS[name]["score"]
    assert f"(challenge F1 {score:.3f} on 80 of 80 records of cinc2017;" in message
    now = Predictor(PRETRAINED / "default").card["scores"]["values"]["challenge_f1"]
    assert (
        f"{pretrained()}, which predicts now: challenge F1 {now:.3f} on 7,500 of 8,528" in message
    )
    assert "--force" in message
    assert champion() == pretrained()
    done = registry.promote(name, force=True)
    assert Predictor(registry.locate(registry.CHAMPION_URI)).name == name
    expected = pretrained() if name == "simulated" else name
    assert done.card["name"] == champion() == expected


def test_the_score_to_beat_is_that_of_the_model_that_predicts(store):
    registry.promote("better")
    with pytest.raises(
        EcglabError, match=r"good is not promoted: it scores lower .* better, which"
    ):
        registry.promote("good")
    assert champion() == "better"


def test_a_champion_that_is_damaged_can_be_replaced(store):
    registry.promote("better")
    card = registry.default() / "card.json"
    whole = card.read_bytes()
    try:
        card.write_bytes(b"{}")
        assert registry.promote("good").before["name"] == pretrained()
    finally:
        card.write_bytes(whole)


def test_a_run_without_a_model_cannot_be_promoted(store):
    with pytest.raises(EcglabError, match=r"run unfinished has no model: finish it"):
        registry.promote("unfinished")
    with pytest.raises(EcglabError, match="there is no run 'nonesuch'"):
        registry.promote("nonesuch")


def test_what_is_read_from_sqlite_is_what_mlflow_finds(store):
    registry.promote("good")
    mlflow = tracker.mlflow()
    for uri in (registry.CHAMPION_URI, "models:/ecg-rhythm/1"):
        theirs = mlflow.artifacts.download_artifacts(uri)
        assert registry.locate(uri).samefile(f"{theirs}/{registry.PACKAGE}")
    assert registry.package_of("good").samefile(registry.default())


def test_the_registered_version_carries_its_facts(store):
    registry.promote("good")
    client = tracker.mlflow().MlflowClient()
    tags = client.get_model_version_by_alias(registry.MODEL, registry.CHAMPION).tags
    assert tags == {"challenge_f1": "0.9000", "scope": "80 of 80 records of cinc2017"}


def test_the_model_and_each_version_have_their_card_as_description(store):
    client = tracker.mlflow().MlflowClient()
    versions = {name: registry.promote(name).version for name in ("good", "better")}
    for name, version in versions.items():
        page = client.get_model_version(registry.MODEL, version).description
        assert page.startswith(f"# The model {name}")
        assert "## Limits" in page
    model = client.get_registered_model
    assert model(registry.MODEL).description.startswith("# The model better")
    registry.demote()
    assert model(registry.MODEL).description.startswith("# The model good")
    registry.demote()
    assert model(registry.MODEL).description.startswith("No version is the champion")


def test_mlflow_loads_a_model_in_a_fresh_process_without_ecglab(store, tmp_path, rng):
    registry.promote("two classes", force=True)
    good = rng.normal(size=3000)
    gap = np.where(np.arange(good.size) < 900, np.nan, good)
    np.savez(tmp_path / "signals.npz", good, good[:300], np.full(3000, np.nan), gap)
    code = f"""
import sys, numpy as np, pandas as pd, mlflow
mlflow.set_tracking_uri({tracker.tracking_uri()!r})
model = mlflow.pyfunc.load_model("models:/ecg-rhythm@champion")
stored = np.load({str(tmp_path / "signals.npz")!r})
table = pd.DataFrame({{"signal": [stored[k].tolist() for k in stored], "fs": 300}})
found = model.predict(table)
pd.testing.assert_frame_equal(found, model.predict(table.assign(fs=300.0)))
found.to_json({str(tmp_path / "out.json")!r}, orient="records")
assert "ecglab" not in sys.modules and "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=os.environ)
    found = json.loads((tmp_path / "out.json").read_text())
    [expected] = Predictor(registry.default()).rows(Record(good, 300))
    assert list(found[0]) == list(columns(["AF", "other"]))
    assert found[0]["label"] == expected["label"]
    assert found[0]["AF"] == pytest.approx(expected["probabilities"]["AF"], abs=1e-5)
    assert found[0]["error"] is None
    assert "too short" in found[1]["error"]
    assert "every sample is missing" in found[2]["error"]
    assert found[1]["label"] is None and found[2]["AF"] is None
    assert found[3]["label"] in ("AF", "other")


def test_a_served_model_predicts_what_the_package_predicts(store, rng):
    registry.promote("good")
    served = tracker.mlflow().pyfunc.load_model(registry.CHAMPION_URI)
    records = [Record(rng.normal(size=n), 300.0) for n in (2000, 9000)]
    table = pd.DataFrame({"signal": [r.signal.astype(float) for r in records], "fs": 300.0})
    found = served.predict(table)[["N", "A", "O", "~"]].to_numpy()
    expected = Predictor(registry.default()).predict_proba(records)
    np.testing.assert_allclose(found, expected, atol=1e-5)
