"""A CRNN on the log spectrogram: the blocks of `spectrogram_cnn`, then a bidirectional LSTM.

    ecglab train spectrogram_crnn

Idea: as for `spectrogram_cnn`, with a recurrent layer over time (Zihlmann et al. 2017). To fit two
cores, its blocks have 16 to 32 channels of 3 x 3, and training takes 20 epochs. Augmentations and
dropout are those that were best for `spectrogram_cnn`. Nothing was tuned on the CRNN.

Expected: a challenge F1 of about 0.79 (doi:10.22489/CinC.2017.070-060 has 0.792 with a wider
network).

Result: better than `spectrogram_cnn`, and far below the paper for the same reasons. Scores:
experiments/README.md.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_crnn",
    epochs=20,
    batch_size=24,
    network={"widths": (16, 24, 32), "dropout": 0.0},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
