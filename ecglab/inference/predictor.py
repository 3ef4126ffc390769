"""A packaged model applied to recordings. It needs NumPy and onnxruntime, and no TensorFlow.

A package (`inference.package`) has members, one for each fold, whose probabilities are averaged. A
member is one model, or several that are pooled: networks, which take the waveform or its beats, and
trees, which take its features.
"""

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..ecg import features
from ..ecg.classes import Classes
from ..ecg.features import Analysis
from ..ecg.features.beat_windows import WIDTH, batch_of_beats
from ..ecg.prepare import batch, prepare
from ..ecg.record import Record, as_records
from ..utils import extras
from ..utils.errors import EcglabError, RecordError
from . import explanation, package, parameters
from .estimator import Estimator
from .rows import ROW, row
from .verdict import STRANGE

if TYPE_CHECKING:
    import onnxruntime
    import pandas as pd

MAX_SECONDS = 3600
"""Of a record: a longer one is refused."""

MIN_PROBABILITY = 1e-3
"""A less probable class counts as this in a pool: no model can overrule all others."""

BATCH_SECONDS = 240
"""Seconds of signal in a batch: more would leave the processor's cache and take longer."""

_INPUTS = {
    "signal": None,
    "mask": None,
    "features": len(features.names),
    "beats": WIDTH,
    "beats_mask": None,
}
"""What a model may take, and how many numbers it is for each record or beat; None for one."""


class _Part(NamedTuple):
    """One model of a member: its output in the file, and its exponent in the member's pool."""

    output: str
    exponent: float


class Predictor(Estimator):
    """Predicts the class of records by the mean of a package's members.

    folder: of the package
    members: the folds whose models predict, by default all
    threads: for onnxruntime, 0 for one a core
    coverage: share of recordings that get an answer, the others are "uncertain"; by default 0.95
    max_error: in its place, the largest share of wrong classes among the answers
    conformal: the share of the records of each class whose prediction set has it

    The last three hold for recordings like those of the training data only.

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

    def __init__(
        self,
        folder: str | Path,
        members: Sequence[int] | None = None,
        threads: int = 0,
        coverage: float | None = None,
        max_error: float | None = None,
        conformal: float | None = None,
    ):
        self.folder, self.members, self.threads = folder, members, threads
        self.coverage, self.max_error, self.conformal = coverage, max_error, conformal
        self._path = Path(folder)
        package.check(self._path)
        self.card = package.read_card(self._path)
        self._check_features()
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
        self.fitted = parameters.read(self._path, self.classes.codes, len(features.names))
        self._least_certain = self.fitted.abstention.least(coverage, max_error)
        if conformal is not None:
            self.fitted.conformal.sets(np.empty((0, len(self.classes))), conformal)
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
        return package.read_trained_on(self._path)

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

    def _probabilities(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities (n, n_classes) of prepared signals."""
        probabilities = np.empty((len(signals), len(self.classes)), np.float32)
        for i, _, p in self._predicted(signals):
            probabilities[i] = p
        return probabilities

    def _predicted(
        self, signals: Sequence[np.ndarray]
    ) -> Iterator[tuple[int, Analysis, np.ndarray]]:
        """(place, analysis, probabilities (n_classes,)) of each prepared signal, in any order."""
        order = np.argsort([signal.size for signal in signals], kind="stable")
        while order.size:
            # The longest first: what it allows in a batch, the shorter ones fill as well.
            size = max(int(BATCH_SECONDS * self.fs / signals[order[-1]].size), 1)
            places, order = order[-size:].tolist(), order[:-size]
            analyses = [Analysis(signals[i], self.fs) for i in places]
            yield from zip(places, analyses, self._run(analyses), strict=True)

    def rows(self, records: Record | Iterable[Record]) -> list[dict]:
        """The prediction of each record, as a dictionary that JSON takes.

        record, lead, lead_reason, fs (Hz), seconds: of the record
        label: the most probable class; probabilities: {class: probability}
        verdict: the class in a word, such as "normal", "AF" or "other"; or "uncertain",
            "unreadable" or "not an ECG as trained on"; reason: why, in words
        quality: from 0 to 1 (`ecg.quality`)
        heart_rate: in bpm; None for the last two verdicts, which no rhythm can be read from
        height: of the beats in mV (`ecg.height`)
        findings: what supports another verdict than "normal"; model: the name of this one
        prediction_set: where `conformal` is given, the classes that it may be; None for a signal
            that is no ECG as trained on
        """
        records = as_records(records)
        found: list[dict] = [{}] * len(records)
        for i, analysis, p in self._predicted([self._prepared(record) for record in records]):
            made = row(records[i], analysis, p, self.classes, self.fitted, self._least_certain)
            made["model"] = self.name
            if self.conformal is not None:
                [inside] = self.fitted.conformal.sets(p[None], self.conformal)
                known = made["verdict"] != STRANGE
                made["prediction_set"] = self.classes_[inside].tolist() if known else None
            found[i] = made
        return found

    def predict(self, records: Record | Iterable[Record]) -> "pd.DataFrame":
        """The table of `rows`: a row per record id, a column per key, a probability per class.

        Raises EcglabError where pandas is not installed; `rows` does without it.
        """
        rows = [{**row, **row["probabilities"]} for row in self.rows(records)]
        at = ROW.index("probabilities")
        columns = [*ROW[:at], *self.classes, *ROW[at + 1 :]]
        columns += ["prediction_set"] * (self.conformal is not None)
        return extras.load("pandas").DataFrame(rows, columns=columns).set_index("record")

    def _prepared(self, record: Record) -> np.ndarray:
        if record.seconds > MAX_SECONDS:
            raise RecordError(
                f"{record.id}: {math.ceil(record.seconds / 60)} min are too long for one "
                f"prediction (at most {MAX_SECONDS // 60} min): cut it into pieces"
            )
        return prepare(record, self.fs)

    def _run(self, analyses: Sequence[Analysis]) -> np.ndarray:
        """Probabilities (n, n_classes) of n leads, in one batch."""
        inputs: dict[str, np.ndarray] = {}
        if "signal" in self._inputs:
            inputs |= batch([each.signal for each in analyses])
        if "beats" in self._inputs:
            inputs |= batch_of_beats([each.beat_sequence for each in analyses])
        if "features" in self._inputs:
            inputs["features"] = np.stack([each.features for each in analyses])
        outputs = [part.output for member in self._members for part in member]
        found = dict(zip(outputs, self._session.run(outputs, inputs), strict=True))
        members = [_pooled(member, found) for member in self._members]
        return np.mean(members, axis=0).astype(np.float32)

    def _opened(self, threads: int) -> "onnxruntime.InferenceSession":
        """The onnxruntime session of the package's model."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        path = self._path / package.MODEL
        try:
            return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own kinds, which have no other base
            reason = str(error).splitlines()[0]
            raise EcglabError(f"{path} cannot be read ({reason}): {package.REMEDY}") from None

    def _check_features(self) -> None:
        """EcglabError unless the package is fitted on the features of this version of ecglab."""
        version = self.card["features"]
        if version != features.VERSION:
            raise EcglabError(
                f"{self._path} is fitted on version {version} of the features, and this ecglab "
                f"computes version {features.VERSION}: {package.REMEDY}, or install the ecglab "
                f"that made it ({self.card['code']})"
            )

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
            if node.name not in _INPUTS:
                problem = f"its input {node.name!r} is unknown"
            elif (width := _INPUTS[node.name]) and node.shape[-1] != width:
                problem = f"it takes {node.shape[-1]} {node.name}, not {width}"
        if problem:
            raise EcglabError(f"{self._path / package.MODEL}: {problem}: {package.REMEDY}")


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
