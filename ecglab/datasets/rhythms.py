"""The rhythms of simulated hearts: series of beats and atrial waves, and the ECG they make.

The model of the ECG (`simulator`) is of a paper that has sinus rhythm only. The other rhythms are
plausible, not fitted to recordings.
"""

from dataclasses import dataclass

import numpy as np

from ecglab.datasets.simulator import (
    TABLE_1,
    Beat,
    P,
    Q,
    R,
    S,
    T,
    atrial_waves,
    ecg,
    fibrillation_rr,
    sinus_rr,
)

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
