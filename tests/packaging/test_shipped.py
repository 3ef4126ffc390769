"""The models that come with ecglab: how they are made, what their cards say, and that it is so."""

import json

import numpy as np
import onnx
import pytest

from ecglab.datasets import dataset
from ecglab.ecg.features import names
from ecglab.ecg.record import FS, LABELS, Record
from ecglab.evaluation import metrics
from ecglab.inference.predictor import Predictor
from ecglab.packaging import card, shipped
from ecglab.reports import results
from ecglab.tracking import registry
from ecglab.training import trees
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json

SHIPPED = [name for name in shipped.FOLDS if (shipped.folder(name) / "card.json").exists()]
every_shipped = pytest.mark.parametrize("name", SHIPPED)

MOST = {"champion": 15e6, "fast": 5e6}
"""Bytes of a package."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where packages are shipped to instead."""
    monkeypatch.setattr(shipped, "HERE", tmp_path / "ecglab")
    return tmp_path / "ecglab"


@pytest.fixture(scope="module")
def forest() -> bytes:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, len(names)))
    model = HistGradientBoostingClassifier(max_iter=2).fit(x, np.arange(200) % 4)
    return trees.as_onnx([model], len(names))


@pytest.fixture
def run(finished, forest, own_results):
    """Makes runs of trees with a real model in every fold."""

    def make(**keys):
        run = finished(name="trees", **keys)
        write_json(run.path / "run.json", {**run.facts, "kind": "trees"})
        for k in run.folds:
            (run.fold(k) / "model.onnx").write_bytes(forest)
        return RunFolder(run.path)

    return make


def test_a_run_becomes_a_package_that_judges(place, run, rng):
    made = run()
    record = Record(rng.normal(size=3000), FS)
    for name, members in (("champion", 5), ("fast", 1)):
        folder = shipped.ship(made, name)
        assert folder == place / name == registry.locate(name)
        assert sorted(p.name for p in folder.iterdir()) == ["README.md", "card.json", "model.onnx"]
        predictor = Predictor(folder)
        assert len(predictor.card["members"]) == members
        assert predictor.probabilities([record]).sum() == pytest.approx(1, abs=1e-5)
        assert predictor.card["cost"]["milliseconds"] > 0
    assert [p.name for p in place.iterdir() if p.suffix == ".partial"] == []


def test_the_card_says_in_words_what_the_table_gives(place, run):
    made = run()
    said = (shipped.ship(made, "champion") / "README.md").read_text()
    found = metrics.scores(made.predictions())
    for name in ("F1_NAO", "F1_A", "calibration_error"):
        assert f"| {found['values'][name]:.3f} |" in said
    assert "{:.3f} to {:.3f}".format(*found["intervals"]["F1_NAO"]) in said
    assert f"ecglab train trees\necglab ship {made.name} --as champion" in said
    folds = [
        metrics.f1_scores(t["label"], metrics.chosen(t))["F1_NAO"]
        for t in map(made.predictions, made.folds)
    ]
    assert f"from 0 to 4: {', '.join(f'{x:.3f}' for x in folds)}." in said
    assert "trained on 240 of them, 0 were held back" in said and "and 60 score it" in said
    only = (shipped.ship(made, "fast") / "README.md").read_text()
    assert f"{metrics.scores(made.predictions(0))['values']['F1_NAO']:.3f}" in only
    assert "On 60 records" in only


def test_the_card_names_the_settings_that_make_the_model_again(place, run):
    said = (shipped.ship(run(seed=3, network__dropout=0.1), "champion") / "README.md").read_text()
    assert "\necglab train trees --set seed=3 --set network.dropout=0.1\n" in said


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"done": False}, "is unfinished"),
        ({"data": "synthetic"}, "SYNTHETIC"),
        ({"folds": 3}, "3 of 5 folds"),
        ({"records": 100}, "trained in full"),
    ],
)
def test_what_is_partial_or_synthetic_is_not_shipped(place, run, keys, why):
    shipped.ship(run(), "champion")
    before = (place / "champion" / "card.json").read_bytes()
    with pytest.raises(EcglabError, match=why):
        shipped.ship(run(noise=2.0, **keys), "champion")
    assert (place / "champion" / "card.json").read_bytes() == before


def test_a_shipping_that_fails_leaves_what_was_there(place, run, monkeypatch):
    first = run()
    shipped.ship(first, "champion")
    monkeypatch.setattr(shipped, "milliseconds", lambda predictor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shipped.ship(run(noise=2.0), "champion")
    assert Predictor(registry.locate("champion")).name == first.name


def test_a_damaged_package_gives_one_line(place, run):
    folder = shipped.ship(run(), "champion")
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(EcglabError, match=r"model\.onnx cannot be read"):
        Predictor(folder)
    told = json.loads((folder / "card.json").read_text())
    write_json(folder / "card.json", {**told, "members": {"0": [{"file": "old.onnx"}]}})
    with pytest.raises(EcglabError, match="promote its run again"):
        Predictor(folder)


# What comes with ecglab


def committed(told: dict) -> results.Result:
    """The committed result of the run that a card is of."""
    return results.read(results.RESULTS / told["run"].rpartition("-")[0])


def test_both_models_come_with_ecglab():
    assert set(SHIPPED) == set(shipped.FOLDS)


@every_shipped
def test_a_shipped_card_claims_what_the_committed_table_gives(name):
    told = shipped.card_of(name)
    result = committed(told)
    assert result.problem == ""
    table = result.table[result.table["fold"].isin(shipped.FOLDS[name])]
    assert len(table) == told["scored_out_of_fold"]
    found = metrics.scores(table)["values"]
    for score in found:  # the committed table has four decimals
        assert told["scores"]["values"][score] == pytest.approx(found[score], abs=1e-3)
    assert (shipped.folder(name) / "README.md").read_text() == card.markdown(told, name)
    assert result.facts["data"]["digest"] == told["data"]["digest"]
    unscored = [limit for limit in told["limits"] if "all folds' models together" in limit]
    assert len(unscored) == (len(told["members"]) > 1)


@every_shipped
def test_a_shipped_package_is_small_and_its_file_is_one_model(name):
    folder = shipped.folder(name)
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST[name]
    onnx.checker.check_model(str(folder / "model.onnx"))


@pytest.mark.archive
@every_shipped
def test_a_shipped_member_says_of_its_fold_what_was_scored(name, archive, tmp_path, monkeypatch):
    """On records that it never saw, fold by fold: the out-of-fold table again."""
    from ecglab.datasets.archive import import_archive

    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path / "real"))
    import_archive(archive)
    data = dataset.open("cinc2017")
    table = committed(shipped.card_of(name)).table
    for fold in shipped.FOLDS[name]:
        mine = table[table["fold"] == fold].iloc[:300]
        records = [data.record(record) for record in mine["record"]]
        said = Predictor(shipped.folder(name), members=[fold]).probabilities(records)
        np.testing.assert_allclose(said, mine[list(LABELS)], atol=5e-3)
        again = np.array(LABELS)[said.argmax(axis=1)]
        expected = metrics.f1_scores(mine["label"], metrics.chosen(mine))["F1_NAO"]
        assert metrics.f1_scores(mine["label"], again)["F1_NAO"] == pytest.approx(
            expected, abs=0.01
        )
