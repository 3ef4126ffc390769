"""A CRNN close to Zihlmann et al. 2017: half-overlapping windows, and the paper's augmentations.

    ecglab train zihlmann_crnn

Idea: the spectrogram of the paper (64 samples at 300 Hz, every 32) and its two augmentations,
dropped bursts and resampling in time. To fit two cores, it is smaller than the authors' code: three
blocks of four convolutions (instead of four of six) with 16 to 32 channels of 3 x 3 (instead of up
to 160 of 5 x 5), and one LSTM of 64 units in each direction (instead of three of 200). Dropout is
0.05 instead of 0.15, and training takes 20 epochs on crops of 30 s.

Expected: a challenge F1 of about 0.79 (doi:10.22489/CinC.2017.070-060 has 0.792).

Result: on fold 0 (`--set folds=1`), between `spectrogram_crnn` and the paper. Not trained on the
other folds. Scores: experiments/README.md.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_crnn",
    epochs=20,
    batch_size=24,
    network={"hop": 32 / 300, "widths": (16, 24, 32)},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
