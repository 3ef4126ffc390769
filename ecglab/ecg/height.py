"""The height of the beats in mV, which shows whether the unit or gain of a recording can be right.

Models scale every record, so that a wrong unit changes no prediction, and nothing else shows it.
"""

import numpy as np

PLAUSIBLE = (0.02, 20.0)
"""Least and greatest height in mV of beats at the skin, with a gain that may be wrong by 5.

The readable ones of the 7,500 training records of cinc2017 have 0.15 to 5.6 mV.
"""

_SECONDS = 2.0
"""In which there is a beat at 30 per minute."""


def height(signal: np.ndarray, fs: float) -> float:
    """The median height in mV of pieces of 2 s, from the lowest to the highest sample.

    signal: (n_samples,) in mV, NaN where missing, of 2 s at least; fs: in Hz

    >>> round(height(np.sin(np.arange(3000) / 20), fs=300), 2)
    2.0
    """
    size = round(_SECONDS * fs)
    pieces = signal[: signal.size // size * size].reshape(-1, size)
    heights = np.fmax.reduce(pieces, axis=1) - np.fmin.reduce(pieces, axis=1)
    return float(np.median(heights[~np.isnan(heights)]))


def doubt(found: float) -> str:
    """Why a height in mV is not that of an ECG, in words; empty where it can be.

    >>> doubt(1200.0)
    'beats of 1,200 mV, where an ECG has 0.02 to 20 mV'
    """
    least, greatest = PLAUSIBLE
    if least <= found <= greatest:
        return ""
    shown = f"{found:,.0f}" if found >= greatest else f"{found:.2g}"
    return f"beats of {shown} mV, where an ECG has {least:g} to {greatest:g} mV"
