"""Searches for settings: the space, the trials, KerasTuner's part in it and who keeps it running.

`launch` a whole search in one call, `space` what may change, `searches` the folder that a search
is, `trials` one trial, `tuning` every word said to KerasTuner, `supervisor` its processes,
`tracking` what MLflow is told of it, `tuned` the winner as a new experiment.
"""
