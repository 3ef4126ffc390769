"""A packaged model on any recording. It needs NumPy and onnxruntime, and no TensorFlow.

A package is a folder with `card.json` (what the model is, was trained on and scored) and one
ONNX file a member: the networks of the folds, whose probabilities are averaged.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .errors import EcglabError, RecordError
from .record import FS, LABELS, Record

MAX_SECONDS = 3600
BATCH_SECONDS = 2000
"""Seconds of signal judged at once: about 300 MB of activations."""


class Predictor:
    """Judges records by the mean of a package's members.

    folder: of the package; members: the folds whose networks are asked, all by default
    threads: for onnxruntime, 0 for one a core
    """

    def __init__(self, folder: Path, members: Sequence[int] | None = None, threads: int = 0):
        import onnxruntime

        folder = Path(folder)
        try:
            self.card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            there = {int(fold): name for fold, name in self.card["members"].items()}
        except (OSError, ValueError, KeyError) as error:
            raise EcglabError(f"{folder} holds no packaged model: {error}") from None
        asked = sorted(there) if members is None else list(members)
        unknown = [fold for fold in asked if fold not in there]
        if unknown or not asked:
            raise EcglabError(
                f"{self.name} has no member {unknown}: its members are folds {sorted(there)}"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._sessions = [
            onnxruntime.InferenceSession(
                folder / f"{there[fold]}.onnx", options, providers=["CPUExecutionProvider"]
            )
            for fold in asked
        ]

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
            known = ~np.isnan(batch)
            inputs = {"signal": np.where(known, batch, 0), "valid": known.astype(np.float32)}
            found[part] = np.mean([s.run(None, inputs)[0] for s in self._sessions], axis=0)
        return found

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
