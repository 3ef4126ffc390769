"""The report of one recording: its verdict, what that rests on, and the limits of the model."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab.ecg import features
from ecglab.ecg.prepare import prepare
from ecglab.ecg.record import Record
from ecglab.inference.package import MODEL, REMEDY
from ecglab.plots import recording_charts as charts
from ecglab.plots import strip_svg
from ecglab.plots.ecg import MAX_SECONDS
from ecglab.reports import pages
from ecglab.training import provenance
from ecglab.utils.digests import read_manifest, sha256_of
from ecglab.utils.files import write_text
from ecglab.utils.text import printable

if TYPE_CHECKING:
    from ecglab.inference.predictor import Predictor

LIMIT = 2.0
"""Fall of the log odds of the darkest shade; the probability 0.50 would become 0.12."""

PARTS = 30
"""Of a record at most, when its parts are hidden one after the other."""

SHOWN = 5
"""Parts in the table of those that mattered most."""


@dataclass(frozen=True)
class Evidence:
    """What the parts of a record do to the log odds of a label, by two methods.

    edges: (n + 1,) s; occlusion, masking: (n,) falls of the log odds when the part is hidden
    """

    label: str
    edges: np.ndarray
    occlusion: np.ndarray
    masking: np.ndarray

    @classmethod
    def of(cls, record: Record, label: str, predictor: "Predictor") -> "Evidence":
        seconds = max(2.0, record.seconds / PARTS)
        edges, hidden = predictor.explain(record, label, seconds)
        _, masked = predictor.explain(record, label, seconds, "random_masking")
        return cls(label, edges, hidden, masked)

    @property
    def agreement(self) -> float:
        """Correlation of the two methods; NaN where one of them is constant."""
        if min(np.ptp(self.occlusion), np.ptp(self.masking)) == 0:
            return float("nan")
        return float(np.corrcoef(self.occlusion, self.masking)[0, 1])

    @property
    def weak(self) -> bool:
        """Whether no part changes the log odds much by either method."""
        return max(np.abs(self.occlusion).max(), np.abs(self.masking).max()) < LIMIT / 4

    @property
    def largest(self) -> list[tuple[float, ...]]:
        """(start, end, occlusion, masking) of the parts that change most, the largest first."""
        order = np.argsort(-np.abs(self.occlusion), kind="stable")[:SHOWN]
        columns = (self.edges[:-1], self.edges[1:], self.occlusion, self.masking)
        return [tuple(float(column[i]) for column in columns) for i in order]

    @property
    def shades(self) -> list[tuple[float, float, float]]:
        """(start, end, strength from -1 to 1) of each part."""
        strengths = np.clip(self.occlusion / LIMIT, -1, 1)
        return list(
            zip(self.edges[:-1].tolist(), self.edges[1:].tolist(), strengths.tolist(), strict=True)
        )


def write(path: Path, row: Mapping, record: Record | None, predictor: "Predictor") -> None:
    """Write the page, whole or not at all."""
    write_text(path, html(row, record, predictor))


def html(row: Mapping, record: Record | None, predictor: "Predictor") -> str:
    """The page of a row of `ecglab predict`. It needs no network, no script and no other file.

    record: what the row is of; None where it could not be read
    """
    shown = {key: printable(x) if isinstance(x, str) else x for key, x in row.items()}
    return pages.render(
        "recording.html",
        row=shown,
        meanings=predictor.classes.meanings,
        classes=predictor.classes,
        card=predictor.card,
        drawn=_drawn(row, record, predictor) if record and row["label"] else None,
        limit=LIMIT,
        files=_files(row["file"]),
        made=provenance.now(),
        versions=_versions(),
        model_digest=read_manifest(Path(predictor.folder), REMEDY)[MODEL],
    )


def _drawn(row: Mapping, record: Record, predictor: "Predictor") -> dict:
    """What the page draws of a record that is classified."""
    signal = prepare(record, predictor.fs)
    beats = features.beat_summary(signal, predictor.fs)
    time, rr = charts.intervals(signal, predictor.fs, beats.r)
    explained = record.seconds <= MAX_SECONDS
    evidence = Evidence.of(record, row["label"], predictor) if explained else None
    at = [(t, kind) for t, kind in zip(beats.r / predictor.fs, beats.kinds.tolist(), strict=True)]
    return {
        "strip": strip_svg.strip(record, at, evidence.shades if evidence else ()),
        "evidence": evidence,
        "n_beats": len(at),
        "n_ventricular": beats.n_ventricular,
        "n_supraventricular": beats.n_supraventricular,
        "rr_cv": beats.rr_cv,
        "charts": [
            charts.rr_series(time, rr, beats.kinds[1:], record.seconds),
            charts.poincare(rr, beats.kinds[1:]),
            charts.spectrogram(record),
            charts.quality_over_time(signal, predictor.fs),
        ],
    }


def _files(file: str) -> Sequence[tuple[str, str]]:
    """(name, SHA-256) of the files of a recording that are there."""
    from ecglab.readers.wfdb_reader import header_of

    path = Path(file)
    try:
        header = header_of(path)
        parts = sorted(header.parent.iterdir()) if header else [path]
        own = [part for part in parts if not header or part.stem == header.stem]
        return [(printable(part.name), sha256_of(part)) for part in own if part.is_file()]
    except (OSError, ValueError):
        return []


def _versions() -> str:
    """The versions of what made the page."""
    found = [f"{name} {metadata.version(name)}" for name in ("numpy", "onnxruntime")]
    own = f"ecglab {provenance.code_version()}"
    return ", ".join([own, f"Python {platform.python_version()}", *found])
