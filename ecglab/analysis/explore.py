"""Measures, beats and averages of many records: what one looks at before designing a model."""

from typing import TYPE_CHECKING

import numpy as np

from ecglab.datasets import dataset
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.features import qrs
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.features.beats import AFTER, BEFORE, Beats, coherence
from ecglab.ecg.record import Record
from ecglab.plots.spectrum import spectrogram
from ecglab.utils import progress

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "seconds": "length (s)",
    "rate": "heart rate (beats per minute)",
    "irregularity": "median change from one RR interval to the next, share of the mean RR",
    "amplitude": "R wave amplitude (mV)",
    "upright": "R wave points up (1) or down (0)",
    "noise": "QRS band between the beats, share of that at the beats",
    "p_wave": "P wave: share of the activity before the QRS that repeats",
}
"""Columns of `measures` and their meanings."""


def heartbeats(record: Record) -> tuple[np.ndarray, Beats]:
    """RR intervals (n,) in s of a record, and its beats."""
    return _detected(Bands(record.signal, record.fs))


def _detected(bands: Bands) -> tuple[np.ndarray, Beats]:
    r = qrs.detect(bands)
    return qrs.intervals(bands, r), Beats(bands, r)


def measures(data: Dataset) -> "pd.DataFrame":
    """A table with `record`, `label` and `MEASURES` of every record.

    NaN where a measure is not defined, such as the rate of a record without a detected beat.
    """
    import pandas as pd

    rows = progress.bar(range(len(data)), "records")
    table = pd.DataFrame([_measured(data.record(i)) for i in rows], columns=list(MEASURES))
    table.insert(0, "label", data.labels)
    table.insert(0, "record", data.ids)
    return table


def _measured(record: Record) -> list[float]:
    bands = Bands(record.signal, record.fs)
    rr, beats = _detected(bands)
    margin = round(0.12 * record.fs)
    between = np.ones(bands.n, bool)
    for peak in beats.r:
        between[max(peak - margin, 0) : peak + margin] = False
    at_beats = float(np.median(bands.envelope[beats.r])) if beats.r.size else 0.0
    quiet = bands.envelope[between]
    enough = len(beats.cut) >= 3
    return [
        record.seconds,
        60 / float(np.median(rr)) if rr.size >= 2 else np.nan,
        _irregularity(rr),
        beats.height if enough else np.nan,
        float(beats.sign > 0) if enough else np.nan,
        float(np.median(quiet)) / at_beats if at_beats and quiet.size else np.nan,
        coherence(beats.cut[:, beats.part(-0.24, -0.06)]) if enough else np.nan,
    ]


def _irregularity(rr: np.ndarray) -> float:
    return float(np.median(np.abs(np.diff(rr))) / rr.mean()) if rr.size >= 3 else np.nan


def typical(table: "pd.DataFrame", label: str, n: int = 1) -> list[str]:
    """Ids of the `n` records of a class that are closest to its median.

    table: as `measures` returns it. Distance is over rate, irregularity, P wave, amplitude and
    noise, each in interquartile ranges of the class, among records of at least 20 s if there are
    enough.
    """
    rows = table[table["label"] == label]
    long = rows[rows["seconds"] >= 20]
    rows = long if len(long) >= n else rows
    values = rows[["rate", "irregularity", "p_wave", "amplitude", "noise"]]
    low, middle, high = (values.quantile(q) for q in (0.25, 0.5, 0.75))
    distance = (((values - middle) / (high - low).clip(lower=1e-9)) ** 2).mean(axis=1)
    return rows["record"][distance.sort_values(kind="stable").index][:n].tolist()


def random_records(data: Dataset, label: str, n: int, seed: int = 0) -> list[str]:
    """Ids of `n` random records of a class, the same for the same seed."""
    rows = np.flatnonzero(data.labels == label)
    return data.ids[np.random.default_rng(seed).permutation(rows)[:n]].tolist()


def irregularity_on_frames(data: Dataset, hop: float) -> "pd.DataFrame":
    """A table label, irregularity: as in `measures`, with each beat moved to its nearest frame.

    hop: time between frames in s; 0 leaves the beats where they are
    """
    import pandas as pd

    found = []
    for i in progress.bar(range(len(data)), f"beats on frames of {hop:g} s"):
        bands = Bands(data.signal(i), data.fs)
        beats = qrs.detect(bands) / data.fs
        found.append(_irregularity(np.diff(np.round(beats / hop) * hop if hop else beats)))
    return pd.DataFrame({"label": data.labels, "irregularity": found})


def median_beats(data: Dataset, per_class: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The median beat of each of up to `per_class` records of each ranked class, scaled to R = 1.

    Returns ({label: (records, samples)}, (samples,) s from R).
    """
    found = {}
    for label in data.classes.ranked:
        rows = []
        for i in np.flatnonzero(data.labels == label)[:per_class]:
            _, beats = heartbeats(data.record(int(i)))
            if len(beats.cut) >= 3 and beats.height > 0:
                level = np.median(beats.template[beats.part(-0.12, -0.05)])
                rows.append((beats.template - level) / beats.height)
        if rows:
            found[label] = np.stack(rows)
    samples = round(BEFORE * data.fs) + round(AFTER * data.fs)
    return found, np.arange(samples) / data.fs - BEFORE


def mean_spectrograms(
    data: Dataset,
    per_class: int,
    window: float = 0.16,
    hop: float = 0.02,
    band: tuple[float, float] = (0, 40),
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The mean log power around R over up to `per_class` records of each ranked class.

    Each record is scaled to unit power between 0.7 and 40 Hz. Returns ({label: (bins, frames) in
    dB}, (frames,) s from R, (bins,) Hz).
    """
    around = np.arange(round(-0.3 / hop), round(0.44 / hop) + 1)
    found, frequency = {}, np.empty(0)
    for label in data.classes.ranked:
        rows = []
        for i in np.flatnonzero(data.labels == label)[:per_class]:
            record = data.record(int(i))
            bands = Bands(record.signal, record.fs)
            _, beats = _detected(bands)
            scaled = Record(bands.wide / max(bands.wide.std(), 1e-6), record.fs)
            seen = spectrogram(scaled, window, hop, band, padding=2)
            at = np.round((beats.r / record.fs - seen.time[0]) / hop).astype(int)
            at = at[(at + around[0] >= 0) & (at + around[-1] < seen.time.size)]
            if at.size:
                rows.append(seen.decibel[:, at[:, None] + around].mean(axis=1))
                frequency = seen.frequency
        if rows:
            found[label] = np.mean(rows, axis=0)
    return found, around * hop, frequency


def relabelled(data: Dataset, version: str) -> "pd.DataFrame":
    """A table record, `version`, now: the records that have another label in another version."""
    import pandas as pd

    other = dataset.open(data.name, version)
    label_of = dict(zip(other.ids, other.labels, strict=True))
    before = np.array([label_of[record] for record in data.ids])
    changed = before != data.labels
    return pd.DataFrame(
        {"record": data.ids[changed], version: before[changed], "now": data.labels[changed]}
    )
