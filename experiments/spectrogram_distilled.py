"""`spectrogram_resnet` with 40 % of each target taken from trees that did not see the record.

    ecglab train spectrogram_distilled

Idea: the labels are noisy, and trees on features err on other records than a network. Their
predictions for records that they did not see distinguish doubtful labels from certain ones. This is
label refinement by a teacher (Li et al. 2017, arXiv:1703.02391), within the training records of
each fold.

Expected: a challenge F1 of 0.005 to 0.01 above that of `spectrogram_resnet`.

Result: on two folds, +0.007 (-0.002 to +0.017) compared with `spectrogram_resnet`, but -0.006
(-0.013 to +0.001) when each is averaged with the trees: the network learns what the trees know
already. Either may be due to chance. Not trained on the other folds, so no result is kept.
"""

from ecglab.training.network import Network

experiment = Network(
    model="spectrogram_resnet",
    epochs=32,
    batch_size=32,
    label_smoothing=0.0,
    teacher="rr_committee",
    teacher_weight=0.4,
)
