"""Ensembles: how they pool and are fitted, and that what is shipped says what was scored."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from ecglab.datasets import dataset, synthetic
from ecglab.ecg.record import LABELS
from ecglab.inference.predictor import LEAST, Predictor, pooled
from ecglab.tracking import registry
from ecglab.tracking import tracker as tracking
from ecglab.training import cross_validation as crossval
from ecglab.training import experiment
from ecglab.training import run_folder as runs
from ecglab.training.ensemble import Ensemble, fit_exponents
from ecglab.training.run_folder import RunFolder
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

MEMBERS = {
    "tiny": tiny.experiment(epochs=1),
    "trees": Trees(data="synthetic", iterations=5, leaves=4, min_leaf=2, bags=1),
}
POOL = Ensemble(data="synthetic", folds=2, inner=0.2, members=tuple(MEMBERS))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The run of an ensemble of a network and trees on 60 synthetic records, tracked."""
    folder = tmp_path_factory.mktemp("ensemble")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "store"))
        patch.setattr(experiment, "load", MEMBERS.get)
        synthetic.pack(60, seed=3)
        run = tracking.train("pool", POOL, fresh=False)
        parent = tracking.find_run(run.name).info.run_id
        shown = tracking.parents()
        members = run.members
    return SimpleNamespace(folder=folder, run=run, parent=parent, shown=shown, members=members)


@pytest.fixture
def trained(made, monkeypatch):
    """`made`, with the environment pointing at it."""
    monkeypatch.setenv("ECGLAB_DATA", str(made.folder / "data"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(made.folder / "store"))
    return made


def drawn(rng, n, sharpness):
    """Labels (n,) drawn from random probabilities (n, 4), and these probabilities."""
    p = rng.dirichlet(np.full(4, sharpness), n)
    labels = np.array(LABELS)[(p.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)]
    return labels, p


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
    assert pooled(np.stack([sure, other]), [0.5, 0.5])[0, 1] > LEAST


def test_exponents_undo_what_is_too_sure():
    labels, p = drawn(np.random.default_rng(1), 20_000, 2.0)
    too_sure = np.stack([scaled(p, 2.0)])
    found, loss = fit_exponents(too_sure, labels, equal=True)
    assert found == pytest.approx([0.5], abs=0.03)
    truth = np.asarray(labels)[:, None] == np.array(LABELS)
    assert loss <= -np.log(too_sure[0][truth]).mean()


def test_a_member_that_knows_nothing_gets_no_weight():
    rng = np.random.default_rng(2)
    labels, p = drawn(rng, 5_000, 1.0)
    noise = rng.dirichlet(np.full(4, 2.0), 5_000)
    found, _ = fit_exponents(np.stack([p, noise]), labels, equal=False)
    assert found == pytest.approx([1.0, 0.0], abs=0.1)
    equal, _ = fit_exponents(np.stack([p, noise]), labels, equal=True)
    assert equal[0] == equal[1]


def test_impossible_ensembles_are_refused():
    for keys in ({"members": ()}, {"weights": "best"}, {"inner": 0.0}, {"seed": 2}):
        with pytest.raises(EcglabError, match="is impossible: it must be"):
            Ensemble(**{"members": ("trees",), **keys})
    with pytest.raises(EcglabError, match="a file of its own"):
        POOL.set(["members=another"])


def test_its_members_are_runs_that_are_shown_as_well(trained):
    assert [member.facts["name"] for member in trained.members] == list(MEMBERS)
    assert all(member.is_done for member in trained.members)
    assert {run.info.run_name for run in trained.shown} == {
        trained.run.name,
        *(member.name for member in trained.members),
    }
    assert {run.info.status for run in trained.shown} == {"FINISHED"}


def test_it_is_not_gone_on_with_when_a_member_has_other_settings(trained, monkeypatch):
    made_of = trained.run.made_of
    assert {name: config["inner"] for name, config in made_of.items()} == {
        "tiny": 0.2,
        "trees": 0.2,
    }
    monkeypatch.setattr(experiment, "load", MEMBERS.get)
    before = {path: path.stat().st_mtime_ns for path in trained.run.path.rglob("*")}
    assert crossval.run("pool", POOL).path == trained.run.path
    changed = {**MEMBERS, "trees": replace(MEMBERS["trees"], iterations=6)}
    monkeypatch.setattr(experiment, "load", changed.get)
    with pytest.raises(EcglabError, match=r"other settings of trees than .* --fresh makes it anew"):
        crossval.run("pool", POOL)
    assert {path: path.stat().st_mtime_ns for path in trained.run.path.rglob("*")} == before


def test_of_a_run_that_does_not_tell_what_it_is_made_of_the_members_do(trained, tmp_path):
    old = RunFolder(trained.run.path.parent / "old")
    facts = {key: x for key, x in trained.run.facts.items() if key != "made_of"}
    write_json(old.path / "run.json", facts)
    runs.note_members(old, trained.members)
    assert old.made_of == trained.run.made_of


def test_every_record_is_scored_once(trained):
    table = trained.run.predictions()
    scored = sum(len(member.predictions()) for member in trained.members) / 2
    assert len(table) == scored == table["record"].nunique()
    assert table[list(LABELS)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


def test_scored_labels_have_no_part_in_the_exponents(trained):
    for k in trained.run.folds:
        tables = [member.table(k, "inner") for member in trained.members]
        opinions = np.stack([table[list(LABELS)].to_numpy() for table in tables])
        labels = tables[0]["label"].to_numpy()
        assert list(tables[0]["record"]) == list(tables[1]["record"])
        fitted, _ = fit_exponents(opinions, labels, equal=True)
        scored = trained.run.predictions(k)
        said = [
            member.table(k, "predictions")[list(LABELS)].to_numpy() for member in trained.members
        ]
        assert scored[list(LABELS)].to_numpy() == pytest.approx(
            pooled(np.stack(said), fitted), abs=1e-4
        )


def test_the_package_says_what_was_scored(trained):
    package = registry.package_of(trained.run.name)
    data = dataset.open("synthetic")
    for k in trained.run.folds:
        table = trained.run.predictions(k)
        records = [data.record(record) for record in table["record"]]
        said = Predictor(package, members=[k]).probabilities(records)
        # The tables that it was pooled from have six decimals.
        assert said == pytest.approx(table[list(LABELS)].to_numpy(), abs=2e-4)


def test_the_registered_pool_loads_alone(trained):
    import pandas as pd

    client = tracking.mlflow().MlflowClient()
    model = client.get_run(trained.parent).outputs.model_outputs[0]
    served = tracking.mlflow().pyfunc.load_model(f"models:/{model.model_id}")
    record = dataset.open("synthetic").record(0)
    table = pd.DataFrame({"signal": [record.signal.tolist()], "fs": [record.fs]})
    said = served.predict(table)
    expected = Predictor(registry.package_of(trained.run.name)).probabilities([record])
    assert said[list(LABELS)].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert said["error"].isna().all()
