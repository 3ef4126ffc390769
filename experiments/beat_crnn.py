"""A small network on the sequence of beats, read by a GRU.

    ecglab train beat_crnn

Idea: the shape of each beat and the intervals between them are what a cardiologist looks at. The
beats are found once and serve the trees' features as well, so both together cost little.

Expected: a challenge F1 of about 0.83.

Result: as expected. Varying the lead at random, as for `spectrogram_resnet`, changed nothing on
other devices. Scores: experiments/README.md.
"""

from ecglab.training.network import Network

experiment = Network(
    model="beat_crnn",
    epochs=24,
    batch_size=64,
    weight_decay=1e-2,
    label_smoothing=0.06,
)
