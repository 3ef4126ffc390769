"""A CRNN on the log spectrogram: blocks of four convolutions, then a bidirectional LSTM.

    ecglab train spectrogram_crnn

Idea: the design of Zihlmann et al. 2017 at a size that two cores train: three blocks of 24 to 48
channels of 3 x 3 on half-overlapping windows up to 50 Hz, one LSTM of 64 units in each direction,
pooled by mean and maximum over time, all augmentations, 40 epochs, no dropout.

Expected: a challenge F1 of about 0.80 (doi:10.22489/CinC.2017.070-060 has 0.792 with a wider
network).

Result: better than expected. Scores and ablations: experiments/README.md. An earlier version with
dropout after every convolution, windows without overlap and few epochs was far below the paper.
Dropout costs most: it widens the variance that batch normalisation averages in training, so the
averages are wrong at prediction, and more so with every layer (Li et al. 2019,
doi:10.1109/CVPR.2019.00279). With a share of 0.5 the loss falls in training, but the predictions
are of no use. Windows without overlap and half the epochs each cost a few points. The augmentations
gain nothing at this size.
"""

from ecglab.training.network import Network

experiment = Network(model="spectrogram_crnn", epochs=40, batch_size=32)
