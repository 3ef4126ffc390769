"""What the features of a record show of its rhythm, in words.

Bradycardia is below 50 bpm in Kusumoto FM et al., Circulation 2019;140:e382-e482,
doi:10.1161/CIR.0000000000000628, and a QRS is wide from 0.12 s on in Surawicz B et al., Circulation
2009;119:e235-e240, doi:10.1161/CIRCULATIONAHA.108.191095. The limits of the RR intervals and of the
P wave were set on the 7,500 training records of cinc2017: irregular are 93 % of A, 22 % of O and
6 % of N, and no P waves are found in 84, 20 and 11 %.
"""

from collections.abc import Mapping

import numpy as np

from ..ecg.features import BeatSummary

IRREGULAR = 0.05
"""Median change between RR intervals of typical beats, as a share of their mean: above, the rhythm
is irregular. Where few beats are typical, `IRREGULAR_SHARE` decides."""

IRREGULAR_SHARE = 0.4
"""Of the RR intervals, those that differ from the one before by more than 10 % of the mean."""

P_WAVE = 1.5
"""Height of the P wave of the median beat over the SD of single beats: below, there is none."""

FAST, SLOW = 100.0, 50.0
"""Beats per minute."""

PAUSE = 2.0
"""Seconds."""

WIDE = 0.12
"""Duration of a QRS in seconds."""


def heart_rate(found: Mapping[str, float]) -> float | None:
    """Beats per minute by the median RR interval; None where there are no beats.

    found: the features of a record, {name: value}
    """
    rr = found["rr_median"]
    return round(60 / rr, 1) if rr > 0 else None


def findings(found: Mapping[str, float], beats: BeatSummary) -> list[str]:
    """What a record shows besides a normal rhythm: ["irregular RR intervals", "no P waves"].

    found: its features, {name: value}; beats: its beats
    """
    rate = heart_rate(found)
    change = found["rr_typical_rmssd"]
    irregular = (
        found["rr_pnn10_percent"] > IRREGULAR_SHARE if np.isnan(change) else change > IRREGULAR
    )
    shown = []
    if irregular:
        shown.append("irregular RR intervals")
    if found["p_snr"] < P_WAVE:
        shown.append("no P waves")
    n, ventricular = beats.n_ventricular + beats.n_supraventricular, beats.n_ventricular
    if n:
        of_them = f" ({ventricular} ventricular)" if ventricular else ""
        shown.append(f"{n} premature beat{'s' * (n > 1)}{of_them}")
    if rate and rate > FAST:
        shown.append(f"fast heart rate ({rate:.0f} bpm)")
    if rate and rate < SLOW:
        shown.append(f"slow heart rate ({rate:.0f} bpm)")
    if found["rr_longest"] > PAUSE:
        shown.append(f"pause of {found['rr_longest']:.1f} s")
    if found["beat_width"] > WIDE:
        shown.append(f"wide QRS complexes ({found['beat_width']:.2f} s)")
    return shown
