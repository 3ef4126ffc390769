"""`network_and_trees` with a separate weight for each member, fitted on the validation records.

    ecglab train network_and_trees_weighted

Idea: the better or better calibrated member should count more.

Expected: little gain, since about 300 validation records per fold hardly show which one is better.

Result: no gain, but a small loss compared with `network_and_trees`. Scores: experiments/README.md.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"), weights="fitted")
