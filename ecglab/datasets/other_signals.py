"""Simulated signals that are no ECG of a person, each drawn anew from a random generator.

A model must refuse them: it names a rhythm for any input. The score of `inference.novelty` learns
from the kinds in `TRIED`; those in `KEPT_APART` only test it.

>>> rng = np.random.default_rng(0)
>>> signal("pulse wave", rng).dtype
dtype('float32')
"""

from collections.abc import Callable

import numpy as np

FS = 300.0
"""Of the signals, in Hz."""

SHORTEST, LONGEST = 10.0, 60.0
"""Seconds between which the length of a signal is drawn."""


def signal(name: str, rng: np.random.Generator) -> np.ndarray:
    """(n_samples,) float32 in mV at `FS`: one signal of a kind, with its parameters drawn."""
    t = np.arange(round(rng.uniform(SHORTEST, LONGEST) * FS)) / FS
    made = np.asarray({**TRIED, **KEPT_APART}[name](t, rng), float)
    made = made + rng.uniform(0.002, 0.1) * made.std() * rng.normal(size=t.size)
    return (made / np.ptp(made) * rng.uniform(0.2, 3)).astype(np.float32)


def _noise(t: np.ndarray, rng: np.random.Generator, slope: float) -> np.ndarray:
    """Noise whose power falls with frequency as f ** -slope."""
    hz = np.fft.rfftfreq(t.size, 1 / FS)
    shape = np.where(hz > 0.3, np.maximum(hz, 0.3) ** (-slope / 2), 0)
    return np.fft.irfft(np.fft.rfft(rng.normal(size=t.size)) * shape, t.size)


def _band(t: np.ndarray, rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Noise from `low` to `high` Hz of SD 1."""
    hz = np.fft.rfftfreq(t.size, 1 / FS)
    x = np.fft.irfft(np.fft.rfft(rng.normal(size=t.size)) * ((hz >= low) & (hz <= high)), t.size)
    return x / x.std()


def _phase(t: np.ndarray, rng: np.random.Generator, hz: float, jitter: float) -> np.ndarray:
    """Cycles since the start of an oscillation whose rate wanders by `jitter` of itself."""
    slow = _band(t, rng, 0.03, 0.3)
    return np.cumsum(hz * np.clip(1 + jitter * slow, 0.3, 3)) / FS + rng.uniform()


def _bumps(t: np.ndarray, phase: np.ndarray, shape: list[tuple[float, float, float]]) -> np.ndarray:
    """Gaussian bumps (place in the cycle, width in cycles, height) that repeat with the phase."""
    x = np.zeros(t.size)
    for at, width, height in shape:
        away = (phase - at + 0.5) % 1 - 0.5
        x += height * np.exp(-0.5 * (away / width) ** 2)
    return x


def _pulse_wave(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Photoplethysmogram: a systolic and a diastolic wave, and breathing."""
    phase = _phase(t, rng, rng.uniform(0.8, 1.9), rng.uniform(0.01, 0.06))
    shape = [(0.25, rng.uniform(0.08, 0.12), 1), (0.55, 0.12, rng.uniform(0.1, 0.6))]
    breath = np.sin(2 * np.pi * rng.uniform(0.15, 0.35) * t)
    return _bumps(t, phase, shape) * (1 + 0.1 * breath) + rng.uniform(0, 0.4) * breath


def _eeg(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """1/f noise with bursts of alpha waves."""
    bursts = np.clip(_band(t, rng, 0.05, 0.5), 0, None)
    alpha = _band(t, rng, 8, 12) * bursts * rng.uniform(0, 2)
    x = _noise(t, rng, rng.uniform(0.8, 2))
    return x / x.std() + alpha


def _breathing(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    phase = _phase(t, rng, rng.uniform(0.12, 0.5), rng.uniform(0.02, 0.3))
    return np.sin(2 * np.pi * phase) + rng.uniform(0, 0.3) * np.sin(4 * np.pi * phase + 1)


def _tone(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.sin(2 * np.pi * np.exp(rng.uniform(np.log(0.3), np.log(100))) * t)


def _white_noise(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=t.size)


def _ramp(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    period = rng.choice([t[-1] + 1, rng.uniform(2, 20)])
    return rng.choice([-1, 1]) * (t % period)


def _speech(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Syllables of voiced sound and of hiss, with pauses between words."""
    pitch = 2 * np.pi * np.cumsum(rng.uniform(85, 140) * (1 + 0.1 * _band(t, rng, 0.2, 2))) / FS
    voiced = np.sin(pitch) + 0.5 * np.sin(2 * pitch + 1)
    syllables = np.clip(_band(t, rng, 2, 6) + 0.3, 0, None)
    words = _band(t, rng, 0.2, 1) > -0.7
    return words * syllables * (voiced + rng.uniform(0.1, 1) * rng.normal(size=t.size))


def _mouse(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ECG of a mouse or a rat: 300 to 700 beats per minute, and T in the QRS."""
    phase = _phase(t, rng, rng.uniform(5, 11.7), rng.uniform(0.005, 0.03))
    shape = [(0.3, 0.05, 0.15), (0.5, 0.035, 1), (0.57, 0.04, -0.4), (0.66, 0.07, 0.3)]
    return _bumps(t, phase, shape)


TRIED: dict[str, Callable] = {
    "pulse wave": _pulse_wave,
    "EEG": _eeg,
    "breathing": _breathing,
    "constant tone": _tone,
    "white noise": _white_noise,
    "ramp": _ramp,
    "speech": _speech,
    "mouse": _mouse,
}
"""{kind: function of the times in s and a random generator to the signal}."""


def _muscle(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Surface EMG: bursts of noise from 20 Hz on."""
    return _band(t, rng, 20, 140) * np.clip(_band(t, rng, 0.2, 2) + rng.uniform(0, 1.5), 0, None)


def _steps(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The acceleration of a walking person."""
    phase = _phase(t, rng, rng.uniform(1.4, 2.6), 0.03)
    step = np.exp(-((phase % 1) * 8)) * np.sin(2 * np.pi * rng.uniform(5, 15) * (phase % 1))
    return step + 0.3 * np.sin(np.pi * phase) + _noise(t, rng, 1)


def _square(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The calibration signal of a monitor."""
    return (t * rng.uniform(0.3, 10) % 1) < rng.uniform(0.2, 0.8)


def _chirp(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low, high = rng.uniform(0.2, 3), rng.uniform(10, 100)
    return np.sin(2 * np.pi * (low * t + (high - low) * t**2 / (2 * t[-1])))


def _eyes(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Electrooculogram: the eye jumps and rests."""
    jumps = rng.random(t.size) < rng.uniform(1, 4) / FS
    x = np.cumsum(jumps * rng.normal(size=t.size))
    return x + 0.1 * _noise(t, rng, 2)


def _blood_pressure(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    phase = _phase(t, rng, rng.uniform(0.8, 1.9), 0.03)
    up, notch = phase % 1, rng.uniform(0.35, 0.45)
    x = np.where(up < 0.15, np.sin(np.pi * up / 0.3), np.exp(-(up - 0.15) * rng.uniform(1.2, 2.5)))
    return x + 0.12 * np.exp(-0.5 * ((up - notch) / 0.03) ** 2)


def _music(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    tones = rng.choice([55.0, 65.4, 73.4, 82.4, 98.0, 110.0, 130.8], (8, 3))
    part = np.minimum((t * 2 % 8).astype(int), 7)
    wave = np.sin(2 * np.pi * tones[part] * t[:, None]).sum(axis=1)
    return wave * np.exp(-(t * 2 % 1) * rng.uniform(0, 4))


def _random_walk(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.cumsum(rng.normal(size=t.size))


def _hum(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    hz = rng.choice([50.0, 60.0])
    harmonics = rng.uniform(0, 0.3, 2)
    return sum(
        a * np.sin(2 * np.pi * k * hz * t) for k, a in zip((1, 2, 3), (1, *harmonics), strict=True)
    )


def _rabbit(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ECG of a rabbit, a guinea pig or a bird: 200 to 330 beats per minute."""
    phase = _phase(t, rng, rng.uniform(4, 5.5), 0.02)
    shape = [(0.2, 0.03, 0.15), (0.4, 0.02, 1), (0.44, 0.02, -0.3), (0.7, 0.06, 0.3)]
    return _bumps(t, phase, shape)


KEPT_APART: dict[str, Callable] = {
    "muscle": _muscle,
    "steps": _steps,
    "square wave": _square,
    "chirp": _chirp,
    "eye movements": _eyes,
    "blood pressure": _blood_pressure,
    "music": _music,
    "random walk": _random_walk,
    "mains hum": _hum,
    "rabbit": _rabbit,
}
