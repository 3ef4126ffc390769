"""Trains the tiny experiment in a process of its own, for the tests that kill it."""

import tiny

from ecglab import crossval

crossval.run("tiny", tiny.experiment(epochs=3))
