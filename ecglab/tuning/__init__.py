"""Searches for better settings of an experiment.

`space` declares what may change, `search` is the folder of a search, `oracle` draws the values with
KerasTuner, `driver` runs the trials, and `best` writes the winner as an experiment file.
"""
