"""Residual networks on the waveform and on the spectrogram with one joint decision.

    ecglab train fused

Idea: the waveform shows the shape of single waves, the spectrogram shows rhythm and atrial
activity. A joint decision can weight them differently for each record; an average of two networks
cannot. To fit two cores, the waveform branch is as small as in `resnet1d`, and training takes 24
epochs.

Expected: a challenge F1 about 0.005 above that of `spectrogram_resnet`.

Result: on fold 0 (`--set folds=1`), no measurable gain over either branch alone, and the training
takes longer than that of each branch. Not trained on the other folds. Scores:
experiments/README.md.
"""

from ecglab.training.network import Network

experiment = Network(
    model="fused", epochs=24, batch_size=24, network={"waveform_widths": (16, 32, 64, 64)}
)
