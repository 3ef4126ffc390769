"""Five models of `rr_trees` in each fold, each trained without a fifth of the training records.

    ecglab train rr_committee

Idea: its opinions of records that it did not see show which labels are doubtful; a network can be
taught them for a part of its targets (`spectrogram_taught`). Records that the pool of network and
trees judges worst were looked at: many "other rhythms" among them look like fibrillation and are
said to be A, many A are regular, and some N are bigeminies.
Expected: the score of `rr_trees`, each model having seen a fifth less.
Got: not run in full yet.
"""

from ecglab.committee import Committee

experiment = Committee(of="rr_trees")
