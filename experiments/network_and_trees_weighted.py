"""`network_and_trees` with an exponent of its own for each member, fitted on inner records.

    ecglab train network_and_trees_weighted

Idea: the better member, or the one that is calibrated, should count more.
Expected: little: 300 inner records a fold say little of which is better.
Got: not run in full yet.
"""

from ecglab.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"), weights="inner")
