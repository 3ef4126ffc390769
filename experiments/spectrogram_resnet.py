"""A residual network on the frames of a short-hop spectrogram, followed by a GRU.

    ecglab train spectrogram_resnet

Idea: rhythm is a matter of the time between beats. Frames every 80 ms resolve it, while those of
`spectrogram_cnn`, every 213 ms, do not.

Expected: a challenge F1 of about 0.82.

Result: better than expected. Scores and ablations: experiments/README.md. In 8 epochs (fold 0), a
hop of 40 ms gains nothing at twice the cost. A hop of 160 ms lowers the score, and windows of 213
ms without overlap lower it much. Without the GRU, the score is lower as well. Those were trained
without smooth filters (`augment.lead`) and missing parts (`augment.gaps`). With these, the score in
all folds stays as it was, and the network is ready for other leads and for gaps. On fold 0, the
learning curve from a quarter of the training records to all of them is flat within its intervals.
"""

from ecglab.training.network import Network
from ecglab.tuning.space import choice, integer, log, real

experiment = Network(
    model="spectrogram_resnet", epochs=32, batch_size=32, augment={"lead": 0.4, "gaps": 3}
)

space = {
    "network.window": choice(0.16, 0.24, 0.32, 0.48),
    "network.hop": choice(0.06, 0.08, 0.12, 0.16),
    "network.band": choice((0.0, 40.0), (0.0, 50.0), (0.0, 75.0)),
    "network.widths": choice((32, 48, 64), (48, 72, 96), (64, 96, 128), (80, 120, 160)),
    "network.blocks": integer(1, 3),
    "network.kernel": choice(3, 5, 7),
    "network.units": choice(0, 32, 64, 96),
    "network.pooling": choice("mean", "attention", "mean_max", "max"),
    "network.dropout": real(0.1, 0.5),
    "learning_rate": log(5e-4, 8e-3),
    "weight_decay": log(1e-4, 1e-1),
    "class_weight": real(0, 1),
    "augment.resampling": real(1, 1.4),
    "augment.baseline": real(0, 0.6),
    "augment.noise": real(0, 0.15),
}
