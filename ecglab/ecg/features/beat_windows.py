"""The beats of a lead as a sequence for a network: the shape of each, and when it comes."""

from collections.abc import Sequence

import numpy as np

from .beats import BEFORE, Beats
from .series import median

POINTS = 80
"""Samples of a beat: 0.8 s at 100 Hz, from 0.3 s before R."""

TIMES = ("before", "after", "before_log", "change", "correlation", "height")
"""What follows the shape: logarithms of the RR interval before and after the beat over the median,
of the interval before in s, and of their ratio; the correlation of the QRS complex with that of the
median beat; the height of the beat over the median."""

WIDTH = POINTS + len(TIMES)

_LIMIT = 5.0
"""Greatest number in a sequence, so that an artefact does not swamp a batch."""


def sequence(beats: Beats | None) -> np.ndarray:
    """The beats (n_beats, WIDTH) float32, each turned upright and scaled by the median height.

    Beats that are not cut out, at the ends of a record and beside missing samples, are left out.
    There are none where fewer than 3 are left. An interval that is not known, as before the first
    beat, after the last and across missing samples, counts as the median RR.
    """
    if beats is None or not beats.comparable:
        return np.empty((0, WIDTH), np.float32)
    points = beats.before + (np.arange(POINTS) / 100 - BEFORE) * beats.fs
    low = np.minimum(points.astype(int), beats.cut.shape[1] - 2)
    part = points - low
    shape = beats.cut[:, low] * (1 - part) + beats.cut[:, low + 1] * part
    near = beats.cut[:, beats.part(-0.04, 0.05)].max(axis=1)
    top = max(float(median(near)), 1e-9)
    found = np.concatenate([shape / top, _times(beats, near / top)], axis=1)
    return np.clip(found, -_LIMIT, _LIMIT).astype(np.float32)


def _times(beats: Beats, height: np.ndarray) -> np.ndarray:
    """(beats cut out, len(TIMES))"""
    rr = beats.rr[1:]
    known = rr[~np.isnan(rr)]
    usual = float(median(known if known.size else np.diff(beats.r) / beats.fs))
    rr = np.where(np.isnan(rr), usual, rr)
    before = np.concatenate([[usual], rr])[beats.inside]
    after = np.concatenate([rr, [usual]])[beats.inside]
    columns = [
        np.log(before / usual),
        np.log(after / usual),
        np.log(before),
        np.log(after / before),
        beats.correlation,
        height,
    ]
    return np.stack(columns, axis=1)


def batch_of_beats(sequences: Sequence[np.ndarray], n_beats: int = 0) -> dict[str, np.ndarray]:
    """Sequences of beats as the two inputs of a network, padded at the end to one length.

    sequences: (n, WIDTH) float32 each; n_beats: of the result, by default those of the longest
    Returns {"beats": (batch, n_beats, WIDTH) float32, "beats_mask": (batch, n_beats) float32, 1
    where there is a beat}.
    """
    n_beats = n_beats or max(1, *(len(one) for one in sequences))
    beats = np.zeros((len(sequences), n_beats, WIDTH), np.float32)
    mask = np.zeros((len(sequences), n_beats), np.float32)
    for row, one in enumerate(sequences):
        beats[row, : len(one)], mask[row, : len(one)] = one, 1
    return {"beats": beats, "beats_mask": mask}
