"""Experiments: what the files say, what is refused, and that a configuration is what it was."""

import dataclasses
import importlib.util
import json
import re

import pytest

from ecglab import models
from ecglab.training import experiment
from ecglab.training.network import Network
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import EXPERIMENTS


def refusal(function, *arguments, **keywords) -> str:
    """The one line with which it is refused."""
    with pytest.raises(EcglabError) as caught:
        function(*arguments, **keywords)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def small() -> Network:
    return Network(model="resnet1d", network={"widths": (16, 24), "blocks": 1})


# The files


def test_there_are_experiments_and_one_for_every_model():
    assert experiment.names() == sorted(p.stem for p in EXPERIMENTS.glob("*.py"))
    loaded = [experiment.load(name) for name in experiment.names()]
    assert {e.model for e in loaded if e.kind == "network"} == set(models.names())


@pytest.mark.parametrize("name", experiment.names())
def test_file_loads_and_its_docstring_holds_its_command(name):
    loaded = experiment.load(name)
    assert loaded.kind in ("network", "trees", "ensemble", "committee")
    assert loaded == experiment.load(name)
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    command = "make demo" if name == "demo" else f"ecglab train {name}"
    assert f"    {command}" in module.__doc__.splitlines()


def test_unknown_experiment_lists_the_known():
    message = refusal(experiment.load, "resnet")
    assert message.startswith("there is no experiment 'resnet': there are ")
    assert all(name in message for name in experiment.names())


def test_path_is_no_name():
    assert "there is no experiment" in refusal(experiment.load, "../experiments/demo")


# Unknown keys


def test_unknown_key_names_a_near_one(small):
    assert refusal(small.set, ["epoch=3"]) == "unknown key 'epoch': did you mean epochs?"
    assert "did you mean network.widths?" in refusal(small.set, ["network.width=8,8"])
    assert "did you mean augment.baseline?" in refusal(small.set, ["augment.baselin=0.1"])


def test_unknown_parameter_in_a_file_names_a_near_one():
    message = refusal(Network, model="resnet1d", network={"droput": 0.1})
    assert message == "unknown key 'network.droput': did you mean network.dropout?"
    message = refusal(Network, model="resnet1d", augment={"nois": 0.1})
    assert message == "unknown key 'augment.nois': did you mean augment.noise?"
    message = refusal(Network, model="resnet1d", network={"units": 64})
    assert "unknown key 'network.units'" in message, "which another model has"


def test_key_that_is_near_nothing_lists_the_known(small):
    message = refusal(small.set, ["zzz=1"])
    assert message.startswith("unknown key 'zzz': there are ")
    assert all(key in message for key in ("epochs", "network.widths", "augment.noise"))


def test_unknown_model_lists_the_known():
    message = refusal(Network, model="transformer")
    assert message == f"there is no model 'transformer': there are {', '.join(models.names())}"
    assert "there is no model '_parts'" in refusal(Network, model="_parts")


# Impossible values

IMPOSSIBLE = {
    "folds": (-1,),
    "held_out": (-2,),
    "validation": (-0.1, 0.5, float("nan")),
    "checkpoint": ("first", ""),
    "pretrain": (-1,),
    "epochs": (0, -1),
    "batch_size": (0,),
    "records": (-1,),
    "learning_rate": (0.0, -1e-3, float("nan")),
    "warmup": (-0.1, 1.0),
    "weight_decay": (-1e-3,),
    "label_smoothing": (-0.1, 1.0),
    "class_weight": (-0.5, float("nan")),
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k in IMPOSSIBLE for v in IMPOSSIBLE[k]])
def test_impossible_value_is_refused_with_the_rule(small, key, value):
    for message in (
        refusal(dataclasses.replace, small, **{key: value}),
        refusal(small.set, [f"{key}={value}"]),
    ):
        assert message.startswith(f"{key}={value} is impossible: it must be ")


@pytest.mark.parametrize(
    "edge",
    [
        {"folds": 1},
        {"folds": 0},
        {"validation": 0, "checkpoint": "last"},
        {"epochs": 1, "batch_size": 1, "records": 1},
        {"warmup": 0, "weight_decay": 0, "label_smoothing": 0, "class_weight": 0},
    ],
)
def test_values_at_the_edge_are_taken(small, edge):
    changed = dataclasses.replace(small, **edge)
    assert {key: getattr(changed, key) for key in edge} == edge


def test_nothing_to_select_on_is_refused(small):
    message = refusal(dataclasses.replace, small, validation=0, checkpoint="best")
    assert "validation above 0" in message


# set


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("epochs=2", 2),
        ("seed=-3", -3),
        ("learning_rate=1e-4", 1e-4),
        ("validation=0.25", 0.25),
        ("weight_decay=0", 0.0),
        ("data=synthetic", "synthetic"),
        ("labels=", ""),
        ("labels=v=1", "v=1"),
        ("network.widths=8,16,32", (8, 16, 32)),
        ("network.widths=8", (8,)),
        ("network.band=1,30", (1.0, 30.0)),
        ("network.blocks=3", 3),
        ("network.dropout=0", 0.0),
        ("network.pooling=max", "max"),
        ("crop=10", 10.0),
        ("augment.bursts=0", 0),
    ],
)
def test_set_reads_the_text_as_the_type_of_the_key(small, assignment, value):
    changed = small.set([assignment])
    key = assignment.partition("=")[0]
    found = changed.flat()[key]
    assert found == value
    assert type(found) is type(value)
    assert [type(x) for x in found] == [type(x) for x in value] if type(value) is tuple else True
    others = {k: v for k, v in small.flat().items() if k != key}
    assert {k: v for k, v in changed.flat().items() if k != key} == others


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("epochs=two", "epochs='two' cannot be read: it must be a whole number, such as 40"),
        ("epochs=2.5", "it must be a whole number"),
        ("epochs=", "it must be a whole number"),
        ("learning_rate=fast", "it must be a number, such as 0.002"),
        ("network.widths=8,x", "it must be numbers with commas, such as 16,24"),
        ("network.widths=8.5,16", "numbers with commas"),
        ("network.widths=(8,16)", "numbers with commas"),
        ("network.band=", "numbers with commas, such as 0.5,40.0"),
        ("epochs", "--set 'epochs': write it as key=value, such as epochs=2"),
        ("network=8", "unknown key 'network'"),
    ],
)
def test_text_that_cannot_be_read_is_refused(small, assignment, words):
    assert words in refusal(small.set, ["seed=2", assignment])


def test_set_several_in_any_order(small):
    for keys in (["validation=0", "checkpoint=last"], ["checkpoint=last", "validation=0"]):
        changed = small.set([*keys, "network.blocks=2", "network.kernel=3", "epochs=1", "epochs=2"])
        assert (changed.validation, changed.checkpoint, changed.epochs) == (0.0, "last", 2)
        assert (changed.network["blocks"], changed.network["kernel"]) == (2, 3)
        assert changed.network["widths"] == (16, 24)


def test_set_leaves_the_experiment_as_it_was(small):
    before = small.as_dict()
    small.set(["epochs=2", "network.widths=8", "augment.noise=0.1"])
    assert small.as_dict() == before
    assert small.set([]) == small


# Frozen


def test_nothing_can_be_assigned(small):
    with pytest.raises(dataclasses.FrozenInstanceError):
        small.epochs = 3
    for group in (small.network, small.augment):
        with pytest.raises(TypeError):
            group["dropout"] = 0.5
    small.as_dict()["network"]["dropout"] = 0.5
    assert small.network["dropout"] != 0.5


def test_later_changes_of_what_was_given_change_nothing():
    network = {"blocks": 1}
    made = Network(model="resnet1d", network=network)
    network["blocks"] = 9
    assert made.network["blocks"] == 1


def test_network_and_augment_hold_every_parameter(small):
    known = models.hyperparameters("resnet1d")().as_dict()
    assert small.network == {**known, "widths": (16, 24), "blocks": 1}
    assert {"noise", "bursts"} <= set(small.augment)
    assert small.flat()["network.dropout"] == known["dropout"]


# Written and read


@pytest.mark.parametrize("name", experiment.names())
def test_configuration_survives_json(name):
    config = experiment.load(name).as_dict()
    again = json.loads(json.dumps(config))
    assert json.dumps(again, sort_keys=True) == json.dumps(config, sort_keys=True)
    assert set(experiment.flat(again)) == set(experiment.load(name).flat())


def test_text_of_a_value_sets_it_again(small):
    for key, value in small.flat().items():
        assert small.set([f"{key}={experiment.as_text(value)}"]) == small


def another(value):
    """Text of another value of the same type."""
    if isinstance(value, tuple):
        return ",".join(str(x + 1) for x in value)
    if isinstance(value, str):
        return "another"
    return str((value / 2 or 0.5) if isinstance(value, float) else value + 1)


def test_digest_changes_with_any_key(small, monkeypatch):
    changes = {key: another(value) for key, value in small.flat().items()}
    changes |= {"checkpoint": "best", "folds": "4", "network.kernel": "9", "network.pooling": "max"}
    changes |= {"augment.resampling": "1.3", "augment.amplitude": "1.5"}
    del changes["model"], changes["teacher"]  # a teacher is set with its weight
    taught = small.set(["teacher=one", "teacher_weight=0.5"])
    digests = {
        small.set([f"{key}={text}"]).digest
        for key, text in changes.items()
        if key != "teacher_weight"
    }
    digests |= {
        taught.digest,
        taught.set(["teacher=other"]).digest,
        taught.set(["teacher_weight=0.6"]).digest,
    }
    assert len(digests) == len(changes) + 2
    assert small.digest not in digests
    same_settings = models.hyperparameters("resnet1d")
    monkeypatch.setattr(models, "hyperparameters", lambda name: same_settings)
    assert dataclasses.replace(small, model="another").digest != small.digest


def test_digest_is_that_of_the_values_however_they_were_given(small):
    same = Network(model="resnet1d").set(["network.blocks=1", "network.widths=16,24"])
    assert same.digest == small.digest
    assert re.fullmatch("[0-9a-f]{64}", small.digest)
