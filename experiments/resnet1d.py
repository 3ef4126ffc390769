"""A residual network on the waveform at 150 Hz, with every augmentation.

    ecglab train resnet1d

Expected: mean F1 over N, A, O of about 0.81 to 0.83 (0.827 was reported for such a network).
Got: not run in full yet. With epochs=12 and folds=1 (fold 0, 1,500 records, one seed): F1 N/A/O/~
.900/.782/.735/.574, mean over N, A, O 0.806 (0.779 to 0.830), 35 min on two busy cores.
"""

from ecglab.network import Network

experiment = Network(model="resnet1d", epochs=40, batch_size=24)
