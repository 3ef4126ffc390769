"""A dynamical model of the single-lead ECG: from a series of beats to a signal in mV.

The model is that of McSharry PE, Clifford GD, Tarassenko L, Smith LA. "A dynamical model for
generating synthetic electrocardiogram signals", IEEE Trans Biomed Eng 2003;50(3):289-294,
doi:10.1109/TBME.2003.808805. A point goes round the unit circle once a beat, at the angular
speed omega = 2 pi / RR, and is pushed up or down as it passes the angle of each wave i:

    dz/dt = -sum_i a_i dtheta_i exp(-dtheta_i^2 / (2 b_i^2)) - (z - z0)

The point is on the circle from the start, so that its angle is known from the RR series and z
alone is left to integrate. In time from the peak of a wave, dt = dtheta_i / omega, the push is
the derivative of a bump A_i exp(-dt^2 / (2 s_i^2)) of height A_i = a_i b_i^2 / omega and width
s_i = b_i / omega. A wave is given here by its height and width rather than by a_i and b_i: with
these fixed, the R waves of an irregular rhythm would be broader and higher after a long pause.

`rhythms` has the rhythms that are simulated with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

P, Q, R, S, T = range(5)
"""Columns of the waves of a beat."""


@dataclass(frozen=True)
class Beat:
    """The waves P, Q, R, S, T of a beat at 60 beats a minute.

    at: (5,) s, the peak of each wave from the peak of R
    width: (5,) s, the standard deviation of each wave
    height: (5,) relative to a normal R wave
    """

    at: np.ndarray
    width: np.ndarray
    height: np.ndarray

    def scaled(
        self, at: ArrayLike = 1.0, width: ArrayLike = 1.0, height: ArrayLike = 1.0
    ) -> "Beat":
        """The beat with its times, widths and heights multiplied, each by (5,) or a number."""
        return Beat(
            self.at * np.asarray(at),
            self.width * np.asarray(width),
            self.height * np.asarray(height),
        )

    def changed(self, wave: int, **values: float) -> "Beat":
        """The beat with `at`, `width` or `height` of one wave replaced."""
        new = {name: getattr(self, name).copy() for name in ("at", "width", "height")}
        for name, value in values.items():
            new[name][wave] = value
        return Beat(**new)


OMEGA = 2 * np.pi
"""Angular speed at 60 beats a minute, rad/s."""

_ANGLE = np.array([-np.pi / 3, -np.pi / 12, 0, np.pi / 12, np.pi / 2])
_A = np.array([1.2, -5.0, 30.0, -7.5, 0.75])
_B = np.array([0.25, 0.1, 0.1, 0.1, 0.4])
_HEIGHT = _A * _B**2 / OMEGA

TABLE_1 = Beat(at=_ANGLE / OMEGA, width=_B / OMEGA, height=_HEIGHT / _HEIGHT[R])
"""The beat of table I of the paper."""

# With the rate, the T wave keeps to Bazett's square root of RR and the PR interval follows it
# weakly; the QRS does not change.
_AT_POWER = np.array([0.25, 0, 0, 0, 0.5])
_WIDTH_POWER = np.array([0, 0, 0, 0, 0.5])


def ecg(
    r: np.ndarray,
    beats: Sequence[Beat],
    n_samples: int,
    fs: float,
    baseline: np.ndarray | float = 0,
) -> np.ndarray:
    """The signal z of the model, (n_samples,), in units of the R wave.

    r: (n_beats,) s, increasing: the times of the R peaks, also before 0 and after the end
    beats: (n_beats,) the waves of each beat
    baseline: z0, (n_samples,) or a number
    """
    from scipy.signal import lfilter

    rr = np.diff(r, prepend=2 * r[0] - r[1])
    # QT follows the rate with a lag: the mean RR that each beat sees fades over ten beats.
    pace = lfilter([0.1], [1, -0.9], rr, zi=[0.9 * rr.mean()])[0][:, None]
    at = np.array([beat.at for beat in beats]) * pace**_AT_POWER + r[:, None]
    width = np.array([beat.width for beat in beats]) * pace**_WIDTH_POWER
    height = np.array([beat.height for beat in beats])
    bumps = sum(_bumps(at[:, i], width[:, i], height[:, i], n_samples, fs) for i in (P, Q, R, S, T))
    # The push is the derivative of the bumps, so z = bumps + w with dw/dt = -w + (z0 - bumps):
    # linear with known forcing, integrated exactly for a forcing that is linear between samples.
    step = 1 / fs
    decay = np.exp(-step)
    old = (1 - decay) / step - decay
    new = 1 - decay - old
    return bumps + lfilter([new, old], [1, -decay], baseline - bumps)


def _bumps(
    at: np.ndarray, width: np.ndarray, height: np.ndarray, n_samples: int, fs: float
) -> np.ndarray:
    """The sum (n_samples,) of Gaussians at the times `at` (n_beats,), each out to 5 widths."""
    reach = int(np.ceil(5 * width.max() * fs))
    index = np.rint(at * fs).astype(int)[:, None] + np.arange(-reach, reach + 1)
    values = height[:, None] * np.exp(-0.5 * ((index / fs - at[:, None]) / width[:, None]) ** 2)
    inside = (index >= 0) & (index < n_samples)
    return np.bincount(index[inside], values[inside], minlength=n_samples)


def random_process(
    power: Callable[[np.ndarray], np.ndarray], n_samples: int, fs: float, rng: np.random.Generator
) -> np.ndarray:
    """Noise (n_samples,) with zero mean, unit variance and a given power spectrum.

    As in the paper: amplitudes from the spectrum, phases at random, inverse FFT.
    power: the power at frequencies (n_frequencies,) in Hz, up to a factor
    """
    from scipy.fft import irfft, next_fast_len

    # At least 64 s, so that a narrow spectrum has lines and a slow one does not come round.
    n = next_fast_len(max(n_samples, int(64 * fs)), real=True)
    frequency = np.arange(1, n // 2 + 1) * (fs / n)
    amplitude = np.sqrt(power(frequency))
    amplitude *= np.sqrt(0.5) * n / np.sqrt((amplitude**2).sum())
    spectrum = np.zeros(n // 2 + 1, complex)
    spectrum[1:] = amplitude * np.exp(2j * np.pi * rng.random(n // 2))
    return irfft(spectrum, n)[:n_samples]


def band(low: float, high: float, slope: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """A power spectrum for `random_process`: f^-slope between two frequencies in Hz, else 0."""
    return lambda f: np.where((f >= low) & (f <= high), f**-slope, 0.0)


def sinus_rr(
    rate: float, variability: float, breath: float, seconds: float, rng: np.random.Generator
) -> np.ndarray:
    """RR intervals (n_beats,) in s of a sinus rhythm that lasts at least `seconds`.

    The spectrum is the paper's, of two Gaussians: Mayer waves at 0.1 Hz and respiratory sinus
    arrhythmia at the frequency of breathing, with a random LF/HF ratio about 0.5.
    rate: mean rate, beats a minute; variability: SD of RR over its mean; breath: Hz
    """
    lf_hf = 0.5 * rng.lognormal(0, 0.5)

    def power(f: np.ndarray) -> np.ndarray:
        return lf_hf * np.exp(-0.5 * ((f - 0.1) / 0.01) ** 2) + np.exp(
            -0.5 * ((f - breath) / 0.01) ** 2
        )

    fs = 4.0
    process = random_process(power, int(seconds * fs) + 1, fs, rng)
    tachogram = 60 / rate * np.clip(1 + variability * process, 0.6, 1.6)
    rr, now = [], 0.0
    while now < seconds:
        rr.append(tachogram[int(now * fs)])
        now += rr[-1]
    return np.array(rr)


def fibrillation_rr(rate: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """RR intervals (n_beats,) in s of atrial fibrillation that lasts at least `seconds`.

    Irregularly irregular: beyond a refractory period of the atrioventricular node each interval
    is drawn by itself, from a gamma distribution.
    """
    mean = 60 / rate
    refractory = max(0.24, mean * rng.uniform(0.45, 0.6))
    variability = rng.uniform(0.16, 0.3)
    shape = ((mean - refractory) / (variability * mean)) ** 2
    n_beats = int(2 * seconds / mean) + 20
    rr = refractory + rng.gamma(shape, (mean - refractory) / shape, n_beats)
    return rr[: np.searchsorted(np.cumsum(rr), seconds) + 1]


def atrial_waves(
    hz: float, irregularity: float, n_samples: int, fs: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A sawtooth of fibrillatory or flutter waves, about 1 from top to bottom, and its phase.

    A sum of harmonics whose frequency and amplitude drift, after Stridh M, Sörnmo L.
    "Spatiotemporal QRST cancellation techniques for analysis of atrial fibrillation",
    IEEE Trans Biomed Eng 2001;48(1):105-111, doi:10.1109/10.900266.

    hz: mean frequency; irregularity: SD of frequency and of amplitude over their means
    Returns the waves (n_samples,) and the phase (n_samples,) in rad, increasing.
    """
    drift = np.clip(random_process(band(0.05, 0.8), n_samples, fs, rng), -2, 2)
    swell = np.clip(random_process(band(0.05, 0.8), n_samples, fs, rng), -2, 2)
    phase = 2 * np.pi * np.cumsum(hz * (1 + irregularity * drift)) / fs
    sharpness = rng.uniform(0.6, 1.0)
    waves = sum(sharpness ** (k - 1) * np.sin(k * phase) / k for k in (1, 2, 3, 4))
    return waves * (1 + 2 * irregularity * swell) / 3, phase
