"""Resampling by a rational factor, in NumPy: importing SciPy for it would cost a second."""

from fractions import Fraction

import numpy as np

_HALF_WIDTH = 10
"""Zero crossings of the filter on either side, as in SciPy's `resample_poly`."""

_BETA = 5.0
"""Shape of the Kaiser window, as in SciPy's."""

_CHUNK = 2**16
"""Output samples computed at once, which bounds the memory."""


def ratio(fs: float, new_fs: float) -> tuple[int, int]:
    """`new_fs / fs` as a fraction (up, down) with a denominator of at most 1000."""
    fraction = Fraction(new_fs / fs).limit_denominator(1000)
    return fraction.numerator, fraction.denominator


def resample(signal: np.ndarray, fs: float, new_fs: float) -> np.ndarray:
    """The signal at another rate, by a polyphase low-pass filter.

    signal: (n_samples,) without missing samples; fs, new_fs: in Hz
    Returns (ceil(n_samples * up / down),) float64, with up and down the `ratio` of the rates. The
    same as `scipy.signal.resample_poly(signal, up, down, padtype="line")`: a Kaiser window
    (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.6), and beyond its ends the
    signal goes on along the line through them.
    """
    up, down = ratio(fs, new_fs)
    x = np.asarray(signal, float)
    if up == down:
        return x.copy()
    n_out = -(-x.size * up // down)
    taps, half = _lowpass(up, down)
    # Output m lies at sample m * down / up of the input: phase (m * down) % up of the filter meets
    # the input samples around it.
    width = -(-taps.size // up) + 1
    padded_taps = np.zeros(width * up)
    padded_taps[: taps.size] = taps
    phases = padded_taps.reshape(width, up).T  # phases[p, j] = taps[p + j * up]
    slope = (x[-1] - x[0]) / max(x.size - 1, 1)
    beyond = slope * np.arange(1, width + 1)
    padded = np.concatenate([x[0] - beyond[::-1], x, x[-1] + beyond])
    out = np.empty(n_out)
    for start in range(0, n_out, _CHUNK):
        at = np.arange(start, min(start + _CHUNK, n_out)) * down + half
        newest, phase = at // up, at % up
        index = np.clip(newest[:, None] - np.arange(width), -width, x.size + width - 1) + width
        out[start : start + at.size] = np.einsum("ij,ij->i", padded[index], phases[phase])
    return out


def _lowpass(up: int, down: int) -> tuple[np.ndarray, int]:
    """The taps of the filter at the rate of `up` times the input, and the index of their centre."""
    widest = max(up, down)
    half = _HALF_WIDTH * widest
    t = np.arange(-half, half + 1)
    taps = np.sinc(t / widest) * np.kaiser(t.size, _BETA)
    return taps * (up / taps.sum()), half
