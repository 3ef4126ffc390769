"""The verdict on a record: what a careful reader would make of its probabilities.

A record is first looked at as a signal: one that is no ECG as trained on, or cannot be read, has no
rhythm to name. Then the most probable class is the verdict, unless it is too uncertain.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ..ecg.classes import Classes
from ..ecg.quality import quality
from .findings import findings, heart_rate

UNCERTAIN, UNREADABLE, STRANGE = "uncertain", "unreadable", "not an ECG as trained on"
"""The verdicts that name no rhythm."""

_WORDS = {"atrial fibrillation": "AF", "other rhythm": "other", "noise": UNREADABLE}
"""Verdicts that are other words than the meaning of the class."""

LEAST_CERTAIN = 0.5
LEAST_QUALITY = 0.3


class Verdict(NamedTuple):
    """verdict: one of the words of `words`, or `UNCERTAIN`, `UNREADABLE` or `STRANGE`

    reason: why, in words; quality: from 0 to 1; heart_rate: in bpm, None without beats; findings:
    what supports another rhythm than the normal one
    """

    verdict: str
    reason: str
    quality: float
    heart_rate: float | None
    findings: list[str]


def words(classes: Classes) -> dict[str, str]:
    """{class: the verdict of a record that is surely of it}."""
    return {code: _WORDS.get(meaning, meaning) for code, meaning in classes.meanings.items()}


def verdict(
    found: Mapping[str, float], probabilities: Mapping[str, float], classes: Classes
) -> Verdict:
    """The verdict on a record.

    found: its features, {name: value}; probabilities: {class: probability}
    """
    good, rate = quality(found), heart_rate(found)
    label = max(probabilities, key=lambda code: probabilities[code])
    p, name = probabilities[label], words(classes)[label]
    shown = findings(found)
    if rate is None:
        word, reason, shown = STRANGE, "no heartbeats were found", []
    elif name == UNREADABLE:
        word, reason, shown = UNREADABLE, f"{classes.meanings[label]}, probability {p:.2f}", []
    elif good < LEAST_QUALITY:
        word, reason, shown = UNREADABLE, f"signal quality {good:.2f}", []
    elif p < LEAST_CERTAIN:
        word, reason = UNCERTAIN, f"{classes.meanings[label]} has a probability of only {p:.2f}"
    else:
        word, reason = name, f"{classes.meanings[label]}, probability {p:.2f}"
        shown = [] if name == "normal" else shown
        reason += "".join(f", {finding}" for finding in shown)
    return Verdict(word, reason, round(float(good), 3), rate, shown)
