"""The time left, in words."""

import io
import sys

import pytest

from ecglab.utils import progress


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (-1, ""),
        (1, ", less than 1 min left"),
        (59.9, ", less than 1 min left"),
        (60, ", about 1 min left"),
        (840, ", about 14 min left"),
        (3599, ", about 1 h left"),
        (9000, ", about 2 h 30 min left"),
    ],
)
def test_time_left(seconds, words):
    assert progress.left(seconds) == words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_on_a_terminal_is_replaced_and_removed(monkeypatch):
    times = iter([0.0, 100.0, 190.0, 190.05, 200.0])  # the start, and at each show
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(sys, "stderr", Terminal())
    line = progress.Line(1200)
    for done in (0, 600, 601, 602):
        line.show(done)
    line.clear()
    shown = sys.stderr.getvalue().split("\r\x1b[K")[1:]
    assert shown == ["0 of 1,200", "600 of 1,200, about 3 min left", *shown[2:3], ""]
    assert shown[2].startswith("602 of 1,200"), "the third came within a tenth of a second"


def test_no_line_for_one_thing_or_without_a_terminal(monkeypatch):
    for total, stderr in ((1, Terminal()), (9, io.StringIO())):
        monkeypatch.setattr(sys, "stderr", stderr)
        line = progress.Line(total)
        line.show(0)
        line.clear()
        assert stderr.getvalue() == ""
