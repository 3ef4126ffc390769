"""What disturbances do to predictions: which records keep their label, and what that costs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np

from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.evaluation.disturbances import ALL, Disturbance, disturbed, hum_at, rate
from ecglab.evaluation.out_of_fold import OutOfFold
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError, RecordError

FORMAT = 1

HUM_HZ, HUM_RATES, HUM_MV = (50.0, 60.0), (100.0, 300.0, 1000.0), (0.1, 0.2, 0.5, 1.0)
"""Frequencies, sampling rates and amplitudes of the curves of challenge F1 against hum."""


def measure(
    model: OutOfFold,
    label: str = "A",
    disturbances: Sequence[Disturbance] = ALL,
    rates: Sequence[float] = HUM_RATES,
    seed: int = 0,
    uri: str = "",
) -> dict:
    """What each disturbance does to the predictions of the records, ready for JSON.

    label: the class that has to be found; rates: in Hz, of the curves of hum; seed: of what is
    drawn; uri: what the model was located by, for the reports

    "disturbances" of the result has a dict each: `group`, `name`; `least`, the shares that should
    be reached; `kept`, the share of records whose label stays; `found`, of the records of the class
    `label` that are recognised undisturbed, the share that still are (None: there are none);
    `challenge_f1`; `refused`, how many records cannot be classified, which are not kept. "hum" has
    a dict for each point of the curves: `hz`, `fs`, `mv`, `challenge_f1`.
    Raises EcglabError where model and records have other classes.
    """
    classes, data = model.model.classes, model.data
    for code in (label, *data.classes):
        if code not in classes.codes:
            raise EcglabError(
                f"{uri or model.model.name} has no class {code!r}: robustness is measured on "
                f"records with the classes of the model ({', '.join(classes)})"
            )
    labels = data.labels.astype(str)
    records = list(data)
    n_points = len(HUM_HZ) * len(HUM_MV) * len(rates) + len(rates)
    total = 1 + len(disturbances) + n_points
    with progress.bar(total=total, desc="disturbances", unit=" disturbances") as shown:

        def predicted(disturbance: Disturbance | None) -> np.ndarray:
            codes = _predicted(model, records, disturbance, seed)
            shown.update()
            return codes

        before = predicted(None)
        found = [
            _row(disturbance, labels, before, predicted(disturbance), label, classes)
            for disturbance in disturbances
        ]
        curves = [
            {"hz": hz, "fs": fs, "mv": mv, "challenge_f1": challenge_f1(labels, codes, classes)}
            for hz, fs, mv, codes in _hum(rates, predicted)
        ]
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {"uri": uri or model.model.name, "name": model.model.name},
        "data": {
            "name": data.name,
            "digest": data.digest,
            "labels": data.label_version,
            "records": len(data),
            "simulated": data.simulated,
        },
        "by_fold": model.by_fold,
        "seed": seed,
        "label": label,
        "recognised": int(((labels == label) & (before == label)).sum()),
        "challenge_f1": challenge_f1(labels, before, classes),
        "disturbances": found,
        "hum": curves,
    }


def challenge_f1(labels: np.ndarray, codes: np.ndarray, classes: Classes) -> float:
    """Mean F1 of the ranked classes; a record whose code is "" was refused, and is not found."""
    scores = []
    for code in classes.ranked:
        right = ((labels == code) & (codes == code)).sum()
        scores.append(2 * right / max((labels == code).sum() + (codes == code).sum(), 1))
    return float(np.mean(scores))


def reached(row: dict) -> bool:
    """Whether a disturbance leaves the shares of records that it should."""
    return row["kept"] >= row["least"] and (row["found"] is None or row["found"] >= row["least"])


def _hum(
    rates: Sequence[float], predicted: Callable[[Disturbance], np.ndarray]
) -> Iterator[tuple[float, float, float, np.ndarray]]:
    """(hz, fs, mv, codes) of each point of the curves, which begin without hum."""
    for fs in rates:
        without = predicted(Disturbance(f"{fs:g} Hz", "sampling rate", partial(rate, fs=fs)))
        for hz in HUM_HZ:
            yield hz, fs, 0.0, without
            for mv in HUM_MV:
                yield hz, fs, mv, predicted(hum_at(hz, mv, fs))


def _predicted(
    model: OutOfFold, records: Sequence[Record], disturbance: Disturbance | None, seed: int
) -> np.ndarray:
    """(n_records,) class codes, "" of a record that cannot be classified."""
    changed: list[Record | None] = []
    for record in records:
        try:
            changed.append(disturbed(record, disturbance, seed) if disturbance else record)
        except RecordError:
            changed.append(None)
    probabilities = model.predict_proba(changed)
    classified = ~np.isnan(probabilities[:, 0])
    codes = np.full(len(records), "", object)
    codes[classified] = model.model.classes.predicted(probabilities[classified])
    return codes.astype(str)


def _row(
    disturbance: Disturbance,
    labels: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    label: str,
    classes: Classes,
) -> dict:
    recognised = (labels == label) & (before == label)
    return {
        "group": disturbance.group,
        "name": disturbance.name,
        "least": disturbance.least,
        "kept": float((after == before).mean()),
        "found": float((after[recognised] == label).mean()) if recognised.any() else None,
        "challenge_f1": challenge_f1(labels, after, classes),
        "refused": int((after == "").sum()),
    }
