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

The paper has sinus rhythm only. The other rhythms are plausible, not fitted to recordings.
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


LEAD_IN = 4.0
"""Seconds simulated before a record starts, in which the model settles."""

_AFTER = 5.0  # seconds of beats at least: the last P wave belongs to a beat after the end


@dataclass(frozen=True)
class Patient:
    """What stays the same during a record: the waves of a normal beat, the rate of breathing."""

    heart: Beat
    breath: float  # Hz

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Patient":
        """The beat of table I of the paper, with its times, widths and heights varied."""
        # The paper's QRS lasts 150 ms (two widths beyond Q and S); a normal one, 80 to 100 ms.
        qrs = rng.uniform(0.52, 0.68)
        heart = TABLE_1.scaled(
            at=[rng.uniform(0.75, 1.0), qrs, qrs, qrs, rng.uniform(0.95, 1.15)],
            width=[rng.uniform(0.5, 0.75), qrs, qrs, qrs, rng.uniform(0.7, 0.95)],
            height=[
                rng.uniform(0.4, 1.1),
                rng.uniform(0.0, 1.2),
                1.0,
                rng.uniform(0.0, 1.5),
                rng.uniform(0.4, 1.3) * (-1 if rng.random() < 0.06 else 1),
            ],
        )
        return cls(heart, breath=rng.uniform(0.18, 0.35))


@dataclass(frozen=True)
class Rhythm:
    """What the heart does: r (n_beats,) s, increasing; a Beat for each; atrial waves in mV."""

    r: np.ndarray
    beats: list[Beat]
    atria: np.ndarray | float = 0.0


# The rhythms: of a patient, from time 0 for `seconds`, with atrial waves sampled at `fs` Hz.


def sinus_rhythm(patient: Patient, seconds: float, fs: float, rng: np.random.Generator) -> Rhythm:
    """N: sinus rhythm of 52 to 98 a minute."""
    return _sinus(patient, rng.triangular(52, 70, 98), seconds, rng)


def sinus_bradycardia(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """O: sinus rhythm below 50 a minute."""
    return _sinus(patient, rng.uniform(32, 47), seconds, rng)


def sinus_tachycardia(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """O: sinus rhythm above 100 a minute."""
    return _sinus(patient, rng.uniform(106, 165), seconds, rng)


def atrial_fibrillation(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """A: irregular RR of 60 to 160 a minute, no P waves, fibrillatory waves of 4 to 9 Hz."""
    rr = fibrillation_rr(rng.triangular(60, 95, 160), seconds + _AFTER, rng)
    hz, irregularity = rng.uniform(4.6, 8.0), rng.uniform(0.02, 0.05)
    waves, _ = atrial_waves(hz, irregularity, round(seconds * fs), fs, rng)
    beat = patient.heart.changed(P, height=0)
    return Rhythm(_from_start(rr, rng), [beat] * rr.size, waves * rng.triangular(0.02, 0.08, 0.15))


def atrial_flutter(patient: Patient, seconds: float, fs: float, rng: np.random.Generator) -> Rhythm:
    """O: a sawtooth of 4.5 to 5.5 Hz, of which every second to fourth wave is conducted."""
    n_samples, after = round(seconds * fs), round(_AFTER * fs)
    waves, phase = atrial_waves(rng.uniform(4.5, 5.5), 0.005, n_samples + after, fs, rng)
    block = 2 * np.pi * rng.choice([2, 3, 4], p=[0.5, 0.15, 0.35])
    conducted = np.arange(rng.uniform(0, block), phase[-1], block)
    r = np.interp(conducted, phase, np.arange(phase.size) / fs)
    r += rng.normal(0, 0.003, r.size)
    beat = patient.heart.changed(P, height=0)
    height = rng.uniform(0.1, 0.25) * rng.choice([-1, 1])
    return Rhythm(r, [beat] * r.size, waves[:n_samples] * height)


def premature_atrial(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """O: sinus rhythm with premature atrial beats: a different P, a pause that resets the node."""
    p_wave = patient.heart.scaled(
        at=[rng.uniform(0.7, 1.0), 1, 1, 1, 1], height=[rng.uniform(-1.0, 0.6), 1, 1, 1, 1]
    )
    return _premature(patient, p_wave, rng.uniform(0.55, 0.78), rng.uniform(1.0, 1.2), seconds, rng)


def premature_ventricular(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """O: sinus rhythm with premature ventricular beats: wide, no P, a compensatory pause."""
    main = rng.uniform(0.8, 1.6) * rng.choice([-1, 1], p=[0.4, 0.6])
    wide = Beat(
        at=np.array([-0.16, -0.05, 0.0, 0.09, rng.uniform(0.31, 0.37)]),
        width=np.array([0.03, 0.025, rng.uniform(0.03, 0.042), 0.035, rng.uniform(0.06, 0.08)]),
        # Depolarization runs from cell to cell, so the T wave goes against the QRS.
        height=main * np.array([0, rng.uniform(0, 0.3), 1, -rng.uniform(0, 0.4), -0.35]),
    )
    coupling = rng.uniform(0.55, 0.75)
    return _premature(patient, wide, coupling, 2 - coupling, seconds, rng)


def bundle_branch_block(
    patient: Patient, seconds: float, fs: float, rng: np.random.Generator
) -> Rhythm:
    """O: sinus rhythm with a wide QRS: left (broad, notched) or right (slurred S)."""
    heart = patient.heart
    if rng.random() < 0.5:
        wide = heart.changed(Q, at=-0.038, width=0.015, height=rng.uniform(0.6, 0.95))
        wide = wide.changed(R, width=rng.uniform(0.018, 0.022))
        wide = wide.changed(S, at=0.045, width=0.016, height=rng.uniform(0.1, 0.4))
        wide = wide.changed(T, at=0.3, height=-rng.uniform(0.2, 0.4))
    else:
        slur = {"at": rng.uniform(0.055, 0.07), "width": rng.uniform(0.02, 0.028)}
        wide = heart.changed(S, height=-rng.uniform(0.4, 0.9), **slur)
        wide = wide.changed(T, at=heart.at[T] + 0.04)
    return _sinus(Patient(wide, patient.breath), rng.triangular(52, 70, 98), seconds, rng)


def _from_start(rr: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Times of R peaks (n_beats,) after intervals rr, the first at a random phase before 0."""
    return np.cumsum(rr) - rr[0] * (1 + rng.random())


def _sinus(patient: Patient, rate: float, seconds: float, rng: np.random.Generator) -> Rhythm:
    # The faster the heart, the less it varies.
    variability = rng.uniform(0.015, 0.06) * min(1.0, 70 / rate) ** 2
    rr = sinus_rr(rate, variability, patient.breath, seconds + _AFTER, rng)
    return Rhythm(_from_start(rr, rng), [patient.heart] * rr.size)


def _premature(
    patient: Patient,
    ectopic: Beat,
    coupling: float,
    pause: float,
    seconds: float,
    rng: np.random.Generator,
) -> Rhythm:
    """Sinus rhythm with beats `ectopic` after `coupling` of an RR, then `pause` of an RR."""
    # Twice the time, since premature beats shorten what the intervals sum to.
    sinus = _sinus(patient, rng.uniform(55, 92), 2 * seconds, rng)
    r = sinus.r
    early = _pattern(r.size, rng)
    in_record = np.flatnonzero((r > LEAD_IN) & (r < seconds))
    # One at least is in the record: others before it can only bring it forward.
    early[rng.choice(in_record[in_record.size // 4 : 3 * in_record.size // 4])] = True
    early[: in_record[0] + 1] = False
    rr = np.diff(r)
    after = early[:-1] & ~early[1:]
    rr[early[1:]] *= coupling * (1 + 0.02 * rng.standard_normal(early[1:].sum()))
    rr[after] *= pause
    beats = [ectopic if is_early else patient.heart for is_early in early]
    return Rhythm(r[0] + np.concatenate([[0], np.cumsum(rr)]), beats)


def _pattern(n_beats: int, rng: np.random.Generator) -> np.ndarray:
    """Which beats (n_beats,) are premature: single ones, bigeminy or trigeminy, or runs."""
    kind = rng.choice(["single", "geminy", "runs"], p=[0.6, 0.2, 0.2])
    if kind == "geminy":
        return np.arange(n_beats) % rng.choice([2, 3]) == 1
    early = rng.random(n_beats) < rng.uniform(0.04, 0.16)
    early[1:] &= ~early[:-1]
    if kind == "runs":
        for start in np.flatnonzero(early)[:: rng.integers(2, 4)]:
            early[start : start + rng.integers(3, 6)] = True
    return early


def clean_ecg(
    rhythm: Rhythm,
    patient: Patient,
    gain: float,
    seconds: float,
    fs: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """The ECG of a rhythm without noise, (n_samples,) in mV, from LEAD_IN of the rhythm on.

    rhythm: of LEAD_IN + seconds; gain: height of a normal R wave in mV
    """
    total, n_samples = round((LEAD_IN + seconds) * fs), round(seconds * fs)
    breathing = 2 * np.pi * patient.breath * np.arange(total) / fs
    # With each breath the heart turns and the baseline moves; no two beats are quite alike.
    swell = 1 + rng.uniform(0, 0.06) * np.sin(2 * np.pi * patient.breath * rhythm.r)
    heights = swell[:, None] * (1 + 0.02 * rng.standard_normal((rhythm.r.size, 5)))
    widths = 1 + 0.02 * rng.standard_normal((rhythm.r.size, 5))
    beats = [
        beat.scaled(width=width, height=height)
        for beat, width, height in zip(rhythm.beats, widths, heights, strict=True)
    ]
    baseline = rng.uniform(0, 0.15) * np.sin(breathing + rng.uniform(0, 2 * np.pi))
    signal = gain * ecg(rhythm.r, beats, total, fs, baseline) + rhythm.atria
    return signal[total - n_samples :]
