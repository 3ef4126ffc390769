"""Windows of recordings with annotated rhythm: atrial fibrillation found, and called so wrongly.

Recordings are WFDB records with an annotation file `.atr`, whose notes `(AFIB` and `(AFL` begin
atrial fibrillation and flutter, and any other `(...` ends them. A recording without such a note is
free of both: so do the CPSC 2021 and the MIT-BIH database mark them.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecglab import readers
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.inference.verdict import words
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError, RecordError

if TYPE_CHECKING:
    import wfdb

SECONDS = 30.0
FIBRILLATION = ("(AFIB", "(AFL")

ENOUGH = 0.5
"""Share of a window in atrial fibrillation from which on it counts as such. With less, but some, a
window counts as neither."""


PREMATURE = frozenset("VAaJS")
"""WFDB's symbols of premature beats, ventricular and supraventricular."""


class Window(NamedTuple):
    """One window of one lead.

    path: of the recording's header; start: of the window in it, in s
    share: of the window in atrial fibrillation; premature: whether it has premature beats, both by
    the annotations
    """

    patient: str
    lead: str
    record: Record
    path: Path
    start: float
    share: float
    premature: bool

    @property
    def mixed(self) -> bool:
        """Whether it counts neither as atrial fibrillation nor as free of it."""
        return 0 < self.share < ENOUGH


COUNTS = (
    *("fibrillation", "found", "found_by_verdict", "other", "wrong", "wrong_by_verdict"),
    *("mixed", "refused"),
)
"""What `measure` counts, in windows."""


def measure(predictor: Predictor, annotated: Iterable[Window], label: str = "A") -> list[dict]:
    """For each patient and lead, how often windows of 30 s are recognised, ready for JSON.

    annotated: windows, as `windows` gives them; label: the class of atrial fibrillation
    A dict each: `patient`, `lead`; `fibrillation` and `other`, the numbers of windows with and
    without atrial fibrillation; `found` and `wrong`, how many of them are predicted as `label`;
    `found_by_verdict` and `wrong_by_verdict`, how many have the verdict of that class, which leaves
    out what is uncertain or unreadable; `mixed`, windows that are neither; `refused`; `labels`, the
    predictions of those without fibrillation, {class: windows}.
    """
    if label not in predictor.classes.codes:
        raise EcglabError(f"the model has no class {label!r}: {', '.join(predictor.classes)}")
    word = words(predictor.classes)[label]
    rows: dict[tuple[str, str], dict] = {}
    for window in annotated:
        row = rows.setdefault((window.patient, window.lead), _empty(window, predictor))
        if window.mixed:
            row["mixed"] += 1
            continue
        try:
            [found] = predictor.rows(window.record)
        except RecordError:
            found = {"label": "", "verdict": ""}
            row["refused"] += 1
        total, called = ("fibrillation", "found") if window.share else ("other", "wrong")
        row[total] += 1
        row[called] += found["label"] == label
        row[f"{called}_by_verdict"] += found["verdict"] == word
        if not window.share and found["label"]:
            row["labels"][found["label"]] += 1
    return [rows[key] for key in sorted(rows)]


def windows(folder: Path) -> Iterator[Window]:
    """The windows of all leads of the recordings in a folder and those below it.

    Raises EcglabError where there is none.
    """
    import wfdb

    paths = sorted(
        path for path in Path(folder).rglob("*.hea") if path.with_suffix(".atr").exists()
    )
    any_window = False
    for path in progress.bar(paths, "recordings", unit=" recordings"):
        name = str(path.with_suffix(""))
        header, marks = wfdb.rdheader(name), wfdb.rdann(name, "atr")
        episodes = _episodes(marks, header.sig_len)
        early = marks.sample[[symbol in PREMATURE for symbol in marks.symbol]]
        recording = readers.read_recording(path)
        for lead in dict.fromkeys(header.sig_name):
            whole = recording.record(lead)
            n = round(SECONDS * whole.fs)
            for start in range(0, whole.n_samples - n + 1, n):
                inside = sum(max(min(e, start + n) - max(s, start), 0) for s, e in episodes)
                try:
                    record = Record(
                        whole.signal[start : start + n], whole.fs, f"{path.stem}-{start}", lead
                    )
                except RecordError:  # nothing to classify
                    continue
                premature = bool(((early >= start) & (early < start + n)).any())
                yield Window(
                    *(_patient(path.stem), lead, record, path),
                    *(start / whole.fs, inside / n, premature),
                )
                any_window = True
    if not any_window:
        raise EcglabError(f"{folder} has no WFDB recordings of 30 s with annotations (.atr)")


def _episodes(marks: "wfdb.Annotation", n_samples: int) -> list[tuple[int, int]]:
    """(first, last + 1) sample numbers of the episodes of atrial fibrillation or flutter."""
    notes = [note.strip("\x00 ") for note in marks.aux_note]
    changes = [(s, x) for s, x in zip(marks.sample, notes, strict=True) if x.startswith("(")]
    spans = pairwise([*changes, (n_samples, "")])
    return [(int(start), int(end)) for (start, note), (end, _) in spans if note in FIBRILLATION]


def _patient(name: str) -> str:
    """The patient of a record of CPSC 2021, data_PATIENT_RECORD; else the record."""
    match = re.fullmatch(r"data_(\d+)_\d+", name)
    return match[1] if match else name


def _empty(window: Window, predictor: Predictor) -> dict:
    counts = dict.fromkeys(COUNTS, 0)
    labels = dict.fromkeys(predictor.classes, 0)
    return {"patient": window.patient, "lead": window.lead, **counts, "labels": labels}
