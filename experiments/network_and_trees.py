"""The spectrogram's residual network and the trees on features, pooled and calibrated.

    ecglab train network_and_trees

Idea: the network reads the spectrogram and the trees what a cardiologist would measure; where one
errs the other often does not. Trains both first where they are not trained yet.
Expected: mean F1 over N, A, O 0.02 above the better of the two.
Got: not run in full yet. On the first two folds, by a plain geometric mean: 0.861, where the
network alone had 0.833 and the trees 0.836.
"""

from ecglab.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"))
