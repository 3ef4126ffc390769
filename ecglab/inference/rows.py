"""The prediction of a record as a row: a dictionary that JSON takes."""

import numpy as np

from ..ecg import features
from ..ecg.classes import Classes
from ..ecg.features import Analysis
from ..ecg.height import doubt, height
from ..ecg.quality import indices, quality
from ..ecg.record import Record
from .findings import findings, heart_rate
from .parameters import Parameters
from .verdict import NORMAL, STRANGE, UNCERTAIN, UNREADABLE, Limits, verdict

ROW = (
    "record",
    "lead",
    "lead_reason",
    "fs",
    "seconds",
    "label",
    "probabilities",
    "verdict",
    "reason",
    "quality",
    "heart_rate",
    "height",
    "findings",
    "model",
)
"""The keys of a row. With a conformal coverage there is `prediction_set` as well."""


def row(
    record: Record,
    analysis: Analysis,
    probabilities: np.ndarray,
    classes: Classes,
    fitted: Parameters,
    certainty: float,
) -> dict:
    """The row of a record, without the model.

    analysis: of the record as prepared
    probabilities: (n_classes,); certainty: the least of a record whose class is named
    """
    shown = [round(float(x), 6) for x in probabilities]
    by_class = dict(zip(classes, shown, strict=True))
    found = dict(zip(features.names, analysis.features.tolist(), strict=True))
    word, reason = verdict(
        fitted.novelty.reason(analysis.features, record.seconds),
        indices(found)["bSQI"],
        by_class,
        classes.meanings,
        fitted.verdicts,
        Limits(fitted.agreement, certainty),
    )
    has_rhythm = word not in (UNREADABLE, STRANGE)
    shows: list[str] = []
    if has_rhythm and word != NORMAL:
        shows = findings(found, analysis.beat_summary)
    if shows and word != UNCERTAIN:
        reason += f", with {', '.join(shows)}"
    mv = float(f"{height(record.signal, record.fs):.4g}")
    if doubtful := doubt(mv):
        reason += f"; {doubtful}: check the unit"
    return {
        "record": record.id,
        "lead": record.lead,
        "lead_reason": record.lead_reason,
        "fs": round(record.fs, 3),  # of times with few digits: 511.99995 is 512
        "seconds": round(record.seconds, 3),
        "label": classes.codes[int(probabilities.argmax())],
        "probabilities": by_class,
        "verdict": word,
        "reason": reason,
        "quality": round(quality(found), 3),
        "heart_rate": heart_rate(found) if has_rhythm else None,
        "height": mv,
        "findings": shows,
    }
