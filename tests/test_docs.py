"""The documentation builds without a warning, is complete, and what it shows works."""

import doctest
import importlib
import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import ecglab

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


# --- the site


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built in a process of its own without executing the notebooks."""
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "docs", "--notebooks", "off", "--out", str(out)]
    # Another test may have left tf2onnx's own level of log lines in the environment.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "WARNING" not in built.stderr
    return out / "html"


class Page(HTMLParser):
    """What a page links to, shows, and offers as anchors."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.anchors.add(given["id"])
        if tag in ("a", "link", "img", "script", "source"):
            self.links += [given[key] for key in ("href", "src") if given.get(key)]


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    found = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {path.resolve(): Page(path) for path in found}


def test_every_link_leads_to_a_file_and_an_anchor_that_are_there(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path.name}: {link}")
            elif parts.fragment and target in pages:
                anchors = pages[target].anchors
                if unquote(parts.fragment) not in anchors and parts.fragment != "":
                    broken.append(f"{path.name}: {link} has no such anchor")
    assert broken == []


def test_a_page_needs_nothing_from_elsewhere(pages):
    """No script, style or picture comes from another host: the site works without a network."""
    for path, page in pages.items():
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img)[^>]+src=\"(\w+:)?//", text)
        loaded += re.findall(r"<link[^>]+rel=\"stylesheet\"[^>]+href=\"(\w+:)?//", text)
        assert not loaded, path
        assert page.links


def test_every_public_module_has_a_page(site):
    files = sorted((ROOT / "ecglab").rglob("*.py"))
    names = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in files]
    names = [name.removesuffix(".__init__") for name in names]
    public = [name for name in names if "._" not in name and name != "ecglab"]
    assert len(public) > 80
    for name in public:
        text = (site / "reference" / f"{name}.html").read_text(encoding="utf-8")
        assert f'id="module-{name}"' in text, name


def test_the_names_of_one_import_are_documented(site):
    text = (site / "reference" / "index.html").read_text(encoding="utf-8")
    for name in set(ecglab.__all__) - {"__version__"}:
        assert re.search(rf"<code[^>]*>.*ecglab\.{name}\b", text), name
        offered = getattr(ecglab, name)
        if "ecglab" in (getattr(offered, "__module__", None) or offered.__name__):
            assert re.search(rf'href="[^"]+"[^>]*><code[^>]*>.*ecglab\.{name}\b', text), name


def test_parameters_are_a_list_and_examples_are_shown(site):
    text = (site / "reference" / "ecglab.ecg.classes.html").read_text(encoding="utf-8")
    assert re.search(r"Parameters.*<strong>meanings</strong>.*<strong>ranked</strong>", text, re.S)
    assert "highlight-pycon" in text or "highlight-default" in text


def test_every_command_and_notebook_and_model_is_there(site):
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for name in ("predict", "train", "tune", "data-import", "evaluate", "ui"):
        assert f'id="ecglab-{name}"' in commands
    gallery = (site / "notebooks" / "index.html").read_text(encoding="utf-8")
    for script in (ROOT / "notebooks").glob("[0-9][0-9]_*.py"):
        assert f'href="{script.stem}.html"' in gallery
    for path in (ROOT / "ecglab/pretrained").glob("*/README.md"):
        assert (site / "models" / f"{path.parent.name}.html").is_file()
    board = (site / "experiments" / "README.html").read_text(encoding="utf-8")
    assert "leaderboard.png" in board


def test_the_guide_has_the_table_of_formats(site):
    from ecglab.readers import READERS

    text = (site / "guides" / "formats.html").read_text(encoding="utf-8")
    assert all(f"<td><p>{reader.FORMAT}</p></td>" in text for reader in READERS)


def test_the_search_knows_the_functions(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for word in ("predict_proba", "paired_difference", "logspectrogram"):
        assert word in index.lower()


# --- examples in docstrings

WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "ecglab").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_of_a_module_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert ran.attempted and not ran.failed


@pytest.fixture(scope="module")
def conversion():
    """The module that turns docstrings into reStructuredText."""
    spec = importlib.util.spec_from_file_location("docs_docstrings", DOCS / "docstrings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_of_the_conversion_runs(conversion):
    assert not doctest.testmod(conversion).failed


def test_a_docstring_becomes_paragraphs_fields_and_code(conversion):
    lines = [
        "First line of *args, `code_` and name_.",
        "",
        "a: one (n,) float32",
        "   and more",
        "b, c: others; not: a parameter",
        "Raises EcglabError.",
        "",
        "    code here",
    ]
    assert conversion.converted(lines, {"a", "b", "c"}) == [
        "First line of \\*args, `code_` and name\\_.",
        "",
        ":param a: one (n,) float32 and more",
        ":param b: others; not: a parameter",
        ":param c: others; not: a parameter",
        "",
        "Raises EcglabError.",
        "",
        ".. code-block:: none",
        "",
        "   code here",
        "",
    ]


def test_attributes_of_a_class_are_fields_and_prose_is_not(conversion):
    lines = ["Words.", "", "ids: (n,) str", "Input: [signal, mask]"]
    fields = conversion.converted(lines, set(), of_class=True)
    assert fields[2:] == [":ivar ids: (n,) str", "", "Input: [signal, mask]", ""]
    assert ":ivar" not in "".join(conversion.converted(lines, set()))
