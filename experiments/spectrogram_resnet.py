"""A residual network over the frames of a short-hop spectrogram, read by a GRU.

    ecglab train spectrogram_resnet

Expected: mean F1 over N, A, O of about 0.82: rhythm is a matter of time between beats, and the
80 ms hop sees it where the older project's 213 ms did not.
Got: not run in full yet.
"""

from ecglab.network import Network

experiment = Network(model="spectrogram_resnet", epochs=32, batch_size=32)
