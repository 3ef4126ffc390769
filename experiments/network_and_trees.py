"""The spectrogram's residual network and the trees on features, pooled and calibrated.

    ecglab train network_and_trees

Idea: the network reads the spectrogram and the trees what a cardiologist would measure; where one
errs the other often does not. Trains both first where they are not trained yet.
Expected: mean F1 over N, A, O 0.02 above the better of the two.
Got: pooled out-of-fold F1 N/A/O/~ .923/.856/.806/.738, mean over N, A, O 0.862 (0.852 to 0.871),
0.019 above the better of the two, and calibrated to 0.007. The label versions disagree on 4.9 % of
the records: it errs on 39 % of these and on 11 % of the others, where it has F1 of A 0.876 and mean
F1 0.877 (`ecglab score network_and_trees --agreed`).
Left: most of its 910 errors are O and N taken for each other (602), then O and A (146). In 473 of
the 910, and in 82 of these 146, the network, the trees and `resnet1d`, three different views that
never saw the record, say the same against the label. Among the worst are "other rhythms" without P
waves and with no two intervals alike, fibrillations that are regular, and normal ones with
bigeminy: about half of what is left seems to be the labels'.
"""

from ecglab.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "rr_trees"))
