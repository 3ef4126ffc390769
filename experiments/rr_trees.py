"""Gradient-boosted trees on features of rhythm, beats, atrial activity and signal quality.

    ecglab train rr_trees

Idea: several of the best entries to the challenge used trees on RR intervals and beat shapes. These
features are what a cardiologist would measure. Each record is accompanied by two varied copies: an
excerpt, and one with missing parts.

Expected: a challenge F1 of about 0.80.

Result: better than expected, and well calibrated, in a few minutes. Scores: experiments/README.md.
The features were chosen on folds 1 to 4, and the copies on folds 0 and 1 among eleven variants, for
short and disturbed records. So no fold is wholly free of selection bias.

Leaving out one group (`--set without=rr` and so on) shows what it contributes: rhythm most, then P
waves and beats. Without P waves, the F1 of A falls most. Fibrillatory (f) waves and signal quality
contribute no more to the challenge F1 than a change of the seed, but both help to recognise noise.
Class weights at full power lower it a little. The copies (`copies=0`) make no difference for whole
records: they help with excerpts, whose challenge F1 rises by 0.02 at 15 s. With a quarter, half and
three quarters of the training records, the score falls by 0.015, 0.007 and 0.004.

Trees jump where a feature passes a threshold, so a prediction can change a little with the format
of the file (`python -m benchmarks.formats`). Tried against that, and not kept:

- Training copies at other rates and with the steps of other converters, or with noise: no change.
- The mean prediction for the record and two noisy copies (test-time augmentation): pooled with the
  network, 33 of the 48 rows of that benchmark reach 99 %, in place of 23, on 200 records that had
  no part in its development. But it takes 1.6 times as long, and the score, the labels of disturbed
  records and the errors on recordings of other devices are about the same.
- Each bag fitted to 70 % of the records, with smoother measures of P, T and the QRS duration:
  smaller jumps, but the pool with the network loses 0.002.
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
