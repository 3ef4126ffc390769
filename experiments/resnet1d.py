"""A small residual network on the waveform at 150 Hz, with every augmentation.

    ecglab train resnet1d

Idea: the waveform shows what the spectrogram's frames blur, the shape of P waves and of beats.
Scaled to two cores and to a share in a pool: stages of 16 to 64 channels for the model's 32 to 128,
a third of its operations, and 24 epochs.
Expected: mean F1 over N, A, O of about 0.80, being small and briefly trained.
Got: pooled out-of-fold F1 N/A/O/~ .912/.828/.776/.659, mean over N, A, O 0.839 (0.829 to 0.849),
no difference that these records show from `spectrogram_resnet` (-0.012 to +0.004), with less than
half its parameters; 2.1 h of one core for the five folds, and 2.6 ms a record.
What its parts are worth, on fold 0. In all 24 epochs: 0.834 with every augmentation and 0.800 with
none (-0.056 to -0.011); without resampling in time 0.834, without polarity and amplitude 0.833,
without bursts, baseline and noise 0.831: none of these is missed while the others are there. In 8
epochs, where it has 0.763 and with another seed 0.770: pooled by the mean alone 0.724 (-0.059 to
-0.019), by the maximum 0.771, by attention 0.763; without class weights 0.782, without label
smoothing 0.754, with a focal loss 0.746, with averaged weights 0.760, of which each may be chance.
So few epochs do not tell what augmentation is worth: in 8, none is better by 0.026 (+0.007 to
+0.044).
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
