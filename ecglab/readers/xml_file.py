"""XML files that others made: found by their root element, and parsed without entities.

Names of elements and attributes are compared without their namespace and case, because exports of
one format differ in both.
"""

import binascii
import codecs
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.readers.library import library
from ecglab.readers.plain_file import content_of
from ecglab.utils.errors import RecordError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_BEGINNING = 1 << 16
_NAME = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})[\s/>]")
_DECLARED = re.compile(r"""<\?xml[^>]{0,100}encoding=["']([\w.:-]{1,40})["']""")
_ENCODINGS = ("utf", "iso", "windows", "cp", "gb", "big5", "shift", "euc", "koi8", "ascii", "latin")


def root_name(path: Path, head: bytes) -> str:
    """Name of the root element in small letters; empty where the file is not XML.

    head: the first bytes of the file; more of it is read only where comments fill them
    """
    start = _decoded(head[:200]).lstrip()
    if not start.startswith("<"):
        return ""
    return _first_element(_decoded(head)) or _first_element(
        _decoded(content_of(path, _BEGINNING)) if len(head) < _BEGINNING else ""
    )


def _first_element(text: str) -> str:
    """Name of the first element, after the declaration, comments and a document type."""
    at = 0
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            at = text.find("-->", at)
            if at < 0:
                return ""
        elif text.startswith(("<?", "<!"), at):
            at += 1
        else:
            found = _NAME.match(text, at)
            return found[1].lower() if found else ""
    return ""


def parse(path: Path) -> "Element":
    """The root element of an XML file.

    Raises RecordError for XML that is not well-formed, that defines entities or that refers to
    other files.
    """
    tree = library(path, "defusedxml.ElementTree")
    refused = library(path, "defusedxml.common").DefusedXmlException
    try:
        return tree.fromstring(_decoded(content_of(path)))
    except refused:
        raise RecordError(
            f"{path}: defines entities or refers to other files, which no ECG needs: "
            "export it again"
        ) from None
    except (tree.ParseError, ValueError) as error:
        raise RecordError(
            f"{path}: damaged or cut, its XML ends or breaks ({error!s:.80}): copy it again"
        ) from None


def _decoded(content: bytes) -> str:
    """The text, by its byte order mark, its own declaration, or else as UTF-8."""
    encoding = "utf-8-sig"
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    elif content[:4] in (b"<\0?\0", b"<\0!\0") or content[1:2] == b"\0":
        encoding = "utf-16-le"
    elif content[:1] == b"\0":
        encoding = "utf-16-be"
    elif declared := _DECLARED.match(content[:200].decode("latin-1").lstrip("\xef\xbb\xbf")):
        name = declared[1].lower()
        if name.startswith(_ENCODINGS) and not name.startswith(("utf-8", "utf-16")):
            encoding = name
    try:
        return content.decode(encoding, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def local(name: str) -> str:
    """A name without its namespace, in small letters."""
    return name.rpartition("}")[2].lower()


def children(element: "Element", *names: str) -> "Iterator[Element]":
    """The elements at the path `names` below an element, in the order of the file."""
    name, *rest = names
    for child in element:
        if local(child.tag) == name.lower():
            if rest:
                yield from children(child, *rest)
            else:
                yield child


def descendants(element: "Element", name: str) -> "Iterator[Element]":
    """All elements of that name in an element, at any depth."""
    return (one for one in element.iter() if local(one.tag) == name.lower())


def text_of(element: "Element", *names: str) -> str:
    """The text at the path `names` below an element, stripped; empty where there is none."""
    found = next(children(element, *names), None)
    return (found.text or "").strip() if found is not None else ""


def attribute(element: "Element | None", name: str) -> str:
    """An attribute of an element, stripped; empty where there is none."""
    if element is None:
        return ""
    return next(
        (value.strip() for key, value in element.attrib.items() if local(key) == name.lower()), ""
    )


def number(text: str) -> float | None:
    """The number that a text is, with a decimal point or comma; None for other texts."""
    try:
        found = float(text[:40].replace(",", "."))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def base64_bytes(path: Path, text: str | None, what: str) -> bytes:
    """The bytes of a base64 text; RecordError, which names `what`, where it is none."""
    try:
        return binascii.a2b_base64((text or "").encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise RecordError(f"{path}: the samples of {what} are not base64: copy it again") from None
