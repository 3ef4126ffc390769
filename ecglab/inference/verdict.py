"""The verdict on a record: its class in a word, or why none can be named.

A record is first looked at as a signal: what is no ECG as trained on, or cannot be read, has no
rhythm. Then its most probable class is the verdict, unless that is too uncertain.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ..ecg.classes import Classes

UNCERTAIN, UNREADABLE, STRANGE = "uncertain", "unreadable", "not an ECG as trained on"
"""The verdicts that name no rhythm."""

NORMAL = "normal"

_WORDS = {"atrial fibrillation": "AF", "other rhythm": "other", "noise": UNREADABLE}
"""Verdicts that are other words than the meaning of the class."""


class Limits(NamedTuple):
    """Lowest bSQI of a readable record, and lowest certainty of one whose class is named."""

    agreement: float
    certainty: float


def words(classes: Classes) -> dict[str, str]:
    """{class: the verdict of a record that is surely of it}."""
    return {code: _WORDS.get(meaning, meaning) for code, meaning in classes.meanings.items()}


def verdict(
    strange: str,
    agreement: float,
    probabilities: Mapping[str, float],
    meanings: Mapping[str, str],
    verdicts: Mapping[str, str],
    limits: Limits,
) -> tuple[str, str]:
    """The verdict, and its reason in words.

    strange: why it is no ECG as trained on, "" for one; agreement: its bSQI (`ecg.quality`)
    probabilities: {class: probability}; meanings: {class: meaning}; verdicts: {class: verdict}
    """
    label, second = sorted(probabilities, key=lambda code: -probabilities[code])[:2]
    certain = f"{meanings[label]} {_percent(probabilities[label])}"
    if strange:
        return STRANGE, strange
    if verdicts[label] == UNREADABLE and probabilities[label] >= limits.certainty:
        return UNREADABLE, certain
    if agreement < limits.agreement:
        return UNREADABLE, f"two detectors agree on only {_percent(agreement)} of the heartbeats"
    if probabilities[label] < limits.certainty:
        return UNCERTAIN, f"{certain}, {meanings[second]} {_percent(probabilities[second])}"
    return verdicts[label], certain


def _percent(p: float) -> str:
    """A probability in words; one that is not quite certain never becomes 100 %."""
    return f"{min(max(100 * p, 0.1), 99.9):.{0 if 0.01 <= p < 0.99 else 1}f} %"
