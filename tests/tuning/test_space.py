"""The space of a search: what is impossible is refused before anything runs."""

import math

import pytest
import tiny

from ecglab.training.trees import Trees
from ecglab.tuning import space
from ecglab.tuning.space import choice, integer, log, real
from ecglab.utils.errors import EcglabError


def refusal(function, *arguments) -> str:
    with pytest.raises(EcglabError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("made", "arguments", "words"),
    [
        (choice, (), "choice(): give two different values or more"),
        (choice, (3,), "choice(3): give two"),
        (choice, (3, 3), "choice(3, 3): give two different"),
        (choice, ((8, 16), (8, 16)), "choice(8,16, 8,16): give two different"),
        (real, (2, 1), "real(2, 1): the first end must be below the second"),
        (real, (1, 1), "must be below"),
        (real, (0, math.inf), "both ends must be numbers"),
        (real, ("0", 1), "both ends must be numbers"),
        (log, (0, 1), "log(0, 1): the first end must be above 0"),
        (integer, (1.5, 3), "integer(1.5, 3): both ends must be whole numbers"),
        (integer, (5, 3), "must be below"),
    ],
)
def test_an_impossible_range_is_refused(made, arguments, words):
    assert words in refusal(made, *arguments)


@pytest.mark.parametrize(
    ("searched", "words"),
    [
        ({}, "there is nothing to search"),
        ({"learning_rat": real(0, 1)}, "the space: unknown key 'learning_rat': did you mean"),
        ({"learning_rate": real(0, 1)}, "learning_rate=0.0 is impossible: it must be above 0"),
        ({"learning_rate": log(0.1, 2)}, "learning_rate=2.0 is impossible"),
        ({"leaves": real(2.5, 8)}, "leaves='2.5' cannot be read: it must be a whole number"),
        ({"leaves": choice(4, 1)}, "leaves=1 is impossible"),
        ({"bags": integer(0, 3)}, "bags=0 is impossible"),
        ({"folds": integer(1, 5)}, "folds cannot be searched, because trials must be comparable"),
        ({"seed": integer(1, 5)}, "seed cannot be searched"),
        ({"leaves": (2, 8)}, "leaves is (2, 8): use choice, real, log or integer"),
    ],
)
def test_a_space_that_the_experiment_does_not_take_is_refused(searched, words):
    assert words in refusal(space.check, searched, Trees())


def test_what_makes_another_experiment_is_not_searched():
    words = "model cannot be searched, because it defines the experiment"
    searched = {"model": choice("resnet1d", "spectrogram_cnn")}
    assert words in refusal(space.check, searched, tiny.experiment())


def test_values_of_tuples_are_choices_and_set_like_any():
    searched = {"network.widths": choice((4, 8), (8, 16, 32)), "network.dropout": real(0, 0.5)}
    space.check(searched, tiny.experiment())
    texts = searched["network.widths"].texts
    assert texts == ("4,8", "8,16,32")
    changed = tiny.experiment().set([f"network.widths={texts[1]}"])
    assert changed.network["widths"] == (8, 16, 32)


@pytest.mark.parametrize(
    ("entry", "value", "text", "place"),
    [
        (choice(3, 5, 7), 7, "7", 1.0),
        (choice((4, 8), (8,)), (8,), "8", 1.0),
        (real(0, 0.4), 0.123456, "0.1235", 0.30875),
        (real(0.1, 1), 0.99999, "1", 1.0),
        (real(0.12351, 1), 0.123511, "0.12351", 0.0),
        (log(1e-4, 1e-2), 0.001, "0.001", 0.5),
        (integer(2, 10), 6, "6", 0.5),
        (integer(2, 10), 6.0, "6", 0.5),
    ],
)
def test_a_drawn_value_is_text_within_the_range(entry, value, text, place):
    assert entry.text(value) == text
    assert entry.place(text) == pytest.approx(place)
    assert entry.holds(text)
    assert space.from_dict(entry.as_dict()).place(text) == pytest.approx(place)


def test_own_values_only_where_the_space_has_them_all():
    searched = {"leaves": integer(4, 9), "share": real(0.1, 1)}
    assert space.own(searched, Trees()) == {"leaves": "8", "share": "0.3"}
    assert space.own({"l2": real(0.5, 50)}, Trees()) == {"l2": "5"}, "as a trial has it"
    assert space.own(searched | {"l2": real(6, 9)}, Trees()) is None
    assert space.own({"class_weight": choice(0.0, 1.0)}, Trees()) is None
