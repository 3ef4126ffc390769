"""`spectrogram_resnet` pretrained without labels, by telling the records apart.

    ecglab train spectrogram_pretrained

Idea: two windows of one record have the same rhythm and the same beats. A network that recognises
them among the windows of other records has learned to see both, before the first label.

Expected: more than `spectrogram_resnet`, as on fold 0, where it was tried first and two trainings
had 0.836 and 0.839 instead of 0.827.

Result: no gain. Scores: experiments/README.md. On folds 1 and 2 it is below `spectrogram_resnet`,
and on folds 0 to 2 together the difference is -0.001 (-0.009 to +0.007). Averaged with the trees it
changes nothing either (0.000, -0.004 to +0.004), so the other two folds were not trained.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_resnet",
    pretrain=24,
    epochs=32,
    batch_size=32,
    augment={"lead": 0.4, "gaps": 3},
)
