"""The whole line in a few minutes: a small residual network on the synthetic data set.

    make demo

What it scores on synthetic records says that the line works, and nothing about real ones.
"""

from ecglab.training.network import Network

experiment = Network(
    model="resnet1d",
    data="synthetic",
    epochs=16,
    folds=2,
    batch_size=16,
    network={"widths": (16, 24, 32, 48), "blocks": 1},
    augment={"crop": 20.0},
)
