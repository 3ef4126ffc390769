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
    """Predicts the class whose number is the median of the signal."""

    classes = CLASSES

    def predict_proba(self, record):
        return np.eye(3)[[int(np.clip(round(float(np.median(record.signal))), 0, 2))]]


def write(folder, name, levels, notes):
    """A WFDB record with two leads and 30 s of each level; notes: {second: aux_note}."""
    level = np.repeat(levels, 30 * FS)
    t = np.arange(level.size) / FS
    signal = np.stack([level + 0.1 * np.sin(20 * t), level + 0.1 * np.cos(20 * t)], axis=1)
    wfdb.wrsamp(name, FS, ["mV", "mV"], ["I", "II"], signal, fmt=["16", "16"], write_dir=folder)
    seconds = [0.5, *notes]
    wfdb.wrann(
        name,
        "atr",
        np.array([round(s * FS) for s in seconds]),
        ["N", *["+"] * len(notes)],
        aux_note=["", *notes.values()],
        write_dir=folder,
    )


def test_windows_are_counted_by_patient_and_lead(tmp_path):
    write(tmp_path, "data_7_1", [1, 1, 0, 1], {0.6: "(AFIB", 58: "(N"})
    write(tmp_path, "data_7_2", [1, 2], {})
    write(tmp_path, "100", [0, 1], {25: "(AFL", 40: "(N"})
    found = {(row["patient"], row["lead"]): row for row in rhythms.measure(Scripted(), tmp_path)}
    assert list(found) == [("100", "I"), ("100", "II"), ("7", "I"), ("7", "II")]
    seven, other = found["7", "I"], found["100", "II"]
    assert (seven["fibrillation"], seven["found"]) == (2, 2)
    assert (seven["other"], seven["wrong"], seven["mixed"]) == (4, 2, 0)
    assert seven["labels"] == {"N": 1, "A": 2, "O": 1}
    assert (other["fibrillation"], other["mixed"], other["other"]) == (0, 2, 0)


def test_the_share_in_fibrillation_is_that_of_the_window(tmp_path):
    write(tmp_path, "r", [0, 0, 0], {10: "(AFIB", 40: "(N", 75: "(AFIB"})
    shares = [w.share for w in rhythms.windows(tmp_path) if w.lead == "I"]
    assert shares == pytest.approx([20 / 30, 10 / 30, 15 / 30])


def test_a_flat_window_is_left_out(tmp_path):
    write(tmp_path, "r", [0, 0], {})
    path = tmp_path / "r.dat"
    samples = np.fromfile(path, "<i2")
    samples[: 2 * 30 * FS] = 0
    samples.tofile(path)
    assert len([w for w in rhythms.windows(tmp_path) if w.lead == "I"]) == 1


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(EcglabError, match="has no WFDB recordings with annotations"):
        rhythms.measure(Scripted(), tmp_path)
    with pytest.raises(EcglabError, match="no class 'AF'"):
        rhythms.measure(Scripted(), tmp_path, "AF")
