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

from ecglab.utils import quiet
from notebooks import __main__ as books

THUMBNAIL = {
    "02_spectrogram": 1,
    "04_cross_validation": 4,
    "05_tuning": 1,
    "06_compare_runs": 3,
    "07_predict": 1,
}
"""Which figure of a notebook is its picture in the gallery; the first by default."""


def assemble(out: Path, notebooks: str) -> Path:
    """Put all pages together in OUT/source, which is returned."""
    source = out / "source"
    for path in [*DOCS.glob("*.md"), DOCS / "conf.py", DOCS / "docstrings.py"]:
        _copy(path, source / path.name)
    for name in ("guides", "pictures", "static"):
        _copy(DOCS / name, source / name)
    for name in ("CHANGELOG", "CONTRIBUTING"):
        _copy(ROOT / f"{name}.md", source / f"{name.lower()}.md")
    _copy(ROOT / "experiments", source / "experiments")
    _copy(ROOT / "notebooks/pictures", source / "notebooks/pictures")
    pages.reference(source / "reference")
    pages.commands(source / "reference" / "commands.md")
    pages.formats(source / "guides" / "formats.md")
    pages.models(source / "models")
    _notebooks(source / "notebooks", out, notebooks)
    return source


def _copy(path: Path, target: Path) -> None:
    """Copy a file or a folder, unless it is there already: Sphinx reads again what is newer."""
    if path.is_dir():
        for below in path.iterdir():
            if not below.name.startswith(("_", ".")):
                _copy(below, target / below.name)
    elif not target.exists() or target.read_bytes() != path.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _notebooks(folder: Path, out: Path, setting: str) -> None:
    """Write the notebooks, executed unless the setting is "off", and their gallery."""
    pictures = {}
    for script in books.scripts():
        if setting == "off":
            book = books.generated(script)
        else:
            book = books.as_page(executed(script, out, setting))
        book.metadata.pop("widgets", None)  # they need a server
        pages.write(folder / f"{script.stem}.ipynb", nbformat.writes(book))
        if picture := thumbnail(book, THUMBNAIL.get(script.stem, 0)):
            (folder / "thumbnails").mkdir(exist_ok=True)
            (folder / "thumbnails" / f"{script.stem}.png").write_bytes(picture)
            pictures[script.stem] = f"thumbnails/{script.stem}.png"
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
    quiet.load_keras()  # the reference imports everything, and TensorFlow would fill the screen
    status = build(out, options.notebooks)
    print(out / "html" / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
