"""Build the documentation: OUT/html/index.html.

    python -m docs                      # the notebooks executed on simulated records, once
    python -m docs --notebooks off      # the notebooks without outputs: seconds instead of minutes
    python -m docs --notebooks full     # on the data set and the runs that are there

The pages of this folder and those that `pages` makes are put together in OUT/source, and Sphinx
makes the site of them. OUT is docs/_build. A notebook is executed again when it or the library has
changed; what it showed is kept in OUT/notebooks.
"""

import argparse
import base64
import hashlib
import os
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

import nbformat
import pages

from notebooks import __main__ as books

THUMBNAIL = {
    "01_explore": 0,
    "02_spectrogram": 0,
    "03_models": 0,
    "04_cross_validation": 0,
    "05_tuning": 0,
    "06_compare_runs": 0,
    "07_predict": 0,
}
"""Which figure of a notebook is its picture in the gallery; the first by default."""


def assemble(out: Path, notebooks: str) -> Path:
    """Put all pages together in OUT/source, which is returned."""
    source = out / "source"
    skipped = shutil.ignore_patterns(
        "_build", "__pycache__", "__main__.py", "pages.py", "picture.py"
    )
    shutil.copytree(DOCS, source, ignore=skipped, dirs_exist_ok=True)
    for name in ("CHANGELOG", "CONTRIBUTING"):
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        pages.write(source / f"{name.lower()}.md", text)
    only = shutil.ignore_patterns("__pycache__", "_*")
    shutil.copytree(ROOT / "experiments", source / "experiments", ignore=only, dirs_exist_ok=True)
    pages.reference(source / "reference")
    pages.commands(source / "reference" / "commands.md")
    pages.models(source / "models")
    _notebooks(source / "notebooks", out, notebooks)
    return source


def _notebooks(folder: Path, out: Path, setting: str) -> None:
    """Write the notebooks, executed unless the setting is "off", and their gallery."""
    shutil.copytree(ROOT / "notebooks/pictures", folder / "pictures", dirs_exist_ok=True)
    pictures = {}
    for script in books.scripts():
        book = books.generated(script) if setting == "off" else executed(script, out, setting)
        for cell in book.cells:
            if cell.cell_type == "code" and "notebook.show(" in cell.source:
                cell.metadata["tags"] = ["remove-input"]  # a reader wants the text that it computes
        book.metadata.pop("widgets", None)  # they need a server
        pages.write(folder / f"{script.stem}.ipynb", nbformat.writes(book))
        if picture := thumbnail(book, THUMBNAIL.get(script.stem, 0)):
            (folder / "pictures" / f"{script.stem}.png").write_bytes(picture)
            pictures[script.stem] = f"pictures/{script.stem}.png"
    pages.gallery(folder / "index.md", pictures)


def executed(script: Path, out: Path, setting: str):
    """The executed notebook, from OUT/notebooks where neither it nor the library has changed."""
    path = out / "notebooks" / f"{script.stem}-{setting}-{_digest(script)}.ipynb"
    if not path.exists():
        print(f"executing {script.name} ({setting})", flush=True)
        if setting == "small":
            os.environ["ECGLAB_DATA"] = str(out / "data")
            os.environ["MLFLOW_TRACKING_URI"] = str(out / "mlruns")
        os.environ["ECGLAB_NOTEBOOKS"] = setting
        book = books.executed(script)
        for old in path.parent.glob(f"{script.stem}-{setting}-*.ipynb"):
            old.unlink()
        pages.write(path, nbformat.writes(book))
    return nbformat.read(path, as_version=4)


def _digest(script: Path) -> str:
    """Of all that the outputs of a notebook depend on, but for the data and the machine."""
    folders = (ROOT / "ecglab", ROOT / "experiments")
    files = [script, *sorted(path for folder in folders for path in folder.rglob("*.py"))]
    contents = hashlib.sha256()
    for path in files:
        contents.update(path.read_bytes())
    return contents.hexdigest()[:12]


def thumbnail(book, number: int) -> bytes | None:
    """A figure of an executed notebook as PNG; None where there is none."""
    figures = [
        output["data"]["image/png"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    return base64.b64decode(figures[min(number, len(figures) - 1)]) if figures else None


def build(out: Path, notebooks: str = "small", strict: bool = True) -> int:
    """Build the site in OUT/html and return Sphinx's exit status. strict: a warning fails"""
    from sphinx.cmd.build import main as sphinx

    from ecglab.utils import quiet

    quiet.load_keras()  # or TensorFlow prints a page when a model is documented
    source = assemble(out, notebooks)
    flags = ["-W", "--keep-going"] if strict else []
    arguments = ["-q", "-b", "html", "-d", str(out / "doctrees"), *flags]
    return sphinx([*arguments, str(source), str(out / "html")])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--notebooks", choices=("small", "full", "off"), default="small")
    parser.add_argument("--out", type=Path, default=DOCS / "_build", metavar="OUT")
    options = parser.parse_args()
    out = options.out.resolve()
    status = build(out, options.notebooks)
    print(out / "html" / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
