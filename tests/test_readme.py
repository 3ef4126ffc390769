"""The README and the other pages are true: length, links, commands and badges."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from ecglab.cli.main import parser

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(ROOT / folder / "README.md" for folder in ("data", "mlruns", "experiments", "notebooks")),
]
MOST_WORDS = 900

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The text of a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^##+ (.*)$", prose(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def commands(page: Path) -> list[str]:
    """Every command line `ecglab ...` of a page, in its blocks and in its text."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")  # lines that go on
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^    (?=ecglab )(.*)$", text, re.MULTILINE)
    lines += re.findall(r"`([^`\n]+)`", prose(page))
    plain = (re.sub(r"^(\w+=\S+ )+", "", line.strip()) for line in lines)
    return [line for line in plain if re.match(r"ecglab [\w-]", line)]


def test_it_has_at_most_900_words(readme):
    assert len(readme.split()) <= MOST_WORDS  # as `wc -w` counts


def test_its_table_of_contents_names_every_section(readme):
    contents = re.findall(r"\]\(#([^)]+)\)", readme.partition("\n## ")[0])
    assert contents == anchors(README)


@every_page
def test_links_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"\w+://", target):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path.replace("%20", " ") if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("page", [*PAGES, *GUIDES], ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_is_one(page, capsys):
    """The parser takes it: names, options and values are those of the program."""
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        if all(re.fullmatch("[a-z]+", word) for word in words[:2]) and len(words) <= 2:
            words.append("--help")  # a command that is named, not called
        try:
            parser().parse_args(words)
        except SystemExit as end:
            assert end.code == 0, f"{line}: {capsys.readouterr().err}"


def test_commands_are_found():
    found = commands(README)
    assert "ecglab train --help" in found and "ecglab predict FILE..." in found
    assert len(found) > 8
    assert sum(len(commands(page)) for page in GUIDES) > 40


def test_badges_and_their_words_are_those_of_pyproject(readme):
    path = ROOT / "docs" / "picture.py"
    spec = importlib.util.spec_from_file_location("picture", path)
    picture = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(picture)
    shown = re.findall(r"!\[([^]]+)\]\(docs/pictures/(\w+\.svg)\)", readme)
    assert {name: text for text, name in shown} == {
        name: " ".join(words) for name, words in picture.badges().items()
    }
    for name, words in picture.badges().items():
        svg = (picture.PICTURES / name).read_text(encoding="utf-8")
        assert svg == picture.badge(*words), "run: python docs/picture.py"
    assert f"{picture.badges()['python.svg'][1]} and no GPU" in readme
