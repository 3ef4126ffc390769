"""The residual networks on waveform and spectrogram, fused before the decision.

The waveform shows the shape of single waves, the spectrogram with a short hop the rhythm and the
activity between beats. Each branch is pooled over its own time, and one dense layer reads both.
Our own combination. For its results, see `experiments/fused.py`.
"""

from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `fused`.

    waveform_band: edges of the waveform's band-pass in Hz
    waveform_widths: channels of each stage on the waveform
    waveform_kernel: size of the convolutions on the waveform in samples
    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of each stage on the spectrogram
    kernel: size of the convolutions on the spectrogram in frames
    units: units of the GRU on the spectrogram, in each direction; 0 for no GRU
    blocks: residual blocks in a stage of either branch
    pooling: over time, by mean, max, mean_max or attention
    dropout: share dropped before the dense layer, and half of it before the GRU
    """

    waveform_band: tuple[float, float] = (0.5, 40.0)
    waveform_widths: tuple[int, ...] = (24, 48, 64, 96)
    waveform_kernel: int = 7
    window: float = 0.32
    hop: float = 0.08
    band: tuple[float, float] = (0.0, 50.0)
    widths: tuple[int, ...] = (64, 96, 128)
    kernel: int = 5
    blocks: int = 2
    units: int = 64
    pooling: str = "mean_max"
    dropout: float = 0.3


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from keras import layers

    from ecglab.layers import MaskedPooling
    from ecglab.models._branches import read, spectrogram_branch, waveform_branch
    from ecglab.models._parts import classify

    shapes = waveform_branch(
        signal, mask, fs, h.waveform_band, h.waveform_widths, h.blocks, h.waveform_kernel
    )
    x, known = spectrogram_branch(
        signal, mask, fs, h.window, h.hop, h.band, h.widths, h.blocks, h.kernel
    )
    if h.units:
        x = read(x, known, h.units, h.dropout / 2)
    pooled = [MaskedPooling(h.pooling)(shapes), MaskedPooling(h.pooling)([x, known])]
    return classify(layers.Concatenate()(pooled), n_classes, h.dropout)
