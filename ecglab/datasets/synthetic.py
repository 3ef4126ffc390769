"""Labelled synthetic single-lead ECGs: the data sets `synthetic` and `synthetic_af`.

`rhythms` makes the rhythms; this file says which of them is normal, atrial fibrillation or
another one, and what noise is. Length, amplitude, polarity, shape of the waves and mild noise are
drawn alike for N, A and O, so that only the rhythm tells these classes apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ecglab.datasets.rhythms import (
    LEAD_IN,
    Patient,
    Rhythm,
    atrial_fibrillation,
    atrial_flutter,
    bundle_branch_block,
    clean_ecg,
    premature_atrial,
    premature_ventricular,
    sinus_bradycardia,
    sinus_rhythm,
    sinus_tachycardia,
)
from ecglab.datasets.simulator import band, random_process
from ecglab.datasets.spec import Example, Spec
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import MIN_FS, MIN_SECONDS, Record
from ecglab.utils.errors import EcglabError

SPEC = Spec(
    name="synthetic",
    description="Simulated single-lead ECGs of 9 to 61 s with the classes of cinc2017.",
    classes=Classes(
        {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"},
        ranked=("N", "A", "O"),
    ),
    simulated=True,
    citation="""\
McSharry PE, Clifford GD, Tarassenko L, Smith LA. A dynamical model for generating synthetic \
electrocardiogram signals. IEEE Transactions on Biomedical Engineering 2003;50(3):289-294. \
doi:10.1109/TBME.2003.808805 (the model behind the simulator)""",
)
SPEC_AF = replace(
    SPEC,
    name="synthetic_af",
    description="The records of `synthetic` with two classes: atrial fibrillation or not.",
    classes=Classes({"AF": "atrial fibrillation", "other": "no atrial fibrillation"}),
)
SPECS = {SPEC.name: SPEC, SPEC_AF.name: SPEC_AF}

SCHEDULE = "NAO~NONANO~NOANNONA~"
"""Classes of each 20 records: N 40 %, A 20 %, O 25 %, ~ 15 %; the first four have every one."""

RHYTHMS: dict[str, dict[Callable[..., Rhythm], float]] = {
    "N": {sinus_rhythm: 1.0},
    "A": {atrial_fibrillation: 1.0},
    "O": {
        premature_atrial: 0.22,
        premature_ventricular: 0.22,
        sinus_bradycardia: 0.14,
        sinus_tachycardia: 0.16,
        atrial_flutter: 0.12,
        bundle_branch_block: 0.14,
    },
}
"""The rhythms of each class with their shares; noise has any of them underneath."""


# Noise: (n_samples,), of variance 1 or (mains) amplitude 1.


def _wander(n_samples: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    return random_process(band(0.05, 0.6, slope=1), n_samples, fs, rng)


def _muscle(n_samples: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    return random_process(band(8, 120, slope=1), n_samples, fs, rng)


def _motion(n_samples: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    push = random_process(band(0.5, 12, slope=1.5), n_samples, fs, rng)
    return push * np.abs(push) / np.sqrt(3)  # jerks: heavy tails, unit variance


def _mains(n_samples: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    angle = 2 * np.pi * rng.choice([50, 60]) * np.arange(n_samples) / fs + rng.uniform(0, 2 * np.pi)
    return np.sin(angle) + rng.uniform(0, 0.3) * np.sin(2 * angle)


def _episodes(share: float, n_samples: int, fs: float, rng: np.random.Generator) -> np.ndarray:
    """A gate (n_samples,) from 0 to 1 with soft edges, open for about `share` of the time."""
    activity = random_process(band(0.02, 0.3), n_samples, fs, rng)
    return np.clip(0.5 + 4 * (activity - np.quantile(activity, 1 - share)), 0, 1)


def _mildly_noisy(
    signal: np.ndarray, gain: float, fs: float, rng: np.random.Generator
) -> np.ndarray:
    """The signal (n_samples,) in mV with noise that leaves it readable; in a quarter, episodes."""
    n_samples = signal.size
    noise = rng.uniform(0.01, 0.1) * _wander(n_samples, fs, rng)
    noise += 0.003 * 6 ** rng.random() * _muscle(n_samples, fs, rng)
    noise += rng.uniform(0, 0.01) * _mains(n_samples, fs, rng)
    if rng.random() < 0.25:
        kind, strength = ((_motion, 0.6), (_muscle, 0.2))[rng.integers(2)]
        gate = _episodes(rng.uniform(0.05, 0.35), n_samples, fs, rng)
        noise += gain * strength * rng.uniform(0.3, 1) * gate * kind(n_samples, fs, rng)
    return signal + noise


# Strengths, in R waves, between which each drowns a record.
_DROWNING = {
    _motion: (0.8, 2.5),
    _muscle: (0.5, 1.5),
    _wander: (1.0, 3.0),
    _mains: (0.5, 2.0),
}


def _drowned(signal: np.ndarray, gain: float, fs: float, rng: np.random.Generator) -> np.ndarray:
    """The signal (n_samples,) in mV under so much noise that its rhythm cannot be seen.

    gain: height of its R wave in mV
    """
    n_samples = signal.size
    # A filter takes off wander and mains, so motion or muscle is always there.
    kinds = {kind: rng.random() < 0.4 for kind in _DROWNING}
    kinds[(_motion, _muscle)[rng.integers(2)]] = True
    for kind in (kind for kind, there in kinds.items() if there):
        gate = _episodes(rng.uniform(0.85, 1), n_samples, fs, rng)
        noise = gate * kind(n_samples, fs, rng)
        signal = signal + gain * rng.uniform(*_DROWNING[kind]) * noise
    if rng.random() < 0.35:
        lost = _episodes(rng.uniform(0.3, 0.8), n_samples, fs, rng) > 0.5
        rail = rng.uniform(3, 8)
        episode = np.cumsum(np.diff(lost, prepend=lost[0]))
        level = rng.choice([0, -rail, rail], episode[-1] + 1)[episode]
        signal = np.where(
            lost, level + rng.normal(0, 0.002, n_samples), np.clip(signal, -rail, rail)
        )
    return signal


def simulate(
    label: str, seconds: float, rng: np.random.Generator, fs: float = SPEC.fs
) -> np.ndarray:
    """A single-lead ECG of one class: (n_samples,) float32 in mV, seconds * fs samples.

    label: "N", "A", "O" or "~", the last being noise over a rhythm of the other three
    seconds: at least 5, at most 3600; fs: sampling rate in Hz, at least 60
    rng: where every random choice comes from, so that the same state gives the same signal

    Source: McSharry et al. 2003, doi:10.1109/TBME.2003.808805, as `simulator` describes.
    Premature beats, block, fibrillation, flutter and noise are not in that paper: they are
    plausible, not fitted to recordings. Raises EcglabError for another label, length or rate.
    """
    if label not in SPEC.classes.codes:
        raise EcglabError(f"there is no class {label!r}: give one of {', '.join(SPEC.classes)}")
    if not MIN_SECONDS <= seconds <= 3600:
        raise EcglabError(f"cannot simulate {seconds:g} s: give {MIN_SECONDS:g} to 3600 s")
    if not MIN_FS <= fs <= 1e5:
        raise EcglabError(f"cannot simulate at {fs:g} Hz: give at least {MIN_FS:g} Hz")
    gain = np.clip(0.8 * rng.lognormal(0, 0.4), 0.3, 2.0)
    polarity = -1 if rng.random() < 0.2 else 1
    patient = Patient.drawn(rng)
    rhythms = RHYTHMS[rng.choice(["N", "A", "O"]) if label == "~" else label]
    make = list(rhythms)[rng.choice(len(rhythms), p=list(rhythms.values()))]
    rhythm = make(patient, LEAD_IN + seconds, fs, rng)
    signal = clean_ecg(rhythm, patient, gain, seconds, fs, rng)
    noisy = _drowned if label == "~" else _mildly_noisy
    return (polarity * noisy(signal, gain, fs, rng)).astype(np.float32)


def spec(name: str = "synthetic", n_records: int = 400) -> Spec:
    """The spec of a synthetic data set of so many records."""
    return replace(SPECS[name], n_records=n_records)


def examples(n_records: int = 400, seed: int = 1, name: str = "synthetic") -> Iterator[Example]:
    """The records of a synthetic data set, with classes as in SCHEDULE.

    n_records: at most 99 999; seed: a whole number of 0 or more
    name: "synthetic", or "synthetic_af" for the same records with two classes
    Record i depends on i and the seed alone: a larger set starts with the smaller one.
    Raises EcglabError when the numbers are out of range.
    """
    if not 1 <= n_records <= 99_999:
        raise EcglabError(f"cannot make {n_records} synthetic records: give 1 to 99999")
    if seed < 0:
        raise EcglabError(f"the seed is {seed}: give a whole number of 0 or more")
    for i in range(n_records):
        rhythm = SCHEDULE[i % len(SCHEDULE)]
        rng = np.random.default_rng([seed, i])
        # Lengths like those of cinc2017.
        seconds = rng.choice([30.0, rng.uniform(9, 30), rng.uniform(30, 61)], p=[0.75, 0.12, 0.13])
        label = rhythm
        if name == SPEC_AF.name:
            label = "AF" if rhythm == "A" else "other"
        record = Record(simulate(rhythm, seconds, rng), SPEC.fs, id=f"S{i + 1:05d}")
        yield Example(record, {SPEC.default_labels: label})
