"""Docstrings of ecglab as reStructuredText, for autodoc.

They are plain English. A line `name: meaning` documents a parameter or, in the docstring of a
class, an attribute; an indented block is code; `name` in single backticks is code, and a link where
it is the name of something in ecglab.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import ecglab

_NAME = r"[A-Za-z_]\w*(?: \([^),]*\))?"
_FIELD = re.compile(rf"(?P<names>{_NAME}(?:, {_NAME})*): (?P<meaning>\S.*)")
_BETWEEN_FIELDS = re.compile(rf"; (?={_NAME}(?:, {_NAME})*: )")
_COLUMNS = re.compile(r"\S+(?: \S+)* {2,}\S")
_OPENING = re.compile(r"(Returns?|Raises|Yields|Input|Inputs|Output|Outputs)\b")
_PACKAGES = (path.parent.name for path in Path(ecglab.__file__).parent.glob("*/__init__.py"))
_WITHIN = re.compile(rf"`(?:{'|'.join(sorted(_PACKAGES))})(?:\.\w+)+`")
_CODE = re.compile(r"(``.+?``|`[^`]+`)")


def setup(app) -> dict:
    """Let Sphinx call the conversion for every docstring."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _process)
    app.connect("env-updated", _drop_sourceless)
    return {"parallel_read_safe": True}


def _process(app, what, name, obj, options, lines) -> None:
    """Replace the lines of a docstring by reStructuredText, in place."""
    lines[:] = converted(lines, parameters(obj), of_class=inspect.isclass(obj))


def _drop_sourceless(app, env) -> None:
    """Forget modules without source: the index of viewcode would link to pages that it lacks."""
    modules = getattr(env, "_viewcode_modules", {})
    for name in [name for name, found in modules.items() if not found]:
        del modules[name]


def parameters(obj) -> set[str]:
    """Names of the parameters of a function, or of what makes an object of a class."""
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return set()


def converted(lines: Iterable[str], known: set[str], of_class: bool = False) -> list[str]:
    """The docstring as reStructuredText.

    known: names of the parameters; of_class: whether other names are attributes

    >>> converted(["The sum.", "", "a: first", "   number; b: second", "Returns a `float`."],
    ...           {"a", "b"})
    ['The sum.', '', ':param a: first number', ':param b: second', '', 'Returns a `float`.', '']
    """
    result: list[str] = []
    for block in _blocks(lines):
        kind, text = _kind(block)
        if kind == "doctest":
            result += [*block, ""]
        elif kind == "code":
            result += [".. code-block:: none", "", *(f"   {line}" for line in text), ""]
        elif kind == "list":
            result += [*map(_escaped, _joined(block, "- ")), ""]
        else:
            result += _prose(block, known, of_class)
    return result


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Groups of lines between blank ones; a change from text to code or list also begins one."""
    block: list[str] = []
    for line in [*lines, ""]:
        begins = block and (
            (line.startswith("- ") and not block[0].startswith("- "))
            or (line.startswith(">>>") and not block[0].startswith(">>>"))
        )
        if block and (begins or not line.strip()):
            yield block
            block = []
        if line.strip():
            block.append(line.rstrip())


def _kind(block: list[str]) -> tuple[str, list[str]]:
    """What a block is: doctest, code (with its text dedented), list or prose."""
    if block[0].startswith(">>>"):
        return "doctest", block
    if block[0].startswith("- "):
        return "list", block
    indent = min(len(line) - len(line.lstrip()) for line in block)
    if indent >= 4:
        return "code", [line[indent:] for line in block]
    # Columns such as those of a list of files.
    columns = sum(bool(_COLUMNS.match(line)) for line in block)
    if columns and columns >= len(block) / 2:
        return "code", block
    return "prose", block


def _prose(block: list[str], known: set[str], of_class: bool) -> Iterator[str]:
    """Paragraphs and fields of a block."""
    in_fields = False
    for line in _statements(block, known, of_class):
        fields = _fields(line, known, of_class)
        if in_fields and not fields:
            yield ""
        for name, meaning in fields:
            yield f":{'param' if name in known else 'ivar'} {name}: {_escaped(meaning)}"
        if not fields:
            yield _escaped(line)
            yield ""
        in_fields = bool(fields)
    if in_fields:
        yield ""


def _statements(block: list[str], known: set[str], of_class: bool) -> Iterator[str]:
    """The lines of a block joined to paragraphs: fields and returns begin a new one."""
    current = ""
    for line in block:
        begins = _OPENING.match(line) or _fields(line, known, of_class)
        if current and not begins:
            current += " " + line.strip()
            continue
        if current:
            yield current
        current = line.strip()
    if current:
        yield current


def _fields(line: str, known: set[str], of_class: bool) -> list[tuple[str, str]]:
    """[(name, meaning)] of a line such as `a: first; b, c: others`; [] where it is prose."""
    fields: list[tuple[list[str], str]] = []
    for part in _BETWEEN_FIELDS.split(line):
        match = _FIELD.match(part)
        names = [n.partition(" ")[0] for n in match["names"].split(", ")] if match else []
        if match and (known.issuperset(names) or (of_class and line[0].islower())):
            fields.append((names, match["meaning"]))
        elif not fields:
            return []
        else:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]}; {part}")
    return [(name, meaning) for names, meaning in fields for name in names]


def _joined(block: list[str], mark: str) -> list[str]:
    """The items of a list, one a line."""
    items: list[str] = []
    for line in block:
        if line.startswith(mark) or not items:
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    return items


def _escaped(text: str) -> str:
    """Text whose `*`, `_`, `|` and backslashes mean themselves outside backticks.

    Names within ecglab, such as `ecg.prepare`, get the prefix by which a link is found.
    """
    parts = _CODE.split(text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([*|\\])|(?<=\w)(_)(?!\w)", r"\\\1\2", part)
        elif _WITHIN.fullmatch(part):
            parts[i] = f"`{part[1:-1]} <ecglab.{part[1:-1]}>`"
    return "".join(parts)
