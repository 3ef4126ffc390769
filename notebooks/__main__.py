"""Notebooks generated from their scripts, checked, and executed to HTML.

    python -m notebooks generate       # NN_topic.ipynb from each NN_topic.py
    python -m notebooks check          # whether each .ipynb is what its script gives
    python -m notebooks html [NAME..]  # execute them and write html/NN_topic.html

`ECGLAB_NOTEBOOKS=small` executes them on the small setting.
"""

import argparse
import sys
import time
from pathlib import Path

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parent
HTML = FOLDER / "html"

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def scripts(folder: Path = FOLDER) -> list[Path]:
    """The sources, in reading order."""
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def generated(script: Path):
    """The notebook that a script gives: no outputs, the same from whatever machine."""
    book = jupytext.reads(script.read_text(encoding="utf-8"), fmt="py:percent")
    book.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(book.cells, start=1):
        cell["id"] = f"cell-{number:02}"
        cell["metadata"] = {}
    return book


def generate(script: Path) -> None:
    script.with_suffix(".ipynb").write_text(_text(generated(script)), encoding="utf-8")


def problem(script: Path) -> str:
    """One line on what is wrong with the notebook of a script; "" if nothing is."""
    path = script.with_suffix(".ipynb")
    if not path.exists():
        return f"{path.name} is missing: run 'make notebooks-generate'"
    text = path.read_text(encoding="utf-8")
    try:
        book = nbformat.reads(text, as_version=4)
    except (ValueError, AttributeError) as error:
        return f"{path.name} is no notebook: {error}"
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    if any(cell.outputs for cell in code):
        return f"{path.name} holds outputs, which are not committed: run 'make notebooks-generate'"
    if any(cell.execution_count is not None for cell in code):
        return f"{path.name} was executed, perhaps out of order: run 'make notebooks-generate'"
    if text != _text(generated(script)):
        return (
            f"{path.name} is not what {script.name} gives: change the script, "
            "then run 'make notebooks-generate'"
        )
    return ""


def strays(folder: Path = FOLDER) -> list[str]:
    """One line for each notebook that has no script."""
    known = {script.with_suffix(".ipynb") for script in scripts(folder)}
    return [f"{path.name} has no script" for path in folder.glob("*.ipynb") if path not in known]


def executed(script: Path, timeout: int = 3600):
    """The notebook with its outputs, executed from top to bottom in a kernel of this Python.

    It is started in its own folder. Raises nbclient's CellExecutionError at the first cell that
    fails.
    """
    from nbclient import NotebookClient

    book = generated(script)
    NotebookClient(
        book,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(script.parent)}},
    ).execute()
    return book


WIDGET = "application/vnd.jupyter.widget-view+json"
"""What a kernel sends for a widget: it cannot be shown without the kernel."""


NO_SOURCE = {"transient": {"remove_source": True}, "tags": ["remove-input"]}
"""Metadata of a cell that is shown without its code, by nbconvert and by MyST-NB."""

STYLE = """
.jp-OutputPrompt:empty { padding: var(--jp-code-padding); border: 1px solid transparent; }
"""
"""An output without a number begins where one with a number does."""


def as_page(book):
    """An executed notebook for reading: no widgets, and computed text among the prose.

    A widget gives way to its picture, as that of the record browser, or is left out, as a progress
    bar. Text that a cell computed becomes a cell of prose; the code of a cell that computes text
    only is left out.
    """
    page = nbformat.from_dict({**book, "cells": []})
    for cell in book.cells:
        page.cells += [cell] if cell.cell_type != "code" else _parts(cell)
    for number, cell in enumerate(page.cells, start=1):
        cell["id"] = f"part-{number:03}"
    return page


def _parts(cell) -> list:
    """The cells of a page that a cell of code becomes."""
    only_text = "notebook.show(" in cell.source and "notebook.begin(" not in cell.source
    parts = [nbformat.from_dict({**cell, "outputs": []})]
    if only_text:
        parts[0].metadata.update(NO_SOURCE)
    for output in cell.outputs:
        data = output.get("data", {})
        if WIDGET in data:
            del data[WIDGET]
            if set(data) <= {"text/plain", "text/html"}:
                continue
        if "text/markdown" in data:
            parts.append(nbformat.v4.new_markdown_cell(data["text/markdown"]))
            continue
        if parts[-1].cell_type != "code":
            parts.append(nbformat.v4.new_code_cell(execution_count=cell.execution_count))
            parts[-1].metadata.update(NO_SOURCE)
        parts[-1].outputs.append(output)
    return parts[1:] if only_text and not parts[0].outputs else parts


def export(script: Path, folder: Path = HTML) -> Path:
    """Execute a notebook and write it as one HTML file."""
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(embed_images=True).from_notebook_node(
        as_page(executed(script)), resources={"metadata": {"name": script.stem}}
    )
    page = page.replace("</head>", f"<style>{STYLE}</style>\n</head>", 1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{script.stem}.html"
    path.write_text(page, encoding="utf-8")
    return path


def _text(book) -> str:
    return nbformat.writes(book) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m notebooks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", choices=("generate", "check", "html"))
    parser.add_argument("names", nargs="*", help="such as 01_explore; all by default")
    options = parser.parse_args()
    chosen = [s for s in scripts() if not options.names or s.stem in options.names]
    if unknown := set(options.names) - {s.stem for s in chosen}:
        parser.error(f"there is no notebook {', '.join(sorted(unknown))}")
    if options.what == "generate":
        for script in chosen:
            generate(script)
    if options.what == "check":
        found = [*filter(None, map(problem, chosen)), *strays()]
        print("\n".join(found), file=sys.stderr)
        return bool(found)
    if options.what == "html":
        for script in chosen:
            began = time.perf_counter()
            path = export(script)
            print(f"{path}  {time.perf_counter() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
