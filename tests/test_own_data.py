"""Other data sets than the challenge's, from files to predictions, by the commands."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import tiny

from ecglab.cli import main as cli
from ecglab.datasets import dataset, splits
from ecglab.datasets.synthetic import simulate
from ecglab.inference.predictor import Predictor
from ecglab.tracking import runs, tracker
from ecglab.training import cross_validation, experiment
from ecglab.utils.errors import EcglabError

CLASS_OF = {"SR": "N", "AFIB": "A", "OTHER": "O"}
QUICK = ["--set", "iterations=10", "--set", "bags=1", "--set", "min_leaf=3"]


def write_recordings(folder, n: int, seed: int) -> None:
    """Simulated WFDB, CSV and .npy files at three rates, and table.csv with other label names."""
    folder.mkdir()
    rows = []
    for i in range(n):
        label, fs = list(CLASS_OF)[i % 3], (300, 250, 500)[i // 3 % 3]
        signal = simulate(CLASS_OF[label], 12, np.random.default_rng([seed, i]), fs)
        name, form = f"r{i:03}", ("hea", "csv", "npy")[i // 9 % 3]
        if form == "hea":
            units = np.rint(1000 * signal).astype("<i2")
            units.tofile(folder / f"{name}.dat")
            line = f"{name}.dat 16 1000/mV 16 0 {units[0]} 0 0 ECG"
            (folder / f"{name}.hea").write_text(f"{name} 1 {fs} {units.size}\n{line}\n")
        elif form == "csv":
            columns = {"time_s": np.arange(signal.size) / fs, "ecg_uV": 1000 * signal}
            pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
        else:
            np.save(folder / f"{name}.npy", signal)
        rate = fs if form == "npy" else ""  # which carries none
        row = {"path": f"{name}.{form}", "rhythm": label, "patient": f"p{i // 6}", "fs": rate}
        row["units"] = "mV" if form == "npy" else ""
        rows.append(row)
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    (folder / "table.toml").write_text(
        '[columns]\nfile = "path"\nlabel = "rhythm"\ngroup = "patient"\n'
    )


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """A folder data set with groups, trained and packaged: what each command printed."""
    folder = tmp_path_factory.mktemp("clinic")
    write_recordings(folder / "recordings", 108, seed=7)
    write_recordings(folder / "others", 54, seed=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "mlruns"))
        yield folder


def run(capsys, *arguments) -> str:
    """What a command prints; it must succeed."""
    status = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


def test_own_recordings_from_files_to_predictions(clinic, capsys):
    mapping = [x for label, code in CLASS_OF.items() for x in ("--map", f"{label}={code}")]
    files = clinic / "recordings"
    table = ["--labels", files / "table.csv", "--name", "clinic"]
    described = run(capsys, "data", "import", files, *table, *mapping)
    assert "108" in described and "atrial fibrillation" in described
    data = dataset.open("clinic")
    assert data.counts() == {"N": 36, "A": 36, "O": 36}
    assert set(data.lengths) == {3600}, "12 s at 300 Hz, whatever the file had"

    run(capsys, "data", "split", "clinic", "--folds", 3)
    fold = splits.folds(data)
    for group in np.unique(data.groups):
        assert np.unique(fold[data.groups == group]).size == 1
    assert "All digests match" in run(capsys, "data", "info", "clinic")

    trained = run(capsys, "train", "rr_trees", "--data", "clinic", *QUICK)
    name = re.search(r"^(rr_trees-\w+): 108", trained, re.MULTILINE)[1]
    challenge_f1 = float(re.search(r"challenge_f1 +([\d.]+)", trained)[1])
    assert challenge_f1 > 0.6
    assert name in run(capsys, "runs")
    parent = runs.find(name)
    assert {"f1/N", "f1/A", "f1/O", "challenge_f1", "ece"} <= set(parent.data.metrics)
    assert "f1/noise" not in parent.data.metrics

    package = clinic / "package"
    run(capsys, "package", name, "-o", package)
    predictor = Predictor(package)
    assert predictor.classes.codes == ("N", "A", "O")
    assert len(predictor.trained_on) == 108

    # No file of the training data is scored, unless that is asked for.
    status = cli.main(["evaluate", str(package), "--data", "clinic"])
    assert status == 1 and "trained on" in capsys.readouterr().err

    table = ["--labels", clinic / "others" / "table.csv", "--name", "others"]
    run(capsys, "data", "import", clinic / "others", *table)
    assert dataset.open("others").classes.codes == ("AFIB", "OTHER", "SR")
    page, found = clinic / "page.html", clinic / "found.json"
    maps = mapping[:4]  # OTHER has no counterpart then
    out = run(
        capsys, "evaluate", package, "--data", "others", *maps, "--html", page, "--json", found
    )
    assert "OTHER" in out and page.stat().st_size > 10_000
    assert json.loads(found.read_text())

    out = run(
        capsys, "predict", "--json", "--model", package, files / "r000.hea", files / "r010.csv"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["record"] for row in rows] == ["r000", "r010"]
    assert list(rows[0]["probabilities"]) == ["N", "A", "O"]


def test_a_network_on_two_classes_from_training_to_prediction(tmp_path, monkeypatch, capsys):
    dataset.make_synthetic(60, name="synthetic_af")
    small = tiny.experiment(data="synthetic_af", epochs=2, folds=1)
    monkeypatch.setattr(experiment, "load", lambda name: small)
    run_folder = tracker.train("tiny", small, fresh=False)
    assert run_folder.classes.codes == ("AF", "other")
    table = run_folder.predictions()
    assert list(table.columns) == ["record", "fold", "label", "AF", "other"]
    np.testing.assert_allclose(table[["AF", "other"]].sum(axis=1), 1, atol=1e-5)
    assert {"val/f1/AF", "val/challenge_f1"} <= set(run_folder.history(0)[-1])

    parent = runs.find(run_folder.name)
    assert {"f1/AF", "f1/other", "challenge_f1"} <= set(parent.data.metrics)
    package = tmp_path / "package"
    run(capsys, "package", run_folder.name, "-o", package)
    data = dataset.open("synthetic_af")
    records = [data.record(record) for record in table["record"]]
    found = Predictor(package).predict_proba(records)
    np.testing.assert_allclose(found, table[["AF", "other"]], atol=1e-4)


def test_folds_beyond_the_split_are_refused():
    dataset.make_synthetic(60)
    with pytest.raises(EcglabError, match="folds=9 is impossible"):
        cross_validation.plan(tiny.experiment(folds=9))
    with pytest.raises(Exception, match="held_out=5 is impossible"):
        cross_validation.plan(tiny.experiment(held_out=5))


def test_a_held_out_fold_is_seen_by_no_part_of_a_run():
    dataset.make_synthetic(60)
    data = dataset.open("synthetic")
    planned = cross_validation.plan(tiny.experiment(held_out=0))
    held_out = set(data.ids[splits.folds(data) == 0])
    assert held_out and not held_out & set(planned.data.ids)
    assert len(planned.data) + len(held_out) == len(data)
    assert set(planned.fold) == set(range(5))
