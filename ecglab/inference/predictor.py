"""A packaged model applied to recordings. It needs NumPy and onnxruntime, and no TensorFlow.

A package (`inference.package`) has members, one for each fold, whose probabilities are averaged. A
member is one model, or several that are pooled: networks, which take the waveform, and trees, which
take its features.
"""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..ecg import features
from ..ecg.classes import Classes
from ..ecg.prepare import batch, prepare
from ..ecg.record import Record, as_records
from ..utils import extras
from ..utils.errors import EcglabError, RecordError
from . import explanation, package
from .verdict import verdict

if TYPE_CHECKING:
    import onnxruntime
    import pandas as pd

MAX_SECONDS = 3600
"""Of a record: a longer one is refused."""

MIN_PROBABILITY = 1e-3
"""A less probable class counts as this in a pool: no model can overrule all others."""

BATCH_SECONDS = 240
"""Seconds of signal in a batch: more would leave the processor's cache and take longer."""


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
    "findings",
    "model",
)
"""The keys of a row of `Predictor.rows`."""


class _Part(NamedTuple):
    """One model of a member: its output in the file, and its exponent in the member's pool."""

    output: str
    exponent: float


class Predictor:
    """Predicts the class of records by the mean of a package's members.

    folder: of the package
    members: the folds whose models predict, by default all
    threads: for onnxruntime, 0 for one a core

    card: what the package says of itself; classes: of the probabilities; fs: of the model, in Hz

    Methods that take records take one Record as well, which counts as a list of one.

    Raises EcglabError, one line, for a package that is damaged, of another format, or whose model
    is not what its card says, and for a member that it lacks.

    >>> import ecglab
    >>> model = ecglab.load_model("fast")
    >>> record = ecglab.Record(np.sin(np.arange(9000) / 20), fs=300)
    >>> model.predict_proba([record, record]).shape
    (2, 4)
    >>> model.rows(record)[0]["label"]
    '~'
    """

    def __init__(self, folder: str | Path, members: Sequence[int] | None = None, threads: int = 0):
        self.folder = Path(folder)
        package.check(self.folder)
        self.card = package.read_card(self.folder)
        self.classes = Classes.from_dict(self.card["classes"])
        self.fs = float(self.card["fs"])
        available = {
            int(fold): [_Part(**part) for part in parts]
            for fold, parts in self.card["members"].items()
        }
        chosen = sorted(available) if members is None else list(members)
        unknown = [fold for fold in chosen if fold not in available]
        if unknown or not chosen:
            raise EcglabError(
                f"{self.name} has no member {unknown}: its members are folds {sorted(available)}"
            )
        self._members = [available[fold] for fold in chosen]
        self._session = self._opened(threads)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._check_model([part for member in available.values() for part in member])

    @property
    def name(self) -> str:
        return self.card["name"]

    @property
    def classes_(self) -> np.ndarray:
        """(n_classes,) str: the class of each column of `predict_proba`, as scikit-learn has it."""
        return np.array(self.classes.codes)

    def __repr__(self) -> str:
        n, score = len(self._members), self.card["scores"]["values"]["challenge_f1"]
        facts = [
            f"Predictor {self.name}",
            f"classes {', '.join(self.classes)}",
            f"{n} member{'s' * (n > 1)}",
            f"challenge F1 {score:.3f} on {self.card['scope']}",
            *(["trained on simulated data"] if self.card["simulated"] else []),
        ]
        return f"<{' | '.join(facts)}>"

    @functools.cached_property
    def trained_on(self) -> frozenset[str]:
        """The first 16 hex digits of `signal_digest` of each record of the training data."""
        return package.read_trained_on(self.folder)

    def predict_proba(self, records: Record | Iterable[Record]) -> np.ndarray:
        """Probabilities (n_records, n_classes) of records of any length and rate.

        A record's probabilities do not depend on the records beside it. Raises RecordError for a
        record longer than an hour.
        """
        return self._probabilities([self._prepared(record) for record in as_records(records)])

    def explain(
        self,
        record: Record,
        label: str = "",
        seconds: float = 2.0,
        method: str = "occlusion",
    ) -> tuple[np.ndarray, np.ndarray]:
        """How much each part of a record supports a label: (edges (n + 1,) in s, changes (n,)).

        label: a class; by default the predicted one; seconds: length of a part
        method: "occlusion", which hides one part at a time, or "random_masking", which hides
        several; see `inference.explanation`
        A change is the fall of the log odds of the label when the part is hidden: above 0 where the
        part supports the label.
        """
        [record] = as_records(record)
        signal = self._prepared(record)
        edges = explanation.edges_of(signal, self.fs, seconds)
        column = self.classes.index([label])[0] if label else None

        def odds(signals: list[np.ndarray]) -> np.ndarray:
            found = self._probabilities(signals)
            return explanation.log_odds(found[:, found[0].argmax() if column is None else column])

        return edges, explanation.METHODS[method](odds, signal, self.fs, edges)

    def _probabilities(
        self, signals: Sequence[np.ndarray], vectors: Sequence[np.ndarray] = ()
    ) -> np.ndarray:
        """Probabilities (n, n_classes) of prepared signals.

        vectors: the features of each, where they are known
        """
        if "features" in self._inputs and not len(vectors):
            vectors = [features.extract(signal, self.fs) for signal in signals]
        probabilities = np.empty((len(signals), len(self.classes)), np.float32)
        order = np.argsort([signal.size for signal in signals], kind="stable")
        while order.size:
            # The longest first: what it allows in a batch, the shorter ones fill as well.
            size = max(int(BATCH_SECONDS * self.fs / signals[order[-1]].size), 1)
            rows, order = order[-size:], order[:-size]
            of_rows = [vectors[i] for i in rows] if len(vectors) else []
            probabilities[rows] = self._run([signals[i] for i in rows], of_rows)
        return probabilities

    def rows(self, records: Record | Iterable[Record]) -> list[dict]:
        """The prediction of each record, as a dictionary that JSON takes.

        record, lead, lead_reason, fs (Hz), seconds: of the record
        label: the most probable class; probabilities: {class: probability}
        verdict, reason, quality, heart_rate, findings: see `verdict.Verdict`
        model: the name of this one
        """
        records = as_records(records)
        signals = [self._prepared(record) for record in records]
        vectors = [features.extract(signal, self.fs) for signal in signals]
        probabilities = self._probabilities(signals, vectors)
        labels = self.classes.predicted(probabilities)
        return [
            self._row(*given) for given in zip(records, vectors, labels, probabilities, strict=True)
        ]

    def _row(
        self, record: Record, vector: np.ndarray, label: str, probabilities: np.ndarray
    ) -> dict:
        shown = [round(float(x), 6) for x in probabilities]
        by_class = dict(zip(self.classes, shown, strict=True))
        found = dict(zip(features.names, vector.tolist(), strict=True))
        return {
            "record": record.id,
            "lead": record.lead,
            "lead_reason": record.lead_reason,
            "fs": record.fs,
            "seconds": round(record.seconds, 3),
            "label": str(label),
            "probabilities": by_class,
            **verdict(found, by_class, self.classes)._asdict(),
            "model": self.name,
        }

    def predict(self, records: Record | Iterable[Record]) -> "pd.DataFrame":
        """The table of `rows`: a row per record id, a column per key, a probability per class.

        Raises EcglabError where pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise EcglabError(f"{extras.missing(error)}, or use Predictor.rows") from None
        rows = [{**row, **row["probabilities"]} for row in self.rows(records)]
        at = ROW.index("probabilities")
        columns = [*ROW[:at], *self.classes, *ROW[at + 1 :]]
        return pd.DataFrame(rows, columns=columns).set_index("record")

    def _prepared(self, record: Record) -> np.ndarray:
        if record.seconds > MAX_SECONDS:
            raise RecordError(
                f"{record.id}: {record.seconds / 60:.0f} min are too long for one prediction "
                f"(at most {MAX_SECONDS // 60} min): cut it into pieces"
            )
        return prepare(record, self.fs)

    def _run(self, signals: list[np.ndarray], vectors: list[np.ndarray]) -> np.ndarray:
        """Probabilities (n, n_classes) of n prepared signals and their features, in one batch."""
        inputs = batch(signals) if "signal" in self._inputs else {}
        if "features" in self._inputs:
            inputs["features"] = np.stack(vectors)
        outputs = [part.output for member in self._members for part in member]
        found = dict(zip(outputs, self._session.run(outputs, inputs), strict=True))
        return np.mean([_pooled(member, found) for member in self._members], axis=0)

    def _opened(self, threads: int) -> "onnxruntime.InferenceSession":
        """The onnxruntime session of the package's model."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        path = self.folder / package.MODEL
        try:
            return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own kinds, which have no other base
            reason = str(error).splitlines()[0]
            raise EcglabError(f"{path} cannot be read ({reason}): {package.REMEDY}") from None

    def _check_model(self, parts: Sequence[_Part]) -> None:
        """EcglabError unless the model has the inputs and outputs that the card promises."""
        n = len(self.classes)
        outputs = {node.name: node.shape for node in self._session.get_outputs()}
        problem = ""
        for part in parts:
            if part.output not in outputs:
                problem = f"it lacks the output {part.output!r} of its card"
            elif outputs[part.output][-1] != n:
                problem = f"it gives {outputs[part.output][-1]} probabilities for {n} classes"
        for node in self._session.get_inputs():
            if node.name not in ("signal", "mask", "features"):
                problem = f"its input {node.name!r} is unknown"
            elif node.name == "features" and node.shape[-1] != len(features.names):
                problem = f"it takes {node.shape[-1]} features, not {len(features.names)}"
        if problem:
            raise EcglabError(f"{self.folder / package.MODEL}: {problem}: {package.REMEDY}")


def pooled(probabilities: np.ndarray, exponents: Sequence[float] | np.ndarray) -> np.ndarray:
    """Logarithmic pool (n, n_classes) of several models' probabilities (models, n, n_classes).

    The product of p ** exponent over the models, scaled to sum 1 (Genest and Zidek 1986,
    doi:10.1214/ss/1177013825).
    """
    scores = np.tensordot(exponents, np.log(np.maximum(probabilities, MIN_PROBABILITY)), axes=1)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _pooled(member: list[_Part], outputs: dict[str, np.ndarray]) -> np.ndarray:
    """Probabilities (n, n_classes) of a member, of its models' outputs."""
    if len(member) == 1 and member[0].exponent == 1:
        return outputs[member[0].output]
    probabilities = np.stack([outputs[part.output] for part in member])
    return pooled(probabilities, [part.exponent for part in member])
