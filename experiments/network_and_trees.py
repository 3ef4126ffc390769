"""The spectrogram network and the trees on features, averaged and calibrated.

    ecglab train network_and_trees

Idea: the network reads the spectrogram, and the trees read what a cardiologist would measure. They
err on different records. Both are trained first, unless they are trained already.

Expected: a challenge F1 of 0.02 above the better of the two.

Result: as expected, and well calibrated. Scores and confusion matrix: experiments/README.md. The
features of `rr_trees` were chosen on folds 1 to 4, so only fold 0 is free of selection bias.

Most errors confuse N with O, and the next most A with O. In about half of the errors, the network,
the trees and `resnet1d` agree on another class than the label. The error rate is more than three
times as high on the 5 % of the records whose label is not the same in all three published versions
(`ecglab score network_and_trees --agreed` leaves them out). Not all of that is due to wrong labels:
these records are harder, since more than half of them are noise, and since records were chosen for
relabelling with the help of the entrants' algorithms (doi:10.22489/CinC.2017.065-469).

Tried without a gain that is worth its cost: averaging the network over the record and copies of it
stretched in time by 0.94 and 1.06, and decision offsets for the classes, fitted on other folds.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"))
