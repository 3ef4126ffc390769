"""The waveform's and the spectrogram's residual networks, fused before the decision.

The waveform shows the shape of single waves, the short-hop spectrogram the rhythm and the activity
between beats. Each branch is pooled over its own time, and one dense layer reads both. Our own
combination; `experiments/fused.py` tells what it reached.
"""

from keras import layers

from ecglab.layers import MaskedPooling
from ecglab.models._branches import read, spectrogram_branch, waveform_branch
from ecglab.models._parts import classify


def network(
    signal,
    valid,
    *,
    waveform_band: tuple = (0.5, 40.0),
    waveform_widths: tuple = (24, 48, 64, 96),
    waveform_kernel: int = 7,
    window: float = 0.32,
    hop: float = 0.08,
    band: tuple = (0.0, 50.0),
    widths: tuple = (64, 96, 128),
    kernel: int = 5,
    blocks: int = 2,
    units: int = 64,
    pooling: str = "mean_max",
    dropout: float = 0.3,
):
    """Probabilities (batch, 4) from signal and valid (batch, n) at 300 Hz.

    waveform_band, waveform_widths, waveform_kernel: band-pass in Hz, channels of each stage, and
        size of the convolutions in samples, as in `resnet1d`
    window, hop, band, widths, kernel, units: as in `spectrogram_resnet`
    blocks: residual blocks in a stage of either branch
    pooling: over time, of `MaskedPooling`; dropout: share dropped before the dense layer
    """
    shapes = waveform_branch(signal, valid, waveform_band, waveform_widths, blocks, waveform_kernel)
    x, known = spectrogram_branch(signal, valid, window, hop, band, widths, blocks, kernel)
    if units:
        x = read(x, known, units, dropout / 2)
    pooled = [MaskedPooling(pooling)(shapes), MaskedPooling(pooling)([x, known])]
    return classify(layers.Concatenate()(pooled), dropout)
