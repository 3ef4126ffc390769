"""What a terminal must not get is escaped, and everything else stays."""

import json

import pytest

from ecglab.utils.text import printable, printable_json


@pytest.mark.parametrize("text", ["", "A00001.mat", "Bär µV 心電図 👍.csv", r"a\b"])
def test_plain_text_stays(text):
    assert printable(text) == text
    assert printable_json(json.dumps(text, ensure_ascii=False)) == f'"{text}"'.replace("\\", "\\\\")


def test_control_characters_and_turned_text_are_escaped():
    hidden = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
    hidden += ["\u200b", "\u2028", "\u202e", "\u2066", "\ufeff", "\udcff", "\ud800"]
    for character in hidden:
        text = printable(f"a{character}b")
        assert text.startswith("a\\") and text.isascii() and text.isprintable()


def test_json_stays_the_same_value():
    value = {"file": 'a\x1b\x9b\u202e\n\\"b'}
    text = printable_json(json.dumps(value, ensure_ascii=False))
    assert text.isascii() and json.loads(text) == value
    assert json.loads(printable_json(json.dumps("\udcff", ensure_ascii=False))) == r"\xff"
