"""A package is whole or refused, in one line that says what to do."""

import copy
import shutil

import numpy as np
import package_maker
import pytest

from ecglab.inference import package
from ecglab.inference.predictor import Predictor
from ecglab.packaging.package import seal, write_parameters
from ecglab.utils.digests import MANIFEST
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import PRETRAINED

EVERY_FILE = [*package.FILES, MANIFEST]


def refusal(folder) -> str:
    """The message with which a package is refused: one line, with the folder and the remedy."""
    with pytest.raises(EcglabError) as caught:
        Predictor(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert package.REMEDY in message
    return message


def test_a_whole_package_is_read(tmp_path):
    predictor = Predictor(package_maker.make(tmp_path / "whole"))
    assert predictor.name == "tiny-1"
    assert predictor.classes == package_maker.RHYTHM
    assert predictor.fs == 300
    assert predictor.trained_on == {"0123456789abcdef", "fedcba9876543210"}


@pytest.mark.parametrize("name", EVERY_FILE)
def test_any_flipped_byte_is_noticed(tmp_path, name):
    folder = package_maker.make(tmp_path / "flipped")
    whole = (folder / name).read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), size=min(20, len(whole)), replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (folder / name).write_bytes(damaged)
        refusal(folder)
    (folder / name).write_bytes(whole)
    Predictor(folder)


def test_one_flipped_bit_of_a_shipped_model_is_noticed(tmp_path):
    folder = tmp_path / "fast"
    shutil.copytree(PRETRAINED / "fast", folder)
    whole = (folder / package.MODEL).read_bytes()
    rng = np.random.default_rng(1)
    for place in rng.integers(len(whole), size=20):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        (folder / package.MODEL).write_bytes(damaged)
        assert "model.onnx is damaged" in refusal(folder)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_truncated_or_missing_file_is_noticed(tmp_path, name):
    folder = package_maker.make(tmp_path / "short")
    whole = (folder / name).read_bytes()
    for size in (len(whole) // 2, 0):
        (folder / name).write_bytes(whole[:size])
        assert name in refusal(folder)
    (folder / name).unlink()
    assert name in refusal(folder)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_file_of_another_package_is_noticed(tmp_path, name):
    folder = package_maker.make(tmp_path / "one")
    other = package_maker.make(tmp_path / "two", seed=1, score=0.7)
    (other / package.TRAINED_ON).write_text("1111111111111111\n")
    write_parameters(other, package_maker.parameters(agreement=0.1))
    seal(other, package_maker.card(score=0.7))
    shutil.copyfile(other / name, folder / name)
    refusal(folder)


def test_a_file_that_the_manifest_leaves_out_is_noticed(tmp_path):
    from ecglab.utils.digests import write_manifest

    folder = package_maker.make(tmp_path / "left out")
    write_manifest(folder, [package.CARD, package.MODEL, package.VERDICT])
    assert "trained_on.txt is not in manifest.json" in refusal(folder)


def test_lines_that_are_no_digests_are_noticed(tmp_path):
    folder = package_maker.make(tmp_path / "lines")
    (folder / package.TRAINED_ON).write_text("0123\n")
    seal(folder, package_maker.card())
    with pytest.raises(EcglabError, match=r"trained_on\.txt has lines that are not digests"):
        _ = Predictor(folder).trained_on


def keys(value, path=()):
    """The paths of all keys of a card whose names the format fixes."""
    free = {("classes", "meanings"), ("data", "counts"), ("environment",), ("settings",)}
    free |= {("data", "classes"), ("data", "simulated"), ("data", "fs")}
    for key, item in value.items():
        here = (*path, key)
        if here in free:
            continue
        yield here
        if isinstance(item, dict):
            yield from keys(item, here)


@pytest.mark.parametrize("path", list(keys(package_maker.card(folds=1))), ids=".".join)
@pytest.mark.parametrize("value", [None, "removed"])
def test_a_card_with_a_key_missing_or_null_says_which(tmp_path, path, value):
    card = copy.deepcopy(package_maker.card(folds=1))
    *groups, last = path
    part = card
    for group in groups:
        part = part[group]
    if value is None:
        part[last] = None
    else:
        del part[last]
    folder = package_maker.make(tmp_path / "schema")
    seal(folder, card)
    message = refusal(folder)
    if path[0] not in ("members", "folds"):
        assert last in message


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 3}, "is of format 3, and this version reads 4"),
        ({"features": 1}, "is fitted on version 1 of the features, and this ecglab"),
        ({"features": 99}, "or install the ecglab that made it (0.1.0 abc)"),
        ({"fs": "300"}, "key 'fs' is a text, not a number"),
        ({"fs": True}, "key 'fs' is true or false, not a number"),
        ({"fs": 0}, "key 'fs' is 0, not a rate in Hz"),
        ({"limits": "none"}, "key 'limits' is a text, not a list"),
        ({"members": {}}, "key 'members' lacks a model"),
        ({"members": {"0": [], "1": []}}, "key 'members' lacks a model"),
        ({"members": {"0": [{"file": "old.onnx"}]}}, "key 'members.0.0.output' is missing"),
        ({"classes": {"meanings": {"N": "normal"}, "ranked": []}}, "at least two are needed"),
    ],
)
def test_a_card_says_what_is_wrong_with_it(tmp_path, changes, problem):
    folder = package_maker.make(tmp_path / "card")
    seal(folder, package_maker.card() | changes)
    assert problem in refusal(folder)


@pytest.mark.parametrize("text", ["[]", "3", "null", "{"])
def test_a_card_that_is_no_object_is_refused(tmp_path, text):
    from ecglab.utils.digests import write_manifest

    folder = package_maker.make(tmp_path / "text")
    (folder / package.CARD).write_text(text)
    write_manifest(folder, package.FILES)
    refusal(folder)


def test_a_folder_that_is_no_package_is_refused(tmp_path):
    refusal(tmp_path)
    refusal(tmp_path / "missing")
