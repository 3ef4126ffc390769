"""External evaluation of a packaged model on records that it was not trained on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ecglab.datasets.dataset import Dataset
from ecglab.ecg.classes import Classes
from ecglab.ecg.prepare import prepare, signal_digest
from ecglab.ecg.record import Record
from ecglab.evaluation import calibration, class_metrics, metrics
from ecglab.inference.package import DIGEST_DIGITS
from ecglab.inference.predictor import Predictor
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError, RecordError

FORMAT = 1

BATCH = 64
"""Records that are predicted at once."""

SHARES = np.linspace(0.05, 1, 20).round(2)
"""Shares of the records for which risk and challenge F1 are reported."""

RELIABILITY_BINS = 10


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    facts: model, data set, mapping, what was left out and all metrics, ready for JSON
    classes: of the model; those that rank it are the ranked ones among the classes of the records
    ids, labels: (n_records,) of the scored records; probabilities: (n_records, n_classes)
    """

    facts: dict
    classes: Classes
    ids: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """(n_records,) predicted class codes."""
        return self.classes.predicted(self.probabilities)


def evaluate(
    predictor: Predictor,
    data: Dataset,
    given: Mapping[str, str] | None = None,
    *,
    include_training_records: bool = False,
    uri: str = "",
    seed: int = 0,
) -> Evaluation:
    """Score a packaged model on the records of a data set.

    given: {label of the data set: class of the model, "" to leave it out}, as in `mapping`
    include_training_records: also score records that the model was trained on; otherwise they are
        left out and counted
    uri: what the model was located by, for the reports; seed: of the bootstrap
    Raises EcglabError where no record can be scored.
    """
    mapped = mapping(data.classes, predictor.classes, given or {})
    has_class = np.array([label in mapped for label in data.labels], bool)
    trained = np.zeros(len(data), bool)
    trained[has_class] = trained_on(predictor, data.select(has_class))
    part = data.select(has_class & (include_training_records | ~trained))
    if not len(part):
        raise _nothing_left(uri or predictor.name, predictor.classes, data, mapped, trained.sum())
    probabilities, reasons = predict(predictor, part)
    scored = ~np.isnan(probabilities[:, 0])
    if not scored.any():
        reason = reasons[0]["reason"]
        raise EcglabError(f"no record of {data.name} can be classified ({reason})")
    rows, probabilities = part.select(scored), probabilities[scored]
    labels = np.array([mapped[label] for label in rows.labels])
    classes = _ranked_among(predictor.classes, class_metrics.present(labels, predictor.classes))
    groups = rows.groups if any(rows.groups) else None
    facts = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {"uri": uri or predictor.name, **_model(predictor)},
        "data": _data(data),
        "mapping": mapped,
        "left_out": {
            "labels": {
                label: count
                for label, count in data.counts().items()
                if label not in mapped and count
            },
            "training_records": 0 if include_training_records else int(trained.sum()),
            "unclassified": reasons,
        },
        "training_records_scored": int(trained.sum()) if include_training_records else 0,
        "scored": len(rows),
        "counts": {code: int((labels == code).sum()) for code in classes},
        "ranked": [code for code in predictor.classes.ranked if (labels == code).any()],
        "not_ranked": [code for code in predictor.classes.ranked if not (labels == code).any()],
        "resampled": {
            "by": "group" if groups is not None else "record",
            "units": class_metrics.n_units(len(rows), groups),
            "n": class_metrics.RESAMPLES,
        },
        **class_metrics.scores(labels, probabilities, classes, seed=seed, groups=groups),
        "confusion": metrics.confusion(labels, classes.predicted(probabilities), classes).tolist(),
        "reliability": _reliability(labels, probabilities, classes),
        "risk_coverage": _risk_coverage(labels, probabilities, classes),
    }
    if not facts["ranked"]:
        facts["values"]["challenge_f1"] = facts["intervals"]["challenge_f1"] = None
    return Evaluation(facts, classes, rows.ids, labels, probabilities)


def mapping(labels: Classes, classes: Classes, given: Mapping[str, str]) -> dict[str, str]:
    """{label of a data set: class of a model}; labels without a counterpart are not in it.

    labels: of the data set; given: label to class, or to "" to leave the label out. A label that
    is equal to a class and not given counts as that class.
    Raises EcglabError for a label that the data set lacks, or a class that the model lacks.
    """
    for label, code in given.items():
        if label not in labels.codes:
            raise EcglabError(
                f"--map {label}={code}: the data set has no label {label!r}, "
                f"it has {', '.join(labels)}"
            )
        if code and code not in classes.codes:
            raise EcglabError(
                f"--map {label}={code}: the model has no class {code!r}, "
                f"it has {', '.join(classes)}"
            )
    equal = {label: label for label in labels if label in classes.codes}
    mapped = equal | dict(given)
    return {label: mapped[label] for label in labels if mapped.get(label)}


def trained_on(predictor: Predictor, data: Dataset) -> np.ndarray:
    """(n_records,) bool: which records the model was trained on, by the digests of the signals.

    A model counts all records of its training data, also those of the folds that it was scored on.
    """
    if data.fs == predictor.fs:
        digests = list(data.sha256)
    else:
        digests = [_digest(data, i, predictor.fs) for i in range(len(data))]
    return np.array([digest[:DIGEST_DIGITS] in predictor.trained_on for digest in digests], bool)


def predict(predictor: Predictor, data: Dataset) -> tuple[np.ndarray, list[dict]]:
    """Probabilities (n_records, n_classes), NaN of records that cannot be classified, and why.

    The reasons are {"reason": the first message, "records": how many, "example": id}; messages
    that differ only in numbers count as one.
    """
    found = np.full((len(data), len(predictor.classes)), np.nan)
    reasons: dict[str, dict] = {}
    with progress.bar(total=len(data), desc="predicting", unit=" records") as shown:
        for start in range(0, len(data), BATCH):
            records: dict[int, Record] = {}
            for i in range(start, min(start + BATCH, len(data))):
                try:
                    records[i] = data.record(i)
                except RecordError as error:
                    _count(reasons, data.ids[i], error)
            try:
                if records:
                    found[list(records)] = predictor.predict_proba(list(records.values()))
            except RecordError:  # of one of them: the others can be classified
                for i, record in records.items():
                    try:
                        found[i] = predictor.predict_proba([record])[0]
                    except RecordError as error:
                        _count(reasons, record.id, error)
            shown.update(min(BATCH, len(data) - start))
    return found, sorted(reasons.values(), key=lambda reason: -reason["records"])


def _count(reasons: dict[str, dict], name: str, error: RecordError) -> None:
    text = str(error).removeprefix(f"{name}: ")
    entry = {"reason": text, "records": 0, "example": str(name)}
    reasons.setdefault(re.sub(r"\d[\d.,e+-]*", "#", text), entry)["records"] += 1


def _digest(data: Dataset, i: int, fs: float) -> str:
    try:
        return signal_digest(prepare(data.record(i), fs))
    except RecordError:  # counted when it is predicted
        return ""


def _nothing_left(
    model: str, classes: Classes, data: Dataset, mapped: Mapping, n_trained: int
) -> EcglabError:
    """Why no record can be scored."""
    if not mapped:
        return EcglabError(
            f"no label of {data.name} ({', '.join(data.classes)}) is a class of {model} "
            f"({', '.join(classes)}): map them, such as --map LABEL=CLASS"
        )
    if n_trained:
        return EcglabError(
            f"{model} was trained on all {n_trained:,} records of {data.name} that could "
            "be scored, so scores would be too high: evaluate it on other records, or give "
            "--include-training-records"
        )
    return EcglabError(f"no record of {data.name} has one of the labels {', '.join(mapped)}")


def _ranked_among(classes: Classes, there: Sequence[str]) -> Classes:
    """The classes, ranked by those of the ranked ones that records have; as they are for none."""
    return Classes(classes.meanings, tuple(code for code in classes.ranked if code in there))


def _model(predictor: Predictor) -> dict:
    card = predictor.card
    return {
        "name": predictor.name,
        "experiment": card["experiment"],
        "scope": card["scope"],
        "simulated": card["simulated"],
        "classes": predictor.classes.as_dict(),
        "fs": predictor.fs,
        "data": {key: card["data"][key] for key in ("name", "digest", "labels", "records")},
    }


def _data(data: Dataset) -> dict:
    return {
        "name": data.name,
        "digest": data.digest,
        "labels": data.label_version,
        "records": len(data),
        "groups": len({group for group in data.groups if group}),
        "fs": data.fs,
        "simulated": data.simulated,
        "counts": data.counts(),
    }


def _reliability(labels: np.ndarray, probabilities: np.ndarray, classes: Classes) -> dict:
    """For each class that records have, its bins of probability that hold a record."""
    found = {}
    for i, code in enumerate(classes):
        if not (labels == code).any():
            continue
        bins = calibration.binned(labels == code, probabilities[:, i], RELIABILITY_BINS)
        filled = bins.counts > 0
        found[code] = {
            "records": bins.counts[filled].tolist(),
            "probability": bins.probability[filled].tolist(),
            "frequency": bins.frequency[filled].tolist(),
        }
    return found


def _risk_coverage(labels: np.ndarray, probabilities: np.ndarray, classes: Classes) -> list[dict]:
    """Share of wrong predictions, and challenge F1, of the most certain share of the records."""
    risk = metrics.risk(labels, probabilities, SHARES, classes)
    score = metrics.coverage(labels, probabilities, SHARES, classes)
    return [
        {"share": float(s), "risk": float(r), "challenge_f1": float(f)}
        for s, r, f in zip(SHARES, risk, score, strict=True)
    ]
