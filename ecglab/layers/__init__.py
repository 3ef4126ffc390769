"""From the raw waveform to what a network sees, as Keras layers on any backend.

Every layer takes and returns pairs of `signal` and `mask`: `mask` (batch, n) is 1 where a sample
is known and 0 where it is missing or padding. The output for a record depends on its known samples
alone: never on how far it was padded, nor on its neighbours in the batch.
"""

from ecglab.utils import quiet

quiet.load_keras()  # before the layers import it

from ecglab.layers.bandpass import BandPass  # noqa: E402
from ecglab.layers.masking import (  # noqa: E402
    ApplyMask,
    HalveMask,
    MaskedPooling,
    ScaleRecord,
    StrideMask,
)
from ecglab.layers.spectrogram import LogSpectrogram  # noqa: E402
from ecglab.layers.state_space import StateSpace  # noqa: E402

__all__ = [
    "ApplyMask",
    "BandPass",
    "HalveMask",
    "LogSpectrogram",
    "MaskedPooling",
    "ScaleRecord",
    "StateSpace",
    "StrideMask",
]
