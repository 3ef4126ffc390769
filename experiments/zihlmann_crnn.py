"""The CRNN after Zihlmann et al. 2017: half-overlapping windows, bursts and resampling alone.

    ecglab train zihlmann_crnn

Idea: the paper's spectrogram (64 samples, every 32) and its two augmentations (dropped bursts,
resampling in time), in place of the older project's windows without overlap. Scaled to two cores:
three blocks of four convolutions, 16 to 32 channels of 3 x 3, and one LSTM of 64 units in each
direction, where the authors' code has four blocks of six, up to 160 channels of 5 x 5, and three of
200; dropout of 0.05 for their 0.15; crops of 30 s; 20 epochs.
Expected: mean F1 over N, A, O of about 0.79 (doi:10.22489/CinC.2017.070-060 had 0.792).
Got, on fold 0 alone (1,500 records, `--set folds=1`, 43 min of one core): F1 N/A/O/~
.883/.742/.643/.586, mean over N, A, O 0.756 (0.727 to 0.785). Not run in full.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_crnn",
    epochs=20,
    batch_size=24,
    network={"hop": 32 / 300, "widths": (16, 24, 32)},
    augment={"polarity": 0.0, "amplitude": 1.0, "baseline": 0.0, "noise": 0.0},
)
