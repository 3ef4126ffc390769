"""The packages stand in layers: no import points upward, and none forms a circle."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ecglab

ROOT = Path(ecglab.__file__).parent

LAYERS = (
    "utils",
    "ecg",
    "readers",
    "inference",
    "layers",
    "models",
    "datasets",
    "evaluation",
    "plots",
    "training",
    "packaging",
    "tracking",
    "tuning",
    "reports",
    "analysis",
    "cli",
)
"""From the bottom up: a package imports only from those before it."""

COPIED = ("utils", "ecg", "inference")
"""Packages that every logged model carries: they import each other relatively, and no others."""

FILES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module, whether it is imported relatively) of every import, those in functions as well."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, False) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            # `from ecglab.training import process` names a module, not only its package.
            yield from ((f"{base}.{name.name}", bool(node.level)) for name in node.names)


def known(name: str) -> str | None:
    """The module of ecglab that a dotted name is, or lies in; None for another library's."""
    parts = name.split(".")
    while parts:
        path = ROOT.parent.joinpath(*parts)
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            return ".".join(parts)
        parts.pop()
    return None


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_no_import_points_upward(path):
    own = path.relative_to(ROOT).parts[0]
    assert own in LAYERS, f"{own} is in no layer: add it to LAYERS"
    for name, relative in imports(path):
        module = known(name)
        if module is None or not module.startswith("ecglab"):
            continue
        assert module != "ecglab", f"{path} imports the root, which imports everything"
        package = module.split(".")[1]
        assert LAYERS.index(package) <= LAYERS.index(own), f"{path} imports {name}"
        if own in COPIED:
            assert relative and package in COPIED, f"{path} imports {name}: not relatively"


def test_no_modules_form_a_circle():
    graph = {
        module_of(path): {
            module
            for name, _ in imports(path)
            if (module := known(name)) and module not in ("ecglab", module_of(path))
        }
        for path in FILES
    }
    # What imports a module of a package imports the package's __init__ first, which is no circle.
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            if not module.startswith(f"{other}."):
                visit(other, (*path, module))
        done.add(module)

    sys.setrecursionlimit(10_000)
    for module in graph:
        visit(module, ())


def test_every_package_has_its_tests():
    tests = Path(__file__).parent
    assert [layer for layer in LAYERS if not list((tests / layer).glob("test_*.py"))] == []


def test_files_are_short():
    long = [str(p) for p in FILES if len(p.read_text("utf-8").splitlines()) > 420]
    assert long == []
