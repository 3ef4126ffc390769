"""The older project's CRNN, done rightly: the CNN's blocks, then a bidirectional LSTM over time.

    ecglab train spectrogram_crnn

Scaled to two cores: blocks of 16 to 32 channels of 3 x 3, 20 epochs. Augmented as the paper was and
without dropout, as was best for `spectrogram_cnn`; nothing was tried on the CRNN.
Expected: mean F1 over N, A, O of about 0.79 (Zihlmann et al. 2017, doi:10.22489/CinC.2017.070-060,
had 0.792 with a wider network).
Got: pooled out-of-fold F1 N/A/O/~ .874/.668/.606/.610, mean over N, A, O 0.716 (0.702 to 0.729),
0.024 above `spectrogram_cnn` (+0.011 to +0.038); 104 min of one core for the five folds. Far
below the paper, for the reasons that `spectrogram_cnn` tells.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_crnn",
    epochs=20,
    batch_size=24,
    network={"widths": (16, 24, 32), "dropout": 0.0},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
