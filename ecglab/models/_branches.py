"""From the waveform to features over time: the two views that networks take of a record."""

from collections.abc import Sequence

from keras import layers

from ecglab.layers import BandPass, ScaleRecord, StrideMask
from ecglab.models._parts import conv_norm, residual, spectrogram
from ecglab.utils.types import Tensor

WAVEFORM_HZ = 150
"""Rate at which the waveform is read, as near as a whole stride brings it."""

STEM_KERNEL = 15
"""Samples at 150 Hz: 100 ms, about one QRS complex."""


def waveform_branch(
    signal: Tensor,
    mask: Tensor,
    fs: float,
    band: tuple[float, float],
    widths: Sequence[int],
    blocks: int,
    kernel: int,
) -> tuple[Tensor, Tensor]:
    """Residual stages on the waveform at about 37.5 Hz: (batch, time, widths[-1]) and its mask.

    fs: rate of the signal in Hz; band: edges of the band-pass in Hz
    widths: channels of each stage; every stage but the first halves the rate
    blocks: residual blocks of two convolutions in a stage; kernel: their size in samples
    """
    # The signal of the heart lies below 40 Hz, so 150 Hz is enough; the stem brings it to a quarter
    # of that, which determines most of the cost.
    stride = max(1, round(fs / WAVEFORM_HZ))
    x, mask = BandPass(fs, band, stride=stride)([signal, mask])
    x = ScaleRecord()([x, mask])
    x = layers.Reshape((-1, 1))(x)
    mask = StrideMask(4)(mask)
    x = layers.ReLU()(conv_norm(x, mask, widths[0], STEM_KERNEL, stride=4))
    return _stages(x, mask, widths, blocks, kernel)


def spectrogram_branch(
    signal: Tensor,
    mask: Tensor,
    fs: float,
    window: float,
    hop: float,
    band: tuple[float, float],
    widths: Sequence[int],
    blocks: int,
    kernel: int,
) -> tuple[Tensor, Tensor]:
    """Residual stages on the frames of a log spectrogram: (batch, time, widths[-1]) and its mask.

    fs: rate of the signal in Hz
    window, hop: of the spectrogram, in s; band: its lowest and highest bin in Hz
    widths, blocks, kernel: as in `waveform_branch`, in frames
    """
    x, mask = spectrogram(signal, mask, fs, window, hop, band, band[1])
    x = layers.ReLU()(conv_norm(x, mask, widths[0], kernel))
    return _stages(x, mask, widths, blocks, kernel)


def read(x: Tensor, mask: Tensor, units: int, dropout: float) -> Tensor:
    """x (batch, time, channels) read by a GRU in both directions: (batch, time, 2 units)."""
    x = layers.Dropout(dropout)(x)
    # Not layers.GRU: on a GPU that is cuDNN's, which refuses a mask with a gap in it.
    gru = layers.RNN(layers.GRUCell(units), return_sequences=True)
    return layers.Bidirectional(gru)(x, mask=mask)


def _stages(
    x: Tensor, mask: Tensor, widths: Sequence[int], blocks: int, kernel: int
) -> tuple[Tensor, Tensor]:
    for stage, width in enumerate(widths):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            x, mask = residual(x, mask, width, kernel, stride)
    return x, mask
