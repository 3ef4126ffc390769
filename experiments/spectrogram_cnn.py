"""The older project's CNN, done rightly: blocks of four convolutions on the log spectrogram.

    ecglab train spectrogram_cnn

Scaled to two cores: blocks of 16 to 48 channels of 3 x 3, 20 epochs. Augmented as the paper was, by
dropped bursts and resampling alone, and without dropout: so it learned fastest in ten epochs on
fold 0. Its inner records chose (0.656; 0.595 with every augmentation), but its scored ones were
looked at as well, so that fold 0 is not quite unseen.
Expected: mean F1 over N, A, O of about 0.79 (Zihlmann et al. 2017, doi:10.22489/CinC.2017.070-060,
had 0.790 with a wider network).
Got: pooled out-of-fold F1 N/A/O/~ .862/.678/.536/.614, mean over N, A, O 0.692 (0.679 to 0.705); 95
min of one core for the five folds. Far below the paper: it is narrower and briefly trained, and its
frames, which do not overlap, show the time of a beat to a fifth of a second; `spectrogram_resnet`
loses 0.086 by that (8 epochs on fold 0, `hop` and `window` of 0.213 s). Dropout study, ten epochs
on fold 0: 0.627 without, 0.534 with 0.15 as in the paper, 0.447 with 0.3; with every augmentation
0.591 without dropout (-0.037, -0.064 to -0.010), and 0.609 with a quarter of the learning rate.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_cnn",
    epochs=20,
    batch_size=24,
    network={"widths": (16, 24, 32, 48), "dropout": 0.0},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
