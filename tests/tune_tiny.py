"""`ecglab tune tiny` in a process of its own, for the tests that kill it.

    python tune_tiny.py KIND [ARGUMENT...]

KIND: "trees", quick; "slow", trees of which each takes a second or two; "network", tiny, with
epochs; "broken", trees of whose two trials the second fails
"""

import signal
import sys

from ecglab.cli import main as cli
from ecglab.training import experiment
from ecglab.training.trees import Trees
from ecglab.tuning.space import choice, integer, log, real

TREES = Trees(data="synthetic", iterations=3, leaves=4, min_leaf=2, bags=1, learning_rate=0.3)
TREE_SPACE = {"learning_rate": log(0.05, 0.5), "leaves": integer(2, 8), "l2": real(0, 9)}
NETWORK_SPACE = {"learning_rate": log(1e-4, 1e-2), "network.widths": choice((4, 8), (8, 8))}


def of_kind(kind: str) -> tuple:
    """(experiment, space) of a kind."""
    if kind == "network":
        import tiny

        return tiny.experiment(epochs=6), NETWORK_SPACE
    if kind == "broken":
        # A power that leaves no record any weight, which only shows when the trees are fitted.
        return TREES, {"class_weight": choice(0.5, 1e6)}
    return TREES.set(["bags=20"] if kind == "slow" else []), TREE_SPACE


def use(kind: str) -> None:
    """Let `ecglab tune tiny` be of this kind."""
    known, space = of_kind(kind)
    experiment.load = lambda name: known
    experiment.space = lambda name: dict(space)


if __name__ == "__main__":
    # A shell that was told to run us in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    use(sys.argv[1])
    sys.exit(cli.main(["tune", "tiny", *sys.argv[2:]]))
