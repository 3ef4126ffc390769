"""`ecglab train tiny --no-track` in a process of its own, for the tests that kill it.

Prints the heavy libraries that the process has loaded in the end.
"""

import signal
import sys

import tiny

from ecglab.cli import main as cli
from ecglab.training import experiment

# A shell that was told to run us in the background has Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
experiment.load = lambda name: tiny.experiment(epochs=3)
status = cli.main(["train", "tiny", "--no-track"])
print(sorted({"tensorflow", "keras", "jax", "sklearn", "mlflow"} & set(sys.modules)))
sys.exit(status)
