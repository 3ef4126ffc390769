"""A small residual network on the synthetic data set: the whole process in a few minutes.

    make demo

The scores show that every step works. They do not apply to real recordings, because the records are
simulated.
"""

from ecglab.training.network import Network

experiment = Network(
    model="resnet1d",
    data="synthetic",
    epochs=16,
    folds=2,
    batch_size=16,
    network={"widths": (16, 24, 32, 48), "blocks": 1},
    crop=20.0,
)
