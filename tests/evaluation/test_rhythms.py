"""Recordings with annotated rhythm: windows, episodes, and what is counted."""

import numpy as np
import pytest
import wfdb

from ecglab.ecg.classes import Classes
from ecglab.evaluation import rhythms
from ecglab.utils.errors import EcglabError

FS = 200
CLASSES = Classes({"N": "normal", "A": "atrial fibrillation", "O": "other"})


class Scripted:
    """Predicts the class whose number is the median of the signal, above 1.2 with doubt."""

    classes = CLASSES

    def rows(self, record):
        level = float(np.median(record.signal))
        label = CLASSES.codes[int(np.clip(round(level), 0, 2))]
        verdict = {"N": "normal", "A": "AF", "O": "other"}[label]
        return [{"label": label, "verdict": "uncertain" if 1.2 < level < 1.5 else verdict}]


def write(folder, name, levels, notes, early=()):
    """A WFDB record with two leads and 30 s of each level.

    notes: {second: aux_note}; early: seconds of premature beats
    """
    level = np.repeat(levels, 30 * FS)
    t = np.arange(level.size) / FS
    signal = np.stack([level + 0.1 * np.sin(20 * t), level + 0.1 * np.cos(20 * t)], axis=1)
    wfdb.wrsamp(name, FS, ["mV", "mV"], ["I", "II"], signal, fmt=["16", "16"], write_dir=folder)
    seconds = [0.5, *notes, *early]
    wfdb.wrann(
        name,
        "atr",
        np.array([round(s * FS) for s in seconds]),
        ["N", *["+"] * len(notes), *["V"] * len(early)],
        aux_note=["", *notes.values(), *[""] * len(early)],
        write_dir=folder,
    )


def test_windows_are_counted_by_patient_and_lead(tmp_path):
    write(tmp_path, "data_7_1", [1, 1.3, 0, 1], {0.6: "(AFIB", 58: "(N"})
    write(tmp_path, "data_7_2", [1, 2], {})
    write(tmp_path, "100", [0, 1], {25: "(AFL", 40: "(N"})
    rows = rhythms.measure(Scripted(), rhythms.windows(tmp_path))
    found = {(row["patient"], row["lead"]): row for row in rows}
    assert list(found) == [("100", "I"), ("100", "II"), ("7", "I"), ("7", "II")]
    seven, other = found["7", "I"], found["100", "II"]
    assert (seven["fibrillation"], seven["found"], seven["found_by_verdict"]) == (2, 2, 1)
    assert (seven["other"], seven["wrong"], seven["wrong_by_verdict"]) == (4, 2, 2)
    assert seven["mixed"] == 0
    assert seven["labels"] == {"N": 1, "A": 2, "O": 1}
    assert (other["fibrillation"], other["mixed"], other["other"]) == (0, 2, 0)


def test_the_share_in_fibrillation_is_that_of_the_window(tmp_path):
    write(tmp_path, "r", [0, 0, 0], {10: "(AFIB", 40: "(N", 75: "(AFIB"})
    shares = [w.share for w in rhythms.windows(tmp_path) if w.lead == "I"]
    assert shares == pytest.approx([20 / 30, 10 / 30, 15 / 30])


def test_a_window_has_its_place_and_its_premature_beats(tmp_path):
    write(tmp_path, "r", [0, 0, 0], {}, early=[30, 59])
    found = [w for w in rhythms.windows(tmp_path) if w.lead == "II"]
    assert [(w.path, w.start) for w in found] == [(tmp_path / "r.hea", t) for t in (0, 30, 60)]
    assert [w.premature for w in found] == [False, True, False]


def test_a_flat_window_is_left_out(tmp_path):
    write(tmp_path, "r", [0, 0], {})
    path = tmp_path / "r.dat"
    samples = np.fromfile(path, "<i2")
    samples[: 2 * 30 * FS] = 0
    samples.tofile(path)
    assert len([w for w in rhythms.windows(tmp_path) if w.lead == "I"]) == 1


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(EcglabError, match="has no WFDB recordings of 30 s with annotations"):
        list(rhythms.windows(tmp_path))


def test_a_class_that_the_model_lacks_is_refused():
    with pytest.raises(EcglabError, match="no class 'AF'"):
        rhythms.measure(Scripted(), [], "AF")
