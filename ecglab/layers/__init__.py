"""From the raw waveform to what a network sees, as Keras layers on any backend.

Every layer takes and gives pairs of `signal` and `valid`: `valid` (batch, n) is 1 where a sample
is known and 0 where it is missing or padding. What a layer gives for a record depends on its
known samples alone: never on how far it was padded, nor on its neighbours in the batch.
"""

from ecglab.layers.bandpass import BandPass
from ecglab.layers.masking import (
    HalveValid,
    Mask,
    MaskedPooling,
    ScaleRecord,
    StrideValid,
)
from ecglab.layers.spectrogram import LogSpectrogram

__all__ = [
    "BandPass",
    "HalveValid",
    "LogSpectrogram",
    "Mask",
    "MaskedPooling",
    "ScaleRecord",
    "StrideValid",
]
