"""The same recordings in many formats and at several rates:  python -m benchmarks.formats

Each of 200 records, cut to its first 30 s, is written in twelve formats at four rates, also
inverted, read again, and predicted. Prints for each format and rate the share of files with the
label of the record, the share whose probabilities are all within 0.02 of those of the record, the
share with both, and the largest difference. It ends with the records that fall short, and with the
effect of inversion.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecglab.datasets import dataset
from ecglab.ecg.prepare import at_rate
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.readers import read_here
from ecglab.tracking import registry
from ecglab.utils.progress import left, message

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # which has the writers

from format_maker import WRITERS, not_stated

FORMATS = (
    *("WFDB 16", "WFDB 212", "EDF", "BDF", "CSV", "TSV"),
    *("npy", "MATLAB 5", "DICOM", "aECG", "JSON", "Parquet"),
)
RATES = (125, 250, 500, 1000)
SECONDS = 30
CLOSE = 0.02
"""Difference of a probability that counts as the same."""

GOAL = 0.99
SIGNS = {1: "", -1: ", inverted"}


class Way(NamedTuple):
    """A way to write a record. sign: -1 for inverted."""

    name: str
    fs: int
    sign: int

    def __str__(self) -> str:
        return f"{self.name} at {self.fs} Hz{SIGNS[self.sign]}"


WAYS = [Way(name, fs, sign) for name in FORMATS for fs in RATES for sign in SIGNS]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.formats",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", default="default", metavar="MODEL")
    parser.add_argument("--data", metavar="NAME", help="data set (default: cinc2017)")
    parser.add_argument("--records", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the records that are drawn")
    options = parser.parse_args()
    predictor = Predictor(registry.locate(options.model), threads=1)
    data = dataset.open(options.data)
    records = list(data.excerpt(min(options.records, len(data)), options.seed))
    records = [_cut(record) for record in records]
    before = np.stack([predictor.predict_proba(record)[0] for record in records])
    after = np.empty((len(records), len(WAYS), before.shape[1]))
    started = shown = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for i, record in enumerate(records):
            after[i] = predictor.predict_proba(list(_files(record, Path(folder))))
            now = time.monotonic()
            if now - shown > 10:
                shown, each = now, (now - started) / (i + 1)
                rest = left(each * (len(records) - i - 1))
                message(f"{i + 1:,} of {len(records):,} records{rest}")
    _show(records, before, after)


def _cut(record: Record) -> Record:
    """The first whole seconds of a record, 30 at most."""
    n = min(SECONDS, int(record.seconds)) * round(record.fs)
    return Record(record.signal[:n], record.fs, record.id)


def _files(record: Record, folder: Path) -> Iterator[Record]:
    """The record as it is read from a file, for each of the ways to write it."""
    signals = {fs: at_rate(record.signal, record.fs, fs).astype(float) for fs in RATES}
    for way in WAYS:
        path = WRITERS[way.name](folder, way.sign * signals[way.fs], way.fs)
        yield read_here(path, **not_stated(way.name, way.fs))


def _show(records: Sequence[Record], before: np.ndarray, after: np.ndarray) -> None:
    """Print the table, then the files that differ from their record.

    before: (n_records, n_classes); after: (n_records, n_ways, n_classes)
    """
    difference = np.abs(after - before[:, None]).max(axis=2)
    same = after.argmax(axis=2) == before.argmax(axis=1)[:, None]
    close = difference <= CLOSE
    print(f"| format | rate | same label | within {CLOSE:g} | both | largest difference |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    both = []
    for name in FORMATS:
        for fs in RATES:
            part = [j for j, way in enumerate(WAYS) if (way.name, way.fs) == (name, fs)]
            both.append((same & close)[:, part].mean())
            shares = f"{same[:, part].mean():.3f} | {close[:, part].mean():.3f} | {both[-1]:.3f}"
            print(f"| {name} | {fs} Hz | {shares} | {difference[:, part].max():.4f} |")
    for i, record in enumerate(records):
        if bad := np.flatnonzero(~(same[i] & close[i])).tolist():
            worst = max(bad, key=lambda j: difference[i, j])
            old, new = (" ".join(f"{p:.3f}" for p in x) for x in (before[i], after[i, worst]))
            print(f"{record.id}: {len(bad)} files, most {WAYS[worst]} ({old} -> {new})")
    inverted = [way.sign < 0 for way in WAYS]
    upright = [way.sign > 0 for way in WAYS]
    turned = np.abs(after[:, inverted] - after[:, upright]).max()
    print(f"inverted and not, a probability differs by {turned:.6f} at most")
    print(
        f"{len(records):,} records: same label and probabilities within {CLOSE:g} in "
        f"{min(both):.3f} to {max(both):.3f} of the files; "
        f"{sum(share >= GOAL for share in both)} of {len(both)} rows reach {GOAL:g}"
    )


if __name__ == "__main__":
    main()
