"""Signal quality: published indices, read from the features of a record, and one number of them.

bSQI    agreement of two detectors of beats: those that both find, of those that either finds. Li
        Q, Mark RG, Clifford GD. "Robust heart rate estimation from multiple asynchronous noisy
        sources using signal quality indices and a Kalman filter", Physiol Meas 2008;29(1):15-32,
        doi:10.1088/0967-3334/29/1/002 (the detectors of this package, and a tolerance of 0.1 s)
kSQI    kurtosis of the signal: 3 for Gaussian noise, more for beats on a quiet baseline (as bSQI)
pSQI    power from 5 to 15 Hz, the band of the QRS, over that from 5 to 40 Hz: low with muscle
        noise. Clifford GD, Behar J, Li Q, Rezek I, Physiol Meas 2012;33(9):1419-1433,
        doi:10.1088/0967-3334/33/9/1419
basSQI  power without the wander of the baseline: above 0.7 Hz, of that from 0.25 to 40 Hz (as
        pSQI; the paper's band of the baseline is 0 to 1 Hz, which a slow heart rate lies in)

`quality` weighs them as Zhao Z, Zhang Y. "SQI quality evaluation mechanism of single-lead ECG
signal based on simple heuristic fusion and fuzzy comprehensive evaluation", Front Physiol
2018;9:727, doi:10.3389/fphys.2018.00727, and scales each between that paper's limits.
"""

from collections.abc import Mapping

import numpy as np

WEIGHTS = {"bSQI": 0.4, "pSQI": 0.4, "kSQI": 0.1, "basSQI": 0.1}
"""Of the paper."""

LIMITS = {"bSQI": (0.6, 0.9), "pSQI": (0.4, 0.5), "kSQI": (3.0, 5.0), "basSQI": (0.9, 0.95)}
"""Of each index: the value of a bad signal, and the value of a good one. All are the paper's except
the first of kSQI, the kurtosis of Gaussian noise; the paper has only 5."""


def indices(found: Mapping[str, float]) -> dict[str, float]:
    """{index: value} of a record's features {name: value}; 0 where one is not defined."""
    agreement = found["quality_agreement"]
    values = {
        "bSQI": agreement / (2 - agreement),  # of F1
        "pSQI": found["quality_qrs_power"],
        "kSQI": 10 ** found["quality_kurtosis"],
        "basSQI": 1 / (1 + 10 ** found["quality_power_0.25_0.7"]),
    }
    return {name: float(np.nan_to_num(value)) for name, value in values.items()}


def quality(found: Mapping[str, float]) -> float:
    """Signal quality from 0 (bad) to 1 (good) of a record's features {name: value}.

    The weighted mean of the indices, each scaled from 0 to 1 between its `LIMITS`, times the share
    of the samples that are neither missing nor flat.
    """
    values = indices(found)
    scaled = {
        name: float(np.clip((values[name] - low) / (high - low), 0, 1))
        for name, (low, high) in LIMITS.items()
    }
    lost = np.nan_to_num([found["quality_missing"], found["quality_flat"]], nan=1.0)
    return max(1 - float(lost.sum()), 0.0) * sum(
        WEIGHTS[name] * value for name, value in scaled.items()
    )
