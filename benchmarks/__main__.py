"""Speed and memory, measured here and now:  python -m benchmarks [--archive training2017.zip]

Prints import and reopen time of the data set, seconds of an epoch per model, cold prediction, and
records a second in bulk. Machines differ and are shared: compare ratios of one call, not calls.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ecglab.datasets import dataset
from ecglab.models import names
from ecglab.tracking import registry
from ecglab.utils.errors import EcglabError

PART = 640
"""Records of the run whose first fold is timed; the epoch is scaled up from its second epoch."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--archive", type=Path, default=os.environ.get("ECGLAB_ARCHIVE"))
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(_train(options.train)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.archive:
            seconds = _import(options.archive, folder)
            _say("import of the archive", f"{seconds:.1f} s")
        else:
            _say("import of the archive", "not measured: name it with --archive")
    data = dataset.open()
    _say("data set", f"{data.name} ({data.kind}), {len(data)} records")
    _say("opening it again", f"{_timed(dataset.open):.3f} s")
    for name in names():
        child = [sys.executable, "-m", "benchmarks", "--train", name]
        found = json.loads(subprocess.run(child, capture_output=True, check=True).stdout)
        _say(
            f"epoch of {name}",
            f"{found['seconds'] * 6000 / found['records']:.0f} s for 6,000 records "
            f"(scaled from {found['records']}), at most {found['resident_mb']:.0f} MB of memory "
            "in the process that trains, what is mapped of the data set included",
        )
    try:
        package = registry.locate()
    except EcglabError as error:
        _say("prediction", f"not measured: {error}")
        return
    _say("cold prediction, one record", f"{_cold(data):.2f} s, the process and all")
    _say("prediction in bulk", f"{_bulk(data, package):.0f} records/s on one core")


def _say(what: str, found: str) -> None:
    print(f"{what:<28} {found}", flush=True)


def _timed(function) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _import(archive: Path, folder: str) -> float:
    from ecglab.datasets.archive import import_archive

    kept = os.environ.get("ECGLAB_DATA")
    os.environ["ECGLAB_DATA"] = folder
    try:
        return _timed(lambda: import_archive(archive))
    finally:
        os.environ.pop("ECGLAB_DATA")
        if kept is not None:
            os.environ["ECGLAB_DATA"] = kept


def _train(name: str) -> dict:
    """A fold of two epochs as `ecglab train` trains it, in a process of its own.

    Returns the second epoch's seconds, its records, and the memory of that process.
    """
    import resource

    from ecglab.datasets import folds
    from ecglab.training import experiment, process
    from ecglab.training import run_folder as runs

    data = dataset.open()
    keys = ["epochs=2", f"records={min(PART, len(data))}", f"data={data.name}"]
    config = experiment.load(name).set(keys)
    part = data.excerpt(config.records)
    with tempfile.TemporaryDirectory() as folder:
        run = runs.RunFolder(Path(folder) / name)
        runs.begin(run, name, config, part, folds.digest(part))
        process.train_fold(run, 0, on_change=lambda run: None)
        seconds = run.history(0)[1]["seconds"]
        trained = len(part) - len(run.table(0, "inner")) - len(run.table(0, "predictions"))
    return {
        "seconds": seconds,
        "records": trained // config.batch_size * config.batch_size,
        "resident_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _cold(data) -> float:
    """Best of three starts of `ecglab predict` on one record of the WFDB form."""
    with tempfile.TemporaryDirectory() as folder:
        samples = data.samples(0)
        header = f"X 1 300 {samples.size}\nX.dat 16 1000/mV 16 0 0 0 0 ECG\n"
        Path(folder, "X.hea").write_text(header)
        Path(folder, "X.dat").write_bytes(samples.tobytes())
        command = [sys.executable, "-m", "ecglab.cli.main", "predict", str(Path(folder, "X"))]
        return min(
            _timed(lambda: subprocess.run(command, check=True, capture_output=True))
            for _ in range(3)
        )


def _bulk(data, package: Path) -> float:
    from ecglab.inference.predictor import Predictor

    predictor = Predictor(package, threads=1)
    part = data.excerpt(min(200, len(data)))
    records = [part.record(i) for i in range(len(part))]
    return len(records) / _timed(lambda: predictor.probabilities(records))


if __name__ == "__main__":
    main()
