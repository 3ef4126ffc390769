"""The lines that tell how long a training still takes."""

from pathlib import Path

import numpy as np
import tiny

from ecglab.training.experiment import Fold
from ecglab.training.network import _line, _pretraining_line


def test_the_line_of_an_epoch_ends_with_the_time_left_for_this_fold_and_those_after():
    none = np.array([], int)
    history = [{"epoch": i + 1, "loss": 0.5, "seconds": 12.1} for i in range(7)]
    history[0]["seconds"] = 40.0  # compiling
    fold = Fold(2, None, none, none, none, Path("fold-2"))
    line = "fold 2 epoch 7/24: loss 0.5000, 12.1 s, about 3 min left"
    assert _line(fold, history, tiny.experiment(epochs=24)) == line
    fold = Fold(2, None, none, none, none, Path("fold-2"), after=2)
    assert _line(fold, history, tiny.experiment(epochs=24)) == line.replace("3 min", "13 min")
    assert _line(fold, history, tiny.experiment(epochs=7)).endswith("12.1 s, about 3 min left")
    last = Fold(4, None, none, none, none, Path("fold-4"))
    assert _line(last, history, tiny.experiment(epochs=7)).endswith("12.1 s")


def test_the_lines_of_a_pretrained_network_count_both_parts():
    none = np.array([], int)
    network = tiny.experiment(pretrain=6, epochs=4)
    fold = Fold(0, None, none, none, none, Path("fold-0"), after=1)
    pretrained = [{"epoch": i + 1, "loss": 2.5, "seconds": 60.0} for i in range(4)]
    line = "fold 0 pretraining 4/6: loss 2.5000, 60.0 s, about 16 min left"
    assert _pretraining_line(fold, pretrained, network) == line
    # The first epoch counts the pretraining and says nothing about those to come.
    trained = [{"epoch": 1, "loss": 0.5, "seconds": 420.0}]
    assert _line(fold, trained, network) == "fold 0 epoch 1/4: loss 0.5000, 420.0 s"
    trained.append({"epoch": 2, "loss": 0.4, "seconds": 60.0})
    assert (
        _line(fold, trained, network) == "fold 0 epoch 2/4: loss 0.4000, 60.0 s, about 12 min left"
    )
