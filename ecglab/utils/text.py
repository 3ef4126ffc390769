"""Text that is safe to show in a terminal."""

import re

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, among them those that a terminal acts on
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, or turn the direction
    "\ud800-\udfff]"  # bytes of a file name that are not UTF-8
)


def printable(text: str) -> str:
    r"""The text with what a terminal must not get as escapes.

    >>> print(printable("\x1b[2J.csv"), printable("\udcff.csv"), printable("Bär.csv"))
    \x1b[2J.csv \xff.csv Bär.csv
    """
    return _HIDDEN.sub(lambda found: _escape(found[0]), text)


def printable_json(text: str) -> str:
    r"""JSON with what `printable` escapes as JSON escapes: its values stay the same.

    Only a byte that is not UTF-8, which JSON cannot hold, becomes the text of its escape.

    >>> print(printable_json('"a\x9bb \udcff"'))
    "a\u009bb \\xff"
    """
    return _HIDDEN.sub(lambda found: _json_escape(found[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as Python keeps it
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _json_escape(character: str) -> str:
    surrogate = 0xD800 <= ord(character) <= 0xDFFF
    return f"\\{_escape(character)}" if surrogate else f"\\u{ord(character):04x}"
