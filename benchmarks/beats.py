"""Beat detectors compared on annotated recordings:  python -m benchmarks.beats FOLDER [FOLDER ...]

A folder holds one or more of the folders `mitdb`, `cpsc2021`, `cpsc2019` (WFDB records of these
data sets with their annotations). Prints sensitivity and precision in percent, as their makers
score: beats within 150 ms (75 ms for cpsc2019), without the first 5 minutes of mitdb and without
half a second at both ends of the others. With --seconds 30 each 30 s are detected on their own.

neurokit2 is no dependency: `pip install neurokit2` adds it to the comparison.
"""

import argparse
import contextlib
import io
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecglab.ecg.features import qrs
from ecglab.ecg.features.bands import Bands
from ecglab.evaluation.beats import BeatScore, score

Detector = Callable[[np.ndarray, float], np.ndarray]
"""A signal (n,) in mV and its rate in Hz to sample numbers of R peaks."""

BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""WFDB's symbols of beats."""

MIN_SECONDS = 5


class Rules(NamedTuple):
    """How a data set is scored, in s: tolerance, and what is left out at start and end."""

    tolerance: float
    start: float
    end: float


RULES = {
    "mitdb": Rules(0.15, 300, 0),
    "cpsc2021": Rules(0.15, 0.5, 0.5),
    "cpsc2019": Rules(0.075, 0.5, 0.5),
}


class Lead(NamedTuple):
    """One annotated lead: the row of the table it counts in, mV, Hz, sample numbers of R peaks."""

    row: str
    rules: Rules
    signal: np.ndarray
    fs: float
    beats: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beats",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=0, help="detect in pieces of this length")
    options = parser.parse_args()
    leads = [lead for folder in options.folders for lead in _leads(folder)]
    if not leads:
        sys.exit(f"no folder {', '.join(RULES)} with WFDB records is in {options.folders[0]}")
    detectors = _detectors()
    rows = list(dict.fromkeys(lead.row for lead in leads))
    scores = {(row, name): BeatScore() for row in rows for name in detectors}
    seconds = dict.fromkeys(detectors, 0.0)
    for lead in leads:
        for name, detector in detectors.items():
            started = time.process_time()
            found = _detected(detector, lead, options.seconds)
            seconds[name] += time.process_time() - started
            tolerance, start, end = (value * lead.fs for value in lead.rules)
            counted = score(lead.beats, found, tolerance, start, lead.signal.size - end)
            scores[lead.row, name] += counted
    print("| recordings | beats |" + "".join(f" {name} |" for name in detectors))
    print("| --- | ---: |" + " ---: |" * len(detectors))
    for row in rows:
        cells = [scores[row, name] for name in detectors]
        shares = [f"{100 * s.sensitivity:.2f} / {100 * s.precision:.2f}" for s in cells]
        print(f"| {row} | {cells[0].reference:,} | " + " | ".join(shares) + " |")
    whole = sum(lead.signal.size / lead.fs for lead in leads) / 30
    times = [f"{1000 * seconds[name] / whole:.1f} ms" for name in detectors]
    print("| time of one core for 30 s | | " + " | ".join(times) + " |")


def _leads(folder: Path) -> Iterator[Lead]:
    """The annotated leads of the data sets in a folder."""
    import wfdb

    for name, rules in RULES.items():
        for header in sorted((folder / name).glob("*.hea")):
            record = wfdb.rdrecord(str(header.with_suffix("")))
            marks = wfdb.rdann(str(header.with_suffix("")), "atr")
            is_beat = np.array([symbol in BEATS for symbol in marks.symbol])
            for lead, signal in zip(record.sig_name, record.p_signal.T, strict=True):
                row = name
                if name == "cpsc2021":  # data_PATIENT_NUMBER
                    row = f"{name}, patient {header.stem.split('_')[1]}, lead {lead}"
                yield Lead(row, rules, signal, float(record.fs), marks.sample[is_beat])


def _detectors() -> dict[str, Detector]:
    found: dict[str, Detector] = {"ecglab": _ecglab, "wfdb xqrs": _xqrs}
    try:
        import neurokit2  # noqa: F401
    except ImportError:
        print("neurokit2 is left out: pip install neurokit2", file=sys.stderr)
    else:
        found["neurokit2"] = _neurokit
    return found


def _detected(detector: Detector, lead: Lead, seconds: float) -> np.ndarray:
    """Beats of a lead, detected in pieces of some seconds (0: as a whole)."""
    step = round(seconds * lead.fs) or lead.signal.size
    pieces = [
        start + np.asarray(detector(lead.signal[start : start + step], lead.fs), int)
        for start in range(0, lead.signal.size, step)
        if min(step, lead.signal.size - start) >= MIN_SECONDS * lead.fs
    ]
    return np.concatenate([np.empty(0, int), *pieces])


def _ecglab(signal: np.ndarray, fs: float) -> np.ndarray:
    return qrs.detect(Bands(signal, fs))


def _xqrs(signal: np.ndarray, fs: float) -> np.ndarray:
    from wfdb import processing

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return processing.xqrs_detect(signal, fs, verbose=False)


def _neurokit(signal: np.ndarray, fs: float) -> np.ndarray:
    import neurokit2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clean = neurokit2.ecg_clean(signal, sampling_rate=int(fs))
        return neurokit2.ecg_findpeaks(clean, sampling_rate=int(fs))["ECG_R_Peaks"]


if __name__ == "__main__":
    main()
