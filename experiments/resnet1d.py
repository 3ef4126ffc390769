"""A residual network on the waveform at 150 Hz, with every augmentation.

    ecglab train resnet1d

24 epochs, to save time: five folds on two cores.
Expected: mean F1 over N, A, O of about 0.81 (0.827 was reported for such a network after 60).
Got: not run in full yet.
"""

from ecglab.network import Network
from ecglab.search.space import choice, integer, log, real

experiment = Network(model="resnet1d", epochs=24, batch_size=24)

space = {
    "network.band": choice((0.5, 30.0), (0.5, 40.0), (0.5, 60.0)),
    "network.widths": choice((24, 48, 64, 96), (32, 64, 96, 128), (48, 80, 112, 144)),
    "network.blocks": integer(1, 3),
    "network.kernel": choice(5, 7, 9, 11),
    "network.pooling": choice("mean", "attention", "mean_max", "max"),
    "network.dropout": real(0.1, 0.5),
    "learning_rate": log(5e-4, 8e-3),
    "weight_decay": log(1e-4, 1e-1),
    "class_weight": real(0, 1),
    "augment.resampling": real(1, 1.4),
    "augment.baseline": real(0, 0.6),
    "augment.noise": real(0, 0.15),
}
