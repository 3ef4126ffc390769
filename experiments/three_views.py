"""The spectrogram network, the waveform network and the trees, averaged and calibrated.

    ecglab train three_views

Idea: a third member need not be as good as the others if it errs on other records. The F1 of A
depends on P and f waves (ablations of `rr_trees`), and the waveform shows both directly. The three
are trained first, unless they have been trained.

Expected: F1 of A 0.01 above `network_and_trees`, challenge F1 0.005 above.

Result: no measurable difference from `network_and_trees`, and no better F1 of A: the third member
misses most of the AF records that the other two miss. It takes two more hours of training, so it is
not the packaged model. Scores: experiments/README.md.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "resnet1d", "rr_trees"))
