"""`ecglab package`, `promote` and `demote`: what they print, and what they refuse."""

import clinic_maker
import package_maker
import pytest

from ecglab.inference.predictor import Predictor
from ecglab.packaging import package as packaging
from ecglab.tracking import registry
from ecglab.utils.errors import EcglabError


def test_package_makes_a_folder_that_predicts(ecglab, tmp_path):
    clinic_maker.make_data()
    run = clinic_maker.make()
    folder = tmp_path / "mine"
    status, out, err = ecglab("package", run.name, "-o", folder)
    assert (status, out) == (0, f"wrote {folder}\n")
    assert err == f"next: ecglab predict --model {folder} FILE\n"
    assert Predictor(folder).name == run.name


def test_package_replaces_a_package_only_when_asked(ecglab, tmp_path):
    clinic_maker.make_data()
    one, other = clinic_maker.make(), clinic_maker.make(noise=2.0)
    folder = tmp_path / "mine"
    folder.mkdir()
    assert ecglab("package", one.name, "-o", folder)[0] == 0
    status, out, err = ecglab("package", other.name, "-o", folder)
    assert (status, out, Predictor(folder).name) == (1, "", one.name)
    assert err == (
        f"ecglab: {folder} is there already: give another folder, or --force to replace the "
        "package in it\n"
    )
    assert ecglab("package", other.name, "-o", folder, "--force")[0] == 0
    assert Predictor(folder).name == other.name
    (folder / "mine.txt").touch()
    status, _, err = ecglab("package", one.name, "-o", folder, "--force")
    assert status == 1 and "holds other files than a package (mine.txt)" in err


def test_package_as_a_model_that_ships(ecglab, tmp_path, monkeypatch):
    monkeypatch.setattr(packaging, "PRETRAINED", tmp_path / "pretrained")
    clinic_maker.make_data()
    status, _, err = ecglab("package", clinic_maker.make().path, "--as", "fast")
    assert status == 0
    assert "--model fast" in err
    assert list(Predictor(tmp_path / "pretrained" / "fast").card["members"]) == ["0"]
    status, out, err = ecglab("package", clinic_maker.make(done=False).path, "--as", "fast")
    assert (status, out) == (1, "")
    assert "is unfinished" in err


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["nonesuch", "-o", "x"], 1, "there is no run 'nonesuch'"),
        (["nonesuch"], 2, "one of the arguments -o/--output --as is required"),
        (["nonesuch", "-o", "x", "--as", "fast"], 2, "not allowed with argument"),
    ],
)
def test_package_refuses(ecglab, arguments, status, problem):
    found, _, err = ecglab("package", *arguments)
    assert found == status
    assert problem in err


def change(before, promoted, now):
    """What the registry did, of cards with these names and scores."""
    cards = [package_maker.card(name=name, score=score) for name, score in (before, promoted, now)]
    return registry.Change(version="3", card=cards[2], before=cards[0], promoted=cards[1])


def test_promote_says_what_predicts_now(ecglab, monkeypatch):
    asked = []

    def promote(run, force):
        asked.append((run, force))
        return change(("old", 0.8), ("new", 0.9), ("new", 0.9))

    monkeypatch.setattr(registry, "promote", promote)
    status, out, err = ecglab("promote", "new")
    assert (status, err, asked) == (0, "", [("new", False)])
    assert out == (
        "new is the champion now (version 3 of ecg-rhythm, challenge F1 0.900 on 80 of 80 records "
        "of cinc2017) and predicts instead of old (challenge F1 0.800 on 80 of 80 records of "
        "cinc2017)\n"
    )
    ecglab("promote", "new", "--force")
    assert asked[-1] == ("new", True)


def test_promote_says_where_a_simulated_model_does_not_predict(ecglab, monkeypatch):
    done = change(("old", 0.8), ("toy", 0.9), ("old", 0.8))
    monkeypatch.setattr(registry, "promote", lambda run, force: done)
    _, out, _ = ecglab("promote", "toy", "--force")
    assert out.endswith("but old still predicts by default: this model is SIMULATED\n")
    assert out.count("\n") == 1


def test_demote_says_what_predicts_now(ecglab, monkeypatch):
    done = change(("new", 0.9), ("new", 0.9), ("old", 0.8))
    monkeypatch.setattr(registry, "demote", lambda: done)
    status, out, err = ecglab("demote")
    assert (status, err) == (0, "")
    assert out == (
        "new is no longer the champion: old (challenge F1 0.800 on 80 of 80 records of cinc2017) "
        "predicts\n"
    )


def test_what_the_registry_refuses_is_one_line(ecglab, monkeypatch):
    def promote(run, force):
        raise EcglabError("toy is not promoted")

    monkeypatch.setattr(registry, "promote", promote)
    assert ecglab("promote", "toy") == (1, "", "ecglab: toy is not promoted\n")
    status, out, err = ecglab("demote")
    assert (status, out) == (1, "")
    assert err == "ecglab: no model is promoted: 'default' predicts already\n"
