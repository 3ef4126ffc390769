"""`network_and_trees` with an exponent of its own for each member, fitted on inner records.

    ecglab train network_and_trees_weighted

Idea: the better member, or the one that is calibrated, should count more.
Expected: little: 300 inner records a fold say little of which is better.
Got: pooled out-of-fold F1 N/A/O/~ .923/.851/.803/.724, mean over N, A, O 0.859 (0.849 to 0.869),
0.002 below the plain pool (-0.006 to +0.001): nothing gained.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"), weights="inner")
