"""Pages that are made from the code: API reference, commands, formats, notebooks, models."""

import argparse
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import ecglab

ROOT = Path(__file__).resolve().parent.parent


def modules() -> list[str]:
    """Every public module of ecglab, by name."""
    found = pkgutil.walk_packages(ecglab.__path__, "ecglab.")
    names = [info.name for info in found]
    return [name for name in names if not any(p.startswith("_") for p in name.split("."))]


def reference(folder: Path) -> None:
    """Write a page for each module, and the index of them."""
    names = modules()
    for name in names:
        below = [n for n in names if n.rpartition(".")[0] == name]
        write(folder / f"{name}.rst", _module_page(name, below))
    top = [name for name in names if name.count(".") == 1]
    rows = [_entry(name) for name in sorted(ecglab.__all__) if name != "__version__"]
    lines = [
        "# API reference",
        "",
        "One import is enough for daily work. The names below are loaded when they are first used.",
        "",
        "```python",
        "import ecglab",
        "```",
        "",
        _table(("name", "what it does"), rows),
        "",
        "On the command line: [](commands.md).",
        "",
        "## Packages",
        "",
        "A package imports only from those above it in this table.",
        "",
        _table(("package", "contents"), [_summary_row(name) for name in _ordered(top)]),
        "",
        "```{toctree}",
        ":hidden:",
        "",
        "commands",
        *_ordered(top),
        "```",
    ]
    write(folder / "index.md", "\n".join(lines) + "\n")


_ORDER = (
    *("utils", "ecg", "readers", "inference", "layers", "models", "datasets", "evaluation"),
    *("plots", "training", "packaging", "tracking", "tuning", "reports", "analysis", "cli"),
)
"""The packages from the bottom up, as tests/test_structure.py has them."""


def _ordered(names: list[str]) -> list[str]:
    order = {f"ecglab.{name}": i for i, name in enumerate(_ORDER)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _module_page(name: str, below: list[str]) -> str:
    """The page of a module in reStructuredText. below: its modules, where it is a package"""
    module = importlib.import_module(name)
    directive = f".. automodule:: {name}\n   :members:\n   :ignore-module-all:"
    lines = [f"{name}\n{'=' * len(name)}", directive]
    homes = {n: _home(module, n) for n in getattr(module, "__all__", ())}
    links = [
        f":py:obj:`{n} <{home}.{getattr(module, n).__name__}>`"
        for n, home in homes.items()
        if home not in (None, name)
    ]
    if links:
        lines.append(f"Names that can also be imported from here: {', '.join(links)}.")
    if below:
        rows = "\n".join(f"   * - :doc:`{n} <{n}>`\n     - {_rst(_first(n))}" for n in below)
        lines += [
            f".. list-table::\n   :header-rows: 1\n   :widths: 40 60\n\n"
            f"   * - module\n     - contents\n{rows}",
            ".. toctree::\n   :hidden:\n\n" + "\n".join(f"   {n}" for n in below),
        ]
    return "\n\n".join(lines) + "\n"


def _home(module, name: str) -> str | None:
    """The module in which a name that `module` offers is defined."""
    return getattr(getattr(module, name), "__module__", None)


def _entry(name: str) -> tuple[str, str]:
    """A row of the table of `import ecglab`: a link to where the name is defined."""
    offered = getattr(ecglab, name)
    module = getattr(offered, "__module__", None)  # a module has none
    target = f"{module}.{offered.__name__}" if module else offered.__name__
    link = f"{{{'py:obj' if module else 'py:mod'}}}`ecglab.{name} <{target}>`"
    if not target.startswith("ecglab."):
        return f"`ecglab.{name}`", f"The library {target}, for models of your own."
    return link, (offered.__doc__ or "").strip().partition("\n")[0]


def _summary_row(name: str) -> tuple[str, str]:
    modules_below = (n for n in modules() if n.startswith(f"{name}."))
    first = _first(name) or ", ".join(n.removeprefix(f"{name}.") for n in modules_below)
    return f"[{name}]({name}.rst)", first


def _first(name: str) -> str:
    """The first line of a module's docstring."""
    return (importlib.import_module(name).__doc__ or "").partition("\n")[0]


def _rst(text: str) -> str:
    return re.sub(r"([*|\\])", r"\\\1", text)


def commands(path: Path) -> None:
    """Write the page of the commands: the help of each."""
    from ecglab.cli.main import parser

    lines = ["# Commands", ""]
    for name, command in subcommands(parser()):
        lines += [f"## {name}", "", "```text", command.format_help().rstrip(), "```", ""]
    write(path, "\n".join(lines))


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """(name, parser) of every command that does something, such as ("ecglab data info", ...)."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from subcommands(command)
            return
    yield parser.prog, parser


def formats(path: Path) -> None:
    """Put the table of `ecglab formats` into the copy of the guide at `path`."""
    from ecglab.cli import formats as listed

    rows = [
        tuple(f"`{row[key]}`" if key == "sample" else str(row[key]) for key in listed.COLUMNS)
        for row in listed.rows()
    ]
    table = _table(tuple(listed.COLUMNS.values()), rows)
    text = path.read_text(encoding="utf-8")
    write(path, text.replace("<!-- the table of ecglab formats -->", table))


def models(folder: Path) -> None:
    """Copy the cards of the packaged models, and write an index of them."""
    names = sorted(path.parent.name for path in (ROOT / "ecglab/pretrained").glob("*/README.md"))
    for name in names:
        card = (ROOT / "ecglab/pretrained" / name / "README.md").read_text(encoding="utf-8")
        write(folder / f"{name}.md", card)
    text = (
        "# Packaged models\n\n"
        "These models come with ecglab. Each card states the training data, the scores, the cost "
        "and the limits of the model.\n\n"
        "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"
    )
    write(folder / "index.md", text)


def gallery(path: Path, pictures: dict[str, str]) -> None:
    """Write the index of the notebooks. pictures: {notebook: thumbnail, relative to the page}"""
    rows = re.findall(
        r"^\| \[([^\]]+)\]\((\w+)\.ipynb\) \| ([^|]+?) \| ([^|]+?) \|$",
        (ROOT / "notebooks/README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    cards = []
    for title, name, topic, _ in rows:
        options = [f":link: {name}", ":link-type: doc"]
        if name in pictures:
            options += [f":img-top: {pictures[name]}", ":img-alt: A figure of this notebook"]
        cards.append("\n".join([f":::{{grid-item-card}} {title}", *options, "", topic, ":::"]))
    grid = "\n\n".join(cards)
    toctree = "\n".join(name for _, name, *_ in rows)
    text = (
        "# Notebooks\n\n"
        "From the recordings to a prediction, in reading order. `ecglab lab` opens them in "
        "JupyterLab.\n\n"
        f"::::{{grid}} 1 2 2 3\n:gutter: 3\n\n{grid}\n::::\n\n"
        f"```{{toctree}}\n:hidden:\n\n{toctree}\n```\n"
    )
    write(path, text)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '¦') for cell in row)} |" for row in lines)


def write(path: Path, text: str) -> None:
    """Write a page, unless it is there already: Sphinx reads a page again when it is newer."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
