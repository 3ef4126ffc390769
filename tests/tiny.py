"""A synthetic data set and an experiment so small that a test can train it."""

from ecglab.datasets import dataset
from ecglab.training.network import Network

RECORDS = 40


def experiment(**keys) -> Network:
    """Two folds of two epochs on 40 synthetic records."""
    small = {
        "model": "resnet1d",
        "data": "synthetic",
        "epochs": 2,
        "folds": 2,
        "validation": 0.2,
        "batch_size": 8,
        "network": {"widths": (4, 8), "blocks": 1},
        "crop": 8.0,
    }
    return Network(**{**small, **keys})


def make_data() -> None:
    dataset.make_synthetic(RECORDS)
