"""A residual network on the waveform at 150 Hz, with every augmentation.

    ecglab train resnet1d

Expected: mean F1 over N, A, O of about 0.81 to 0.83 (0.827 was reported for such a network).
Got: not run in full yet.
"""

from ecglab.network import Network

experiment = Network(model="resnet1d", epochs=40, batch_size=24)
