"""The waveform's and the spectrogram's residual networks, fused before the decision.

    ecglab train fused

Idea: the waveform shows the shape of single waves, the spectrogram rhythm and atrial activity;
one decision over both can weigh them by record, which a pool of two networks cannot.
Scaled to two cores: the waveform's branch as in `resnet1d`, and 24 epochs.
Expected: mean F1 over N, A, O about 0.005 above `spectrogram_resnet`.
Got, on fold 0 alone (1,500 records, `--set folds=1`, 50 min of one core): F1 N/A/O/~
.907/.812/.779/.644, mean over N, A, O 0.832 (0.808 to 0.854), where its branches alone have 0.829
(`spectrogram_resnet`) and 0.834 (`resnet1d`): no gain that one fold could show (+0.003,
-0.008 to +0.016, over the first), at 1.5 times the training of the first and twice that of the
second. Not run in full.
"""

from ecglab.training.network import Network

experiment = Network(
    model="fused", epochs=24, batch_size=24, network={"waveform_widths": (16, 32, 64, 64)}
)
