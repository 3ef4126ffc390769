"""The networks on spectrogram and waveform and the trees on features, pooled and calibrated.

    ecglab train three_views

Idea: a third view need not be as good as the other two, if it errs elsewhere. F1 of A lives on P
waves and fibrillatory waves (`rr_trees` without them), and the waveform shows both as they are.
Trains the three first where they are not trained yet.
Expected: F1 of A 0.01 above `network_and_trees`, mean F1 over N, A, O 0.005 above.
Got: pooled out-of-fold F1 N/A/O/~ .927/.854/.808/.730, mean over N, A, O 0.863 (0.852 to 0.872),
0.001 above `network_and_trees` (-0.003 to +0.005), and A is not better: of 89 fibrillations that
the two miss, the third misses 70. Not shipped: 2 h more of training, for what may be chance.
"""

from ecglab.training.ensemble import Ensemble

experiment = Ensemble(members=("spectrogram_resnet", "resnet1d", "rr_trees"))
