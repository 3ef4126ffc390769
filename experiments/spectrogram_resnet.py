"""A residual network over the frames of a short-hop spectrogram, read by a GRU.

    ecglab train spectrogram_resnet

Expected: mean F1 over N, A, O of about 0.82: rhythm is a matter of time between beats, and the
80 ms hop sees it where the older project's 213 ms did not.
Got: pooled out-of-fold F1 N/A/O/~ .912/.838/.779/.697, mean over N, A, O 0.843 (0.833 to 0.853);
3.4 h for the five folds on two cores that did other work as well. Its calibration error is 0.04.
What the hop is worth, in 8 epochs on fold 0: 0.824 with 80 ms; 0.813 with 40 ms (-0.029 to +0.006)
at twice the cost, 0.802 with 160 ms (-0.041 to -0.002), and 0.738 with the older project's 213 ms
and windows that do not overlap (-0.113 to -0.058). Without the GRU 0.804 (-0.036 to -0.004).
"""

from ecglab.training.network import Network
from ecglab.tuning.space import choice, integer, log, real

experiment = Network(model="spectrogram_resnet", epochs=32, batch_size=32)

space = {
    "network.window": choice(0.16, 0.24, 0.32, 0.48),
    "network.hop": choice(0.06, 0.08, 0.12, 0.16),
    "network.band": choice((0.0, 40.0), (0.0, 50.0), (0.0, 75.0)),
    "network.widths": choice((32, 48, 64), (48, 72, 96), (64, 96, 128), (80, 120, 160)),
    "network.blocks": integer(1, 3),
    "network.kernel": choice(3, 5, 7),
    "network.units": choice(0, 32, 64, 96),
    "network.pooling": choice("mean", "attention", "mean_max", "max"),
    "network.dropout": real(0.1, 0.5),
    "learning_rate": log(5e-4, 8e-3),
    "weight_decay": log(1e-4, 1e-1),
    "class_weight": real(0, 1),
    "augment.resampling": real(1, 1.4),
    "augment.baseline": real(0, 0.6),
    "augment.noise": real(0, 0.15),
}
