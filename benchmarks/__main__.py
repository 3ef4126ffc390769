"""Speed and memory, measured now:  python -m benchmarks [--quick] [--archive training2017.zip]

Prints the time to import and open the data set, an epoch of each model, a cold prediction, and
records a second in bulk. Machines differ and are shared: compare ratios of one call, not calls.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ecglab.datasets import dataset
from ecglab.models import names

PART, QUICK = 640, 40
"""Records of the run whose first fold is timed, and in the quick form."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--archive", type=Path, default=os.environ.get("ECGLAB_ARCHIVE"))
    parser.add_argument("--quick", action="store_true", help="one model, few records: a check")
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        name, records = options.train
        print(json.dumps(_train(name, int(records))))
        return
    if options.archive and not options.quick:
        _show("import of the archive", f"{_import(options.archive):.1f} s")
    else:
        _show("import of the archive", "not measured: name the archive with --archive")
    data = dataset.open()
    kind = "SIMULATED" if data.simulated else "recordings"
    _show("data set", f"{data.name} ({kind}), {len(data):,} records")
    _show("opening it again", f"{_timed(dataset.open):.3f} s")
    _show("checking its digests", f"{_timed(data.check):.2f} s")
    part = min(QUICK if options.quick else PART, len(data))
    for name in ["resnet1d"] if options.quick else names():
        child = [sys.executable, "-m", "benchmarks", "--train", name, str(part)]
        found = json.loads(subprocess.run(child, stdout=subprocess.PIPE, check=True).stdout)
        _show(
            f"epoch of {name}",
            f"{found['seconds'] * 6000 / found['records']:.0f} s for 6,000 records "
            f"(scaled from {found['records']}), at most {found['resident_mb']:.0f} MB of memory "
            "in the process that trains, the mapped part of the data set included",
        )
    for fs in (300, 250):
        _show(f"cold prediction at {fs} Hz", f"{_cold(data, fs):.2f} s, the process included")
    for model in ("default", "fast"):
        n = 20 if options.quick else 200
        _show(f"in bulk, {model}", f"{_bulk(data, model, n):.0f} records/s on one core")


def _show(what: str, found: str) -> None:
    print(f"{what:<28} {found}", flush=True)


def _timed(function) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _import(archive: Path) -> float:
    """Seconds of `ecglab data import` into a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ecglab", "data", "import", str(archive)]
        environment = {**os.environ, "ECGLAB_DATA": folder}
        return _timed(
            lambda: subprocess.run(command, env=environment, check=True, capture_output=True)
        )


def _train(name: str, n_records: int) -> dict:
    """The second epoch of fold 0 of an experiment, trained as `ecglab train` trains it.

    Returns its seconds, its records, and the memory of the process that trained.
    """
    from ecglab.training import cross_validation, experiment

    data = dataset.open()
    keys = ["epochs=2", "folds=1", f"records={n_records}", f"data={data.name}"]
    config = experiment.load(name).set(keys)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MLFLOW_TRACKING_URI"] = folder
        run = cross_validation.run(name, config)
        seconds = run.history(0)[1]["seconds"]
        trained = n_records - len(run.validation(0)) - len(run.predictions(0))
    return {
        "seconds": seconds,
        "records": trained,
        "resident_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _cold(data, fs: int) -> float:
    """Best of three starts of `ecglab predict` on a WFDB record of 30 s at this rate."""
    from ecglab.ecg.prepare import prepare

    with tempfile.TemporaryDirectory() as folder:
        signal = prepare(data.record(0), fs)
        samples = np.rint(1000 * np.nan_to_num(signal)).astype("<i2")
        header = f"X 1 {fs} {samples.size}\nX.dat 16 1000/mV 16 0 0 0 0 ECG\n"
        Path(folder, "X.hea").write_text(header)
        Path(folder, "X.dat").write_bytes(samples.tobytes())
        command = [sys.executable, "-m", "ecglab", "predict", str(Path(folder, "X"))]
        return min(
            _timed(lambda: subprocess.run(command, check=True, capture_output=True))
            for _ in range(3)
        )


def _bulk(data, model: str, n_records: int) -> float:
    from ecglab.inference.predictor import Predictor
    from ecglab.tracking import registry

    predictor = Predictor(registry.locate(model), threads=1)
    part = data.excerpt(min(n_records, len(data)))
    records = [part.record(i) for i in range(len(part))]
    return len(records) / _timed(lambda: predictor.predict_proba(records))


if __name__ == "__main__":
    main()
