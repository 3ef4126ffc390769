"""Ensembles: how they pool and are fitted, and that what is shipped says what was scored."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset
from ecglab.ecg.features import beat_sequence, qrs
from ecglab.ecg.record import Record
from ecglab.inference.predictor import MIN_PROBABILITY, Predictor, pooled
from ecglab.tracking import registry, runs
from ecglab.tracking import tracker as tracking
from ecglab.training import cross_validation, experiment
from ecglab.training.ensemble import Ensemble, fit_exponents
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError

MEMBERS = {
    "tiny": tiny.experiment(epochs=1),
    "beats": tiny.experiment(
        epochs=2, model="beat_crnn", network={"widths": (4,), "beat_width": 6, "units": 3}
    ),
    "trees": Trees(data="synthetic", iterations=5, leaves=4, min_leaf=2, bags=1),
}
POOL = Ensemble(data="synthetic", folds=2, validation=0.2, members=tuple(MEMBERS))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The run of an ensemble of two networks and trees on 60 synthetic records, tracked."""
    folder = tmp_path_factory.mktemp("ensemble")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "store"))
        patch.setattr(experiment, "load", {**MEMBERS, "pool": POOL}.get)
        dataset.make_synthetic(60, seed=3)
        run = tracking.train("pool", POOL, fresh=False)
        parent = runs.find(run.name).info.run_id
        shown = runs.parents()
        members = run.members
    return SimpleNamespace(folder=folder, run=run, parent=parent, shown=shown, members=members)


@pytest.fixture
def trained(made, monkeypatch):
    """`made`, with the environment pointing at it."""
    monkeypatch.setenv("ECGLAB_DATA", str(made.folder / "data"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(made.folder / "store"))
    return made


def drawn(rng, n, sharpness):
    """Class numbers (n,) drawn from random probabilities (n, 4), and these probabilities."""
    p = rng.dirichlet(np.full(4, sharpness), n)
    truth = (p.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
    return truth, p


def scaled(p, power):
    p = p**power
    return p / p.sum(axis=1, keepdims=True)


def test_pool_of_one_is_a_temperature():
    p = np.array([[0.7, 0.1, 0.15, 0.05]])
    assert pooled(p[None], [1.0]) == pytest.approx(p)
    assert pooled(p[None], [0.5]) == pytest.approx(scaled(p, 0.5))


def test_pool_is_the_geometric_mean():
    p, q = np.random.default_rng(0).dirichlet(np.full(4, 5.0), (2, 8))
    assert pooled(np.stack([p, q]), [0.5, 0.5]) == pytest.approx(scaled(p * q, 0.5))


def test_no_member_overrules_all_others():
    sure, other = np.array([[1.0, 0, 0, 0]]), np.array([[0.01, 0.97, 0.01, 0.01]])
    assert pooled(np.stack([sure, other]), [0.5, 0.5])[0, 1] > MIN_PROBABILITY


def test_exponents_undo_what_is_too_sure():
    truth, p = drawn(np.random.default_rng(1), 20_000, 2.0)
    too_sure = np.stack([scaled(p, 2.0)])
    found, loss = fit_exponents(too_sure, truth, equal=True)
    assert found == pytest.approx([0.5], abs=0.03)
    assert loss <= -np.log(too_sure[0][np.arange(truth.size), truth]).mean()


def test_a_member_that_knows_nothing_gets_no_weight():
    rng = np.random.default_rng(2)
    truth, p = drawn(rng, 5_000, 1.0)
    noise = rng.dirichlet(np.full(4, 2.0), 5_000)
    found, _ = fit_exponents(np.stack([p, noise]), truth, equal=False)
    assert found == pytest.approx([1.0, 0.0], abs=0.1)
    equal, _ = fit_exponents(np.stack([p, noise]), truth, equal=True)
    assert equal[0] == equal[1]


def test_impossible_ensembles_are_refused():
    for keys in ({"members": ()}, {"weights": "best"}, {"validation": 0.0}, {"seed": 2}):
        with pytest.raises(EcglabError, match="is impossible: it must be"):
            Ensemble(**{"members": ("trees",), **keys})
    with pytest.raises(EcglabError, match="members cannot be changed with --set"):
        POOL.set(["members=another"])


def test_its_members_are_runs_that_are_shown_as_well(trained):
    assert [member.facts["name"] for member in trained.members] == list(MEMBERS)
    assert all(member.is_done for member in trained.members)
    shown = sorted(run.info.run_name.partition(" ")[0] for run in trained.shown)
    assert shown == sorted(["pool", *MEMBERS])
    assert {run.info.status for run in trained.shown} == {"FINISHED"}


def test_it_is_not_gone_on_with_when_a_member_has_other_settings(trained, monkeypatch):
    made_of = trained.run.made_of
    assert {name: settings["validation"] for name, settings in made_of.items()} == {
        "tiny": 0.2,
        "beats": 0.2,
        "trees": 0.2,
    }
    monkeypatch.setattr(experiment, "load", MEMBERS.get)
    before = {path: path.stat().st_mtime_ns for path in trained.run.path.rglob("*")}
    assert cross_validation.run("pool", POOL).path == trained.run.path
    changed = {**MEMBERS, "trees": replace(MEMBERS["trees"], iterations=6)}
    monkeypatch.setattr(experiment, "load", changed.get)
    with pytest.raises(EcglabError, match=r"other settings of trees than .* --fresh makes it anew"):
        cross_validation.run("pool", POOL)
    assert {path: path.stat().st_mtime_ns for path in trained.run.path.rglob("*")} == before


def test_every_record_is_scored_once(trained):
    table = trained.run.predictions()
    scored = sum(len(member.predictions()) for member in trained.members) / len(MEMBERS)
    assert len(table) == scored == table["record"].nunique()
    assert table[list(trained.run.classes)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


def test_scored_labels_have_no_part_in_the_exponents(trained):
    classes = trained.run.classes
    for k in trained.run.folds:
        tables = [member.validation(k) for member in trained.members]
        probabilities = np.stack([table[list(classes)].to_numpy() for table in tables])
        assert all(list(table["record"]) == list(tables[0]["record"]) for table in tables)
        fitted, _ = fit_exponents(probabilities, classes.index(tables[0]["label"]), equal=True)
        scored = trained.run.predictions(k)[list(classes)].to_numpy()
        members = [member.predictions(k)[list(classes)].to_numpy() for member in trained.members]
        assert scored == pytest.approx(pooled(np.stack(members), fitted), abs=1e-4)


def test_the_package_predicts_what_was_scored(trained):
    package = registry.package_of(trained.run.name)
    data = dataset.open("synthetic")
    for k in trained.run.folds:
        table = trained.run.predictions(k)
        records = [data.record(record) for record in table["record"]]
        found = Predictor(package, members=[k]).predict_proba(records)
        # The tables that it was pooled from have six decimals.
        assert found == pytest.approx(table[list(data.classes)].to_numpy(), abs=2e-4)


def test_records_without_beats_are_predicted_and_change_nothing_for_others(trained):
    predictor = Predictor(registry.package_of(trained.run.name))
    data = dataset.open("synthetic")
    whole = data.record(int(data.lengths.argmax()))
    wave = Record(np.sin(np.arange(3000) / 200), whole.fs, id="wave")
    assert len(beat_sequence(wave.signal, wave.fs)) == 0
    short = Record(whole.signal[:1500], whole.fs, id="short")
    gap = whole.signal.copy()
    gap[900:-900] = np.nan
    records = [wave, whole, short, Record(gap, whole.fs, id="gap"), wave]
    found = predictor.predict_proba(records)
    assert np.isfinite(found).all()
    for record, expected in zip(records, found, strict=True):
        assert predictor.predict_proba([record])[0] == pytest.approx(expected, abs=1e-5)
    rows = predictor.rows(records)
    assert [row["record"] for row in rows] == ["wave", whole.id, "short", "gap", "wave"]
    for row, expected in zip(rows, found, strict=True):
        assert list(row["probabilities"].values()) == pytest.approx(expected, abs=1e-5)
    edges, changes = predictor.explain(whole, seconds=4)
    assert len(changes) == len(edges) - 1 and np.isfinite(changes).all() and changes.any()


def test_a_prediction_looks_for_beats_once(trained, monkeypatch):
    """Trees, the network of beats, the verdict and its findings share them."""
    calls, detect = [], qrs.detect
    monkeypatch.setattr(qrs, "detect", lambda bands: calls.append(1) or detect(bands))
    data = dataset.open("synthetic")
    Predictor(registry.package_of(trained.run.name)).rows([data.record(i) for i in range(12)])
    assert len(calls) == 12


def test_the_registered_pool_loads_alone(trained):
    import pandas as pd

    client = tracking.mlflow().MlflowClient()
    model = client.get_run(trained.parent).outputs.model_outputs[0]
    served = tracking.mlflow().pyfunc.load_model(f"models:/{model.model_id}")
    data = dataset.open("synthetic")
    record = data.record(0)
    table = pd.DataFrame({"signal": [record.signal.tolist()], "fs": [record.fs]})
    found = served.predict(table)
    expected = Predictor(registry.package_of(trained.run.name)).predict_proba([record])
    assert found[list(data.classes)].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert found["error"].isna().all()
