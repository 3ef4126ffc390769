"""The network of beats and the trees on features, averaged and calibrated.

    ecglab train beats_and_trees

Idea: both rest on one search for the beats, which takes most of the time, so together they cost
little more than the trees alone. Both are trained first, unless they have been trained.

Expected: a challenge F1 of about 0.855, less than 0.01 below `network_and_trees`, at a fraction of
its cost.

Result: as expected. It is not packaged: one fold of `network_and_trees` scores higher at the same
cost, and this pool calls the irregular rhythm of one patient of another database AF more often.
Scores: experiments/README.md.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("beat_crnn", "rr_trees"))
