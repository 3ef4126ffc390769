"""The models that come with ecglab: that they are whole, and that their cards tell the truth."""

import numpy as np
import onnx
import pytest

from ecglab.ecg import features
from ecglab.evaluation import calibration, conformal, metrics, selective
from ecglab.inference import package, parameters
from ecglab.inference.predictor import Predictor
from ecglab.inference.verdict import STRANGE
from ecglab.packaging.model_card import markdown
from ecglab.packaging.package import PRETRAINED_FOLDS
from ecglab.utils.digests import MANIFEST
from ecglab.utils.paths import PRETRAINED

every_package = pytest.mark.parametrize("name", PRETRAINED_FOLDS)

MOST = {"default": 15e6, "fast": 5e6}
"""Bytes of a package."""


def kept(card: dict):
    """The kept result of the run that a card is of."""
    from ecglab.reports import results

    return results.read(results.RESULTS / f"{card['experiment']}.csv")


def test_exactly_these_come_with_ecglab():
    assert {path.name for path in PRETRAINED.iterdir()} == set(PRETRAINED_FOLDS)


@every_package
def test_a_package_has_its_files_and_is_small(name):
    folder = PRETRAINED / name
    files = {*package.FILES, MANIFEST, "README.md"}
    assert {path.name for path in folder.iterdir()} == files
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST[name]
    onnx.checker.check_model(str(folder / package.MODEL))


@every_package
def test_a_card_claims_what_the_kept_result_gives(name):
    card = package.read_card(PRETRAINED / name)
    result = kept(card)
    assert result.problem == ""
    folds = [int(fold) for fold in card["members"]]
    table = result.table[result.table["fold"].isin(folds)]
    assert len(table) == card["scored_out_of_fold"]
    found = metrics.scores(table, result.classes)["values"]
    assert found.keys() == card["scores"]["values"].keys()
    for score in found:  # the table has four decimals
        assert card["scores"]["values"][score] == pytest.approx(found[score], abs=1e-3)
    for key in ("digest", "classes", "counts", "labels", "records"):
        assert result.facts["data"][key] == card["data"][key]
    assert result.facts["split"] == card["split"]
    unscored = [limit for limit in card["limits"] if "mean of all folds' models" in limit]
    assert len(unscored) == (len(card["members"]) > 1)


def test_the_probabilities_of_the_default_are_calibrated():
    """By the kept out-of-fold table, with a bootstrap interval over records."""
    result = kept(package.read_card(PRETRAINED / "default"))
    table, classes = result.table, result.classes
    labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy()
    assert calibration.ece(labels, probabilities, classes) <= 0.02
    eces = calibration.class_eces(labels, probabilities, classes)
    assert max(eces.values()) <= 0.03


@every_package
def test_the_rules_of_a_package_are_those_of_the_kept_result(name):
    card = package.read_card(PRETRAINED / name)
    result = kept(card)
    table, classes = result.table, result.classes
    table = table[table["fold"].isin([int(fold) for fold in card["members"]])]
    labels, probabilities = table["label"].to_numpy(), table[list(classes)].to_numpy()
    stored = parameters.read(PRETRAINED / name, classes.codes, len(features.names))
    rule = selective.fitted(labels, probabilities, classes)
    assert stored.abstention.certainty == pytest.approx(rule.certainty, abs=1e-3)
    sets = conformal.fitted(labels, probabilities, classes)
    for code in classes:
        assert stored.conformal.least[code] == pytest.approx(sets.least[code], abs=1e-3)
    found = card["verdict"]
    for row in found["abstention"]:
        assert row["kept"] == pytest.approx(row["coverage"], abs=0.01)
    for row in found["conformal"]:
        assert min(row["classes"].values()) > row["coverage"] - 0.03
    low, high = found["aurc_interval"]
    assert low < found["aurc"] < high
    assert found["novelty"]["records"] <= 0.02


@every_package
def test_a_card_in_words_is_what_the_card_gives(name):
    card = package.read_card(PRETRAINED / name)
    assert (PRETRAINED / name / "README.md").read_text("utf-8") == markdown(card, name)


@every_package
def test_the_settings_of_a_card_are_those_of_its_experiment(name):
    from ecglab.training import experiment

    card = package.read_card(PRETRAINED / name)
    flat = experiment.load(card["experiment"]).flat()
    own = {key: experiment.as_text(x) for key, x in flat.items()}
    given = {key: experiment.as_text(x) for key, x in experiment.flat(card["settings"]).items()}
    assert given == own
    assert card["command"] == f"ecglab train {card['experiment']}"


@pytest.mark.archive
@every_package
def test_a_member_predicts_of_its_fold_what_was_scored(name, archive, tmp_path, monkeypatch):
    """On records that it never saw, fold by fold: the out-of-fold table again."""
    from ecglab.datasets import dataset
    from ecglab.datasets.archive import import_archive

    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path / "real"))
    import_archive(archive)
    data = dataset.open("cinc2017")
    card = package.read_card(PRETRAINED / name)
    assert data.digest == card["data"]["digest"]
    digests = {sha256[: package.DIGEST_DIGITS] for sha256 in data.sha256}
    assert digests == Predictor(PRETRAINED / name).trained_on
    result = kept(card)
    table, classes = result.table, result.classes
    for fold in map(int, card["members"]):
        mine = table[table["fold"] == fold].iloc[:300]
        records = [data.record(record) for record in mine["record"]]
        found = Predictor(PRETRAINED / name, members=[fold]).predict_proba(records)
        np.testing.assert_allclose(found, mine[list(classes)], atol=5e-3)
        expected = metrics.predicted(mine, classes)
        assert (classes.predicted(found) == expected).mean() > 0.98
        verdicts = [row["verdict"] for row in Predictor(PRETRAINED / name).rows(records)]
        assert np.mean([verdict == STRANGE for verdict in verdicts]) <= 0.04
