"""What one looks at before one designs: numbers, beats and averages of many records."""

import numpy as np

from ecglab.analysis.spectrum import spectrogram
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.features import qrs
from ecglab.ecg.features.bands import Bands
from ecglab.ecg.features.beats import AFTER, BEFORE, Beats, coherence
from ecglab.ecg.record import LABELS, Record
from ecglab.utils import progress

MEASURES = {
    "seconds": "length (s)",
    "rate": "heart rate (beats a minute)",
    "irregularity": "median change from one RR to the next, over the mean",
    "amplitude": "height of R (mV)",
    "upright": "whether R points up",
    "noise": "signal between beats over that at beats",
    "p_wave": "what repeats before the QRS (0 nothing, 1 all)",
}


def heart(record: Record) -> tuple[np.ndarray, Beats]:
    """RR intervals (n,) in s of a record, and its beats."""
    bands = Bands(record.signal, record.fs)
    r = qrs.detect(bands)
    return qrs.intervals(bands, r), Beats(bands, r)


def measures(data: Dataset):
    """A table with `record`, `label` and `MEASURES` of every record.

    NaN where something is not defined, as the rate of a record in which no beat was found.
    """
    import pandas as pd

    rows = progress.bar(range(len(data)), "records")
    table = pd.DataFrame([_measured(data.record(i)) for i in rows], columns=list(MEASURES))
    table.insert(0, "label", data.labels)
    table.insert(0, "record", data.ids)
    return table


def _measured(record: Record) -> list[float]:
    bands = Bands(record.signal, record.fs)
    r = qrs.detect(bands)
    rr, beats = qrs.intervals(bands, r), Beats(bands, r)
    reach = round(0.12 * record.fs)
    between = np.ones(bands.n, bool)
    for peak in r:
        between[max(peak - reach, 0) : peak + reach] = False
    at_beats = float(np.median(bands.envelope[r])) if r.size else 0.0
    quiet = bands.envelope[between]
    enough = len(beats.cut) >= 3
    return [
        record.seconds,
        60 / float(np.median(rr)) if rr.size >= 2 else np.nan,
        float(np.median(np.abs(np.diff(rr))) / rr.mean()) if rr.size >= 3 else np.nan,
        beats.height if enough else np.nan,
        float(beats.sign > 0) if enough else np.nan,
        float(np.median(quiet)) / at_beats if at_beats and quiet.size else np.nan,
        coherence(beats.cut[:, beats.part(-0.24, -0.06)]) if enough else np.nan,
    ]


def typical(table, label: str, n: int = 1) -> list[str]:
    """Ids of the `n` records of a class of `measures` that are nearest to its median.

    Near in rate, irregularity, P wave, height and noise, each in quartile ranges of the class, of
    those that are 20 s long where there are enough.
    """
    rows = table[table["label"] == label]
    long = rows[rows["seconds"] >= 20]
    rows = long if len(long) >= n else rows
    values = rows[["rate", "irregularity", "p_wave", "amplitude", "noise"]]
    low, middle, high = (values.quantile(q) for q in (0.25, 0.5, 0.75))
    distance = (((values - middle) / (high - low).clip(lower=1e-9)) ** 2).mean(axis=1)
    return rows["record"][distance.sort_values(kind="stable").index][:n].tolist()


def by_lot(data: Dataset, label: str, n: int, seed: int = 0) -> list[str]:
    """Ids of `n` records of a class, drawn at random and always the same."""
    rows = np.flatnonzero(data.labels == label)
    return data.ids[np.random.default_rng(seed).permutation(rows)[:n]].tolist()


def on_frames(data: Dataset, hop: float):
    """A table label, irregularity: as in `measures`, with each beat moved to its nearest frame.

    hop: time between frames in s; 0 for beats where they are
    """
    import pandas as pd

    found = []
    for i in progress.bar(range(len(data)), f"beats on frames of {hop:g} s"):
        bands = Bands(data.signal(i), data.fs)
        beats = qrs.detect(bands) / data.fs
        rr = np.diff(np.round(beats / hop) * hop if hop else beats)
        found.append(float(np.median(np.abs(np.diff(rr))) / rr.mean()) if rr.size >= 3 else np.nan)
    return pd.DataFrame({"label": data.labels, "irregularity": found})


def templates(data: Dataset, per_class: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The median beat of up to so many records of each class but noise, with R = 1.

    ({label: (records, samples)}, (samples,) s from R)
    """
    found = {}
    for label in LABELS[:3]:
        rows = []
        for i in np.flatnonzero(data.labels == label)[:per_class]:
            _, beats = heart(data.record(int(i)))
            if len(beats.cut) >= 3 and beats.height > 0:
                level = np.median(beats.template[beats.part(-0.12, -0.05)])
                rows.append((beats.template - level) / beats.height)
        if rows:
            found[label] = np.stack(rows)
    samples = round(BEFORE * data.fs) + round(AFTER * data.fs)
    return found, np.arange(samples) / data.fs - BEFORE


def mean_spectrograms(
    data: Dataset, per_class: int, window: float = 0.16, hop: float = 0.02, band=(0, 40)
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The mean log power around R of up to so many records of each class but noise.

    Each record is scaled to unit power between 0.7 and 40 Hz. ({label: (bins, frames)} in dB,
    (frames,) s from R, (bins,) Hz)
    """
    around = np.arange(round(-0.3 / hop), round(0.44 / hop) + 1)
    found, frequency = {}, np.empty(0)
    for label in LABELS[:3]:
        rows = []
        for i in np.flatnonzero(data.labels == label)[:per_class]:
            record = data.record(int(i))
            _, beats = heart(record)
            bands = Bands(record.signal, record.fs)
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


def relabelled(data: Dataset, version: str):
    """A table record, `version`, now: the records whose label another version has otherwise."""
    import pandas as pd

    other = Dataset(data.path, version)
    label_of = dict(zip(other.ids, other.labels, strict=True))
    before = np.array([label_of[record] for record in data.ids])
    changed = before != data.labels
    return pd.DataFrame(
        {"record": data.ids[changed], version: before[changed], "now": data.labels[changed]}
    )
