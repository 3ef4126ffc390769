"""`resnet1d` with a temperature fitted on inner records, so that it is as often right as it says.

    ecglab train resnet1d_calibrated

Idea: trained with smoothed labels and weighted classes, the network gives probabilities that are
not those of the records. One exponent for all keeps what it says first and mends how sure it is.
Trains `resnet1d` first where it is not trained yet.
Expected: the score of `resnet1d`, and half its calibration error.
Got: not run in full yet.
"""

from ecglab.ensemble import Ensemble

experiment = Ensemble(members=("resnet1d",))
