"""What a setting means is read from the docstrings of its classes."""

from dataclasses import dataclass

from ecglab.utils.settings import meanings


@dataclass
class Base:
    """Some settings.

    seed: of all; size: records of
        an excerpt: at most all
    """

    seed: int = 1
    size: int = 0


@dataclass
class Longer(Base):
    """More settings, of which other: is none.

    low, high: edges in Hz; 0 for none
    seed: of the weights
    """

    low: float = 0.0
    high: float = 1.0


def test_meanings_of_a_class_and_its_bases():
    assert meanings(Longer) == {
        "seed": "of the weights",
        "size": "records of an excerpt: at most all",
        "low": "edges in Hz; 0 for none",
        "high": "edges in Hz; 0 for none",
    }
