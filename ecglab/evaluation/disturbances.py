"""What devices and electrodes do to a recording, as functions of a record and a generator.

`ALL` lists them in groups, with a setting each. The same seed disturbs a record in the same way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ecglab.ecg.prepare import at_rate
from ecglab.ecg.record import Record

Change = Callable[[Record, np.random.Generator], Record]

HARMONICS = ((2, 0.2), (3, 0.3), (5, 0.1))
"""Harmonics of the hum, with their size as a share of the fundamental."""

OFF_HZ = 0.5
"""By which the mains frequency is off at most; a grid is within 0.2 Hz, a device's clock adds."""

GAP_SECONDS = (0.25, 1.5)
"""Shortest and longest of the missing parts."""

RAIL_MV = 5.0
"""Of a common converter; higher where the record is higher."""


class Disturbance(NamedTuple):
    """A disturbance with its setting.

    name: unique, in words; group: what it is a setting of
    least: share of records that should keep their label
    """

    name: str
    group: str
    change: Change
    least: float = 0.97


def disturbed(record: Record, disturbance: Disturbance, seed: int) -> Record:
    """The record with the disturbance. The record's id and the seed decide what is drawn."""
    rng = np.random.default_rng([seed, *record.id.encode(), *disturbance.name.encode()])
    return disturbance.change(record, rng)


def hum(record: Record, rng: np.random.Generator, hz: float, mv: float) -> Record:
    """Mains hum of `mv` mV at `hz` Hz with harmonics, whose size varies by a fifth.

    Its frequency is off by up to `OFF_HZ`. The fundamental is there at every rate, as its alias
    where the rate is below twice of it; harmonics are there below half of the rate only.
    """
    t = np.arange(record.n_samples) / record.fs
    hz = hz + rng.uniform(-OFF_HZ, OFF_HZ)
    waves = [(1, 1.0), *((k, size) for k, size in HARMONICS if k * hz < record.fs / 2)]
    whole = sum(a * np.sin(2 * np.pi * k * hz * t + rng.uniform(0, 2 * np.pi)) for k, a in waves)
    size = 1 + 0.2 * np.sin(2 * np.pi * (0.05 * t + rng.uniform()))
    return _with(record, record.signal + mv * size * whole)


def drift(record: Record, rng: np.random.Generator, mv: float) -> Record:
    """A baseline that wanders by up to `mv` mV: breathing, and slower movements."""
    t = np.arange(record.n_samples) / record.fs
    parts = [(rng.uniform(0.15, 0.4), 0.5), (rng.uniform(0.02, 0.1), 0.5)]
    wander = sum(a * np.sin(2 * np.pi * (hz * t + rng.uniform())) for hz, a in parts)
    return _with(record, record.signal + mv * wander)


def noise(record: Record, rng: np.random.Generator, mv: float) -> Record:
    """White noise with a standard deviation of `mv` mV, as from muscles."""
    return _with(record, record.signal + rng.normal(0, mv, record.n_samples))


def gaps(record: Record, rng: np.random.Generator, shown: str, share: float = 0.1) -> Record:
    """Missing parts, which are a share of the record.

    shown: what the device writes for them: "nan", "zero", "held" (the last value before), "rail"
    """
    signal = record.signal.copy()
    rail = np.sign(rng.uniform(-1, 1)) * max(RAIL_MV, 1.1 * float(np.nanmax(np.abs(signal))))
    left = share * record.seconds
    while left > 0:
        seconds = min(rng.uniform(*GAP_SECONDS), max(left, GAP_SECONDS[0]), record.seconds / 2)
        start = rng.integers(1, record.n_samples - round(seconds * record.fs))
        part = slice(start, start + round(seconds * record.fs))
        values = {"nan": np.nan, "zero": 0.0, "held": signal[start - 1], "rail": rail}
        signal[part] = values[shown]
        left -= seconds
    return _with(record, signal)


def clipping(record: Record, rng: np.random.Generator, share: float) -> Record:
    """Samples beyond a share of the height of the beats cut off, on either side of the median.

    The height is the 99.5th percentile of the distance from the median.
    """
    middle = float(np.nanmedian(record.signal))
    limit = share * float(np.nanpercentile(np.abs(record.signal - middle), 99.5))
    return _with(record, np.clip(record.signal, middle - limit, middle + limit))


def inversion(record: Record, rng: np.random.Generator) -> Record:
    """The electrodes held the other way round."""
    return _with(record, -record.signal)


def rate(record: Record, rng: np.random.Generator, fs: float) -> Record:
    """The record as a device with another sampling rate would have it."""
    return Record(at_rate(record.signal, record.fs, fs), fs, id=record.id, lead=record.lead)


def gain(record: Record, rng: np.random.Generator, factor: float) -> Record:
    """Amplitudes that are wrong by a factor."""
    return _with(record, factor * record.signal)


def length(record: Record, rng: np.random.Generator, seconds: float) -> Record:
    """An excerpt from anywhere in the record, or the record repeated until it is long enough.

    A second is missing before each repetition, so that no interval between beats is made up.
    """
    n = round(seconds * record.fs)
    if n > record.n_samples:
        pause = np.full(round(record.fs), np.nan)
        return _with(record, np.resize(np.concatenate([record.signal, pause]), n))
    start = rng.integers(record.n_samples - n + 1)
    return _with(record, record.signal[start : start + n])


def hum_at(hz: float, mv: float, fs: float) -> Disturbance:
    """Hum in a record of the rate `fs`."""

    def change(record: Record, rng: np.random.Generator) -> Record:
        return hum(rate(record, rng, fs), rng, hz, mv)

    return Disturbance(f"hum {hz:g} Hz, {mv:g} mV, at {fs:g} Hz", "mains hum", change)


def _all() -> tuple[Disturbance, ...]:
    def listed(group: str, name: str, function: Callable, **settings: Any) -> Disturbance:
        hum_below = group == "mains hum" and settings["mv"] <= 0.5
        change = partial(function, **settings)
        return Disturbance(name, group, change, 0.99 if hum_below else 0.97)

    return (
        *(
            listed("mains hum", f"{hz:g} Hz, {mv:g} mV", hum, hz=hz, mv=mv)
            for hz in (50.0, 60.0)
            for mv in (0.1, 0.2, 0.5, 1.0)
        ),
        *(listed("baseline drift", f"{mv:g} mV", drift, mv=mv) for mv in (0.5, 1.0, 2.0)),
        *(
            listed("missing, 10 %", f"{words}", gaps, shown=shown)
            for shown, words in (
                ("nan", "marked (NaN)"),
                ("zero", "zeros"),
                ("held", "held value"),
                ("rail", "at the rail"),
            )
        ),
        *(
            listed("clipping", f"at {share:.0%} of the beats", clipping, share=share)
            for share in (0.8, 0.6)
        ),
        listed("inversion", "inverted", inversion),
        *(
            listed("sampling rate", f"{fs:g} Hz", rate, fs=fs)
            for fs in (100, 125, 200, 250, 360, 500, 1000)
        ),
        *(listed("gain", f"x {factor:g}", gain, factor=factor) for factor in (0.2, 0.5, 2, 5)),
        *(
            listed("length", f"{seconds:g} s", length, seconds=seconds)
            for seconds in (9, 15, 20, 60)
        ),
    )


ALL = _all()


def _with(record: Record, signal: np.ndarray) -> Record:
    return Record(signal, record.fs, id=record.id, lead=record.lead)
