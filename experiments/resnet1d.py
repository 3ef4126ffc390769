"""A small residual network on the waveform at 150 Hz, with all augmentations.

    ecglab train resnet1d

Idea: the waveform shows the shapes of P waves and beats, which the frames of a spectrogram blur. To
fit two cores, its stages have 16 to 64 channels instead of the model's 32 to 128, a third of the
operations, and training takes 24 epochs.

Expected: a challenge F1 of about 0.80, because the network is small and trained briefly.

Result: not measurably different from `spectrogram_resnet`, with less than half of its parameters.
Scores and ablations: experiments/README.md. In 24 epochs (fold 0), training without any
augmentation is worse, but leaving out one of the three groups of augmentations makes no measurable
difference. In 8 epochs (fold 0), pooling by the mean alone is worse; class weights, label
smoothing, focal loss and averaged weights differ by no more than chance. Eight epochs are too few
to compare augmentations: after them, training without any is best.
"""

from ecglab.training.network import Network
from ecglab.tuning.space import choice, integer, log, real

experiment = Network(
    model="resnet1d", epochs=24, batch_size=24, network={"widths": (16, 32, 64, 64)}
)

space = {
    "network.band": choice((0.5, 30.0), (0.5, 40.0), (0.5, 60.0)),
    "network.widths": choice((16, 32, 64, 64), (24, 48, 64, 96), (32, 64, 96, 128)),
    "network.blocks": integer(1, 3),
    "network.kernel": choice(5, 7, 9, 11),
    "network.pooling": choice("mean", "attention", "mean_max", "max"),
    "network.dropout": real(0.1, 0.5),
    "learning_rate": log(5e-4, 8e-3),
    "weight_decay": log(1e-4, 1e-1),
    "class_weight": real(0, 1),
    "augment.resampling": real(1, 1.4),
    "augment.baseline": real(0, 0.6),
    "augment.noise": real(0, 0.15),
}
