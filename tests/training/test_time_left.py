"""The lines that tell how long a training still takes."""

from pathlib import Path

import numpy as np

from ecglab.training.experiment import Fold
from ecglab.training.network import _line


def test_the_line_of_an_epoch_ends_with_the_time_left_for_this_fold_and_those_after():
    none = np.array([], int)
    history = [{"epoch": i + 1, "loss": 0.5, "seconds": 12.1} for i in range(7)]
    history[0]["seconds"] = 40.0  # compiling
    fold = Fold(2, None, none, none, none, Path("fold-2"))
    line = "fold 2 epoch 7/24: loss 0.5000, 12.1 s, about 3 min left"
    assert _line(fold, history, 24) == line
    fold = Fold(2, None, none, none, none, Path("fold-2"), after=2)
    assert _line(fold, history, 24) == line.replace("3 min", "13 min")
    assert _line(fold, history, 7).endswith("12.1 s, about 3 min left")
    last = Fold(4, None, none, none, none, Path("fold-4"))
    assert _line(last, history, 7).endswith("12.1 s")
