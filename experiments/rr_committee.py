"""Five models of `rr_trees` per fold, each trained without a fifth of the training records.

    ecglab train rr_committee

Idea: each model predicts the training records that it did not see. These predictions show which
labels are doubtful. They can serve as targets of a network (`spectrogram_distilled`).

Expected: the scores of `rr_trees`, although each model sees a fifth fewer records.

Result: as expected, alone and in an average with the spectrogram network. Scores:
experiments/README.md.
"""

from ecglab.training.committee import Committee

experiment = Committee(of="rr_trees")
