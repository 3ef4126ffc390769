"""`resnet1d` calibrated with a temperature that is fitted on the validation records.

    ecglab train resnet1d_calibrated

Idea: label smoothing and class weights distort the probabilities of a network. A single exponent
corrects its confidence and does not change the predicted class. `resnet1d` is trained first, unless
it has been trained.

Expected: the F1 of `resnet1d`, and half of its calibration error.

Result: better than expected. The exponents are above 1: `resnet1d` is underconfident. Scores:
experiments/README.md.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("resnet1d",))
