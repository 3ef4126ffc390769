"""The notebooks: generated from their scripts, without outputs, and executed from top to bottom."""

import ast
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from ecglab.analysis import lab, notebook
from ecglab.datasets import dataset
from ecglab.utils.errors import EcglabError
from ecglab.utils.paths import NOTEBOOKS

ROOT = NOTEBOOKS.parent
SPEC = importlib.util.spec_from_file_location("notebooks_tool", NOTEBOOKS / "__main__.py")
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)

SCRIPTS = tool.scripts()
BY_NAME = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


# --- the files


def test_the_notebooks_are_in_reading_order():
    topics = [script.stem.partition("_")[2] for script in SCRIPTS]
    order = ["explore", "spectrogram", "models", "cross_validation"]
    order += ["tuning", "compare_runs", "predict"]
    assert [topic for topic in topics if topic in order] == order


@BY_NAME
def test_a_notebook_is_what_its_script_gives(script):
    assert tool.problem(script) == ""


def test_no_notebook_is_without_a_script():
    assert tool.strays() == []


def test_the_readme_lists_every_notebook_in_order():
    text = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\((\w+)\.ipynb\)", text)
    assert listed == [script.stem for script in SCRIPTS]


def test_the_start_page_leads_through_all_notebooks_in_order():
    text = (NOTEBOOKS / lab.START).read_text(encoding="utf-8")
    links = re.findall(r"^\d+\. \[[^]]+\]\((\w+)\.ipynb\): .+\.$", text, flags=re.MULTILINE)
    assert links == [script.stem for script in SCRIPTS]
    for target in re.findall(r"\]\(([^):]+)\)", text):
        assert (NOTEBOOKS / target).exists(), target


@BY_NAME
def test_a_notebook_holds_no_logic_and_no_heavy_import(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.While)
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]


@BY_NAME
def test_a_link_leads_to_a_file(script):
    for target in re.findall(r"\]\(([^)#:]+)\)", script.read_text(encoding="utf-8")):
        assert (script.parent / target).exists(), target


# --- the check


@pytest.fixture
def copy(tmp_path):
    """A script with its generated notebook, to be changed by a test."""
    script = tmp_path / "01_explore.py"
    script.write_text("# %% [markdown]\n# # Title\n\n# %%\n1 + 1\n\n# %%\n2\n", encoding="utf-8")
    tool.generate(script)
    assert tool.problem(script) == ""
    return script


def edited(script: Path, change) -> str:
    """The problem that the check reports after `change` of the notebook."""
    path = script.with_suffix(".ipynb")
    book = nbformat.read(path, as_version=4)
    change(book)
    path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")
    return tool.problem(script)


def test_an_edit_by_hand_is_seen(copy):
    def change(book):
        book.cells[1].source = "1 + 2"

    assert "is not what 01_explore.py gives" in edited(copy, change)


def test_a_cell_of_prose_is_seen_too(copy):
    def change(book):
        book.cells[0].source = "# Another title"

    assert "is not what" in edited(copy, change)


def test_stored_outputs_are_seen(copy):
    def change(book):
        book.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]

    assert "holds outputs" in edited(copy, change)


def test_cells_that_were_run_out_of_order_are_seen(copy):
    def change(book):
        book.cells[1].execution_count, book.cells[2].execution_count = 2, 1

    assert "out of order" in edited(copy, change)


def test_cells_that_changed_places_are_seen(copy):
    def change(book):
        book.cells[1:] = book.cells[:0:-1]

    assert "is not what" in edited(copy, change)


def test_a_changed_script_is_seen(copy):
    copy.write_text(copy.read_text(encoding="utf-8") + "\n# %%\n3\n", encoding="utf-8")
    assert "is not what" in tool.problem(copy)


def test_a_missing_and_a_broken_notebook_are_seen(copy):
    path = copy.with_suffix(".ipynb")
    path.write_text("{", encoding="utf-8")
    assert "is no notebook" in tool.problem(copy)
    path.unlink()
    assert "is missing" in tool.problem(copy)


def test_a_notebook_without_a_script_is_seen(copy):
    copy.unlink()
    assert tool.strays(copy.parent) == ["01_explore.ipynb has no script"]


def test_a_failing_cell_is_an_error(copy):
    from nbclient.exceptions import CellExecutionError

    copy.write_text("# %%\nraise ValueError('a changed function')\n", encoding="utf-8")
    with pytest.raises(CellExecutionError, match="a changed function"):
        tool.executed(copy, timeout=60)


def test_an_export_hides_the_code_of_computed_text(copy, tmp_path):
    imports, code = "from ecglab.analysis import notebook", "notebook.show(f'**{40 + 2}** records')"
    text = f"# %%\n{imports}\n\n# %%\n{code}\n"
    copy.write_text(text, encoding="utf-8")
    page = tool.export(copy, tmp_path / "html").read_text(encoding="utf-8")
    assert "<strong>42</strong> records" in page
    assert '<span class="kn">import</span>' in page
    assert '<span class="n">show</span>' not in page


def output(kind: str, **data):
    """An output of a cell; kind: "display_data" or "execute_result"."""
    types = {
        "png": "image/png",
        "text": "text/plain",
        "html": "text/html",
        "prose": "text/markdown",
    }
    types["widget"] = tool.WIDGET
    return nbformat.v4.new_output(kind, {types[name]: value for name, value in data.items()})


def test_a_page_has_computed_text_as_prose_and_pictures_for_widgets():
    begin, show = "setup = notebook.begin()", "notebook.show(text)\ntable"
    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_code_cell(begin, outputs=[output("display_data", prose="**7 records**")]),
        nbformat.v4.new_code_cell(
            show,
            execution_count=2,
            outputs=[
                output("display_data", prose="A"),
                output("display_data", html="<table>"),
                output("display_data", prose="B"),
            ],
        ),
        nbformat.v4.new_code_cell(
            "browser",
            outputs=[
                output("display_data", widget={}, text="a bar"),
                output("execute_result", widget={}, text="a browser", png="iVBO"),
            ],
        ),
    ]
    page = tool.as_page(book)
    nbformat.validate(page)
    found = [(cell.cell_type, cell.source, len(cell.get("outputs", []))) for cell in page.cells]
    assert found == [
        ("code", begin, 0),
        ("markdown", "**7 records**", 0),
        ("markdown", "A", 0),
        ("code", "", 1),
        ("markdown", "B", 0),
        ("code", "browser", 1),
    ]
    (shown,) = page.cells[-1].outputs
    assert set(shown["data"]) == {"image/png", "text/plain"}


def test_messages_of_a_kernel_are_no_errors(copy):
    text = "# %%\nfrom ecglab.analysis import notebook\n\nnotebook.begin()\n\n# %%\n"
    text += "import os, sys\nprint('said', file=sys.stderr)\nos.write(2, b'by a child')\n"
    copy.write_text(text, encoding="utf-8")
    dataset.make_synthetic(40)
    streams = [
        output
        for cell in tool.executed(copy, timeout=60).cells
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    assert {stream.name for stream in streams} == {"stdout"}
    assert "said" in "".join(stream.text for stream in streams)


# --- the setting


def test_the_setting_is_small_or_full(monkeypatch):
    dataset.make_synthetic(40)
    for value, small in (("small", True), ("full", False), ("", False)):
        monkeypatch.setenv(notebook.SETTING, value)
        setup = notebook.begin()
        assert (setup.small, setup.simulated, len(setup.data)) == (small, True, 40)
        assert setup.size("a few", "all") == ("a few" if small else "all")
        assert setup.n_records == 40
        assert len(setup.excerpt(100)) == 40 and len(setup.excerpt(20)) == 20
    monkeypatch.setenv(notebook.SETTING, "tiny")
    with pytest.raises(EcglabError, match="'small' or 'full'"):
        notebook.begin()


def test_the_setting_is_read_in_one_place():
    readers = [p.name for p in (ROOT / "ecglab").rglob("*.py") if notebook.SETTING in p.read_text()]
    assert readers == ["notebook.py"]


# --- execution


def texts(book) -> list[str]:
    """The Markdown that the cells of an executed notebook show."""
    return [
        output["data"]["text/markdown"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    ]


def errors_in_red(book) -> list[str]:
    """What an executed notebook shows on stderr, in a red box."""
    outputs = (output for cell in book.cells for output in cell.get("outputs", []))
    return [x["text"] for x in outputs if x.get("name") == "stderr"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A data folder with synthetic records that all notebooks share."""
    folder = tmp_path_factory.mktemp("notebooks") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(folder))
        dataset.make_synthetic(notebook.SMALL_RECORDS)
    return folder


@BY_NAME
def test_a_notebook_runs_on_synthetic_records(script, packed, monkeypatch):
    """Each with a store of its own, so that it needs no other to have run before."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))
    monkeypatch.setenv(notebook.SETTING, "small")
    book = tool.executed(script, timeout=300)
    first = texts(book)[0]
    assert "SYNTHETIC" in first and "SMALL" in first
    figures = sum(
        "image/png" in output.get("data", {})
        for cell in book.cells
        for output in cell.get("outputs", [])
    )
    assert figures >= 3
    assert not errors_in_red(book)


@pytest.mark.archive
@pytest.mark.parametrize("name", ["01_explore", "07_predict"])
def test_a_notebook_runs_on_recordings(name, archive, monkeypatch, tmp_path):
    from ecglab.datasets.archive import import_archive

    import_archive(archive)
    monkeypatch.setenv(notebook.SETTING, "small")
    book = tool.executed(NOTEBOOKS / f"{name}.py", timeout=300)
    first = texts(book)[0]
    assert "real recordings" in first and "SYNTHETIC" not in first
