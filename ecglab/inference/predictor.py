"""A packaged model on any recording. It needs NumPy and onnxruntime, and no TensorFlow.

A package is a folder with `card.json` (what the model is, was trained on and scored) and
`model.onnx`, which holds its members, one for each fold, whose probabilities are averaged. A member
is one model, or several that are pooled: networks, which judge the waveform, and trees, which judge
its features.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..ecg.record import FS, LABELS, Record
from ..utils.errors import EcglabError, RecordError

MODEL_FILE = "model.onnx"

MAX_SECONDS = 3600
LEAST = 1e-3
"""What is less probable counts as this in a pool: none of its models can overrule all others."""

BATCH_SECONDS = 240
"""Seconds of signal judged at once: more would leave the processor's cache and take longer."""


class _Part(NamedTuple):
    """One model of a member: its output in the file, and its exponent in the member's pool."""

    output: str
    exponent: float


class Predictor:
    """Judges records by the mean of a package's members.

    folder: of the package; members: the folds whose models are asked, all by default
    threads: for onnxruntime, 0 for one a core
    """

    def __init__(self, folder: Path, members: Sequence[int] | None = None, threads: int = 0):
        import onnxruntime

        folder = Path(folder)
        try:
            self.card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            there = {
                int(fold): [_Part(**part) for part in parts]
                for fold, parts in self.card["members"].items()
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EcglabError(
                f"{folder} holds no packaged model that this version reads ({error}): "
                "promote its run again"
            ) from None
        asked = sorted(there) if members is None else list(members)
        unknown = [fold for fold in asked if fold not in there]
        if unknown or not asked:
            raise EcglabError(
                f"{self.name} has no member {unknown}: its members are folds {sorted(there)}"
            )
        self._members = [there[fold] for fold in asked]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        try:
            self._session = onnxruntime.InferenceSession(folder / MODEL_FILE, options, providers)
        except Exception as error:  # onnxruntime's own kinds, which have no other base
            raise EcglabError(f"{folder / MODEL_FILE} cannot be read: {error}") from None
        self._inputs = {given.name for given in self._session.get_inputs()}

    @property
    def name(self) -> str:
        return self.card["name"]

    def probabilities(self, records: Sequence[Record]) -> np.ndarray:
        """(n_records, 4) in the order of LABELS; records of any length and rate.

        Raises RecordError for a record longer than an hour.
        """
        signals = [self._prepared(record) for record in records]
        found = np.empty((len(signals), len(LABELS)), np.float32)
        order = np.argsort([signal.size for signal in signals], kind="stable")
        while order.size:
            # The longest first: what it allows in a batch, the shorter ones fill as well.
            n = signals[order[-1]].size
            size = max(int(BATCH_SECONDS * FS / n), 1)
            part, order = order[-size:], order[:-size]
            batch = np.full((part.size, n), np.nan, np.float32)
            for k, i in enumerate(part):
                batch[k, : signals[i].size] = signals[i]
            found[part] = self._asked(batch, [signals[i] for i in part])
        return found

    def _asked(self, batch: np.ndarray, signals: list[np.ndarray]) -> np.ndarray:
        """Probabilities (n, 4) of n signals, given padded with NaN (n, samples) and as they are."""
        known = ~np.isnan(batch)
        inputs = {}
        if "signal" in self._inputs:
            inputs |= {"signal": np.where(known, batch, 0), "valid": known.astype(np.float32)}
        if "features" in self._inputs:
            from ..ecg import features

            inputs["features"] = np.stack([features.extract(x) for x in signals])
        outputs = [part.output for member in self._members for part in member]
        said = dict(zip(outputs, self._session.run(outputs, inputs), strict=True))
        return np.mean([_pool(member, said) for member in self._members], axis=0)

    def judge(self, records: Sequence[Record]) -> list[dict]:
        """For each record {"record", "label", "probabilities": {"N": ...}, "model"}."""
        return [
            {
                "record": record.id,
                "label": LABELS[int(p.argmax())],
                "probabilities": {
                    label: round(float(x), 6) for label, x in zip(LABELS, p, strict=True)
                },
                "model": self.name,
            }
            for record, p in zip(records, self.probabilities(records), strict=True)
        ]

    @staticmethod
    def _prepared(record: Record) -> np.ndarray:
        if record.seconds > MAX_SECONDS:
            raise RecordError(
                f"{record.id}: {record.seconds / 60:.0f} min are too long for one judgement; "
                "cut it into strips (the model learned from 9 to 61 s)"
            )
        return record.resampled(FS).signal


def pooled(opinions: np.ndarray, exponents: Sequence[float]) -> np.ndarray:
    """Logarithmic pool (n, 4) of several models' probabilities (models, n, 4).

    The product of p ** exponent over the models, scaled to sum 1 (Genest and Zidek 1986,
    doi:10.1214/ss/1177013825).
    """
    scores = np.tensordot(exponents, np.log(np.maximum(opinions, LEAST)), axes=1)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _pool(member: list[_Part], said: dict[str, np.ndarray]) -> np.ndarray:
    opinions = [said[part.output] for part in member]
    if len(member) == 1 and member[0].exponent == 1:
        return opinions[0]
    return pooled(np.stack(opinions), [part.exponent for part in member])
