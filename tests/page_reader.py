"""Texts, tags and table rows of a page, and the checks that every page must pass."""

import itertools
from html.parser import HTMLParser

VOID = {"meta", "img", "input", "wbr", "rect", "path", "circle", "image"}


class Page(HTMLParser):
    """Texts, tags and attributes of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.headings: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.html = html
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, text):
        if {"style", "script"} & set(self._open):
            return
        self.text += text
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += f" {text.strip()}"
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            level, words = self.headings[-1]
            self.headings[-1] = level, words + text

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())

    def row(self, title: str) -> list[str]:
        """The cells after the first, of the row that begins with a title."""
        (found,) = [row for row in self.rows if row and row[0].strip().startswith(title)]
        return [" ".join(cell.split()) for cell in found[1:]]

    def all(self, tag: str, **attributes: str) -> list[dict]:
        """The attributes of every tag of a name with these values."""
        return [
            found
            for name, found in self.tags
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]


def assert_self_contained(page: Page) -> None:
    """The page loads nothing: no address but that of data in it, or of a page beside it."""
    for tag, attributes in page.tags:
        for name in "src", "srcset", "data", "action", "poster", "xlink:href":
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        target = attributes.get("href", "data:")
        assert target.startswith("data:") or (tag == "a" and ":" not in target), target
        assert tag not in ("link", "iframe", "object", "embed")
    assert "@import" not in page.html and "url(" not in page.html and "//" not in styles(page)
    assert "default-src 'none'" in page.html


def styles(page: Page) -> str:
    return page.html.partition("<style>")[2].partition("</style>")[0]


def assert_described(page: Page) -> None:
    """Every drawing has a text, every scrolled part a name, and headings skip no level."""
    for tag in "img", "svg":
        for found in page.all(tag):
            if tag == "svg" and "role" not in found:
                continue  # a part of a drawing, or hidden
            assert len(found.get("alt") or found["aria-label"]) > 15, found
    assert all(found["aria-label"] for _, found in page.tags if found.get("tabindex") == "0")
    levels = [int(level[1]) for level, _ in page.headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert len(page.all("html", lang="en")) == len(page.all("main")) == 1
