"""Gradient-boosted trees on features of rhythm, beats, atrial activity and signal quality.

    ecglab train rr_trees

Idea: several of the best entries to the challenge used trees on RR intervals and beat shapes. These
features are what a cardiologist would measure.

Expected: a challenge F1 of about 0.80.

Result: better than expected, and well calibrated, in a few minutes. Scores: experiments/README.md.
The features were chosen on folds 1 to 4, so only fold 0 is free of selection bias.

With an earlier version of the features, leaving out one group (`--set without=rr` and so on) showed
what it contributes: rhythm most, then beats and P waves. Fibrillatory (f) waves contributed little
more than a change of the seed, and signal quality nothing. The F1 of A depended on P and f waves.
Class weights at full power (`class_weight=1`) lowered the score a little; without class weights
there was no measurable difference.
"""

from ecglab.training.trees import Trees
from ecglab.tuning.space import choice, integer, log, real

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
