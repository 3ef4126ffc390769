"""State-space layers in place of the GRU on the frames of a short-hop spectrogram.

    ecglab train spectrogram_s4d

Idea: a diagonal state-space model (S4D) remembers over many beats without the recurrence of a GRU,
and on 12-lead ECGs it is better than convolutions (Mehari and Strodthoff 2023, arXiv:2308.15291).

Expected: no more than `spectrogram_resnet`, because the networks and the trees that there are agree
on most of their errors, whatever they read.

Result: as expected, on fold 0. Scores: experiments/README.md. It differs from `spectrogram_resnet`
by -0.011 (-0.029 to +0.008), and by as much where each is averaged with the trees (-0.024 to
+0.003). So the other folds were not trained.
"""

from ecglab.training.network import Network
from ecglab.tuning.space import choice, integer, log, real

experiment = Network(
    model="spectrogram_s4d", epochs=24, batch_size=32, augment={"lead": 0.4, "gaps": 3}
)

space = {
    "network.widths": choice((48, 48), (64, 64), (64, 96)),
    "network.blocks": integer(2, 6),
    "network.states": choice(8, 16, 32),
    "network.pooling": choice("mean", "attention", "mean_max", "max"),
    "network.dropout": real(0.1, 0.5),
    "learning_rate": log(5e-4, 8e-3),
    "weight_decay": log(1e-4, 1e-1),
}
