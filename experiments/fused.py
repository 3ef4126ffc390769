"""The waveform's and the spectrogram's residual networks, fused before the decision.

    ecglab train fused

Idea: the waveform shows the shape of single waves, the spectrogram rhythm and atrial activity.
Published ablations had the fusion above either branch.
Scaled to two cores: the waveform's branch as in `resnet1d`, and 24 epochs.
Expected: mean F1 over N, A, O about 0.005 above `spectrogram_resnet`.
Got: not run in full yet.
"""

from ecglab.network import Network

experiment = Network(
    model="fused", epochs=24, batch_size=24, network={"waveform_widths": (16, 32, 64, 64)}
)
