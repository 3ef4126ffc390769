"""Gradient-boosted trees on features of rhythm, beats, atrial activity and signal quality.

    ecglab train rr_trees

Idea: several of the challenge's best entries were trees on RR intervals and shapes of beats. They
see a record through what a cardiologist would measure, a different view than a network's.
Expected: mean F1 over N, A, O of about 0.80.
Got: pooled out-of-fold F1 N/A/O/~ .910/.837/.773/.736, mean over N, A, O 0.840 (0.830 to 0.850) on
7,500 records; 220 s of CPU for the five folds and 60 s for the features. The features were chosen
by cross-validation within folds 1 to 4, so fold 0 alone saw no choice: .903/.834/.764/.743, 0.834.
Class weights and the size of the trees changed the mean by 0.01 at most, less than two folds tell.
Without the features of rhythm the mean falls by 0.041, without those of beats by 0.008, of P waves
by 0.006, of fibrillatory waves by 0.004, of quality by 0.002 (`--set without=rr` and so on); it is
A that the P waves and the fibrillatory waves are for.
"""

from ecglab.search.space import choice, integer, log, real
from ecglab.trees import Trees

experiment = Trees()

space = {
    "iterations": integer(60, 400),
    "learning_rate": log(0.02, 0.2),
    "leaves": integer(4, 24),
    "min_leaf": integer(5, 60),
    "l2": log(0.5, 50),
    "share": real(0.1, 1),
    "class_weight": choice(0.0, 0.25, 0.5, 0.75, 1.0),
}
