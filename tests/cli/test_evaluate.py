"""`ecglab evaluate`, end to end with a package that looks at the mean of the signal."""

import json

import package_maker
import pytest
from evaluation_maker import make_data

from ecglab.inference.package import TRAINED_ON
from ecglab.utils import digests
from ecglab.utils.files import write_text

LABELS = ["SR"] * 12 + ["AFIB"] * 10 + ["PACED"] * 3
MAPS = ["--map", "SR=N", "--map", "AFIB=A"]


@pytest.fixture
def data():
    return make_data(LABELS, fs=300.0)


@pytest.fixture
def package(tmp_path):
    return package_maker.make(tmp_path / "package")


def train_on(package, data, rows) -> None:
    """Let a package have been trained on some records."""
    lines = sorted(str(digest)[:16] for digest in data.sha256[rows])
    write_text(package / TRAINED_ON, "".join(f"{line}\n" for line in lines))
    digests.write_manifest(package, digests.read_manifest(package, ""))


def test_a_table_a_page_and_json(ecglab, data, package, tmp_path):
    page, facts = tmp_path / "page.html", tmp_path / "facts.json"
    status, out, err = ecglab(
        "evaluate", package, "--data", "clinic", *MAPS, "--html", page, "--json", facts
    )
    assert status == 0
    assert "22 of 25 records scored" in out and "bootstrap over 22 records" in out
    assert "recall (sensitivity)" in out and "specificity" in out
    assert "mapped: SR=N, AFIB=A" in out
    assert "left out: 3 records with label PACED, not mapped to a class" in out
    assert "challenge F1 is the mean F1 of N, A: no record is O" in out
    assert f"wrote {page}" in err and f"wrote {facts}" in err
    found = json.loads(facts.read_text())
    assert found["data"]["digest"] == data.digest and found["model"]["uri"] == str(package)
    assert found["code"]
    assert page.read_text(encoding="utf-8").count("data:image/png") == 4


def test_json_alone_is_json(ecglab, data, package):
    for json_option in ["--json"], ["--json", "-"]:
        status, out, _ = ecglab("evaluate", package, "--data", "clinic", *MAPS, *json_option)
        assert status == 0 and json.loads(out)["scored"] == 22


def test_training_records_are_refused_unless_asked_for(ecglab, data, package, tmp_path):
    train_on(package, data, slice(None))
    status, out, err = ecglab("evaluate", package, "--data", "clinic", *MAPS)
    assert (status, out) == (1, "")
    assert "trained on all 22 records" in err and err.count("\n") == 1
    page = tmp_path / "page.html"
    loud = ["--include-training-records", "--html", page]
    status, out, err = ecglab("evaluate", package, "--data", "clinic", *MAPS, *loud)
    assert status == 0 and "NOT AN EXTERNAL EVALUATION" in err
    assert "NOT AN EXTERNAL EVALUATION" in page.read_text(encoding="utf-8")
    train_on(package, data, slice(0, 5))
    status, out, err = ecglab("evaluate", package, "--data", "clinic", *MAPS)
    assert status == 0 and "left out: 5 records the model was trained on" in out


@pytest.mark.parametrize(
    "options, message",
    [
        (["--map", "SR"], "--map SR: give LABEL=CLASS"),
        (["--map", "=N"], "--map =N: give LABEL=CLASS"),
        (["--map", "SR=N", "--map", "SR=A"], "--map SR=A: SR is mapped to N already"),
        (["--map", "SR=Q"], "the model has no class 'Q', it has N, A, O, ~"),
        (["--map", "XX=N"], "the data set has no label 'XX', it has SR, AFIB, PACED"),
        ([], "no label of clinic (SR, AFIB, PACED) is a class"),
        ([*MAPS, "--labels", "v9"], "no label version 'v9'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(ecglab, data, package, options, message):
    status, out, err = ecglab("evaluate", package, "--data", "clinic", *options)
    assert (status, out) == (1, "")
    assert message in err and err.count("\n") == 1


def test_unknown_models_and_data_are_refused_in_one_line(ecglab, package):
    for arguments in ["nothing", "--data", "synthetic"], [package, "--data", "nothing"]:
        status, _, err = ecglab("evaluate", *arguments)
        assert status == 1 and "nothing" in err and err.count("\n") == 1


def test_an_evaluation_is_logged_apart_from_the_runs(ecglab, data, package):
    status, _, err = ecglab("evaluate", package, "--data", "clinic", *MAPS, "--track")
    assert status == 0
    from ecglab.tracking import runs, tracker

    client = tracker.mlflow().MlflowClient()
    run = client.get_run(err.split()[-1])
    assert client.get_experiment(run.info.experiment_id).name == "evaluations"
    assert run.info.status == "FINISHED"
    assert {"challenge_f1", "recall/A", "uncertainty/recall/A_low", "auroc/N"} <= set(
        run.data.metrics
    )
    assert "recall/O" not in run.data.metrics
    assert run.data.params["data.digest"] == data.digest
    assert run.data.params["map"] == "SR=N,AFIB=A"
    artifacts = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert artifacts == {"evaluation.html", "evaluation.json"}
    assert runs.parents() == []


def test_a_store_that_cannot_be_used_is_said_in_one_line(
    ecglab, data, package, tmp_path, monkeypatch
):
    (tmp_path / "store").write_text("no folder")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "store"))
    status, out, err = ecglab("evaluate", package, "--data", "clinic", *MAPS, "--track")
    assert status == 1 and "22 of 25 records scored" in out
    assert err.count("\n") == 1 and "was not logged" in err
