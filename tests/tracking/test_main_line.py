"""The main line after training: MLflow, registry, prediction, on a tiny run made once."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tiny

from ecglab.cli import main
from ecglab.datasets import dataset
from ecglab.ecg.record import LABELS, Record
from ecglab.evaluation import metrics
from ecglab.inference.predictor import Predictor
from ecglab.packaging import onnx_files, shipped
from ecglab.tracking import registry
from ecglab.tracking import tracker as tracking
from ecglab.training import cross_validation as crossval
from ecglab.training.run_folder import RunFolder
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_text


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run folder of two folds, tracked nowhere."""
    folder = tmp_path_factory.mktemp("line")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(folder / "made"))
        tiny.make_data()
        seen = []  # epochs of both folds whenever something became final

        def note(run):
            seen.append(sum(len(run.history(k)) for k in run.folds))

        run = crossval.run("tiny", tiny.experiment(), on_change=note)
    return SimpleNamespace(folder=folder, run=run, seen=seen)


@pytest.fixture(scope="module")
def line(made):
    """The same run, tracked and promoted in a store that tests only read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(made.folder / "data"))
        patch.setenv("MLFLOW_TRACKING_URI", str(made.folder / "store"))
        parent = tracking.Tracker(made.run).sync()
        registry.promote(made.run.name)
    return SimpleNamespace(**vars(made), parent=parent, store=made.folder / "store")


@pytest.fixture
def stored(line, monkeypatch):
    """`line`, with the environment pointing at it."""
    monkeypatch.setenv("ECGLAB_DATA", str(line.folder / "data"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(line.store))
    return line


def copied(run: RunFolder, folder, **data) -> RunFolder:
    """A copy of a run folder under an id of its own, with facts of its data changed."""
    shutil.copytree(run.path, folder)
    facts = json.loads((folder / "run.json").read_text())
    facts["id"] = f"copy-{folder.name}"
    facts["data"] |= data
    write_text(folder / "run.json", json.dumps(facts))
    return RunFolder(folder)


def client():
    return tracking.mlflow().MlflowClient()


# --- the run folder


def test_every_epoch_is_told_once_it_is_final(made):
    assert made.seen == sorted(made.seen)
    assert set(made.seen) == {0, 1, 2, 3, 4}


def test_the_run_says_on_what_it_was_trained(made):
    environment = made.run.facts["environment"]
    assert environment["backend"] in ("tensorflow", "jax")
    assert environment["device"]
    assert environment["keras"]


# --- tracking


def test_the_parent_holds_scores_that_its_table_gives(stored):
    parent = client().get_run(stored.parent)
    table = stored.run.predictions()
    f1 = metrics.f1_scores(table["label"], metrics.chosen(table))
    for name, value in f1.items():
        assert parent.data.metrics[name] == pytest.approx(value)
        assert parent.data.metrics[f"{name}_low"] <= value <= parent.data.metrics[f"{name}_high"]
    assert parent.data.metrics["records_scored"] == len(table) == 16
    assert parent.info.status == "FINISHED"


def test_the_parent_says_what_was_trained_on_what(stored):
    parent = client().get_run(stored.parent)
    facts = stored.run.facts
    assert parent.data.params["epochs"] == "2"
    assert parent.data.params["network.widths"] == "4,8"
    assert parent.data.params["data.digest"] == facts["data"]["digest"]
    assert parent.data.params["labels"] == "synthetic"
    assert parent.data.params["folds.digest"] == facts["folds_digest"]
    assert parent.data.params["environment.keras"]
    assert "SYNTHETIC" in parent.data.tags["ecglab.scope"]
    names = {item.path for item in client().list_artifacts(stored.parent)}
    pictures = {"confusion.png", "precision_recall.png", "reliability.png", "learning_curves.png"}
    assert pictures | {"predictions.csv", "run.json"} <= names


def test_each_fold_is_a_child_with_its_curves_and_model(stored):
    children = client().search_runs(
        [client().get_run(stored.parent).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{stored.parent}'",
    )
    assert sorted(child.data.tags["ecglab.fold"] for child in children) == ["0", "1"]
    for child in children:
        curve = client().get_metric_history(child.info.run_id, "loss")
        assert [point.step for point in curve] == [1, 2]
        assert "inner_F1_NAO" in child.data.metrics
        assert "F1_A" in child.data.metrics
        assert child.outputs.model_outputs
        assert child.info.status == "FINISHED"


def test_tracking_again_changes_nothing(stored):
    def everything():
        found = tracking._all_runs()
        histories = [client().get_metric_history(r.info.run_id, "loss") for r in found]
        return sorted(r.info.run_id for r in found), [len(h) for h in histories]

    before = everything()
    assert tracking.Tracker(stored.run).sync() == stored.parent
    assert everything() == before


def test_a_run_that_was_cut_off_is_completed_without_doubles(made, tmp_path):
    whole = copied(made.run, tmp_path / "whole")
    part = RunFolder(tmp_path / "part")
    shutil.copytree(whole.path, part.path)
    shutil.rmtree(part.fold(1))
    (part.path / "done.json").unlink()
    (part.fold(0) / "predictions.csv").unlink()
    write_text(part.fold(0) / "history.json", json.dumps(part.history(0)[:1]))

    tracker = tracking.Tracker(part)
    parent = tracker.sync()
    assert client().get_run(parent).info.status == "RUNNING"
    tracker.stop("KILLED")
    assert client().get_run(parent).info.status == "KILLED"

    assert tracking.Tracker(whole).sync() == parent
    found = tracking._all_runs()
    assert len(found) == 3
    assert {run.info.status for run in found} == {"FINISHED"}
    for run in found:
        if run.info.run_id != parent:
            steps = [p.step for p in client().get_metric_history(run.info.run_id, "loss")]
            assert steps == [1, 2]


def test_track_logs_a_folder_computed_elsewhere(made, tmp_path, capsys):
    run = copied(made.run, tmp_path / "from-a-gpu-node")
    assert main(["track", str(run.path)]) == 0
    assert "logged from-a-gpu-node" in capsys.readouterr().out
    assert main(["runs"]) == 0
    out = capsys.readouterr().out
    assert "from-a-gpu-node" in out
    assert "SYNTHETIC" in out


def test_track_refuses_what_is_no_run_folder(tmp_path, capsys):
    assert main(["track", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "is not a run folder" in error
    assert error.count("\n") == 1


def test_train_command_ends_with_scores_and_does_not_train_twice(stored, monkeypatch, capsys):
    monkeypatch.setattr("ecglab.training.experiment.load", lambda name: tiny.experiment())
    monkeypatch.setattr("ecglab.training.run_folder.runs_dir", lambda: stored.run.path.parent)
    monkeypatch.setattr("ecglab.training.fit.train", None)
    assert main(["train", "tiny"]) == 0
    shown = capsys.readouterr()
    assert "it is finished already" in shown.err
    assert "F1_NAO" in shown.out


def test_a_network_that_cannot_be_exported_gives_one_line(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"not a model")
    with pytest.raises(EcglabError, match=r"^the ONNX export failed: [^\n]+$"):
        onnx_files.export([tmp_path / "broken"])


# --- registry


def test_synthetic_never_takes_champion_from_recordings(made, tmp_path):
    real = copied(made.run, tmp_path / "real", kind="recordings", name="cinc2017")
    synthetic = copied(made.run, tmp_path / "synthetic")
    for run in (real, synthetic):
        tracking.Tracker(run).sync()
    registry.promote("synthetic")
    registry.promote("real")
    with pytest.raises(EcglabError, match="SYNTHETIC data and cannot take the alias"):
        registry.promote("synthetic")
    assert Predictor(registry.locate(registry.DEFAULT)).name == "real"


def test_promoting_twice_registers_once(stored):
    first = registry.promote(stored.run.name)
    assert registry.promote(stored.parent[:8]).version == first.version


def test_promoting_nothing_says_so(stored):
    with pytest.raises(EcglabError, match="there is no run 'nonesuch'"):
        registry.promote("nonesuch")


def test_an_unfinished_run_cannot_be_promoted(made, tmp_path):
    run = copied(made.run, tmp_path / "unfinished")
    (run.path / "done.json").unlink()
    tracking.Tracker(run).sync()
    with pytest.raises(EcglabError, match="holds no model"):
        registry.promote("unfinished")


def test_locate_reads_sqlite_as_mlflow_does(stored):
    for uri in (registry.DEFAULT, f"models:/{registry.MODEL}/1"):
        ours = registry._locate_in_sqlite(uri)
        theirs = registry._locate_by_mlflow(uri)
        assert (ours / "card.json").read_text() == (theirs / "card.json").read_text()


def test_a_missing_model_says_what_to_do(stored):
    with pytest.raises(EcglabError, match="ecglab promote"):
        registry.locate("models:/ecg-rhythm@nobody")
    with pytest.raises(EcglabError, match="neither champion nor fast"):
        registry.locate("somewhere/else")


def test_a_synthetic_champion_does_not_judge_when_none_is_named(stored):
    assert registry.default() == shipped.folder("champion")


def test_what_was_promoted_judges_when_none_is_named(made, tmp_path, monkeypatch):
    with pytest.raises(EcglabError):
        registry.locate(registry.DEFAULT)
    assert registry.default() == shipped.folder("champion")
    tracking.Tracker(copied(made.run, tmp_path / "real", kind="recordings")).sync()
    registry.promote("real")
    assert registry.default() == registry.locate(registry.DEFAULT)


def test_promoting_says_what_it_takes_the_place_of(made, tmp_path, capsys):
    tracking.Tracker(copied(made.run, tmp_path / "real", kind="recordings")).sync()
    assert main(["promote", "real"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("real is ecg-rhythm version 1, alias champion: F1_NAO 0.")
    before = json.loads((shipped.folder("champion") / "card.json").read_text())
    assert said[1].startswith(f"until now {before['name']} judged: F1_NAO 0.8")
    assert said[2].startswith("what was promoted scored LOWER: ")
    assert main(["promote", "real"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


# --- prediction


PREDICT = ("predict", "--model", registry.DEFAULT)


@pytest.fixture
def files(stored, tmp_path):
    """Three recordings of the synthetic set in three formats."""
    data = dataset.open("synthetic")
    signals = [data.signal(i) for i in range(3)]
    pd.DataFrame({"ecg_mV": signals[0]}).to_csv(tmp_path / "one.csv", index=False)
    np.save(tmp_path / "two.npy", signals[1])
    import wfdb

    wfdb.wrsamp(
        "three", 300, ["mV"], ["ECG"], signals[2][:, None].astype(float), fmt=["16"],
        adc_gain=[1000], baseline=[0], write_dir=str(tmp_path),
    )  # fmt: skip
    return [str(tmp_path / name) for name in ("one.csv", "two.npy", "three")]


def test_predict_prints_one_object_a_line(files, stored, capsys):
    assert main([*PREDICT, "--json", "--fs", "300", *files]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["record"] for line in lines] == ["one", "two", "three"]
    data = dataset.open("synthetic")
    expected = Predictor(registry.locate(registry.DEFAULT)).judge(
        [data.record(i) for i in range(3)]
    )
    for line, other in zip(lines, expected, strict=True):
        assert set(line) == {"record", "label", "probabilities", "model"}
        assert list(line["probabilities"]) == list(LABELS)
        assert line["label"] == max(line["probabilities"], key=line["probabilities"].get)
        for label in LABELS:
            assert line["probabilities"][label] == pytest.approx(
                other["probabilities"][label], abs=1e-3
            )


def test_predict_judges_the_others_and_exits_with_1(files, tmp_path, capsys):
    (tmp_path / "short.csv").write_text("ecg_mV\n" + "0.1\n0.2\n" * 200)
    bad = [str(tmp_path / "short.csv"), str(tmp_path / "missing.csv")]
    assert main([*PREDICT, "--json", "--fs", "300", bad[0], files[0], bad[1], files[1]]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(line) == {"record", "error"} for line in lines] == [True, False, True, False]
    assert "too short" in lines[0]["error"]
    assert "there is no such file" in lines[2]["error"]


def test_predict_as_a_table_says_synthetic(files, capsys):
    assert main([*PREDICT, "--fs", "300", *files]) == 0
    shown = capsys.readouterr()
    assert "SYNTHETIC" in shown.err
    assert len(shown.out.splitlines()) == 4


def test_predict_without_a_model_says_what_to_do(files, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "empty"))
    assert main([*PREDICT, *files]) == 1
    assert "ecglab promote" in capsys.readouterr().err


def test_the_member_of_a_fold_says_what_its_out_of_fold_table_says(stored):
    data = dataset.open("synthetic")
    for fold in stored.run.folds:
        table = stored.run.predictions(fold)
        predictor = Predictor(registry.locate(registry.DEFAULT), members=[fold])
        said = predictor.probabilities([data.record(name) for name in table["record"]])
        np.testing.assert_allclose(said, table[list(LABELS)].to_numpy(), atol=2e-6)
    with pytest.raises(EcglabError, match=r"no member \[4\]"):
        Predictor(registry.locate(registry.DEFAULT), members=[4])


def test_a_record_is_judged_alike_alone_and_among_others(stored, rng):
    predictor = Predictor(registry.locate(registry.DEFAULT))
    records = [
        Record(rng.normal(size=n).astype(np.float32), 300) for n in (1500, 9001, 18300, 2999)
    ]
    together = predictor.probabilities(records)
    for record, p in zip(records, together, strict=True):
        np.testing.assert_allclose(predictor.probabilities([record])[0], p, atol=1e-6)


def test_prediction_is_light(files, stored):
    """A plain WFDB record from a cold start: no TensorFlow, MLflow, pandas or SciPy."""
    code = (
        "import sys; from ecglab.cli.main import main; status = main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'keras', 'jax', 'mlflow', 'pandas', 'scipy', 'sklearn', 'wfdb'};"
        "print(status, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *PREDICT, "--json", files[2]],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("fs", ["[300.0] * 4", "[300] * 4"])
def test_mlflow_loads_the_model_in_a_fresh_process_without_ecglab(stored, tmp_path, fs):
    data = dataset.open("synthetic")
    good = data.signal(0)
    signals = [
        good,
        good[:300],
        np.full(3000, np.nan),
        np.where(np.arange(good.size) < 900, np.nan, good),
    ]
    np.savez(tmp_path / "signals.npz", *signals)
    code = f"""
import sys, numpy as np, pandas as pd, mlflow
mlflow.set_tracking_uri({f"sqlite:///{stored.store}/mlflow.db"!r})
model = mlflow.pyfunc.load_model("models:/ecg-rhythm@champion")
stored = np.load({str(tmp_path / "signals.npz")!r})
table = pd.DataFrame({{"signal": [stored[k].tolist() for k in stored], "fs": {fs}}})
model.predict(table).to_json({str(tmp_path / "said.json")!r}, orient="records")
assert "ecglab" not in sys.modules and "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    said = json.loads((tmp_path / "said.json").read_text())
    expected = Predictor(registry.locate(registry.DEFAULT)).judge([data.record(0)])[0]
    assert said[0]["label"] == expected["label"]
    assert said[0]["A"] == pytest.approx(expected["probabilities"]["A"], abs=1e-4)
    assert said[0]["error"] is None
    assert "too short" in said[1]["error"]
    assert "every sample is missing" in said[2]["error"]
    assert said[1]["label"] is None and said[2]["A"] is None
    assert said[3]["label"] in LABELS


@pytest.mark.archive
def test_registered_keras_and_onnx_agree_on_300_real_records(
    stored, archive, tmp_path, monkeypatch
):
    import keras

    import ecglab.layers.augment  # noqa: F401
    from ecglab.datasets.archive import import_archive

    package = registry.locate(registry.DEFAULT)
    served = tracking.mlflow().pyfunc.load_model(registry.DEFAULT)
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path / "real"))
    real = import_archive(archive).excerpt(300, seed=5)
    records = [real.record(i) for i in range(300)]
    onnx = Predictor(package).probabilities(records)
    table = pd.DataFrame({"signal": [r.signal.astype(float) for r in records], "fs": 300.0})
    np.testing.assert_allclose(served.predict(table)[list(LABELS)].to_numpy(), onnx, atol=1e-4)
    from ecglab.training.fit.fit import predict

    members = [keras.models.load_model(package / f"fold-{k}-tiny.keras") for k in (0, 1)]
    networks = np.mean([predict(m, real, np.arange(300), 50) for m in members], axis=0)
    np.testing.assert_allclose(networks, onnx, atol=1e-4)
