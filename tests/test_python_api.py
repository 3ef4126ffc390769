"""`import ecglab`: the lines of the guide run, wrong types get a sentence, Keras is silent."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ecglab

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "guides" / "python.md"


def block() -> str:
    """The Python code of the guide, from its first line to its last."""
    return "".join(re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S))


@pytest.fixture
def run(tmp_path, packed):
    """Run code in a process of its own, in an empty folder, on 60 synthetic records."""
    import os

    def _run(code, **environment):
        unset = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**unset, "ECGLAB_DATA": str(packed), **environment},
        )

    return _run


def test_lines_of_the_guide_need_one_import_and_run(run, tmp_path):
    lines = block()
    imports = [
        node for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [name.name for node in imports for name in node.names] == ["ecglab"]
    shown = "\nprint('FEATURES', *features.shape); print('LABEL', *prediction['label'])"
    shown += "\nprint('OWN', len(probabilities), round(float(probabilities.sum()), 3))"
    ran = run(lines + shown)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(re.findall(r"'challenge_f1': [\d.]+", ran.stdout)) == 5
    assert re.search(r"FEATURES 20 \d+$", ran.stdout, re.M)
    assert re.search(r"LABEL [NAO~]$", ran.stdout, re.M)
    assert re.search(r"OWN 4 1\.0$", ran.stdout, re.M)
    pictures = re.findall(r'savefig\("([^"]+)"\)', lines)
    assert len(pictures) == 3
    assert {path.name for path in tmp_path.iterdir()} >= set(pictures)


@pytest.mark.parametrize(
    "code",
    [
        "import ecglab; ecglab.keras.layers.Dense(1)",
        "import ecglab; ecglab.layers.MaskedPooling()",
        "from ecglab.models import build; build('resnet1d', 300, 4)",
        "import ecglab.training.fit",
    ],
)
def test_keras_is_silent(run, code):
    ran = run(code)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_log_lines_of_tensorflow_are_shown_on_request(run):
    ran = run("import ecglab; ecglab.keras", TF_CPP_MIN_LOG_LEVEL="0")
    assert ran.returncode == 0
    assert ran.stderr


def test_editors_and_type_checkers_see_the_same_names():
    tree = ast.parse(inspect.getsource(ecglab))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        name.asname or name.name: (getattr(node, "module", None), name.name)
        for node in block.body
        for name in node.names
    }
    modules = {"keras": (None, "keras"), "layers": ("ecglab", "layers")}
    assert seen == {**ecglab._NAMES, **modules}
    assert set(ecglab.__all__) == {*seen, "__version__"}
    assert set(dir(ecglab)) >= {*ecglab.__all__, "__doc__"}


def record(**given):
    return ecglab.Record(np.sin(np.arange(3000) / 10), 300, **given)


@pytest.fixture(scope="module")
def model():
    return ecglab.load_model("fast")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ecglab.load_dataset(3), "a data set is opened by its name, .* not by 3"),
        (lambda: ecglab.load_model(3), "a model is given by a name .* not by 3"),
        (lambda: ecglab.read(3), "a recording is read from the path of its file, not from 3"),
        (lambda: ecglab.Record("x", 300), "record: the signal is not a list of numbers"),
        (lambda: ecglab.Record([0.0, 1.0] * 1000, "y"), "the sampling rate 'y' is not a number"),
        (lambda: ecglab.Classes("NA"), "classes are given as {code: meaning}, not as 'NA'"),
        (lambda: ecglab.batch([record()]), "a batch is made of signals, arrays of shape"),
        (lambda: ecglab.extract_features("A00001"), r"Records are needed, not 'A00001' \(str\)"),
        (lambda: ecglab.extract_features([np.zeros(9)]), r"Records are needed, .* \(ndarray\)"),
        (lambda: ecglab.plot_record("A00001"), r"Records are needed, not 'A00001' \(str\)"),
        (lambda: ecglab.plot_spectrogram(np.zeros(9000)), r"Records are needed, .* \(float64\)"),
    ],
)
def test_wrong_type_gets_a_sentence(call, sentence):
    with pytest.raises((TypeError, ecglab.EcglabError), match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("method", ["predict", "rows", "predict_proba", "explain"])
@pytest.mark.parametrize("wrong", ["A00001", 3, [1.0], None])
def test_prediction_of_something_else_gets_a_sentence(model, method, wrong):
    with pytest.raises(TypeError, match=r"Records are needed, not .*: ecglab\.read"):
        getattr(model, method)(wrong)


def test_model_is_found_by_name_and_by_folder():
    from ecglab.utils.paths import PRETRAINED

    assert ecglab.load_model(PRETRAINED / "fast").card == ecglab.load_model("fast").card
    with pytest.raises(ecglab.EcglabError, match=r"there is no model '.*nothing': name default"):
        ecglab.load_model(PRETRAINED / "nothing")


def test_a_record_counts_as_a_list_of_one(model):
    one = record(id="one")
    assert model.rows(one) == model.rows([one])
    assert model.predict(one).equals(model.predict([one]))
    assert model.predict_proba(one).tolist() == model.predict_proba(iter([one])).tolist()
    assert ecglab.extract_features(one).equals(ecglab.extract_features([one]))


def test_features_of_no_records_are_an_empty_table():
    assert ecglab.extract_features([]).shape == (0, len(ecglab.extract_features(record()).columns))


def test_reprs_are_one_readable_line(model):
    assert repr(record(id="mine", lead="II")) == "<Record mine | 10.0 s at 300 Hz | lead II>"
    assert repr(model).startswith(f"<Predictor {model.name} | classes N, A, O, ~ | ")
    assert "challenge F1 0." in repr(model)
    assert model.classes_.tolist() == list(model.classes)
