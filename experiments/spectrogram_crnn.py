"""The older project's CRNN, done rightly: the CNN's blocks, then a bidirectional LSTM over time.

    ecglab train spectrogram_crnn

Scaled to two cores: blocks of 16 to 32 channels of 3 x 3, 20 epochs. Augmented as the paper was and
without dropout, as was best for `spectrogram_cnn`; nothing was tried on the CRNN.
Expected: mean F1 over N, A, O of about 0.79 (Zihlmann et al. 2017, doi:10.22489/CinC.2017.070-060,
had 0.792 with a wider network).
Got: not run in full yet.
"""

from ecglab.network import Network

experiment = Network(
    model="spectrogram_crnn",
    epochs=20,
    batch_size=24,
    network={"widths": (16, 24, 32), "dropout": 0.0},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
